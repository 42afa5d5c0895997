"""How far and how fast subjects work through what waits for them, seen from outside.

The clock runs from the first record they write to the last one, and what they acknowledged tells that nothing is left. It does
not matter how many records a message makes, nor what becomes of them later; where things stood is noted before anybody starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from stream.bench.kafka_side import Progress
from stream.bench.processes import Running
from stream.bench.scene import ensure_moving, inbound
from stream.bench.subjects import Subject

_LOOK_EVERY_S = 0.02
_PATIENCE_S = 60.0
_SETTLED_S = 1.5


@dataclass(frozen=True)
class Rate:
    """Messages a second, and CPU of the processes for each message in µs. `first_at` is when the first was seen (monotonic)."""

    per_s: float
    cpu_us: float
    first_at: float


@dataclass(frozen=True)
class _Look:
    """What was seen at one moment: records written since the mark, CPU seconds used."""

    at: float
    written: int
    cpu_s: float


class Watch:
    """Follows one subject; all that it tells counts from the latest `mark`.

    Raises `GroupdeskError` when a process ends early, or nothing moves for a minute.
    """

    def __init__(self, subject: Subject, progress: Progress) -> None:
        self._subject = subject
        self._progress = progress
        self._written = 0
        self._acknowledged = 0

    async def mark(self) -> None:
        """Note where things stand; whatever is measured must not have begun."""
        self._written = await self._progress.taken(self._subject.outputs)
        self._acknowledged = await self._progress.acknowledged(self._subject.group_id, inbound(self._subject.settings))

    async def members(self) -> int:
        """Return how many processes share the work; 0 while that settles."""
        return await self._progress.members(self._subject.group_id)

    async def first(self, running: Sequence[Running]) -> None:
        """Wait until something is written."""
        began = time.monotonic()
        while not (await self._look(running)).written:
            ensure_moving(running, "its start, with no message handled", time.monotonic() - began, _PATIENCE_S)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def settled(self, running: Sequence[Running]) -> None:
        """Wait until something was written since the mark, and no more for a while; how much does not matter."""
        await self.first(running)
        last = await self._look(running)
        while (now := await self._look(running)).at - last.at < _SETTLED_S:
            if now.written > last.written:
                last = now
            await asyncio.sleep(_LOOK_EVERY_S)

    async def rate(self, running: Sequence[Running], count: int) -> Rate:
        """Wait until `count` messages are acknowledged, and tell how fast that was."""
        first = last = await self._look(running)
        while True:
            now = await self._look(running)
            if not first.written:
                first = now
            if now.written > last.written:
                last = now
            elif (self._subject.writes_each and now.written >= count) or await self._done() >= count:
                return _rate(first, last, count)
            ensure_moving(running, f"{now.written:,} records written", now.at - last.at, _PATIENCE_S)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _done(self) -> int:
        return await self._progress.acknowledged(self._subject.group_id, inbound(self._subject.settings)) - self._acknowledged

    async def _look(self, running: Sequence[Running]) -> _Look:
        written = await self._progress.taken(self._subject.outputs) - self._written
        return _Look(time.monotonic(), written, sum(each.cpu_s() for each in running if each.is_alive()))


@contextlib.asynccontextmanager
async def watching(subject: Subject) -> AsyncIterator[Watch]:
    """Follow a subject that has not been started yet; where things stand is marked already."""
    async with Progress(subject.settings) as progress:
        watch = Watch(subject, progress)
        await watch.mark()
        yield watch


def _rate(first: _Look, last: _Look, count: int) -> Rate:
    """What was done before the first look is taken off, in proportion."""
    seconds = max(last.at - first.at, 1e-3)
    messages = count * (1 - first.written / max(1, last.written))
    return Rate(messages / seconds, (last.cpu_s - first.cpu_s) * 1e6 / max(1.0, messages), first.at)
