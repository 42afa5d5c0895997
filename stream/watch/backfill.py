"""Fills gaps: what stands in Evolution's store and never came by webhook goes into topic `inbound`, marked as filled in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from stream import logs
from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput, Echo, Edit, Message, Reaction, Source
from stream.translate import Rejected, to_deliveries, translate
from stream.translate.identity import is_group
from stream.transport.interface import Transport
from stream.watch.ears import Ears
from stream.watch.stored_row import event_of, read_change

log = logs.get(__name__)

# The windows overlap by so much, for a webhook may be twenty minutes late, and a row may be written late.
OVERLAP = timedelta(minutes=30)
LONGEST = timedelta(hours=24)
# Rows younger than this have their webhook still on its way.
_SETTLE = timedelta(seconds=15)


class Filled(NamedTuple):
    """`rows` were looked at; `missing` messages, edits and deletions of them had never come."""

    rows: int
    missing: int


class Backfill:
    """`publish` puts one delivery into topic `inbound` and returns once it is stored."""

    def __init__(self, transport: Transport, instance: str, ears: Ears, publish: Callable[[Delivery], None]) -> None:
        self._transport = transport
        self._instance = instance
        self._ears = ears
        self._publish = publish
        self._filled_until: datetime | None = None
        self.missing = 0

    async def fill(self, now: datetime) -> Filled:
        """Look at the store since the last time, or since the last live message at a start. Raises `CallFailed`."""
        until = now - _SETTLE
        known = self._filled_until or self._ears.last_live_at or now - LONGEST
        since = max(known - OVERLAP, now - LONGEST)
        rows = await self._transport.history(since, until)
        missing = [delivery for row in rows for delivery in self._untold(row, now)]
        for delivery in missing:
            self._publish(delivery)
        self._filled_until = until
        self.missing += len(missing)
        if missing:
            log.warning("messages had not come", missing=len(missing), since=since.isoformat(timespec="seconds"))
        return Filled(len(rows), len(missing))

    def _untold(self, row: dict[str, Any], now: datetime) -> list[Delivery]:
        """Return what a row tells that was not heard: its message, or what became of it."""
        chat, message_id = row["key"].get("remoteJid"), row["key"].get("id")
        if not isinstance(chat, str) or not isinstance(message_id, str) or not is_group(chat):
            return []
        if self._ears.has(chat, message_id):
            change = read_change(row, now, known_at=self._ears.changed_at(chat, message_id))
            return self._deliveries("MESSAGES_EDITED", change, now) if change is not None else []
        return [delivery for delivery in self._deliveries(event_of(row), row, now) if self._is_news(translate(delivery))]

    def _is_news(self, told: AnyInput) -> bool:
        """Tell whether there is something to make good: an album's header or a pin says nothing, heard or not."""
        if isinstance(told, Edit):  # one that is encrypted has a row of its own
            return self._ears.changed_at(told.chat, told.target_id) is None
        return isinstance(told, Message | Echo | Reaction)

    def _deliveries(self, event: str, data: dict[str, Any], now: datetime) -> list[Delivery]:
        found = to_deliveries(event, self._instance, data, now, source=Source.BACKFILL)
        return [] if isinstance(found, Rejected) else found
