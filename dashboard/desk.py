"""The desk: records of Kafka folded into what the pages show. No clock, no thread, no Streamlit."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from pydantic import ValidationError

from dashboard.card import Card, card_of
from dashboard.hops import Hops
from dashboard.shelf import Shelf
from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.commands import COMMAND, AnyCommand
from stream.core.events import TicketEvent
from stream.core.outcome import Undecided
from stream.core.review import Review, ReviewItem
from stream.core.status import Health, PartStatus
from stream.core.ticket import Ticket
from stream.letters.letter import Letter, to_letter

# A ticket's timeline and the trail of all tickets, as far as a page scrolls; the topic itself keeps everything.
EVENTS_PER_TICKET = 200
EVENTS_OF_ALL = 2_000
# A heartbeat comes every 2 s; after five missed ones the process is gone, whatever it last said.
GONE_AFTER = timedelta(seconds=10)
FORGET_AFTER = timedelta(hours=24)
# Ids of events already taken: a worker that starts again publishes its last events again, under the same ids.
REMEMBERED = 20_000
# Dead letters as far as a person looks; of each only where and why, never its content.
LETTERS = 200


@dataclass(frozen=True)
class Snapshot:
    """Everything known at one moment; never changes. `version` grows whenever a ticket, an event or a status did.

    `as_of` is when Kafka last told us anything: our own heartbeat comes back every two seconds, so an old one means silence.
    """

    version: int = 0
    as_of: datetime | None = None
    is_caught_up: bool = False
    read: int = 0
    lag: int = 0
    error: str | None = None
    unreadable: int = 0
    shelf: Shelf = field(default_factory=Shelf)
    events: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    recent: tuple[TicketEvent, ...] = ()
    answers: Mapping[str, TicketEvent] = field(default_factory=dict)
    parts: Mapping[str, PartStatus] = field(default_factory=dict)
    tickets_version: int = 0
    review: tuple[ReviewItem, ...] = ()
    letters: tuple[Letter, ...] = ()
    hops: Mapping[str, tuple[float, float, int]] = field(default_factory=dict)
    lags: Mapping[tuple[Topic, int], int] = field(default_factory=dict)

    @property
    def cards(self) -> Mapping[str, Card]:
        return self.shelf.cards

    @property
    def open_by_due(self) -> tuple[Card, ...]:
        return self.shelf.open_by_due

    def timeline(self, ticket_id: str) -> list[TicketEvent]:
        """Return what happened to one ticket, oldest first."""
        return [TicketEvent.from_json(raw) for raw in self.events.get(ticket_id, ())]

    def part(self, name: str, now: datetime) -> PartStatus | None:
        """Return the worst living process of a part, or its last word if all are gone; None if it was never heard of."""
        mine = [status for status in self.parts.values() if status.part == name]
        alive = [status for status in mine if is_alive(status, now)]
        order = (Health.OK, Health.DEGRADED, Health.DOWN)
        return max(alive or mine, key=lambda status: (order.index(status.status), status.at), default=None)


def is_alive(status: PartStatus, now: datetime) -> bool:
    """Tell whether the process beats still."""
    return now - status.at < GONE_AFTER


class Desk:
    """Collects records; belongs to one thread, which hands out `snapshot()` to all others."""

    def __init__(self) -> None:
        self._cards: dict[str, Card] = {}
        self._events: dict[str, tuple[bytes, ...]] = {}
        self._recent: deque[TicketEvent] = deque(maxlen=EVENTS_OF_ALL)
        self._parts: dict[str, PartStatus] = {}
        self._taken: dict[str, None] = {}
        self._version = 0
        self._tickets_version = 0
        self._shelf = Shelf()
        self._shelf_version = 0
        self._review = Review()
        self._review_items: tuple[ReviewItem, ...] | None = None
        self._letters: deque[Letter] = deque(maxlen=LETTERS)
        self._read = 0
        self._unreadable = 0
        self._as_of: datetime | None = None
        self._hops = Hops()

    def take(self, record: Record, read_at: datetime | None = None) -> None:
        """Fold one record in. What cannot be read is counted, never an error: a newer worker may know more than we do.

        `read_at` is given for what has just been written, as far as anybody can tell: it shows how long the hops take.
        """
        self._read += 1
        self._version += 1
        self._as_of = max(self._as_of or record.timestamp, record.timestamp)
        try:
            if record.topic is Topic.TICKETS:
                self._take_ticket(record)
            elif record.topic is Topic.TICKET_EVENTS and record.value is not None:
                self._take_event(record, record.value, read_at)
            elif record.topic is Topic.STATUS:
                self._take_status(record)
            elif record.topic is Topic.DEAD_LETTER:
                self._letters.append(to_letter(record))
            elif record.topic in (Topic.UNDECIDED, Topic.COMMANDS) and record.value is not None:
                is_question = record.topic is Topic.UNDECIDED
                self._feed(Undecided.from_json(record.value) if is_question else COMMAND.validate_json(record.value))
        except ValidationError:
            self._unreadable += 1

    def _take_ticket(self, record: Record) -> None:
        key = record.key or ""
        self._tickets_version = self._version
        if record.value is None:
            self._cards.pop(key, None)
            self._events.pop(key, None)
            return
        ticket = Ticket.from_json(record.value)
        known = self._cards.get(ticket.id)
        if known is None or ticket.version >= known.version:
            self._cards[ticket.id] = card_of(ticket, record.value)

    def _take_event(self, record: Record, raw: bytes, read_at: datetime | None) -> None:
        event = TicketEvent.from_json(raw)
        if event.id in self._taken:
            return
        self._taken[event.id] = None
        if len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]
        if event.ticket_id is not None:
            self._events[event.ticket_id] = (*self._events.get(event.ticket_id, ()), raw)[-EVENTS_PER_TICKET:]
        self._recent.append(event)
        if read_at is not None:
            self._hops.take(event, record.timestamp, read_at)
        self._feed(event)

    def _feed(self, change: Undecided | AnyCommand | TicketEvent) -> None:
        self._review.feed(change)
        self._review_items = None

    def _take_status(self, record: Record) -> None:
        if record.value is None:
            self._parts.pop(record.key or "", None)
            return
        status = PartStatus.from_json(record.value)
        self._parts[record.key or f"{status.part}/{status.process}"] = status
        gone = [key for key, other in self._parts.items() if status.at - other.at > FORGET_AFTER]
        for key in gone:
            del self._parts[key]

    def snapshot(
        self,
        *,
        is_caught_up: bool,
        lag: int = 0,
        error: str | None = None,
        lags: Mapping[tuple[Topic, int], int] | None = None,
    ) -> Snapshot:
        """Return what is known now, detached from what comes later."""
        if self._shelf_version != self._tickets_version:
            self._shelf, self._shelf_version = Shelf(MappingProxyType(dict(self._cards))), self._tickets_version
        if is_caught_up and self._review_items is None:
            self._review_items = tuple(self._review.items)
        return Snapshot(
            version=self._version,
            as_of=self._as_of,
            is_caught_up=is_caught_up,
            read=self._read,
            lag=lag,
            error=error,
            unreadable=self._unreadable,
            shelf=self._shelf,
            events=MappingProxyType(dict(self._events)),
            recent=tuple(self._recent),
            answers=MappingProxyType({event.command_id: event for event in self._recent if event.command_id}),
            parts=MappingProxyType(dict(self._parts)),
            tickets_version=self._tickets_version,
            review=self._review_items or (),
            letters=tuple(self._letters),
            hops=self._hops.measured(),
            lags=lags or {},
        )
