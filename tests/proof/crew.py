"""The roles as processes: started, started again whenever they end, killed, frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
_AGAIN_AFTER_S = 0.5
_LAST_WORDS = 2_000  # characters of a log
_FAKETIME = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1")


@dataclass
class Member:
    """One process, by name. `environment` is added to the crew's; `once` only to that of the next start."""

    name: str
    role: str
    environment: dict[str, str] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)
    armed: str = ""  # where this process is to die by itself
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    is_wanted: bool = True
    is_frozen: bool = False


class Crew:
    """All processes of a run. `endings` counts how they ended: -9 when we killed them, or they themselves."""

    def __init__(self, environment: Mapping[str, str], logs: Path, *, with_clocks: bool = False) -> None:
        self._environment = {**os.environ, **environment}
        self._logs = logs
        self._clocks = logs / "clocks"
        self._clocks.mkdir(parents=True)
        self._with_clocks = with_clocks
        self._logs.mkdir(parents=True, exist_ok=True)
        self.members: dict[str, Member] = {}
        self.endings: Counter[str] = Counter()
        self.died_at: Counter[str] = Counter()  # named places at which processes died by themselves
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tend_forever, name="crew", daemon=True)
        self._thread.start()

    def add(self, name: str, role: str, **environment: str) -> None:
        with self._lock:
            self.members[name] = Member(name, role, dict(environment))
            self._start(self.members[name])

    def remove(self, name: str, *, politely: bool) -> None:
        """End a process for good."""
        with self._lock:
            member = self.members.pop(name)
            member.is_wanted = False
        self._end(member, politely=politely)

    def end_all_but(self, role: str) -> None:
        """Ask all others to end at once, and wait; those of this role go on."""
        with self._lock:
            leaving = [self.members.pop(name) for name in list(self.members) if self.members[name].role != role]
        for member in leaving:
            member.is_wanted = False
            if member.process is not None and member.process.poll() is None:
                member.process.send_signal(signal.SIGCONT)
                member.process.terminate()
        for member in leaving:
            self._end(member, politely=True)

    def kill(self, name: str, **once: str) -> None:
        """Kill a process; it is started again, with `once` in its environment that one time."""
        with self._lock:
            member = self.members[name]
            member.once = dict(once)
            member.armed = ""
            if member.process is not None and member.process.poll() is None:
                member.process.send_signal(signal.SIGKILL)

    def freeze(self, name: str) -> None:
        with self._lock:
            member = self.members[name]
            if member.process is not None and member.process.poll() is None:
                member.is_frozen = True
                member.process.send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        with self._lock:
            member = self.members.get(name)
            if member is not None and member.process is not None:
                member.is_frozen = False
                member.process.send_signal(signal.SIGCONT)

    def set_clock(self, name: str, step_s: int) -> None:
        """Let the wall clock of a process be off by so much, from now on and after its next starts too."""
        file = self._clocks / name
        file.write_text(f"{step_s:+d}")

    def names(self, role: str) -> list[str]:
        with self._lock:
            return sorted(name for name, member in self.members.items() if member.role == role)

    def pid_of(self, name: str) -> int:
        with self._lock:
            process = self.members[name].process
            return process.pid if process is not None and process.poll() is None else 0

    def describe(self, role: str) -> str:
        """Return for how long each process of a role has run, and how much of a processor it has used meanwhile."""
        with self._lock:
            found = []
            for member in self.members.values():
                if member.role == role and member.process is not None:
                    state = "frozen" if member.is_frozen else "ended" if member.process.poll() is not None else "up"
                    age = time.monotonic() - member.started_at
                    found.append(f"{member.name} {state} for {age:.0f} s, {_processor_s(member.process.pid):.1f} s of work")
            return "; ".join(found) or "none"

    def log_of(self, name: str) -> str:
        path = self._logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self) -> None:
        """Ask all to end, and wait."""
        self._stop.set()
        self._thread.join(5)
        for member in self.members.values():
            self.thaw(member.name)
            if member.process is not None and member.process.poll() is None:
                member.process.terminate()
        for member in self.members.values():
            self._end(member, politely=True)

    def _start(self, member: Member) -> None:
        with (self._logs / f"{member.name}.log").open("ab") as log:
            member.process = subprocess.Popen(
                [sys.executable, "-m", "tests.proof.role", member.role],
                cwd=ROOT,
                env={
                    **self._environment,
                    "PROCESS_NAME": member.name,
                    **self._clock_of(member.name),
                    **member.environment,
                    **member.once,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        member.armed = member.once.get("CRASH_AT", "").partition("@")[0]
        member.once = {}
        member.started_at = time.monotonic()
        member.is_frozen = False

    def _clock_of(self, name: str) -> dict[str, str]:
        """Return what makes a process read its clock through libfaketime, where the run wants that."""
        if not self._with_clocks:
            return {}
        file = self._clocks / name
        if not file.exists():
            file.write_text("+0")
        return {
            "LD_PRELOAD": clock_library(),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def _end(self, member: Member, *, politely: bool) -> None:
        if member.process is None:
            return
        member.process.send_signal(signal.SIGCONT)
        member.process.send_signal(signal.SIGTERM if politely else signal.SIGKILL)
        try:
            member.process.wait(25)
        except subprocess.TimeoutExpired:
            self.endings[f"{member.role} did not end"] += 1
            member.process.kill()
            member.process.wait()

    def _tend_forever(self) -> None:
        while not self._stop.wait(_AGAIN_AFTER_S):
            with self._lock:
                for member in self.members.values():
                    if member.process is not None and (code := member.process.poll()) is not None and member.is_wanted:
                        self.endings[f"{member.role} {code}"] += 1
                        if code > 0:
                            said = self.log_of(member.name)[-_LAST_WORDS:]
                            print(f"{member.name} ended with {code}:\n{said}", flush=True)  # noqa: T201 - for whoever waits
                        if member.armed and code == -signal.SIGKILL:
                            self.died_at[member.armed] += 1
                        self._start(member)


def clock_library() -> str:
    """Return where libfaketime is, empty where it is not installed."""
    return next((path for path in _FAKETIME if Path(path).exists()), "")


def _processor_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
