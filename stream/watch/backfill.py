"""Fills gaps: what stands in Evolution's store and never came by webhook goes into topic `inbound`, marked as filled in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from stream import logs
from stream.core.delivery import Delivery
from stream.core.inputs import Source
from stream.translate import Rejected, to_deliveries
from stream.translate.identity import is_group
from stream.transport.interface import Transport
from stream.watch.ears import Ears

log = logs.get(__name__)

# The windows overlap by so much, for a webhook may be twenty minutes late, and a row may be written late.
OVERLAP = timedelta(minutes=30)
LONGEST = timedelta(hours=24)
# Rows younger than this have their webhook still on its way.
_SETTLE = timedelta(seconds=15)


class Filled(NamedTuple):
    """`rows` were looked at, `missing` of them had never come."""

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
        missing = [row for row in rows if self._is_missing(row)]
        for row in missing:
            for delivery in self._deliveries(row, now):
                self._publish(delivery)
        self._filled_until = until
        self.missing += len(missing)
        if missing:
            log.warning("messages had not come", missing=len(missing), since=since.isoformat(timespec="seconds"))
        return Filled(len(rows), len(missing))

    def _is_missing(self, row: dict[str, Any]) -> bool:
        chat, message_id = row["key"].get("remoteJid"), row["key"].get("id")
        if not isinstance(chat, str) or not isinstance(message_id, str) or not is_group(chat):
            return False
        return not self._ears.has(chat, message_id)

    def _deliveries(self, row: dict[str, Any], now: datetime) -> list[Delivery]:
        key = row["key"]
        # What the API sent has no participant in its key; what somebody typed with our number has.
        event = "SEND_MESSAGE" if key.get("fromMe") is True and not key.get("participant") else "MESSAGES_UPSERT"
        found = to_deliveries(event, self._instance, row, now, source=Source.BACKFILL)
        return [] if isinstance(found, Rejected) else found
