"""The spool's disk as the bridge's loop uses it: bounded, in a thread of its own, many webhooks to one sync of the disk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from stream import logs
from stream.bridge.inbox import NotStored
from stream.bridge.spool_store import Arrival, Extent, SpoolStore
from stream.errors import StateError

log = logs.get(__name__)

# Webhooks that wait for the disk, in memory.
_UNCOMMITTED = 2_000
_UNCOMMITTED_BYTES = 16_000_000
_COMMIT_BYTES = 2_000_000  # in one transaction, and the one webhook that goes beyond it
_CLOSE_S = 1.0
_CLOSE_LOOK_S = 0.01
_FULL_RETRY_S = 5

T = TypeVar("T")


class SpoolDisk:
    """Belongs to the loop's thread. `limit` is how many bytes may wait; `problem` says why the disk takes nothing, or is ""."""

    def __init__(self, open_store: Callable[[], SpoolStore], limit: int) -> None:
        self._open_store = open_store
        self.limit = limit
        self._store: SpoolStore | None = None
        self._group: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._uncommitted = 0
        self._uncommitted_bytes = 0
        self._work = asyncio.Event()
        # One thread has the file: commits, looks and removals follow each other.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._committing = asyncio.get_running_loop().create_task(self._commit_forever())
        self.extent = Extent(0, 0, None, 0)
        self.problem = ""
        self.open()

    @property
    def is_open(self) -> bool:
        return self._store is not None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing waits, neither on the disk nor on its way to it."""
        return not self.extent.waiting and not self._uncommitted

    @property
    def is_full(self) -> bool:
        return self.extent.size + self._uncommitted_bytes >= self.limit

    def open(self) -> bool:
        """Open the file if it is not; tells whether it is open now, and leaves in `problem` why not."""
        if self._store is not None:
            return True
        try:
            self._store = self._open_store()
            self.extent = self._store.extent
        except (StateError, sqlite3.Error, OSError) as error:
            if self.problem != str(error):
                self.problem = str(error)
                log.warning("no spool: while Kafka is away, senders are asked to come again", reason=self.problem)
            return False
        self.problem = ""
        if self.extent.waiting:
            log.info("webhooks wait in the spool since before this start", waiting=self.extent.waiting)
        return True

    async def append(self, arrival: Arrival) -> None:
        """Return when the disk has the webhook; raises `NotStored` when it has not."""
        if self._store is None:
            raise NotStored("spool_unusable")
        if self.extent.size + self._uncommitted_bytes + arrival.size > self.limit:
            raise NotStored("spool_full", _FULL_RETRY_S)
        if self._uncommitted >= _UNCOMMITTED or self._uncommitted_bytes > _UNCOMMITTED_BYTES:
            raise NotStored("spool_too_slow")
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._group.append((arrival, answer))
        self._uncommitted += 1
        self._uncommitted_bytes += arrival.size
        self._work.set()
        await answer

    async def oldest(self, below: float, webhooks: int, at_most_bytes: int) -> list[Arrival]:
        """Return the first webhooks in order, as `SpoolStore.oldest`; raises `sqlite3.Error`."""
        store = self._store
        return [] if store is None else await self._run(lambda: store.oldest(below, webhooks, at_most_bytes))

    async def remove(self, arrivals: Sequence[Arrival]) -> None:
        """Forget webhooks that were delivered, and give the disk its room back after the last; raises `sqlite3.Error`."""
        store = self._store
        if store is None:
            return
        self.extent = await self._run(lambda: _remove(store, arrivals))

    async def look(self) -> None:
        """Try, after an error, whether the disk works again."""
        store = self._store
        if store is None:
            self.open()
            return
        try:
            await self._run(store.try_out)
        except (sqlite3.Error, OSError) as error:
            self.problem = _say(error)
        else:
            self.problem = ""

    async def close(self) -> None:
        """Finish what is being written and let go of the file; never raises."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                while self._uncommitted:  # noqa: ASYNC110 - each ends by its own future
                    await asyncio.sleep(_CLOSE_LOOK_S)
        self._committing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._committing
        store, self._store = self._store, None
        if store is not None:
            await self._run(store.close)
        self._thread.shutdown(wait=False)

    async def _commit_forever(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._group:
                await self._commit(self._take_group())

    def _take_group(self) -> list[tuple[Arrival, asyncio.Future[None]]]:
        """Return what goes into the next transaction."""
        size = count = 0
        while count < len(self._group) and size < _COMMIT_BYTES:
            size += self._group[count][0].size
            count += 1
        group, self._group = self._group[:count], self._group[count:]
        return group

    async def _commit(self, group: list[tuple[Arrival, asyncio.Future[None]]]) -> None:
        """Write what has come since the last commit in one transaction."""
        store = self._store
        failure: NotStored | None = None
        try:
            if store is None:
                return
            self.extent = await self._run(lambda: _append(store, [arrival for arrival, _ in group]))
            self.problem = ""
        except (sqlite3.Error, OSError) as error:
            failure = NotStored("spool_unwritable", _FULL_RETRY_S)
            if not self.problem:
                log.error("the spool cannot be written: senders are asked to come again", error=str(error))  # noqa: TRY400 - a full disk needs no traceback
            self.problem = _say(error)
        finally:
            for arrival, answer in group:
                self._uncommitted -= 1
                self._uncommitted_bytes -= arrival.size
                if answer.done():
                    continue
                if failure is None:
                    answer.set_result(None)
                else:
                    answer.set_exception(failure)

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _append(store: SpoolStore, arrivals: list[Arrival]) -> Extent:
    store.append(arrivals)
    return store.extent


def _remove(store: SpoolStore, arrivals: Sequence[Arrival]) -> Extent:
    store.remove(arrivals)
    if not store.extent.waiting:
        store.shrink()
    return store.extent


def _say(error: Exception) -> str:
    return f"the disk takes nothing ({error}); make room in DATA_DIR"
