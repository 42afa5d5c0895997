"""The circuit breaker: a broker that does not answer costs a webhook a millisecond, not seconds."""

from __future__ import annotations

FAILURES_TO_OPEN = 3
SLOWEST_S = 2.0  # an answer that takes longer counts as none
PROBE_EVERY_S = 1.0


class Breaker:
    """Open after failures in a row or while an answer is overdue; lets one probe a second through. Times are monotonic."""

    def __init__(self) -> None:
        self.failures = 0
        self._probed_at = float("-inf")

    def is_open(self, oldest_age_s: float) -> bool:
        """Tell whether calls are held back; `oldest_age_s` is how long the oldest call in flight has waited."""
        return self.failures >= FAILURES_TO_OPEN or oldest_age_s > SLOWEST_S

    def admits(self, now: float, oldest_age_s: float) -> bool:
        """Tell whether a call may be made now; while the breaker is open, the one that may is the probe."""
        if not self.is_open(oldest_age_s):
            return True
        if now - self._probed_at < PROBE_EVERY_S:
            return False
        self._probed_at = now
        return True

    def record(self, *, succeeded: bool) -> None:
        """Remember how a call ended: one success closes the breaker."""
        self.failures = 0 if succeeded else self.failures + 1
