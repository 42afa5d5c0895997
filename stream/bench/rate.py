"""How fast readers work through what waits for them, seen from outside.

The clock runs from the first record they write to the last one, and what they acknowledged tells that nothing is left. It does
not matter how many records a message makes, nor what becomes of them later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stream.bench.kafka_side import Progress
from stream.bench.processes import Running
from stream.bench.scene import ensure_moving, inbound
from stream.settings import Settings

_LOOK_EVERY_S = 0.02
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Rate:
    """Messages a second, CPU of the processes for each message in µs, and over how long it was measured."""

    per_s: float
    cpu_us: float
    seconds: float


@dataclass(frozen=True)
class _Look:
    """What was seen at one moment: records written since the start, CPU seconds used."""

    at: float
    written: int
    cpu_s: float


async def measure_rate(settings: Settings, group_id: str, outputs: Sequence[str], running: Sequence[Running], count: int) -> Rate:
    """Wait until these processes have acknowledged all of `inbound`, `count` messages more than before.

    Raises `GroupdeskError` when one of them ends, or nothing moves for a minute.
    """
    async with Progress(settings) as progress:
        before = await progress.taken(outputs)

        async def look() -> _Look:
            written = await progress.taken(outputs) - before
            return _Look(time.monotonic(), written, sum(each.cpu_s() for each in running))

        first = last = await look()
        while True:
            now = await look()
            if not first.written:
                first = now
            if now.written > last.written:
                last = now
            elif await _is_done(progress, settings, group_id):
                return _rate(first, last, count)
            ensure_moving(running, f"{now.written:,} records were written", now.at - last.at, _PATIENCE_S)
            await asyncio.sleep(_LOOK_EVERY_S)


async def _is_done(progress: Progress, settings: Settings, group_id: str) -> bool:
    topic = inbound(settings)
    return await progress.acknowledged(group_id, topic) >= await progress.taken([topic])


def _rate(first: _Look, last: _Look, count: int) -> Rate:
    """What was done before the first look is taken off, in proportion."""
    seconds = max(last.at - first.at, 1e-3)
    messages = count * (1 - first.written / max(1, last.written))
    return Rate(messages / seconds, (last.cpu_s - first.cpu_s) * 1e6 / max(1.0, messages), seconds)
