"""What table `groups` holds for one group: the state of the core, and what makes its handling effectively once."""

from __future__ import annotations

from stream.core.events import TicketEvent
from stream.core.group import GroupState
from stream.core.outcome import Outbound, Outcome, Undecided
from stream.core.value import Value


class Outputs(Value):
    """What one input brought about, kept until the broker has surely taken it.

    Snapshots are named by ticket id only: a newer snapshot serves as well.
    """

    ticket_ids: tuple[str, ...] = ()
    events: tuple[TicketEvent, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    dead: str | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Outputs:
        return cls(
            ticket_ids=tuple(ticket.id for ticket in outcome.tickets),
            events=outcome.events,
            undecided=outcome.undecided,
            outbound=outcome.outbound,
            dead=outcome.dead,
        )


class GroupRecord(Value):
    """The value of one group in the table.

    `position` is the last offset handled of each input topic, `position_at` when that record was produced: a record at or
    before it is a redelivery by Kafka, not a second webhook. `outbox` maps `topic@offset` to the outputs of inputs that may
    not have been published yet, so that a redelivery after a crash publishes them again under the same ids.
    """

    state: GroupState
    position: dict[str, int] = {}
    position_at: dict[str, float] = {}
    outbox: dict[str, Outputs] = {}
