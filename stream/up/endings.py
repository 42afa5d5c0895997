"""How a role ended, and why: what supervisord notes of each end, joined with what the role itself wrote before it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

SUPERVISOR_LOG = "supervisor.log"
_ENDED = re.compile(r" exited: (\S+) \((?:terminated by (?:signal )?(\w+)|exit status (\d+))")
_SPAWNED = re.compile(r" spawned: '(\S+)' with pid ")
_SENTENCE = "Error: "  # how click tells a GroupdeskError
# A line of our logs at WARNING or above, on a terminal or as JSON, or the last line of a stack trace.
_TROUBLE = re.compile(
    r'\S+ \[(?:warning|error|critical) *\]|\{.*"level": ?"(?:warning|error|critical)"|[A-Za-z_][\w.]*(?:Error|Exception)\b'
)
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\S+ \[|\{")


@dataclass(frozen=True)
class Ending:
    """One end of a role that nobody asked for. `status` is None where signal number `signal` killed it."""

    role: str
    is_first: bool  # of this role since supervisord was started
    status: int | None
    signal: str = ""
    sentence: str = ""  # the GroupdeskError it ended with, if it did
    trouble: str = ""  # else the last line at WARNING or above

    def __str__(self) -> str:
        if self.status is None:
            return f"was killed (signal {self.signal})"
        because = self.sentence or self.trouble
        return f"ended with exit status {self.status}" + (f": {because}" if because else "")


class Endings:
    """Reads the logs in one folder from where they end now."""

    def __init__(self, logs: Path, roles: Iterable[str]) -> None:
        self._logs = logs
        self._read_to: dict[str, int] = {}
        self._spawned: dict[str, int] = {}
        for name in (SUPERVISOR_LOG, *(f"{role}.log" for role in roles)):
            self._read(name)

    def read(self) -> list[Ending]:
        """Return what ended since the last call, oldest first."""
        found: list[Ending] = []
        for line in self._read(SUPERVISOR_LOG).splitlines():
            if spawned := _SPAWNED.search(line):
                self._spawned[spawned[1]] = self._spawned.get(spawned[1], 0) + 1
            elif ended := _ENDED.search(line):
                found.append(self._ending(ended[1], ended[2], ended[3]))
        return found

    def _ending(self, role: str, killed_by: str | None, status: str | None) -> Ending:
        is_first = self._spawned.get(role, 0) <= 1
        told = click.unstyle(self._read(f"{role}.log")).splitlines()
        if status is None:
            return Ending(role, is_first, None, _number_of(killed_by or ""))
        trouble = next((line.strip() for line in reversed(told) if _TROUBLE.match(line)), "")
        return Ending(role, is_first, int(status), sentence=_sentence(told), trouble=trouble)

    def _read(self, name: str) -> str:
        """Return the whole lines that are new in a file; one that has become shorter was begun anew."""
        path, at = self._logs / name, self._read_to.get(name, 0)
        try:
            with path.open("rb") as file:
                if path.stat().st_size < at:
                    at = 0
                file.seek(at)
                new = file.read()
        except OSError:
            return ""
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to[name] = at + len(whole)
        return whole.decode(errors="replace")


def _sentence(told: list[str]) -> str:
    starts = [number for number, line in enumerate(told) if line.startswith(_SENTENCE)]
    if not starts:
        return ""
    lines = [line for line in told[starts[-1] :] if not _LOG_LINE.match(line)]
    return "\n".join(lines).removeprefix(_SENTENCE).strip()


def _number_of(name: str) -> str:
    return str(int(signal.Signals[name])) if name in signal.Signals.__members__ else name
