"""A bound on what libraries repeat: without Kafka its client says the same ten lines a second, for as long as Kafka is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_QUIET_S = 10.0
_MOST_KNOWN = 1_000  # lines; the ones that came first are forgotten then


class Repeats(logging.Filter):
    """Lets a line of a library through when it was not told for ten seconds, with how often it was left out meanwhile."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str], tuple[float, int]] = {}  # when, and how many were left out since

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is to be written, as `logging` asks; our own lines, which are events with keys, always are."""
        if isinstance(record.msg, dict):
            return True
        try:
            line, now = record.getMessage(), self._clock()
        except (TypeError, ValueError, KeyError):
            return True  # words and values do not fit: the handler tells so, and whoever logged goes on
        with self._lock:
            told_at, left_out = self._told.get((record.name, line), (now - _QUIET_S, 0))
            if now - told_at < _QUIET_S:
                self._told[record.name, line] = told_at, left_out + 1
                return False
            self._told.pop((record.name, line), None)
            self._told[record.name, line] = now, 0
            if len(self._told) > _MOST_KNOWN:
                del self._told[next(iter(self._told))]
        if left_out:
            record.msg, record.args = f"{line} (and {left_out} more like it)", ()
        return True
