"""The circuit breaker: a broker that does not answer costs a webhook a millisecond, not seconds."""

from __future__ import annotations

FAILURES_TO_OPEN = 3
SLOWEST_S = 2.0  # an answer that takes longer counts as none
PROBE_EVERY_S = 1.0


class Breaker:
    """Opens after failures in a row or when an answer is overdue, closes on a success; lets one probe at a time through."""

    def __init__(self) -> None:
        self.failures = 0
        self._probed_at = float("-inf")

    @property
    def is_open(self) -> bool:
        """Tell whether calls are held back."""
        return self.failures >= FAILURES_TO_OPEN

    def admits(self, now: float, in_flight: int) -> bool:
        """Tell whether a call may be made now, in monotonic time; while the breaker is open, the one that may is the probe.

        Calls that are still in flight are probes enough: whoever comes meanwhile need not wait with them.
        """
        if not self.is_open:
            return True
        if in_flight or now - self._probed_at < PROBE_EVERY_S:
            return False
        self._probed_at = now
        return True

    def watch(self, oldest_age_s: float) -> None:
        """Look at how long the oldest call in flight has waited: too long counts as all the failures that open."""
        if oldest_age_s > SLOWEST_S:
            self.failures = max(self.failures, FAILURES_TO_OPEN)

    def record(self, *, succeeded: bool) -> None:
        """Remember how a call ended: one success closes the breaker."""
        self.failures = 0 if succeeded else self.failures + 1
