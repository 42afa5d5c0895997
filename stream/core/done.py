"""What was done in a group besides talking, kept for a while: a message that comes late is told with it, in order.

A reaction, a #word, a button or a cell moves a ticket at a moment between two messages. Told again are those that can be;
how the tickets stood afterwards is kept of all of them, so that a ticket can be taken back to any moment since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from stream.core.ticket import Clocks, Ticket, TicketState
from stream.core.value import Value

_TOLD_AGAIN_FOR = timedelta(hours=2)  # as long as a message may be late and still be told in its place
_KEPT = 60
_LAST_OF_TICKETS_KEPT = 40


class Standing(Value):
    """How a ticket stands, its words and messages aside."""

    state: TicketState
    waiting_since: datetime | None = None
    last_customer_at: datetime | None = None
    last_staff_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    snoozed_until: datetime | None = None
    reopens_until: datetime | None = None
    promised_until: datetime | None = None
    reopened: int = 0
    merged_into: str | None = None
    clocks: Clocks = Clocks()


_FIELDS = tuple(Standing.model_fields)


class Done(Value):
    """Something done at a moment. `left` is how the tickets that it changed stood afterwards.

    A reaction carries who reacted with what to which message, a command itself as JSON; a #word stands among the recent
    messages. A verdict is what the model has read in a message, and belongs to the moment of its message. What cannot be
    done again (a follow-up was sent, tickets were merged) is a wall: no retelling goes past it.
    """

    id: str
    at: datetime
    form: Literal["reaction", "word", "command", "verdict", "wall"]
    author: str = ""
    author_name: str | None = None
    emoji: str = ""
    target_id: str = ""
    command: dict[str, Any] | None = None
    left: dict[str, Standing] = {}

    @property
    def can_be_done_again(self) -> bool:
        return self.form in ("reaction", "command")


def standing_of(ticket: Ticket) -> Standing:
    """Return how the ticket stands."""
    return Standing(**{name: getattr(ticket, name) for name in _FIELDS})


def as_it_stood(ticket: Ticket, standing: Standing) -> Ticket:
    """Return the ticket as it stood; its words and messages stay."""
    return ticket.but(**{name: getattr(standing, name) for name in _FIELDS})


def note_done(
    done: tuple[Done, ...], new: Done, before: Mapping[str, Ticket], changed: Iterable[Ticket], there: Mapping[str, Ticket]
) -> tuple[Done, ...]:
    """Return what was done with something new in its place. `there` are the tickets that the group still has.

    A wall that left every ticket standing as it did is none.
    """
    left = {ticket.id: standing_of(ticket) for ticket in changed if new.form != "verdict"}
    if new.form == "wall":
        left = {key: stands for key, stands in left.items() if not _stood_so(before.get(key), stands)}
        if not left:
            return done
    others = [one for one in done if one.id != new.id]
    place = len(others)
    while place and others[place - 1].at > new.at:
        place -= 1
    others.insert(place, new.but(left=left))
    return _kept(others, there)


def _stood_so(ticket: Ticket | None, stands: Standing) -> bool:
    return ticket is not None and all(getattr(ticket, name) == getattr(stands, name) for name in _FIELDS if name != "clocks")


def _kept(done: list[Done], there: Mapping[str, Ticket]) -> tuple[Done, ...]:
    """Return what may be needed: all of the last while, and of before what was the last to be done to a ticket."""
    if len(done) == 1:
        return tuple(done)
    since = done[-1].at - _TOLD_AGAIN_FOR
    lately = [one for one in done if one.at >= since][-_KEPT:]
    known: set[str] = set()  # not those done to lately: before that, their tickets stood as the older one left them
    older: list[Done] = []
    for one in reversed(done[: len(done) - len(lately)]):
        last_of = {key: stands for key, stands in one.left.items() if key in there and key not in known}
        known |= last_of.keys()
        if last_of and len(older) < _LAST_OF_TICKETS_KEPT:
            older.append(one if last_of == one.left else one.but(left=last_of))
    return (*reversed(older), *lately)
