"""`python -m tests.proof.soak`: let all roles work for half an hour, and see what memory, descriptors and logs do meanwhile.

Nothing is broken on purpose but one call in a hundred to the stand-ins. Exit status 0 when the oracle agrees with what is left,
no role's descriptors grow, and no log holds a secret or what somebody wrote. Memory is told, not judged: groups that hear ten
thousand messages an hour have more to remember.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from stream.bench.machine import describe_machine
from stream.broker.readiness import free_ports
from tests.browser.viewers import Watched, watch
from tests.proof.closing import close_run
from tests.proof.faults import Faults
from tests.proof.run import SECRET, Stage
from tests.proof.scenario import Scenario

_EVERY_S = 10.0
_WARM = 1 / 3  # of the time: until then programs load what they need
_REFRESH_S = 2.0
_T_95 = 2.1  # Student's t for twenty minutes less two
_FEW_AN_HOUR = 6.0
# Secrets of the run, and words of those who talk in it.
CANARIES = (
    SECRET,
    "PROOF-API-KEY",
    "proof-key",
    "has not arrived",
    "não chegou",
    "no ha llegado",
    "belum sampai",
    "looking into it",
)


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

    def __init__(self, stage: Stage) -> None:
        self.samples: dict[str, list[Sample]] = {}
        self._stage = stage
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
            at_s = time.monotonic() - self._stage.began
            for name in sorted(self._stage.crew.members):
                sample = look_at(self._stage.crew.pid_of(name), at_s)
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


def slope_of(samples: list[Sample], what: Callable[[Sample], float]) -> Slope:
    """Return how it grew, or shrank, after the warm-up; needs ten minutes of samples or more."""
    minutes: dict[int, list[float]] = {}
    for sample in samples[int(len(samples) * _WARM) :]:
        minutes.setdefault(int(sample.at_s // 60), []).append(what(sample))
    hours = [minute / 60 for minute in minutes]
    means = [statistics.fmean(found) for found in minutes.values()]
    line = statistics.linear_regression(hours, means)
    off = [mean - line.intercept - line.slope * hour for hour, mean in zip(hours, means, strict=True)]
    spread = sum((hour - statistics.fmean(hours)) ** 2 for hour in hours)
    error = (sum(each**2 for each in off) / (len(off) - 2) / spread) ** 0.5
    return Slope(line.slope, _T_95 * error)


def memory_slope(samples: list[Sample]) -> Slope:
    """Return it in MB an hour."""
    return slope_of(samples, lambda sample: sample.memory_mb)


def descriptors_grow(samples: list[Sample]) -> bool:
    """Tell whether open files and sockets become more: by more than a few an hour, and more than chance makes them."""
    slope = slope_of(samples, lambda sample: sample.descriptors)
    return slope.per_hour > max(_FEW_AN_HOUR, slope.error)


def play(minutes: float, rate: float, groups: int, seed: int, folder: Path) -> dict[str, Any]:
    """Run it, and return what was seen."""
    machine = describe_machine()
    scenario = Scenario(
        seed=seed, messages=int(minutes * 60 * rate), rate=rate, groups=groups, stand_in_faults=0.01, google=True, workers=2
    )
    stage = Stage(scenario, folder)
    try:
        load = stage.start()
        port = free_ports(1)[0]
        stage.crew.add("dashboard-1", "dashboard", DASHBOARD_PORT=str(port))
        with Sampler(stage) as sampler, ThreadPoolExecutor(1) as viewers:
            looking = viewers.submit(_look_on, f"http://127.0.0.1:{port}", minutes)
            Faults(stage).run(load)
            is_quiet = stage.settle()
            watched = looking.result()
        verdict = stage.judge()
        roles = {name: _tell_role(samples) for name, samples in sampler.samples.items()}
        leaks = sorted({f"{file.name}: {word}" for file in (folder / "logs").glob("*.log") for word in CANARIES
                        if word in file.read_text(errors="replace")})  # fmt: skip
        return {
            "machine": machine,
            "scenario": scenario.told(),
            "holds": verdict.holds and is_quiet,
            "problems": {name: found[:5] for name, found in verdict.problems.items()},
            "figures": dict(sorted(verdict.figures.items())),
            "refreshes": len(watched.refreshes),
            "refresh_ms": round(statistics.median(watched.refreshes) * 1000, 1),
            "ends_of_processes": dict(stage.crew.endings),
            "secrets_or_words_in_logs": leaks,
            "log_bytes": sum(file.stat().st_size for file in (folder / "logs").glob("*.log")),
            "roles": roles,
            "samples": {name: [asdict(sample) for sample in samples] for name, samples in sampler.samples.items()},
        }
    finally:
        stage.close()


def _look_on(url: str, minutes: float) -> Watched:
    """Be two people who have the Board open all the time."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return watch(url, viewers=2, refreshes=int(minutes * 60 / _REFRESH_S), every_s=_REFRESH_S)
        except (OSError, TimeoutError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def _tell_role(samples: list[Sample]) -> dict[str, Any]:
    slope, warm = memory_slope(samples), samples[int(len(samples) * _WARM) :]
    return {
        "memory_mb": [round(each.memory_mb, 1) for each in (samples[0], warm[0], samples[-1])],
        "mb_per_hour": round(slope.per_hour, 2),
        "error": round(slope.error, 2),
        "is_within_noise": slope.is_within_noise,
        "descriptors": [min(each.descriptors for each in warm), max(each.descriptors for each in warm)],
        "descriptors_grow": descriptors_grow(samples),
        "threads": [min(each.threads for each in warm), max(each.threads for each in warm)],
    }


def tell(report: dict[str, Any]) -> str:
    """Return the report in a few lines."""
    figures = report["figures"]
    lines = [
        (
            f"{figures['inputs']} inputs, {figures['tickets']} tickets, {figures['rows']} rows, {figures['sends']} sends; "
            f"{report['refreshes']} refreshes of the Board, median {report['refresh_ms']} ms; {report['log_bytes']} bytes of logs"
        )
    ]
    for name, role in report["roles"].items():
        start, warm, end = role["memory_mb"]
        few, many = role["descriptors"]
        noise = "within noise" if role["is_within_noise"] else "a slope"
        lines.append(
            f"  {name:13} {start:6.1f} MB, warm {warm:6.1f}, end {end:6.1f}; "
            f"{role['mb_per_hour']:+7.2f} ± {role['error']:.2f} MB/h ({noise}); descriptors {few} to {many}"
            f"{', GROWING' if role['descriptors_grow'] else ''}; threads {role['threads'][0]} to {role['threads'][1]}"
        )
    lines += [f"  ended by itself: {how}, {count} times" for how, count in report["ends_of_processes"].items()]
    lines += [f"  in a log: {leak}" for leak in report["secrets_or_words_in_logs"]]
    lines += [f"  {name}: {found}" for name, found in report["problems"].items()]
    lines.append("  all is as it should be" if is_well(report) else "  IT IS NOT WELL")
    return "\n".join(lines)


def is_well(report: dict[str, Any]) -> bool:
    """Tell whether the oracle agrees, no descriptors grow, nobody died, and no log tells what it must not."""
    return (
        bool(report["holds"])
        and not report["ends_of_processes"]
        and not report["secrets_or_words_in_logs"]
        and not any(role["descriptors_grow"] for role in report["roles"].values())
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=8.0, help="webhooks a second")
    parser.add_argument("--groups", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the report here as JSON, with all samples")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="groupdesk-soak-"))
    report = play(asked.minutes, asked.rate, asked.groups, asked.seed, folder)
    return close_run(tell(report), report, asked.json, folder, is_well=is_well(report))


if __name__ == "__main__":
    sys.exit(main())
