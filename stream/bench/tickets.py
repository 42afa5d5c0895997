"""(e) and (f): how long a worker takes to be ready, what a message costs and what it weighs, beside so many open tickets.

The bare counter has the same records in its table, so what the number of tickets costs Faust and Kafka shows there. A run with
the most tickets serves both parts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from stream.bench.load import Said, greetings, requests, talk
from stream.bench.open_tickets import fill_table
from stream.bench.processes import Fleet, Running
from stream.bench.rate import Rate, Watch, watching
from stream.bench.scene import NOW, Place, preload
from stream.bench.subjects import Subject, bare_counter, our_worker
from stream.settings import Settings

# So many groups talk, however many tickets there are: what waits in a group is written once for all of it, which makes a message
# dear where each is in a group of its own. That is a figure beside.
_TALKING = 50
_NAMED = 100_000  # what `recovery_100k_s` and `cost_ratio_100k_to_1k` are about
_SUBJECTS = ("worker", "bare_faust")

Figures = dict[str, float]


async def measure_start(place: Place, tickets: int, messages: int) -> dict[str, Any]:
    """Return seconds from the start of a process to its first message handled: cold, and with so many tickets to read back.

    `recovery_100k_s` is measured where `tickets` is 100,000; else what came on top of the cold start is taken in proportion.
    """
    found: dict[str, Any] = {"tickets": tickets}
    for name in _SUBJECTS:
        cold = (await _measure(place, name, 0, 0))["ready_s"]
        recovered = (await _measure(place, name, tickets, messages))["ready_s"]
        found[name] = {
            "ready_s": cold,
            "recovery_s": recovered,
            "recovery_100k_s": recovered if tickets == _NAMED else cold + max(0.0, recovered - cold) * _NAMED / tickets,
        }
    return found


async def measure_cost(place: Place, sizes: tuple[int, ...], messages: int) -> dict[str, Any]:
    """Return CPU a message, messages a second and memory by number of open tickets; and how much dearer the most are.

    `spread_ratio` tells the same where every message of the most tickets is in another group than the last ones.
    """
    found: dict[str, Any] = {}
    for name in _SUBJECTS:
        costs = {str(tickets): await _measure(place, name, tickets, messages) for tickets in sizes}
        fewest, most = costs[str(sizes[0])], costs[str(sizes[-1])]
        found[name] = {
            "by_tickets": costs,
            "cost_ratio": most["cpu_us"] / fewest["cpu_us"],
            "spread_ratio": most["spread_cpu_us"] / fewest["cpu_us"],
        }
    return found


async def _measure(place: Place, name: str, tickets: int, messages: int) -> Figures:
    key = (name, tickets)
    if key not in place.measured:
        place.measured[key] = await _run(await _subject(name, place.new_scene()), tickets, messages)
    found: Figures = place.measured[key]
    return found


async def _subject(name: str, settings: Settings) -> Subject:
    return our_worker(settings) if name == "worker" else await bare_counter(settings)


async def _run(subject: Subject, tickets: int, messages: int) -> Figures:
    groups = await fill_table(subject, tickets) if tickets else 0
    await preload(subject.settings, requests(1, 1, seed=6))
    async with watching(subject) as watch:
        with Fleet(subject.settings.data_dir) as fleet:
            running = subject.start(fleet)
            await watch.first([running])
            found = {"ready_s": time.monotonic() - running.started_at}
            if messages:
                await preload(subject.settings, greetings(groups), NOW)  # so that no group's first message after a start counts
                await watch.rate([running], 1 + groups)
                rate = await rate_of(watch, [running], talk(messages, min(groups, _TALKING), seed=7), subject)
                spread = await rate_of(watch, [running], talk(messages, groups, seed=8), subject)
                found |= {"cpu_us": rate.cpu_us, "per_s": rate.per_s, "spread_cpu_us": spread.cpu_us}
            found["memory_mb"] = running.memory_mb()
    return found


async def rate_of(watch: Watch, running: list[Running], said: Sequence[Said], subject: Subject) -> Rate:
    """Have these messages come while the subject runs, and return how fast it handled them."""
    await watch.mark()
    measuring = asyncio.create_task(watch.rate(running, len(said)))
    await preload(subject.settings, said, NOW)
    return await measuring
