"""What the bridge counts: Prometheus metrics, and the few figures of the health report."""

from __future__ import annotations

from collections import Counter, deque
from functools import lru_cache

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client import Counter as Total

_LAST = 1_000  # answers from which the percentiles are taken
_RATE_OVER_S = 60.0


class Tally:
    """Counts answers by outcome and keeps the time that acknowledged ones took. Belongs to the loop's thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        answers = Total(
            "groupdesk_webhook_answers",
            "Answers to webhooks by HTTP status and outcome",
            ["status", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "groupdesk_webhook_stored_seconds",
            "Time from a webhook's arrival to the acknowledgement of the broker",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
            registry=registry,
        )
        self._answers = lru_cache(maxsize=None)(answers.labels)  # finding a child by its labels costs more than counting
        self.counts: Counter[str] = Counter()
        self._stored: deque[tuple[float, float]] = deque(maxlen=_LAST)

    def answered(self, status: int, outcome: str) -> None:
        """Count an answer; `outcome` is one of a fixed set of words."""
        self._answers(str(status), outcome).inc()
        self.counts[outcome] += 1

    def stored(self, now: float, seconds: float) -> None:
        """Keep how long a webhook took to be stored. `now` is monotonic."""
        self._seconds.observe(seconds)
        self._stored.append((now, seconds))

    def gauges(self, now: float) -> dict[str, float]:
        """Return webhooks a minute over the last minute, and percentiles in milliseconds of the last thousand."""
        recent = [at for at, _ in self._stored if now - at <= _RATE_OVER_S]
        over = min(_RATE_OVER_S, max(now - recent[0], 1.0)) if len(recent) == _LAST else _RATE_OVER_S
        gauges = {"webhooks_per_minute": round(len(recent) * 60 / over, 1)}
        taken = sorted(seconds for _, seconds in self._stored)
        if taken:
            gauges["stored_ms_p50"] = round(taken[len(taken) // 2] * 1_000, 1)
            gauges["stored_ms_p99"] = round(taken[min(len(taken) - 1, len(taken) * 99 // 100)] * 1_000, 1)
        return gauges
