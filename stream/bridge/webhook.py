"""POST /webhook/cs-tickets: from the request to the answer, which decides whether Evolution sends an event again.

200 ok            Kafka has it, or the spool's disk     503  come again: neither can take it now
200 quarantined   unreadable, kept as a dead letter     408  the body did not come in time: come again
401               not from us; never sent again         413  too large; a note is kept
415               compressed; refused unread            400  not HTTP
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web

from stream import crash_points, logs
from stream.bridge.auth import Gate
from stream.bridge.body import TooLarge, read_body
from stream.bridge.inbox import Inbox, InboxRecord, NotStored
from stream.bridge.letters import MAX_RECORD, file_delivery, note_too_large, quarantine
from stream.bridge.log_budget import LogBudget
from stream.bridge.pairing import Pairing
from stream.bridge.tally import Tally
from stream.core.delivery import Delivery
from stream.translate import Rejected, read_webhook
from stream.translate.shapes import ident, obj

log = logs.get(__name__)

_OK = b'{"ok":true}'
_QUARANTINED = b'{"ok":true,"quarantined":true}'
_REFUSED = b'{"ok":false}'
_QR_EVENT = "QRCODE_UPDATED"
_MAX_KNOWN_SENDERS = 1_000


class Webhook:
    """The receiving end. One per process; belongs to the loop's thread."""

    def __init__(self, inbox: Inbox, gate: Gate, pairing: Pairing, tally: Tally) -> None:
        self._inbox = inbox
        self._gate = gate
        self._pairing = pairing
        self._tally = tally
        self._budget = LogBudget()
        self._known_senders: set[str] = set()
        self.lost_senders: set[str] = set()  # addresses that were good before and now come with a wrong secret

    async def post(self, request: web.Request) -> web.Response:
        """Answer a webhook."""
        started = time.monotonic()
        if not self._gate.admits(request.headers):
            return self._refuse(request.remote or "")
        self._welcome(request.remote or "")
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return self._answer(415, "compressed", _REFUSED)
        try:
            body = await read_body(request)
        except TimeoutError:
            return self._answer(408, "body_too_slow", _REFUSED)
        except (web.RequestPayloadError, ConnectionError):
            return self._answer(400, "body_broken", _REFUSED)
        try:
            if isinstance(body, TooLarge):
                await self._inbox.store([note_too_large(body)])
                return self._answer(413, "body_too_large", _REFUSED)
            return await self._take(body, started)
        except NotStored as why:
            return self._ask_again(why)

    async def _take(self, raw: bytes, started: float) -> web.Response:
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            return await self._quarantine(raw, "not_json", error)
        now = datetime.now(UTC)
        read = read_webhook(body, now)
        if isinstance(read, Rejected):
            return await self._quarantine(raw, read.reason)
        for delivery in read:
            self._pairing.hear(delivery)
        if read and read[0].event == _QR_EVENT:
            self._pairing.take_qr(read[0].instance, obj(body).get("data"), now)
            return self._answer(200, "qr_code", _OK)
        records = [file_delivery(delivery) for delivery in read]
        if any(len(record.value) > MAX_RECORD for record in records):
            return await self._quarantine(raw, "record_too_large")
        await self._store(records, read, started)
        return self._answer(200, "stored", _OK)

    async def _store(self, records: list[InboxRecord], read: list[Delivery], started: float) -> None:
        if records:
            crash_points.reach("bridge.read")
            await self._inbox.store(records)
            crash_points.reach("bridge.stored")
        ended = time.monotonic()
        self._tally.stored(ended, ended - started)
        for delivery in read:
            self._tell(delivery, ended, ended - started)

    def _tell(self, delivery: Delivery, now: float, seconds: float) -> None:
        """Write the hop's line: a tenth of a webhook's cost, so not when nobody reads it, nor in a flood."""
        if not logging.getLogger(__name__).isEnabledFor(logging.INFO) or not self._budget.admits(now):
            return
        if left_out := self._budget.take_left_out():
            log.info("stored more without a line for each", webhooks=left_out)
        message_id = _id_of(delivery.data)
        elapsed_ms = round(seconds * 1_000, 1)
        log.info("stored", group=delivery.chat, webhook=delivery.event, message_id=message_id, elapsed_ms=elapsed_ms)

    async def _quarantine(self, raw: bytes, reason: str, error: Exception | None = None) -> web.Response:
        await self._inbox.store([quarantine(raw, reason, error)])
        log.warning("quarantined", reason=reason, size=len(raw))
        return self._answer(200, "quarantined", _QUARANTINED)

    def expect(self, senders: Iterable[str]) -> None:
        """Count these as known: a wrong secret from there is lost mail from the first webhook on."""
        self._known_senders |= {*senders} - self.lost_senders

    def _refuse(self, sender: str) -> web.Response:
        if sender not in self._known_senders:
            return self._answer(401, "refused", _REFUSED)
        self._known_senders.discard(sender)
        self.lost_senders.add(sender)
        log.error("wrong secret from a sender that is known: its messages are lost until that is mended", sender=sender)
        return self._answer(401, "refused_known_sender", _REFUSED)

    def _welcome(self, sender: str) -> None:
        if sender not in self._known_senders and len(self._known_senders) < _MAX_KNOWN_SENDERS:
            self._known_senders.add(sender)
            self.lost_senders.discard(sender)

    def _ask_again(self, why: NotStored) -> web.Response:
        response = self._answer(503, why.reason, _REFUSED)
        response.headers["Retry-After"] = str(why.retry_after_s)
        return response

    def _answer(self, status: int, outcome: str, body: bytes) -> web.Response:
        self._tally.answered(status, outcome)
        return web.Response(status=status, body=body, content_type="application/json")


def _id_of(data: Any) -> str | None:
    """Return the id of the message that a delivery is about, for the log."""
    return ident(obj(obj(data).get("key")).get("id")) or ident(obj(data).get("keyId"))
