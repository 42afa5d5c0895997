"""What only a command knows, such as `groupdesk sheet diff`: run beside the dashboard, one at a time, never in a page's way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stream import logs

log = logs.get(__name__)

_LONGEST_S = 180
_REMEMBERED = 24
_NO_ANSWER = "The command gave no answer; the log of the dashboard says why."
Words = tuple[str, ...]
Run = Callable[[Words], "Told"]


@dataclass(frozen=True)
class Told:
    """What a command said: its JSON, or `problem`, one sentence on why there is none. `stamp` is what it was asked about."""

    body: dict[str, Any]
    problem: str = ""
    at: datetime | None = None
    stamp: Hashable = None


class Toolbox:
    """Runs `groupdesk WORDS --json` with the settings of this process. Shared by all visitors; answers are kept."""

    def __init__(self, run: Run | None = None) -> None:
        self._run = run or run_command
        self._lock = threading.Lock()
        self._told: dict[Words, Told] = {}
        self._running: set[Words] = set()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="tools")

    def ask(self, *words: str, stamp: Hashable = None, then: Callable[[], object] | None = None) -> None:
        """Start the command unless it runs already; `stamp` tells later what its answer is about, `then` is called after it."""
        with self._lock:
            if words in self._running:
                return
            self._running.add(words)
        self._threads.submit(self._work, words, stamp, then)

    def told(self, *words: str) -> Told | None:
        """Return what the command said last; None before its first answer."""
        return self._told.get(words)

    def is_running(self, *words: str) -> bool:
        return words in self._running

    def close(self) -> None:
        """Start nothing more; a command under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _work(self, words: Words, stamp: Hashable, then: Callable[[], object] | None) -> None:
        try:
            told = self._run(words)
        except Exception:
            log.exception("a command could not be run", words=words[:2])
            told = Told({}, _NO_ANSWER)
        finally:
            if then is not None:
                then()
        with self._lock:
            self._told.pop(words, None)
            self._told[words] = Told(told.body, told.problem, datetime.now(UTC), stamp)
            if len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
            self._running.discard(words)


def run_command(words: Words) -> Told:
    """Run the command to its end and return what it said; its settings are those that this process was started with."""
    command = [sys.executable, "-m", "stream", *words, "--json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST_S, check=False)  # noqa: S603 - our own command
    except subprocess.TimeoutExpired:
        return Told({}, f"It took longer than {_LONGEST_S} s and was ended; run `groupdesk {' '.join(words[:2])}` in a terminal.")
    except OSError as error:
        log.warning("a command could not be started", words=words[:2], reason=str(error))
        return Told({}, _NO_ANSWER)
    try:
        body = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        problem = said[-1].removeprefix("Error: ") if said else _NO_ANSWER
        return Told({}, problem)
    return Told(body) if isinstance(body, dict) else Told({}, _NO_ANSWER)
