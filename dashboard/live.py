"""The live view: one thread per server reads Kafka for all visitors, and each of them gets the same immutable snapshot."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from dashboard.desk import Desk, Snapshot
from stream import logs
from stream.adapters.kafka import Record, Tail
from stream.adapters.topics import Topic
from stream.errors import GroupdeskError
from stream.settings import Settings

log = logs.get(__name__)

TOPICS = (Topic.TICKETS, Topic.TICKET_EVENTS, Topic.STATUS, Topic.UNDECIDED, Topic.COMMANDS, Topic.DEAD_LETTER)
_POLL_S = 0.25
_RETRY_S = 1.0


class Feed(Protocol):
    """Where records come from: Kafka's `Tail`."""

    def poll(self, timeout_s: float = 0.5) -> list[Record]: ...

    def is_caught_up(self) -> bool: ...

    def lag(self) -> int: ...

    def lags(self) -> Mapping[tuple[Topic, int], int]: ...

    def close(self) -> None: ...


class LiveView:
    """Reads in a daemon thread; `snapshot()` is cheap and may be called by any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._snapshot = Snapshot()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-view", daemon=True)
        self._thread.start()

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop reading; returns when the thread has ended."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def wait(self, timeout_s: float) -> Snapshot:
        """Return the snapshot as soon as it is complete or has failed, or as it is after `timeout_s`."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not (self._snapshot.is_caught_up or self._snapshot.error):
            self._stopping.wait(0.02)
        return self._snapshot

    def _run(self) -> None:
        """Read until told to stop. A broker that is away is tried again; what was read stays, and everything is read anew."""
        while not self._stopping.is_set():
            feed = Tail(self._settings, TOPICS)
            try:
                self._follow(feed)
            except GroupdeskError as error:
                self._fail(str(error))
            except Exception as error:
                log.exception("live view failed")
                self._fail(f"Reading from Kafka failed ({type(error).__name__}); trying again.")
            finally:
                feed.close()
            self._stopping.wait(_RETRY_S)

    def _follow(self, feed: Feed) -> None:
        desk, caught_up = Desk(), False
        while not self._stopping.is_set():
            records = feed.poll(_POLL_S)
            read_at = datetime.now(UTC) if caught_up else None
            for record in records:
                desk.take(record, read_at)
            lag = feed.lag()
            first_time = not caught_up and feed.is_caught_up()
            caught_up = caught_up or first_time
            # While it reads anew after a failure, visitors keep the complete picture they had.
            is_worth_showing = caught_up or not self._snapshot.is_caught_up
            is_new = bool(records) or first_time or bool(self._snapshot.error) or lag != self._snapshot.lag
            if is_worth_showing and is_new:
                self._snapshot = desk.snapshot(is_caught_up=caught_up, lag=lag, lags=feed.lags())
            if first_time:
                gc.freeze()  # what was read stays for long; the collector need not look at it again and again
                log.info("caught up", tickets=len(self._snapshot.cards), records=self._snapshot.read)

    def _fail(self, error: str) -> None:
        self._snapshot = replace(self._snapshot, error=error)
