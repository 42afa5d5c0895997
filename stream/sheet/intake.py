"""From Kafka into the local store: the highest version of each ticket, and the worker's answers to people's changes.

Replays, double deliveries and reorderings change nothing. A partition that begins anew (a broker whose data was forgotten) is
noticed by an offset below the one that was committed: from then on its tickets count, whatever version the old ones had.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson
from pydantic import ValidationError

from stream import logs
from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.events import EventKind, TicketEvent
from stream.core.sheet_memory import RowMemory
from stream.core.ticket import Ticket
from stream.sheet.store import Cursor, SheetStore, Stored

log = logs.get(__name__)

# Ids of our commands begin like this; the other two tell of tickets whose rows we keep. All others are none of our business.
_OURS = (b'"sheet-', EventKind.ROW_PUSHED.encode(), EventKind.REDACTED.encode())


class Intake:
    """Takes batches of records into the store. `broken` counts records that could not be read."""

    def __init__(self, store: SheetStore) -> None:
        self._store = store
        self._polled: dict[tuple[str, int], Cursor] = {}
        self.broken = 0

    def take(self, records: Iterable[Record]) -> int:
        """Write a batch in one transaction; returns how many tickets or answers were new."""
        tickets: dict[str, Stored] = {}
        memories: dict[str, RowMemory] = {}
        with self._store.lock:
            for record in records:
                epoch = self._follow(record)
                if record.topic is Topic.TICKETS:
                    self._take_ticket(record, epoch, tickets)
                elif record.topic is Topic.TICKET_EVENTS:
                    self._take_event(record, memories)
            if tickets or memories:
                self._store.save(tickets.values(), memories)
        return len(tickets) + len(memories)

    def committed(self) -> None:
        """Remember how far Kafka knows that we are; called after each commit."""
        if self._polled:
            self._store.save(cursors=self._polled)
            self._polled = {}

    def _follow(self, record: Record) -> int:
        key = (record.topic.value, record.partition)
        cursor = self._polled.get(key) or self._store.cursors.get(key, Cursor())
        known = self._store.cursors.get(key, Cursor())
        if cursor.epoch == known.epoch and record.offset < known.done:
            log.warning("topic began anew", topic=record.topic.value, partition=record.partition)
            cursor = Cursor(epoch=known.epoch + 1, done=0)
            self._store.save(cursors={key: cursor})
            self._store.send_again()
        self._polled[key] = cursor.but(done=max(cursor.done, record.offset + 1))
        return cursor.epoch

    def _take_ticket(self, record: Record, epoch: int, changed: dict[str, Stored]) -> None:
        ticket_id = record.key or ""
        known = changed.get(ticket_id) or self._store.tickets.get(ticket_id)
        if record.value is None:
            if known is not None and known.ticket is not None:
                changed[ticket_id] = Stored(id=ticket_id, epoch=epoch, ticket=None)
            return
        try:
            ticket = Ticket.from_json(record.value)
        except ValidationError as error:
            self.broken += 1
            log.warning("ticket not readable", ticket_id=ticket_id, problems=error.error_count(), offset=record.offset)
            return
        if known is not None and known.epoch == epoch and (known.ticket is None or known.ticket.version >= ticket.version):
            return
        changed[ticket.id] = Stored(id=ticket.id, epoch=epoch, ticket=ticket.but(messages=()))

    def _take_event(self, record: Record, changed: dict[str, RowMemory]) -> None:
        if record.value is None or not any(sign in record.value for sign in _OURS):
            return
        try:
            event = TicketEvent.from_json(record.value)
        except ValidationError:
            self.broken += 1
            log.warning("event not readable", offset=record.offset, keys=_keys(record.value))
            return
        ticket_id = event.ticket_id or ""
        if event.kind is EventKind.ROW_PUSHED:
            self._store.ask_once(f"push {ticket_id} {event.id}")
            return
        memory = changed.get(ticket_id) or self._store.memories.get(ticket_id)
        if memory is None:
            return
        if event.kind is EventKind.REDACTED:
            self._store.forget_commands(ticket_id)
            changed[ticket_id] = memory.but(redacted_at=event.at)
            return
        for name, asked in memory.asked.items():
            if asked.command_id == event.command_id:
                changed[ticket_id] = _answered(memory, name, event)
                return


def _answered(memory: RowMemory, name: str, event: TicketEvent) -> RowMemory:
    asked = memory.asked[name]
    if event.kind is not EventKind.REFUSED:
        return memory.but(asked={**memory.asked, name: asked.but(accepted_at=event.at)})
    left = {other: waiting for other, waiting in memory.asked.items() if other != name}
    return memory.but(asked=left).with_notice(event.because or "The change was refused.", event.at)


def _keys(raw: bytes) -> list[str]:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return []
    return sorted(found) if isinstance(found, dict) else []
