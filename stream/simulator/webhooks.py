"""How Evolution delivers a webhook: envelope, headers, tries. Each event is on its own timer, so order is not kept."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import jwt
import orjson

from stream.simulator.mischief import Mischief

# Answers that Evolution takes as final: the message is gone.
NOT_RETRIED = frozenset({400, 401, 403, 404, 422})


@dataclass(frozen=True)
class Retries:
    """Evolution's defaults (`WEBHOOK_RETRY_*`), in seconds. `scale` shortens every wait in a test."""

    attempts: int = 10
    initial: float = 5.0
    maximum: float = 300.0
    jitter: float = 0.2
    timeout: float = 30.0
    scale: float = 1.0

    def wait_before(self, attempt: int, jitter: float) -> float:
        """Return the seconds to wait before try number `attempt` (2 is the first repeat); never below the initial wait."""
        base = min(self.initial * 2.0 ** (attempt - 2), self.maximum)
        return max(self.initial, base * (1 + jitter)) * self.scale


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery: the last status (0 when nobody answered) and how many tries it took."""

    event: str
    status: int
    tries: int

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.status < 300


def event_name(configured: str) -> str:
    """Return the event of a configured name: `MESSAGES_UPSERT` is `messages.upsert`, but participants keep a hyphen."""
    return {"GROUP_PARTICIPANTS_UPDATE": "group-participants.update"}.get(configured, configured.lower().replace("_", "."))


def local_time_with_z(now: datetime, zone: str) -> str:
    """Return `date_time` as Evolution writes it: the server's wall clock, wearing a Z that is not true."""
    local = now.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}Z"


class Webhooks:
    """Sends events of instances to where their webhook points, and keeps trying by the rules."""

    def __init__(self, mischief: Mischief, retries: Retries, zone: str = "America/Sao_Paulo") -> None:
        self.mischief = mischief
        self.retries = retries
        self.zone = zone
        self.counts: Counter[str] = Counter()
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[Receipt]] = set()

    def send(self, webhook: dict[str, Any] | None, envelope: dict[str, Any]) -> asyncio.Task[Receipt]:
        """Start delivering and return at once, as Evolution does: nobody waits for a webhook."""
        task = asyncio.create_task(self._deliver(webhook, envelope))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def drain(self) -> None:
        """Wait until nothing is under way any more, repeats included."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def forget(self) -> None:
        """Forget what is under way or still to be repeated, as a restart of Evolution does: its queue is in memory."""
        under_way = set(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self.counts["forgotten"] += len(under_way)

    async def close(self) -> None:
        """Stop delivering."""
        await self.forget()
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, webhook: dict[str, Any] | None, envelope: dict[str, Any]) -> Receipt:
        event = str(envelope["event"])
        if not _is_wanted(webhook, event) or self.mischief.is_database_down or self.mischief.draw(self.mischief.drop):
            self.counts["withheld"] += 1
            return Receipt(event, 0, 0)
        assert webhook is not None
        stamped = {**envelope, "date_time": local_time_with_z(datetime.now(UTC), self.zone)}
        body = orjson.dumps(_in_order(stamped, str(webhook["url"])))
        if self.mischief.draw(self.mischief.late):
            self.counts["late"] += 1
            await asyncio.sleep(self.mischief.draw_delay() * self.retries.scale)
        elif self.mischief.draw(self.mischief.swap):
            await asyncio.sleep(0.02)
        if self.mischief.draw(self.mischief.duplicate):
            self.counts["duplicated"] += 1
            await self._try(webhook, event, body)
        receipt = await self._try(webhook, event, body)
        self.counts["accepted" if receipt.is_accepted else "lost"] += 1
        return receipt

    async def _try(self, webhook: dict[str, Any], event: str, body: bytes) -> Receipt:
        headers = _headers(webhook)
        url = _address(webhook, event)
        status = 0
        for attempt in range(1, self.retries.attempts + 1):
            if attempt > 1:
                await asyncio.sleep(self.retries.wait_before(attempt, self.mischief.jitter(self.retries.jitter)))
            status = await self._post(url, headers, body)
            self.counts["tries"] += 1
            if 200 <= status < 300 or status in NOT_RETRIED:
                return Receipt(event, status, attempt)
        return Receipt(event, status, self.retries.attempts)

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        timeout = aiohttp.ClientTimeout(total=self.retries.timeout)
        try:
            async with self._session.post(url, data=body, headers=headers, timeout=timeout) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


def _is_wanted(webhook: dict[str, Any] | None, event: str) -> bool:
    if not webhook or not webhook.get("enabled"):
        return False
    return event in {event_name(name) for name in webhook["events"]}


def _address(webhook: dict[str, Any], event: str) -> str:
    """Return the address: with `webhookByEvents` the event is appended as it is, double slashes and queries notwithstanding."""
    url = str(webhook["url"])
    return f"{url}/{event.replace('.', '-')}" if webhook.get("webhookByEvents") else url


def _headers(webhook: dict[str, Any]) -> dict[str, str]:
    own = dict(webhook.get("headers") or {})
    headers = {"Accept": "application/json, text/plain, */*", "Content-Type": "application/json", "User-Agent": "axios/1.13.2"}
    if key := own.pop("jwt_key", None):
        now = int(time.time())
        claims = {"iat": now, "exp": now + 600, "app": "evolution", "action": "webhook"}
        headers["Authorization"] = f"Bearer {jwt.encode(claims, str(key), algorithm='HS256')}"
    return headers | {str(name): str(value) for name, value in own.items()}


def _in_order(envelope: dict[str, Any], url: str) -> dict[str, Any]:
    order = ("event", "instance", "data", "destination", "date_time", "sender", "server_url", "apikey")
    full = {**envelope, "destination": url}
    return {name: full[name] for name in order if name in full} | {k: v for k, v in full.items() if k not in order}
