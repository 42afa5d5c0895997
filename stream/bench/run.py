"""One whole run: the parts that were asked for, one after the other, and what came of each."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop

from stream import __version__
from stream.bench.kafka_side import delete_topics
from stream.bench.machine import describe_machine
from stream.bench.parts import PARTS, Part
from stream.bench.scale import Scale
from stream.bench.scene import Place
from stream.bench.team import copy_rules
from stream.broker import Broker, start_broker
from stream.errors import GroupdeskError

Say = Callable[[str], None]


class Stage:
    """What a run needs until its end: a folder, a copy of the rules and, from the first part on that asks for it, a broker."""

    def __init__(self, folder: Path, rules_dir: Path, bootstrap: str, say: Say) -> None:
        self._folder = folder
        self._rules_dir = copy_rules(rules_dir, folder / "rules")
        self._bootstrap = bootstrap
        self._own: Broker | None = None
        self._prefix = f"groupdesk-bench-{uuid.uuid4().hex[:8]}."
        self._measured: dict[Any, Any] = {}
        self._say = say
        self.broker = f"the one at {bootstrap}" if bootstrap else "none was needed"

    def place(self, part: Part) -> Place:
        """Return where the part takes place; starts the broker anew if it has ended since."""
        if part.needs_broker and not self._bootstrap and (self._own is None or not self._own.is_alive()):
            self.close()
            self._own = start_broker(self._folder, say=self._say)
            self.broker = f"{self._own.kind}, one node on this machine"
        bootstrap = self._own.bootstrap if self._own else self._bootstrap
        return Place(bootstrap, self._prefix, self._folder, self._rules_dir, self._measured)

    def close(self) -> None:
        """Stop the broker if it is our own; on another one, delete the topics of this run."""
        if self._own is not None:
            self._own.stop()
        elif self._bootstrap:
            asyncio.run(delete_topics(self._bootstrap, self._prefix))


def run_bench(letters: Sequence[str], scale: Scale, rules_dir: Path, bootstrap: str, say: Say) -> dict[str, Any]:
    """Measure these parts and return the figures by name.

    `parts` has the details of each, `failed` a sentence for each that failed. A figure of a failed part is None; one of a part
    that was not asked for is not there.
    """
    found: dict[str, Any] = {}
    details: dict[str, Any] = {}
    failed: dict[str, str] = {}
    machine = describe_machine()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="groupdesk-bench-", ignore_cleanup_errors=True)))
        stage = Stage(folder, rules_dir, bootstrap, say)
        stack.callback(stage.close)
        for letter in letters:
            part = PARTS[letter]
            say(f"({letter}) {part.title} ...")
            try:
                details[letter] = _measure(part, stage, scale)
                found |= part.figures(details[letter])
            except Exception as error:  # noqa: BLE001 -- whatever one part meets, the others are still measured
                failed[letter] = _sentence(error, scale)
                found |= dict.fromkeys(part.names)
                say(f"({letter}) failed: {failed[letter]}")
    return {
        "version": __version__,
        "scale": scale.name,
        **found,
        "machine": machine,
        "broker": stage.broker,
        "took_s": round(time.monotonic() - began, 1),
        "parts": details,
        "failed": failed,
    }


def _measure(part: Part, stage: Stage, scale: Scale) -> dict[str, Any]:
    place = stage.place(part)

    async def within_time() -> dict[str, Any]:
        async with asyncio.timeout(scale.part_within_s):
            return await part.measure(place, scale)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(within_time())


def _sentence(error: Exception, scale: Scale) -> str:
    if isinstance(error, GroupdeskError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"It was not through after {scale.part_within_s:.0f} s and was stopped; is the machine busy?"
    return f"{type(error).__name__}: {error}"
