"""Processes under measurement: started clean, watched from outside, and ended whatever happens."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from stream.settings import Settings
from stream.up.roles import ROLES

_STOP_S = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Running:
    """One process."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self.started_at = time.monotonic()

    @property
    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    def cpu_s(self) -> float:
        """Return the CPU time it has used, of all its threads; seconds."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Return its resident memory now."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        """End it, politely first; safe to call twice."""
        self._process.terminate()
        self._process.join(_STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


class Fleet:
    """All processes of a measurement. Leaving the `with` ends them; they end by themselves if this process does."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._running: list[Running] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for running in self._running:
            running.stop()

    def start_role(self, name: str, settings: Settings) -> Running:
        """Start a part of Groupdesk as `groupdesk NAME` would."""
        return self.start(run_role, name, settings)

    def start(self, work: Callable[..., None], *arguments: Any) -> Running:
        """Start a function of a module in a new interpreter."""
        process = self._context.Process(target=work, args=arguments, daemon=True)
        process.start()
        running = Running(process)
        self._running.append(running)
        return running


def run_role(name: str, settings: Settings) -> None:
    """Be this role; the body of a new process."""
    ROLES[name].load()(settings)
