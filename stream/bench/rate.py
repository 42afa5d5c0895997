"""How fast a consumer works through what waits for it, seen from outside: from the ends of the topic that it writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stream.bench.kafka_side import Ends
from stream.bench.processes import Running
from stream.errors import GroupdeskError
from stream.settings import Settings

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Rate:
    """`per_s` from the first record written to the last; `cpu_us` of the processes for each message."""

    per_s: float
    cpu_us: float
    seconds: float


async def measure_rate(settings: Settings, output: str, running: Sequence[Running], count: int, within_s: float) -> Rate:
    """Wait until `count` records were added to the output; raises `GroupdeskError` when that takes too long."""
    async with Ends(settings, output) as ends:
        before = await ends.count()
        deadline = time.monotonic() + within_s
        begun: tuple[float, int, float] | None = None
        while True:
            cpu = sum(process.cpu_s() for process in running)
            now, done = time.monotonic(), await ends.count() - before
            if begun is None and done:
                begun = now, done, cpu
            if done >= count and begun is not None:
                began_at, first, cpu_first = begun
                messages = max(1, done - first)
                seconds = max(now - began_at, 1e-3)
                return Rate(messages / seconds, (cpu - cpu_first) * 1e6 / messages, seconds)
            if now > deadline or not all(process.is_alive for process in running):
                raise GroupdeskError(f"Only {done} of {count} records came to {output} within {within_s:.0f} s.")
            await asyncio.sleep(_LOOK_EVERY_S)
