"""`python -m tests.proof.soak`: let all roles work for half an hour, and see what memory, descriptors and logs do meanwhile.

Nothing is broken on purpose but one call in a hundred to the stand-ins. Exit status 0 when the oracle agrees with what is left,
no role's descriptors grow, and no log holds a secret or what somebody wrote.

Groups that hear ten thousand messages an hour have more to remember: growth under load alone tells no leak. So there is a rest
after the load, in which people look at the Board and nobody writes: what grows then, grows with time. And when all is judged,
every role is started anew on what it left: what the old process weighed beyond the new one is no state. All of it is told, and
judged by who reads it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stream.bench.machine import describe_machine
from stream.broker.readiness import free_ports
from tests.browser.viewers import Watched, watch
from tests.proof.closing import close_run
from tests.proof.crew import Crew
from tests.proof.faults import Faults
from tests.proof.run import SECRET, Stage
from tests.proof.samples import Sample, Sampler, between, descriptors_grow, memory_slope, warm
from tests.proof.scenario import Scenario

_REFRESH_S = 2.0
_ANEW_S = 60.0
_BACK_S = 45.0  # for reading everything back: meanwhile the Board replaces its parts, and who asks for an old one waits in vain
_LAST = 5  # samples that count as the end
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


def play(minutes: float, rest: float, rate: float, groups: int, seed: int, folder: Path) -> dict[str, Any]:
    """Run it, `minutes` with load and then `rest` minutes without, and return what was seen."""
    machine = describe_machine()
    scenario = Scenario(
        seed=seed, messages=int(minutes * 60 * rate), rate=rate, groups=groups, stand_in_faults=0.01, google=True, workers=2
    )
    stage = Stage(scenario, folder)
    try:
        load = stage.start()
        port = free_ports(1)[0]
        stage.crew.add("dashboard-1", "dashboard", DASHBOARD_PORT=str(port))
        with Sampler(stage.crew, stage.began) as sampler, ThreadPoolExecutor(1) as viewers:
            looking = viewers.submit(_look_on, f"http://127.0.0.1:{port}", (minutes + rest) * 60)
            Faults(stage).run(load)
            is_quiet = stage.settle()
            quiet_at_s = time.monotonic() - stage.began
            stage.say(f"at rest for {rest:g} minutes")
            time.sleep(rest * 60)
            watched = looking.result()
        verdict = stage.judge()
        anew = _weigh_anew(stage, port)
        roles = {name: _tell_role(samples, quiet_at_s, anew.get(name, [])) for name, samples in sampler.samples.items()}
        leaks = sorted({f"{file.name}: {word}" for file in (folder / "logs").rglob("*.log") for word in CANARIES
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
            "log_bytes": sum(file.stat().st_size for file in (folder / "logs").rglob("*.log")),
            "roles": roles,
            "samples": {name: [asdict(sample) for sample in samples] for name, samples in sampler.samples.items()},
        }
    finally:
        stage.close()


def _look_on(url: str, seconds: float) -> Watched:
    """Be two people who have the Board open all the time."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return watch(url, viewers=2, refreshes=int(seconds / _REFRESH_S), every_s=_REFRESH_S)
        except (OSError, TimeoutError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def _weigh_anew(stage: Stage, port: int) -> dict[str, list[Sample]]:
    """Start every role again on what it left, let people look at the Board, and return what each holds then."""
    stage.say("all roles are started anew")
    with closing(Crew(stage.environment, stage.folder / "logs" / "anew")) as crew, Sampler(crew, stage.began) as sampler:
        stage.staff(crew)
        crew.add("dashboard-1", "dashboard", DASHBOARD_PORT=str(port))
        time.sleep(_BACK_S)
        with suppress(TimeoutError):  # what is looked at here is memory
            _look_on(f"http://127.0.0.1:{port}", _ANEW_S)
    return sampler.samples


def _tell_role(samples: list[Sample], quiet_at_s: float, anew: list[Sample]) -> dict[str, Any]:
    load, rest = between(samples, 0, quiet_at_s), between(samples, quiet_at_s, samples[-1].at_s + 1)
    under_load, at_rest, settled = memory_slope(load), memory_slope(rest), warm(load)
    anew_mb = statistics.median(each.memory_mb for each in anew[-_LAST:]) if anew else 0.0
    return {
        "memory_mb": [round(each.memory_mb, 1) for each in (samples[0], settled[0], load[-1], samples[-1])],
        "anew_mb": round(anew_mb, 1),
        "load_mb_per_hour": round(under_load.per_hour, 2),
        "rest_mb_per_hour": round(at_rest.per_hour, 2),
        "rest_error": round(at_rest.error, 2),
        "is_within_noise_at_rest": at_rest.is_within_noise,
        "descriptors": [min(each.descriptors for each in settled), max(each.descriptors for each in settled)],
        "descriptors_grow": descriptors_grow(samples),
        "threads": [min(each.threads for each in settled), max(each.threads for each in settled)],
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
        start, settled, loaded, end = role["memory_mb"]
        few, many = role["descriptors"]
        noise = "within noise" if role["is_within_noise_at_rest"] else "a slope"
        lines.append(
            f"  {name:13} {start:6.1f} MB, under load {settled:.1f} to {loaded:.1f} ({role['load_mb_per_hour']:+.1f} MB/h), "
            f"at rest {role['rest_mb_per_hour']:+.2f} ± {role['rest_error']:.2f} MB/h ({noise}), at the end {end:.1f}, "
            f"anew {role['anew_mb']:.1f}; descriptors {few} to {many}{', GROWING' if role['descriptors_grow'] else ''}; "
            f"threads {role['threads'][0]} to {role['threads'][1]}"
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
    parser.add_argument("--rest", type=float, default=12.0, help="minutes after the load, in which nobody writes")
    parser.add_argument("--rate", type=float, default=8.0, help="webhooks a second")
    parser.add_argument("--groups", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the report here as JSON, with all samples")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="groupdesk-soak-"))
    report = play(asked.minutes, asked.rest, asked.rate, asked.groups, asked.seed, folder)
    return close_run(tell(report), report, asked.json, folder, is_well=is_well(report))


if __name__ == "__main__":
    sys.exit(main())
