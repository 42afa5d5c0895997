"""(b) Messages a second through rules and tables, beside others that read the same records in the same minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stream.bench.figures import median
from stream.bench.load import talk
from stream.bench.processes import Fleet
from stream.bench.rate import Rate, watching
from stream.bench.scene import Place, preload
from stream.bench.subjects import Subject, bare_counter, bare_loop, our_worker, quix_desk, why_no_quixstreams

GROUPS = 60  # a busy team's
_OFTEN = 10  # times the messages for the bare loop: it is through with them before it could be looked at


async def measure_worker(place: Place, messages: int, rounds: int, quix_python: Path) -> dict[str, Any]:
    """Have everyone work through the same messages, taking turns; returns the medians over the rounds, by name."""
    without_quix = why_no_quixstreams(quix_python)
    rates: dict[str, list[Rate]] = {}
    for _ in range(rounds):
        settings, often = place.new_scene(), place.new_scene()
        said = talk(messages, GROUPS)
        await preload(settings, said)
        await preload(often, said * _OFTEN)
        subjects = {"bare_faust": await bare_counter(settings), "worker": our_worker(settings), "bare_aiokafka": bare_loop(often)}
        if without_quix is None:
            subjects["quixstreams"] = quix_desk(settings, quix_python)
        for name, subject in subjects.items():
            started_at, rate = await _measure(subject, messages * (_OFTEN if subject.settings is often else 1))
            rates.setdefault(name, []).append(rate)
            place.measured.setdefault((name, 0), {"ready_s": rate.first_at - started_at})  # a cold start, which (e) asks for
    found: dict[str, Any] = {name: _medians(taken) for name, taken in rates.items()}
    if without_quix:
        found["quixstreams_skipped"] = without_quix
    found["worker_vs_bare_faust"] = found["worker"]["per_s"] / found["bare_faust"]["per_s"]
    found["worker_vs_bare_faust_cpu"] = found["bare_faust"]["cpu_us"] / found["worker"]["cpu_us"]
    return found


async def _measure(subject: Subject, messages: int) -> tuple[float, Rate]:
    async with watching(subject) as watch:
        with Fleet(subject.settings.data_dir) as fleet:
            running = subject.start(fleet)
            return running.started_at, await watch.rate([running], messages)


def _medians(rates: list[Rate]) -> dict[str, Any]:
    return {
        "per_s": median([rate.per_s for rate in rates]),
        "cpu_us": median([rate.cpu_us for rate in rates]),
        "per_s_each": [rate.per_s for rate in rates],
    }
