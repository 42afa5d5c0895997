"""Our share of Google's quota: of its 60 reads and 60 writes a minute and account we leave some to people's own tools."""

from __future__ import annotations

import threading
from collections.abc import Callable

_BURST = 10.0  # in any minute at most the rate and this many: 55 of 60 at the usual 45


class Quota:
    """Two token buckets. `clock` tells seconds, `sleep` waits; both are arguments so that a day passes in a second."""

    def __init__(self, reads: int, writes: int, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rates = {"read": reads / 60.0, "write": writes / 60.0}
        self._left = {kind: min(_BURST, rate * 60.0) for kind, rate in self._rates.items()}
        self._at = clock()
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait_for(self, reads: int, writes: int) -> None:
        """Wait until this many requests may be made without waiting; takes none of them."""
        wanted = {"read": reads, "write": writes}
        while (pause := max(self._pause(kind, number) for kind, number in wanted.items())) > 0:
            self._sleep(pause)

    def take(self, kind: str) -> None:
        """Take one request of this kind, `read` or `write`, waiting for it where there is none."""
        while (pause := self._pause(kind, 1)) > 0:
            self._sleep(pause)
        with self._lock:
            self._left[kind] -= 1

    def drain(self, kind: str) -> None:
        """Take all that is left: the server says that its own count is used up."""
        with self._lock:
            self._refill()
            self._left[kind] = min(self._left[kind], 0.0)

    def _pause(self, kind: str, number: int) -> float:
        with self._lock:
            self._refill()
            lacking = number - self._left[kind]
            return max(0.0, lacking / self._rates[kind]) if lacking > 1e-9 else 0.0

    def _refill(self) -> None:
        now = self._clock()
        for kind, rate in self._rates.items():
            self._left[kind] = min(_BURST, rate * 60.0, self._left[kind] + (now - self._at) * rate)
        self._at = now
