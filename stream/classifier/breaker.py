"""The circuit breaker: a model that does not answer is left alone for a minute, then asked once."""

from __future__ import annotations

FAILURES_TO_OPEN = 5
OPEN_FOR_S = 60.0


class Breaker:
    """Opens after failures in a row. Times are monotonic seconds, given by the caller."""

    def __init__(self, failures_to_open: int = FAILURES_TO_OPEN, open_for_s: float = OPEN_FOR_S) -> None:
        self._limit = failures_to_open
        self._open_for_s = open_for_s
        self._failures = 0
        self._closed_again_at = float("-inf")
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Tell whether the last calls have all failed; it stays so until one succeeds."""
        return self._failures >= self._limit

    def admits(self, now: float) -> bool:
        """Tell whether a call may be made; of those after the pause the first alone, as a probe."""
        if not self.is_open:
            return True
        if now < self._closed_again_at or self._is_probing:
            return False
        self._is_probing = True
        return True

    def wait_s(self, now: float) -> float:
        """Return the seconds until a call is admitted again; 0 when it is now."""
        return max(0.0, self._closed_again_at - now) if self.is_open else 0.0

    def record(self, now: float, *, succeeded: bool, is_hopeless: bool = False) -> None:
        """Remember how a call ended. A hopeless failure (a wrong key) opens at once."""
        self._is_probing = False
        self._failures = 0 if succeeded else self._failures + (self._limit if is_hopeless else 1)
        if self.is_open:
            self._closed_again_at = now + self._open_for_s

    def abandon(self) -> None:
        """A call ended without telling anything, such as one that was cancelled."""
        self._is_probing = False
