"""What processes hold over time: memory, descriptors and threads, looked at every ten seconds, and how they grow."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.proof.crew import Crew

_EVERY_S = 10.0
_WARM = 1 / 3  # of a phase: until then programs load what they need, and settle
_FEW_AN_HOUR = 6.0


@dataclass(frozen=True)
class Sample:
    """What one process holds at a moment. `at_s` counts from the start of the run."""

    at_s: float
    memory_mb: float
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Slope:
    """How a number went after the warm-up, by a line through the means of minutes; `error` is half of its 95 % interval."""

    per_hour: float
    error: float

    @property
    def is_within_noise(self) -> bool:
        return abs(self.per_hour) <= self.error


class Sampler:
    """Looks at all processes of a crew every ten seconds, in a thread of its own."""

    def __init__(self, crew: Crew, began: float) -> None:
        self.samples: dict[str, list[Sample]] = {}
        self._crew = crew
        self._began = began
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_forever, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look_forever(self) -> None:
        while not self._stop.wait(_EVERY_S):
            at_s = time.monotonic() - self._began
            for name in sorted(self._crew.members):
                sample = look_at(self._crew.pid_of(name), at_s)
                if sample is not None:
                    self.samples.setdefault(name, []).append(sample)


def look_at(pid: int, at_s: float) -> Sample | None:
    """Return what a process holds now, None when there is none of this number."""
    process = Path(f"/proc/{pid}")
    try:
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        descriptors = sum(1 for _ in (process / "fd").iterdir())
        return Sample(at_s, int(status["VmRSS"].split()[0]) / 1024, descriptors, int(status["Threads"]))
    except (OSError, KeyError):
        return None


def between(samples: list[Sample], from_s: float, to_s: float) -> list[Sample]:
    return [sample for sample in samples if from_s <= sample.at_s < to_s]


def warm(samples: list[Sample]) -> list[Sample]:
    """Return the samples of a phase without those of its beginning."""
    return samples[int(len(samples) * _WARM) :]


def slope_of(samples: list[Sample], what: Callable[[Sample], float]) -> Slope:
    """Return how it grew, or shrank, after the warm-up; needs samples of seven minutes or more."""
    minutes: dict[int, list[float]] = {}
    for sample in warm(samples):
        minutes.setdefault(int(sample.at_s // 60), []).append(what(sample))
    hours = [minute / 60 for minute in minutes]
    means = [statistics.fmean(found) for found in minutes.values()]
    line = statistics.linear_regression(hours, means)
    off = [mean - line.intercept - line.slope * hour for hour, mean in zip(hours, means, strict=True)]
    spread = sum((hour - statistics.fmean(hours)) ** 2 for hour in hours)
    freedom = len(off) - 2
    error = (sum(each**2 for each in off) / freedom / spread) ** 0.5
    return Slope(line.slope, (1.96 + 2.5 / freedom) * error)  # Student's t for 95 %, within 3 % from five minutes on


def memory_slope(samples: list[Sample]) -> Slope:
    """Return it in MB an hour."""
    return slope_of(samples, lambda sample: sample.memory_mb)


def descriptors_grow(samples: list[Sample]) -> bool:
    """Tell whether open files and sockets become more: by more than a few an hour, and more than chance makes them."""
    slope = slope_of(samples, lambda sample: sample.descriptors)
    return slope.per_hour > max(_FEW_AN_HOUR, slope.error)
