"""(b) Messages a second through rules and tables, beside others that read the same records in the same minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream.adapters.topic_admin import worker_app_id
from stream.bench.contestants.task import Task
from stream.bench.figures import median
from stream.bench.kafka_side import make_table_topic
from stream.bench.load import talk
from stream.bench.processes import Fleet, Running
from stream.bench.rate import Rate, measure_rate
from stream.bench.references import faust_options, start_contestant, task_for, why_no_quixstreams
from stream.bench.scene import Place, preload, worker_outputs
from stream.settings import Settings

GROUPS = 60  # a busy team's
COUNTER = "faust_counter"
_OFTEN = 10  # times the messages for the bare loop: it is through with them before it could be looked at


@dataclass(frozen=True)
class Entry:
    """One who works through `inbound`: under which group, writing where, started how."""

    group_id: str
    outputs: list[str]
    start: Callable[[Fleet], Running]
    settings: Settings
    messages: int


async def measure_worker(place: Place, messages: int, rounds: int, quix_python: Path) -> dict[str, Any]:
    """Have everyone work through the same messages, taking turns; returns the medians over the rounds, by name."""
    without_quix = why_no_quixstreams(quix_python)
    rates: dict[str, list[Rate]] = {}
    for _ in range(rounds):
        for name, entry in (await _entries(place, messages, None if without_quix else quix_python)).items():
            with Fleet(entry.settings.data_dir) as fleet:
                running = [entry.start(fleet)]
                rate = await measure_rate(entry.settings, entry.group_id, entry.outputs, running, entry.messages)
            rates.setdefault(name, []).append(rate)
    found: dict[str, Any] = {name: _medians(taken) for name, taken in rates.items()}
    if without_quix:
        found["quixstreams_skipped"] = without_quix
    found["worker_vs_bare_faust"] = found["worker"]["per_s"] / found["bare_faust"]["per_s"]
    found["worker_vs_bare_faust_cpu"] = found["bare_faust"]["cpu_us"] / found["worker"]["cpu_us"]
    return found


def _medians(rates: list[Rate]) -> dict[str, Any]:
    return {
        "per_s": median([rate.per_s for rate in rates]),
        "cpu_us": median([rate.cpu_us for rate in rates]),
        "per_s_each": [rate.per_s for rate in rates],
    }


async def _entries(place: Place, messages: int, quix_python: Path | None) -> dict[str, Entry]:
    settings, often = place.new_scene(), place.new_scene()
    said = talk(messages, GROUPS)
    await preload(settings, said)
    await preload(often, said * _OFTEN)
    counter, loop = counter_task(settings), task_for(often, "loop")
    await make_table_topic(settings, counter_changelog(counter))

    def entry(task: Task, name: str, outputs: list[str], scene: Settings = settings, python: Path | None = None) -> Entry:
        count = messages * (_OFTEN if scene is often else 1)
        return Entry(task.group_id, outputs, lambda fleet: start_contestant(fleet, name, task, python), scene, count)

    found = {
        "bare_faust": entry(counter, COUNTER, [counter_changelog(counter)]),
        "worker": Entry(
            worker_app_id(settings),
            worker_outputs(settings),
            lambda fleet: fleet.start_role("worker", settings),
            settings,
            messages,
        ),
        "bare_aiokafka": entry(loop, "aiokafka_loop", [loop.output], often),
    }
    if quix_python is not None:
        desk = task_for(settings, "quix")
        found["quixstreams"] = entry(desk, "quix_desk", [desk.output], python=quix_python)
    return found


def counter_task(settings: Settings, name: str = "counter") -> Task:
    """Return the task of a bare Faust table counter with our worker's settings of Faust."""
    return task_for(settings, name, options=faust_options(settings))


def counter_changelog(task: Task) -> str:
    """Return the topic that the counter's table is kept in."""
    return f"{task.group_id}-counts-changelog"
