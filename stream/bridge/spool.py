"""The spool: what Kafka cannot take now is kept on this machine's disk, acknowledged, and delivered later, in order.

While anything waits, everything new goes behind it. Numbers are given on arrival, so a webhook whose delivery failed after
seconds still goes before those that came meanwhile. A webhook may be delivered twice (a crash after its delivery, a broker
that was only slow): readers know messages by their ids.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from stream import crash_points, logs
from stream.bridge.inbox import Inbox, InboxRecord, InboxState, NotStored
from stream.bridge.spool_disk import SpoolDisk
from stream.bridge.spool_store import NAME, Arrival, SpoolStore
from stream.core.status import Health
from stream.settings import Settings

log = logs.get(__name__)

_TRY_EVERY_S = 0.25
_LOOK_EVERY_S = 2.0
# One webhook tries whether Kafka is back; then twice as many each time.
_BATCH_AT_MOST = 512
_BATCH_BYTES = 4_000_000


class SpooledInbox:
    """An inbox in front of another one, `inner`, which it closes too."""

    def __init__(self, inner: Inbox, disk: SpoolDisk) -> None:
        self._inner = inner
        self._disk = disk
        self._last = disk.extent.last
        self._direct: set[int] = set()  # arrivals on their way to Kafka past the spool
        self._delivered: list[Arrival] = []  # Kafka has them, and the disk does not know it yet
        self._wake = asyncio.Event()
        self._draining = asyncio.get_running_loop().create_task(self._drain_forever())

    @property
    def waiting(self) -> int:
        """How many webhooks wait on the disk."""
        return self._disk.extent.waiting

    async def store(self, records: Sequence[InboxRecord]) -> None:
        self._last = number = self._last + 1
        if not self._disk.is_empty:
            await self._keep(number, records)
            return
        self._direct.add(number)
        try:
            await self._inner.store(records)
        except NotStored as why:
            if not self._disk.is_open:
                raise
            log.debug("spooled", reason=why.reason)
            await self._keep(number, records)
        finally:
            self._direct.discard(number)

    def state(self) -> InboxState:
        kafka, spool = self._inner.state(), self._own_state()
        if kafka.status is Health.OK or spool.status is Health.DOWN:
            return kafka
        return InboxState(Health.DEGRADED, f"{kafka.detail}; webhooks are kept on this machine's disk meanwhile")

    def parts(self) -> dict[str, InboxState]:
        return {**self._inner.parts(), "spool": self._own_state()}

    async def close(self) -> None:
        self._draining.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._draining
        await self._disk.close()
        await self._inner.close()

    def _own_state(self) -> InboxState:
        extent = self._disk.extent
        waits = ""
        if extent.waiting:
            since = datetime.fromtimestamp(extent.oldest_at or 0, UTC).isoformat(timespec="seconds")
            waits = f"{extent.waiting} webhooks wait for Kafka since {since}"
        if self._disk.problem or self._disk.is_full:
            why = self._disk.problem or "the spool is full; senders are asked to come again"
            return InboxState(Health.DOWN, f"{waits}; {why}" if waits else why)
        return InboxState(Health.DEGRADED, waits) if waits else InboxState(Health.OK, "nothing waits")

    async def _keep(self, number: int, records: Sequence[InboxRecord]) -> None:
        await self._disk.append(Arrival(number, time.time(), tuple(records)))
        crash_points.reach("bridge.spooled")
        self._wake.set()

    async def _drain_forever(self) -> None:
        batch = 1
        while True:
            if self._disk.problem:
                await self._disk.look()
                self._last = max(self._last, self._disk.extent.last)
            if not self._disk.extent.waiting:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY_S):  # `wait_for` of Python 3.11 may swallow a cancellation
                        await self._wake.wait()
                continue
            try:
                moved = await self._deliver(batch)
            except (NotStored, sqlite3.Error, OSError) as error:
                log.debug("the spool waits", reason=str(error))
                batch, moved = 1, 0
            if moved:
                batch = min(2 * batch, _BATCH_AT_MOST)
            else:
                await asyncio.sleep(_TRY_EVERY_S)

    async def _deliver(self, webhooks: int) -> int:
        """Deliver the oldest webhooks and forget them; returns how many. None of a later arrival than one still on its way."""
        if not self._delivered:
            below = min(self._direct, default=math.inf)
            oldest = await self._disk.oldest(below, webhooks, _BATCH_BYTES)
            if not oldest:
                return 0
            await self._inner.store([record for arrival in oldest for record in arrival.records])
            self._delivered = oldest
            crash_points.reach("bridge.unspooled")
        # When the disk refuses the removal, it is tried again, and not the delivery.
        await self._disk.remove(self._delivered)
        moved, self._delivered = len(self._delivered), []
        if not self._disk.extent.waiting:
            log.info("the spool is empty: everything that waited is in Kafka")
        return moved


def put_spool_before(inbox: Inbox, settings: Settings) -> Inbox:
    """Return the inbox with a spool in front of it, or as it is where SPOOL_LIMIT_MB is 0."""
    if not settings.spool_limit_mb:
        return inbox
    path = settings.data_dir / NAME
    return SpooledInbox(inbox, SpoolDisk(lambda: SpoolStore(path), settings.spool_limit_mb * 1_000_000))
