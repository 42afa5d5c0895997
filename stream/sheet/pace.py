"""When the next pass is due: soon after news, not again at once, and rarely when only the clock has moved."""

from __future__ import annotations

from dataclasses import dataclass

_QUIET_S = 0.3  # tickets come in bursts: this much silence before they are written together
_LONGEST_WAIT_S = 2.0
_SLOW_EVERY_S = 600.0  # ages alone are brought up to date this often
_LONGEST_PAUSE_S = 64.0
_DOUBLINGS = 6  # until the longest pause: after a day of failures the power itself would be too large to work out


@dataclass
class Pace:
    """The timing of passes, in seconds of a monotonic clock that its callers bring.

    `look_every_s` is how often the sheet is looked at for people's changes, `gap_s` the least time between two passes.
    """

    look_every_s: float
    gap_s: float
    _first_news: float | None = None
    _last_news: float = 0.0
    _not_before: float = 0.0
    _next_look: float = 0.0
    _next_slow: float = 0.0
    _failures: int = 0

    def news(self, now: float) -> None:
        """Tickets or answers have come."""
        self._first_news = now if self._first_news is None else self._first_news
        self._last_news = now

    @property
    def has_news(self) -> bool:
        return self._first_news is not None

    def due_at(self) -> float:
        """Return when to look again."""
        if self._first_news is None:
            return max(self._next_look, self._not_before)
        return max(min(self._last_news + _QUIET_S, self._first_news + _LONGEST_WAIT_S), self._not_before)

    def is_slow_due(self, now: float) -> bool:
        """Tell whether rows of which only the age moved are to be written."""
        return now >= self._next_slow

    def looked(self, now: float) -> None:
        """The sheet was looked at and there was nothing to do."""
        self._next_look = now + self.look_every_s

    def begin(self) -> None:
        """A pass begins: what comes from here on is news for the next one."""
        self._first_news = None

    def succeeded(self, now: float, elapsed_s: float, *, slow: bool, again: bool) -> None:
        """A pass has ended; a long one is followed by a pause as long, so that a big sheet leaves the machine to others."""
        self._failures = 0
        self._not_before = now + max(self.gap_s, elapsed_s)
        self._next_look = now + self.look_every_s
        if slow:
            self._next_slow = now + _SLOW_EVERY_S
        if again:
            self.news(now)

    def failed(self, now: float, retry_after_s: float = 0.0) -> float:
        """A pass was cut off; returns how long the pause will be. It doubles with every failure in a row."""
        self._failures += 1
        pause = max(retry_after_s, min(2.0 ** min(self._failures - 1, _DOUBLINGS), _LONGEST_PAUSE_S))
        self._not_before = now + pause
        self.news(now)
        return pause
