"""The thread that owns the sheet: makes passes when they are due, and says how it goes."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from stream import logs
from stream.adapters.sheet_port import Sheet, SheetBusy, SheetChanged
from stream.core.sheet_plan import Options
from stream.core.status import Health
from stream.errors import BrokerError, SheetError
from stream.sheet.pace import Pace
from stream.sheet.sink import Pass, Sink
from stream.sheet.standing import Standing
from stream.sheet.store import SheetStore

log = logs.get(__name__)


class SheetWorker:
    """Runs passes until stopped. `wake` may be called from any thread when the store has something new."""

    def __init__(self, sink: Sink, sheet: Sheet, store: SheetStore, pace: Pace, standing: Standing) -> None:
        self._sink = sink
        self._sheet = sheet
        self._store = store
        self._pace = pace
        self._standing = standing
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._is_stopped_by_guard = False
        self._thread = threading.Thread(target=self._work, name="sheet", daemon=True)

    def start(self) -> None:
        self._pace.news(time.monotonic())
        self._thread.start()

    def wake(self) -> None:
        self._news.set()

    def stop(self, timeout_s: float) -> None:
        """Ask the thread to end. A pass that takes longer is left behind: cutting it off does no harm."""
        self._stopping.set()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while not self._stopping.is_set():
            if self._news.is_set():
                self._news.clear()
                self._pace.news(time.monotonic())
            pause = self._pace.due_at() - time.monotonic()
            if pause > 0:
                self._news.wait(min(pause, 1.0)) if not self._pace.has_news else self._stopping.wait(min(pause, 0.1))
                continue
            try:
                self._look()
            except Exception as error:
                if self._stopping.is_set():
                    return  # the store was closed under a pass that took too long to wait for
                # A thread that dies would leave the sheet silently behind: say it, pause, and go on.
                log.exception("pass failed", error=type(error).__name__)
                self._pause(Health.DOWN, f"A pass failed unexpectedly ({type(error).__name__}); see the log.", 5.0)

    def _look(self) -> None:
        requests = self._store.asked()
        is_slow = self._pace.is_slow_due(time.monotonic())
        try:
            if not (requests or is_slow or self._sheet.has_news() or (self._pace.has_news and not self._is_stopped_by_guard)):
                self._pace.looked(time.monotonic())
                return
            what, _, named = requests[0][1].partition(" ") if requests else ("", "", "")
            options = Options(
                write_slow=is_slow or what == "rebuild",
                restore=what == "rebuild",
                accept_missing=what == "accept",
                push=frozenset({named.partition(" ")[0]} if what == "push" else ()),
            )
            self._pace.begin()
            done = self._sink.run(datetime.now(UTC), options)
        except SheetChanged:
            self._pace.news(time.monotonic())  # somebody saved the file this moment: read it again
        except SheetBusy as error:
            self._pause(Health.DEGRADED, str(error), error.retry_after_s)
        except (SheetError, BrokerError) as error:
            self._pause(Health.DOWN if isinstance(error, SheetError) else Health.DEGRADED, str(error), 0.0)
        else:
            self._finish(done, is_slow=is_slow)
            for number, _ in requests[:1]:
                self._store.answer(number, done.to_json().decode())

    def _finish(self, done: Pass, *, is_slow: bool) -> None:
        now = time.monotonic()
        is_news = done.stop is not None and not self._is_stopped_by_guard
        self._is_stopped_by_guard = done.stop is not None
        more = done.pending > 0 and done.stop is None
        self._pace.succeeded(now, done.elapsed_s, slow=is_slow, again=more)
        self._standing.passed(done)
        if is_news:
            log.error("sheet stopped", reason=done.stop)
        elif done.written or done.added or done.edits or done.deleted or done.moved:
            log.info(
                "pass",
                written=done.written,
                added=done.added,
                edits=done.edits,
                deleted=done.deleted,
                moved=done.moved,
                elapsed_ms=round(done.elapsed_s * 1000),
            )

    def _pause(self, health: Health, reason: str, retry_after_s: float) -> None:
        pause = self._pace.failed(time.monotonic(), retry_after_s)
        self._standing.failed(health, reason)
        log.warning("pass put off", reason=reason, seconds=round(pause, 1))
