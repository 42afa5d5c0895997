"""One child process with a log file and a pid file, so that a start finds what an earlier, killed start left running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PROC = Path("/proc")  # Linux; elsewhere `ps` tells the same more slowly


class Child:
    """A process in a session of its own: Ctrl-C in the terminal reaches its parent alone, which then stops it in order."""

    def __init__(self, command: Sequence[str], log_file: Path, pid_file: Path) -> None:
        self.command = list(command)
        self.log_file = log_file
        self._pid_file = pid_file
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start the process, in our environment or this one; what an earlier start left behind is stopped first."""
        stop_leftover(self._pid_file, self.command[-1])
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- the command is built by us, without a shell
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )
        self._pid_file.write_text(str(self._process.pid))

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, timeout_s: float = 15) -> None:
        """Ask the process to end (SIGTERM) and wait; kill it when it does not within `timeout_s`."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._pid_file.unlink(missing_ok=True)
        self._process = None

    def ask_to_stop(self) -> None:
        """Send SIGTERM without waiting; `stop` then waits. For nodes that must end together."""
        if self.is_alive() and self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Kill the process at once, as a failing machine would; for tests of faults."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def last_words(self, lines: int = 3) -> str:
        """Return the end of what the process wrote, for an error message."""
        with contextlib.suppress(OSError):
            return " / ".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])
        return ""


def stop_leftover(pid_file: Path, program: str, timeout_s: float = 15) -> bool:
    """Stop the process of this pid file if it still runs this program; tell whether there was one."""
    try:
        pid = int(pid_file.read_text())
    except (OSError, ValueError):
        return False
    found = program in _command_line(pid)
    if found:
        _end(pid, timeout_s)
    pid_file.unlink(missing_ok=True)
    return found


def _end(pid: int, timeout_s: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if _is_gone(pid):
                return
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)


def _command_line(pid: int) -> str:
    """Return the command line of a process, empty when there is none; a pid alone may long be another program's."""
    if (_PROC / "self").exists():
        with contextlib.suppress(OSError):
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\x00", b" ").decode(errors="replace")
        return ""
    return _ps(pid, "args=")


def _is_gone(pid: int) -> bool:
    """Tell whether a process has ended; one that only waits for its parent to look (a zombie) has."""
    if not (_PROC / "self").exists():
        return _ps(pid, "state=")[:1] in {"", "Z"}
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


def _ps(pid: int, what: str) -> str:
    told = subprocess.run(["ps", "-o", what, "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 -- for systems without /proc; ps is on every PATH
    return told.stdout.strip()
