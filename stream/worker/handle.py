"""One record in, the group's new record and the publications out: the whole of the worker, without Kafka and Faust."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from stream.adapters.dead_letters import error_headers
from stream.adapters.topics import Topic
from stream.core.book import Book
from stream.core.commands import COMMAND, Erase
from stream.core.delivery import Delivery
from stream.core.erasing import Eraser, erase_from_asked, eraser_of
from stream.core.group import GroupState
from stream.core.outcome import Outcome
from stream.core.step import refuse_input, step
from stream.core.ticket import Ticket
from stream.translate import translate
from stream.worker.record import GroupRecord, Outputs

# Producers stamp records, and the clocks of two machines differ; a topic is not made anew within a minute of its last record.
_CLOCKS_APART_S = 60.0


@dataclass(frozen=True)
class Arrival:
    """One record of an input topic, as it came. `key` is the group, `at` the Unix time at which it was produced."""

    topic: Topic
    partition: int
    offset: int
    key: str
    value: bytes
    at: float = 0.0

    @property
    def ref(self) -> str:
        return f"{self.topic}@{self.offset}"


@dataclass(frozen=True)
class Publication:
    """One record to publish."""

    topic: Topic
    key: str
    value: bytes
    headers: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Handled:
    """What came of one arrival. `record` is None when nothing changed (a redelivery).

    `tickets` are published as they are now, `said` as it is. Snapshots are apart because only the latest of a ticket counts.
    """

    record: GroupRecord | None
    tickets: tuple[Ticket, ...]
    said: tuple[Publication, ...]

    @property
    def publications(self) -> tuple[Publication, ...]:
        """Everything to publish, with a snapshot of each ticket in front."""
        return (*(Publication(Topic.TICKETS, ticket.id, ticket.to_json()) for ticket in self.tickets), *self.said)


def handle(arrival: Arrival, record: GroupRecord | None, book: Book, is_in_flight: Callable[[str], bool]) -> Handled:
    """Apply one arrival to its group.

    `is_in_flight` tells of a ref whether this process still waits for the broker to take its outputs. Never raises for
    what a record says: a record that cannot be read, or that the core cannot handle, is a dead letter and is counted.
    """
    record = record or GroupRecord(state=GroupState(group=arrival.key))
    if _is_redelivery(arrival, record):
        return _handled(arrival, None, record.state, record.outbox.get(arrival.ref, Outputs()))
    outcome, error = _outcome(arrival, record.state, book)
    outputs = Outputs.of(outcome)
    outbox = {ref: kept for ref, kept in record.outbox.items() if not _is_past(ref, arrival) or is_in_flight(ref)}
    if (eraser := _eraser(arrival, record.state)) is not None:
        outbox = {ref: erase_from_asked(kept, eraser) for ref, kept in outbox.items()}
    if outputs != Outputs():
        outbox[arrival.ref] = outputs
    new = GroupRecord(
        state=outcome.state,
        position={**record.position, arrival.topic: arrival.offset},
        position_at={**record.position_at, arrival.topic: max(arrival.at, record.position_at.get(arrival.topic, arrival.at))},
        outbox=outbox,
    )
    return _handled(arrival, new, new.state, outputs, error)


def _is_redelivery(arrival: Arrival, record: GroupRecord) -> bool:
    """Tell whether Kafka delivers again what was handled.

    An offset that was passed, on a record that is clearly younger than what was handled last, means that the topic was made
    anew and counts from 0 again: taking that for a redelivery would drop everything without a word.
    """
    if arrival.offset > record.position.get(arrival.topic, -1):
        return False
    return arrival.at <= record.position_at.get(arrival.topic, arrival.at) + _CLOCKS_APART_S


def _outcome(arrival: Arrival, state: GroupState, book: Book) -> tuple[Outcome, Exception | None]:
    try:
        if arrival.topic is Topic.COMMANDS:
            command = COMMAND.validate_json(arrival.value)
            return step(state, command, book, command.at), None
        delivery = Delivery.from_json(arrival.value)
        return step(state, translate(delivery), book, delivery.received_at), None
    except ValidationError as error:
        return refuse_input(state, "unreadable_record"), error
    except Exception as error:  # noqa: BLE001 - no exception may leave the agent: Faust would skip the record for ever
        return refuse_input(state, "step_failed"), error


def _eraser(arrival: Arrival, state: GroupState) -> Eraser | None:
    """Return what erases a person from outputs that still wait, when the arrival asks for that."""
    if arrival.topic is not Topic.COMMANDS or b'"erase"' not in arrival.value:
        return None
    try:
        return eraser_of(Erase.from_json(arrival.value)).knowing(state)
    except ValidationError:  # another command with that word in it, or a dead letter by now
        return None


def _is_past(ref: str, arrival: Arrival) -> bool:
    """Tell whether this ref lies before the arrival on the same topic: Kafka would have redelivered it before."""
    topic, offset = ref.rsplit("@", 1)
    return topic == arrival.topic and int(offset) < arrival.offset


def _handled(
    arrival: Arrival, record: GroupRecord | None, state: GroupState, outputs: Outputs, error: Exception | None = None
) -> Handled:
    tickets = tuple(state.tickets[ticket_id] for ticket_id in outputs.ticket_ids if ticket_id in state.tickets)
    said = [Publication(Topic.TICKET_EVENTS, event.ticket_id or event.group, event.to_json()) for event in outputs.events]
    said += [Publication(Topic.UNDECIDED, asked.group, asked.to_json()) for asked in outputs.undecided]
    said += [Publication(Topic.OUTBOUND, sent.group, sent.to_json()) for sent in outputs.outbound]
    if outputs.dead:
        headers = error_headers(
            topic=arrival.topic,
            partition=arrival.partition,
            offset=arrival.offset,
            stage="worker",
            reason=outputs.dead,
            error=error,
        )
        said.append(Publication(Topic.DEAD_LETTER, arrival.key, arrival.value, headers))
    return Handled(record, tickets, tuple(said))
