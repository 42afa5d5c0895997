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
from stream.bench.subjects import Subject

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


async def measure_rate(subject: Subject, running: Sequence[Running], count: int) -> Rate:
    """Wait until these processes have acknowledged `count` messages more than before, and tell how fast they were.

    Raises `GroupdeskError` when one of them ends, or nothing moves for a minute.
    """
    async with Progress(subject.settings) as progress:
        written_before = await progress.taken(subject.outputs)
        wanted = count + await progress.acknowledged(subject.group_id, inbound(subject.settings))

        async def look() -> _Look:
            written = await progress.taken(subject.outputs) - written_before
            return _Look(time.monotonic(), written, sum(each.cpu_s() for each in running))

        first = last = await look()
        while True:
            now = await look()
            if not first.written:
                first = now
            if now.written > last.written:
                last = now
            elif await progress.acknowledged(subject.group_id, inbound(subject.settings)) >= wanted:
                return _rate(first, last, count)
            ensure_moving(running, f"{now.written:,} records were written", now.at - last.at, _PATIENCE_S)
            await asyncio.sleep(_LOOK_EVERY_S)


async def wait_for_acknowledged(subject: Subject, running: Sequence[Running], count: int) -> None:
    """Wait until so many messages have been acknowledged in all; raises `GroupdeskError` when nothing moves for a minute."""
    last, moved_at = -1, time.monotonic()
    async with Progress(subject.settings) as progress:
        while (done := await progress.acknowledged(subject.group_id, inbound(subject.settings))) < count:
            if done != last:
                last, moved_at = done, time.monotonic()
            ensure_moving(running, f"{done:,} of {count:,} messages were handled", time.monotonic() - moved_at, _PATIENCE_S)
            await asyncio.sleep(0.05)


async def wait_for_first(subject: Subject, running: Sequence[Running]) -> None:
    """Wait until something more than now is written; raises `GroupdeskError` when nothing is for a minute."""
    began = time.monotonic()
    async with Progress(subject.settings) as progress:
        before = await progress.taken(subject.outputs)
        while await progress.taken(subject.outputs) == before:
            ensure_moving(running, "no message was handled", time.monotonic() - began, _PATIENCE_S)
            await asyncio.sleep(_LOOK_EVERY_S)


def _rate(first: _Look, last: _Look, count: int) -> Rate:
    """What was done before the first look is taken off, in proportion."""
    seconds = max(last.at - first.at, 1e-3)
    messages = count * (1 - first.written / max(1, last.written))
    return Rate(messages / seconds, (last.cpu_s - first.cpu_s) * 1e6 / max(1.0, messages), seconds)
