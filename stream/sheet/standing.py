"""How the sheet is, in one sentence and a few numbers, for the heartbeat."""

from __future__ import annotations

import threading

from stream.adapters.status import StatusReporter
from stream.core.status import Health
from stream.sheet.sink import Pass
from stream.sheet.store import SheetStore


class Standing:
    """Collects what passes tell and hands it to the reporter. Safe to use from several threads."""

    def __init__(self, reporter: StatusReporter, store: SheetStore, name: str) -> None:
        self._reporter = reporter
        self._store = store
        self._name = name
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(
            ("passes", "rows_added", "rows_written", "edits", "edits_refused", "rows_deleted", "rows_refused", "faults"), 0
        )
        self._gauges: dict[str, float] = {}

    def passed(self, done: Pass) -> None:
        """A pass has ended, well or by stopping itself."""
        with self._lock:
            for name, more in (
                ("passes", 1),
                ("rows_added", done.added),
                ("rows_written", done.written),
                ("edits", done.edits),
                ("edits_refused", done.refused_edits),
                ("rows_deleted", done.deleted),
                ("rows_refused", done.refused_rows),
            ):
                self._counts[name] += more
            deleted = sum(memory.is_gone for memory in self._store.memories.values())
            self._gauges |= {
                "rows": done.rows,
                "pending": self._pending(),
                "last_pass_s": round(done.elapsed_s, 3),
                "deleted_rows": deleted,
                "duplicate_rows": done.duplicates,
            }
            if done.stop:
                self._tell(Health.DOWN, f"Stopped, nothing is changed. {done.stop}")
                return
            words = [f"{done.rows} rows in {self._name}; the last pass took {done.elapsed_s:.1f} s"]
            words += [f"{deleted} deleted by people"] if deleted else []
            words += [f"{done.duplicates} ids stand twice"] if done.duplicates else []
            self._tell(Health.OK, "; ".join(words))

    def failed(self, health: Health, reason: str) -> None:
        """A pass was cut off."""
        with self._lock:
            self._counts["faults"] += 1
            self._gauges["pending"] = self._pending()
            self._tell(health, reason)

    def waits_for_kafka(self, reason: str) -> None:
        with self._lock:
            self._tell(Health.DEGRADED, reason)

    def _pending(self) -> int:
        memories = self._store.memories
        return sum(1 for ticket_id in self._store.tickets if ticket_id not in memories or not memories[ticket_id].was_placed)

    def _tell(self, health: Health, detail: str) -> None:
        self._reporter.set(health, detail, counts=self._counts, gauges=self._gauges)
