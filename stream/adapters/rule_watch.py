"""Keeps a `Book` fresh while the team edits the rules folder: a good edit is in use within two seconds, a bad one never."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from stream.adapters.rule_files import Loaded, build_book, take_snapshot
from stream.adapters.rule_snapshot import SUFFIXES
from stream.adapters.yaml_lines import Problem
from stream.core.book import Book
from stream.errors import RulesError

log = structlog.get_logger()

SCAN_SECONDS = 0.5
_MUST_BE_GOOD_AT_START = ("groups.yaml", "team.yaml", "followups.yaml")  # they say who may be written to: never guessed


class BookWatcher:
    """The current book of a folder. `book` and `problems` may be read from any thread at any time.

    Raises `RulesError` when made from a folder that is not there, or whose files on people and groups cannot be used;
    a detect file that cannot be used is left out and reported instead.
    """

    def __init__(self, rules_dir: Path, *, on_change: Callable[[Book], None] | None = None) -> None:
        self._dir = rules_dir
        self._on_change = on_change
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._snapshot = take_snapshot(rules_dir)
        self._stamps = self._stamp()
        self._loaded = build_book(rules_dir, self._snapshot)
        self._folder_problem: tuple[Problem, ...] = ()
        grave = [problem for problem in self._loaded.problems if Path(problem.file).name in _MUST_BE_GOOD_AT_START]
        if grave:
            raise RulesError("\n".join(map(str, self._loaded.problems)))
        self._tell(self._loaded)

    @property
    def book(self) -> Book:
        return self._loaded.book

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong in the folder now; the files concerned are used in their last good version, or not at all."""
        return self._folder_problem + self._loaded.problems

    def start(self) -> None:
        """Look for changes in a background thread until `close`."""
        self._thread = threading.Thread(target=self._watch, name="rules", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def refresh(self) -> bool:
        """Look once; return whether anything changed."""
        stamps = self._stamp()
        if stamps == self._stamps and not self._folder_problem:
            return False
        try:
            snapshot = take_snapshot(self._dir)
        except RulesError as error:  # the folder went away: the book stays
            self._folder_problem = (Problem(self._dir.as_posix(), 1, "", str(error)),)
            return True
        self._folder_problem = ()
        self._stamps = stamps
        if snapshot == self._snapshot:
            return False
        loaded = build_book(self._dir, snapshot, self._loaded)
        self._snapshot = snapshot
        has_new_book = loaded.book.version != self._loaded.book.version
        self._loaded = loaded  # one assignment: a reader has the old book or the new one, whole
        self._tell(loaded)
        if has_new_book and self._on_change is not None:
            self._on_change(loaded.book)
        return True

    def _watch(self) -> None:
        while not self._stop.wait(SCAN_SECONDS):
            try:
                self.refresh()
            except Exception as error:  # whatever is wrong with a folder, the last good book stays in use
                self._folder_problem = (Problem(self._dir.as_posix(), 1, "", f"the folder cannot be read: {error}"),)
                log.exception("rules folder", error=type(error).__name__)

    def _stamp(self) -> frozenset[tuple[str, int, int, int]]:
        """Return name, time, size and inode of every file: cheap to compare, and different after any edit."""
        stamps = set()
        for path in self._dir.rglob("*.*"):
            if path.suffix not in SUFFIXES:
                continue
            try:
                stat = path.stat()
            except OSError:  # replaced just now: the next look sees it
                continue
            stamps.add((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return frozenset(stamps)

    def _tell(self, loaded: Loaded) -> None:
        log.info("rules", version=loaded.book.version, rules=len(loaded.book.rules.rules), problems=len(loaded.problems))
        for problem in loaded.problems:
            log.warning("rules problem", where=f"{problem.file}:{problem.line}", path=problem.path, problem=problem.message)
