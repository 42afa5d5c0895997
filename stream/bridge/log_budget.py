"""A bound on log lines: under a flood one line a second tells how many were left out."""

from __future__ import annotations

LINES_A_SECOND = 100


class LogBudget:
    """Counts lines by the second. Times are monotonic."""

    def __init__(self, lines_a_second: int = LINES_A_SECOND) -> None:
        self._most = lines_a_second
        self._second = 0
        self._written = 0
        self._left_out = 0

    def admits(self, now: float) -> bool:
        """Tell whether one more line may be written now."""
        if int(now) != self._second:
            self._second, self._written = int(now), 0
        if self._written >= self._most:
            self._left_out += 1
            return False
        self._written += 1
        return True

    def take_left_out(self) -> int:
        """Return how many lines were left out since this was last asked."""
        left_out, self._left_out = self._left_out, 0
        return left_out
