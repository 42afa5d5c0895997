"""(g) One, two and three workers that share the groups, beside as many bare counters."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from stream.bench.load import talk
from stream.bench.processes import Fleet, Running
from stream.bench.rate import Watch, watching
from stream.bench.scene import NOW, Place, ensure_moving, preload
from stream.bench.subjects import Subject, bare_counter, our_worker
from stream.bench.tickets import rate_of
from stream.errors import GroupdeskError

_GROUPS = 60
_WARM = 120
_PATIENCE_S = 60.0


async def measure_several(place: Place, counts: tuple[int, ...], messages: int) -> dict[str, Any]:
    """Return messages a second and CPU a message by number of workers; it begins with the most, and one by one leaves."""
    ours, bare = place.new_scene(), place.new_scene()
    subjects = {"worker": our_worker(ours), "bare_faust": await bare_counter(bare)}
    found: dict[str, Any] = {"worker": await _measure(subjects["worker"], counts, messages)}
    try:
        found["bare_faust"] = await _measure(subjects["bare_faust"], counts, messages)
    except GroupdeskError as error:  # bare Faust does not come through every new balance: our figures stand without it
        found |= {"bare_faust": {}, "bare_faust_skipped": str(error)}
    return found


async def _measure(subject: Subject, counts: tuple[int, ...], messages: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    async with watching(subject) as watch:
        with Fleet(subject.settings.data_dir) as fleet:
            running = [subject.start(fleet) for _ in range(max(counts))]
            for count in sorted(counts, reverse=True):
                while len(running) > count:
                    running.pop().stop()
                await _wait_for_members(watch, running)
                await watch.mark()
                await preload(subject.settings, talk(_WARM, _GROUPS, seed=20 + count, prefix="W"), NOW)
                await watch.settled(running)  # bare Faust was seen to pass over some of what comes while groups change hands
                rate = await rate_of(watch, running, talk(messages, _GROUPS, seed=30 + count), subject)
                found[str(count)] = {"per_s": rate.per_s, "cpu_us": rate.cpu_us}
    return dict(sorted(found.items()))


async def _wait_for_members(watch: Watch, running: list[Running]) -> None:
    """Wait until all have joined and none changes any more."""
    began = time.monotonic()
    while await watch.members() != len(running):
        ensure_moving(running, "the start of all, before all had joined", time.monotonic() - began, _PATIENCE_S)
        await asyncio.sleep(0.1)
