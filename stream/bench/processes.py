"""Processes under measurement: started clean, watched from outside, and ended whatever happens."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from stream.broker.child import Child
from stream.settings import Settings, as_environment

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_S = 8.0


class Running:
    """One process; `name` is what messages call it."""

    def __init__(self, name: str, child: Child) -> None:
        self.name = name
        self._child = child
        self.started_at = time.monotonic()

    def is_alive(self) -> bool:
        return self._child.is_alive()

    def last_words(self) -> str:
        return self._child.last_words()

    def cpu_s(self) -> float:
        """Return the CPU time it has used, of all its threads, in seconds; raises `OSError` when it has ended."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Return its resident memory now; raises `OSError` when it has ended."""
        for line in Path(f"/proc/{self._child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        """End it as an operator would, so that others take over at once; safe to call twice."""
        self._child.stop(_STOP_S)

    def kill(self) -> None:
        """End it at once; safe to call twice."""
        self._child.kill()


class Fleet:
    """All processes of a measurement; leaving the `with` ends them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Running] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End all of them at once: their topics and files serve nobody any more."""
        for running in self._running:
            running.kill()
        self._running.clear()

    def start_role(self, name: str, settings: Settings) -> Running:
        """Start a part of Groupdesk as `groupdesk NAME` would."""
        environment = {"PROCESS_NAME": f"{name}-{len(self._running)}"} | as_environment(settings)
        return self.start(name, [sys.executable, "-m", "stream", name], environment)

    def start(self, name: str, command: Sequence[str], environment: dict[str, str] | None = None) -> Running:
        """Start a command with these variables beside our own."""
        stem = self._folder / f"{name}-{len(self._running)}"
        child = Child(command, stem.with_suffix(".log"), stem.with_suffix(".pid"))
        child.start({**os.environ, **(environment or {})})
        running = Running(name, child)
        self._running.append(running)
        return running
