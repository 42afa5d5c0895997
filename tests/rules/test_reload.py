"""A rule edited while messages flow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stream.adapters.rule_watch import BookWatcher
from stream.core.detect import Facts, detect
from stream.core.detection import Label
from stream.errors import RulesError

RULE = """\
version: 1
rules:
  - id: late
    title: Late
    when: {any: [{words: [WORD]}]}
    then: {ticket: {category: delivery}}
    match: ["so WORD"]
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[BookWatcher]:
    write(tmp_path / "detect/a.yaml", RULE.replace("WORD", "late"))
    write(tmp_path / "detect/b.yaml", RULE.replace("WORD", "broken").replace("id: late", "id: broken"))
    found = BookWatcher(tmp_path)
    yield found
    found.close()


def says(watcher: BookWatcher, text: str) -> Label:
    return detect(Facts(text), watcher.book.rules).label


def test_a_good_edit_is_used_under_a_new_version(watcher: BookWatcher, tmp_path: Path) -> None:
    before = watcher.book.version
    write(tmp_path / "detect/a.yaml", RULE.replace("WORD", "delayed"))
    assert watcher.refresh()
    assert says(watcher, "delayed") is Label.TICKET
    assert says(watcher, "late") is Label.UNDECIDED
    assert watcher.book.version != before
    assert watcher.book.rules.version == watcher.book.version
    assert not watcher.refresh()


@pytest.mark.parametrize(
    "bad",
    [
        RULE.replace("WORD", "x").replace("so x", "y"),
        "version: [",
        RULE.replace("title", "titel"),
        RULE.replace("WORD", "$nothing"),
    ],
)
def test_a_bad_edit_leaves_that_file_as_it_was_and_lets_the_others_change(watcher: BookWatcher, tmp_path: Path, bad: str) -> None:
    before = watcher.book.version
    write(tmp_path / "detect/a.yaml", bad)
    watcher.refresh()
    assert says(watcher, "late") is Label.TICKET
    assert watcher.book.version == before
    assert {Path(problem.file).name for problem in watcher.problems} == {"a.yaml"}
    write(tmp_path / "detect/b.yaml", RULE.replace("WORD", "torn").replace("id: late", "id: torn"))
    watcher.refresh()
    assert (says(watcher, "torn"), says(watcher, "late")) == (Label.TICKET, Label.TICKET)
    assert watcher.problems
    write(tmp_path / "detect/a.yaml", RULE.replace("WORD", "slow"))
    watcher.refresh()
    assert says(watcher, "slow") is Label.TICKET
    assert watcher.problems == ()


def test_a_file_that_is_removed_is_gone_and_a_folder_that_is_removed_is_not(watcher: BookWatcher, tmp_path: Path) -> None:
    (tmp_path / "detect/b.yaml").unlink()
    watcher.refresh()
    assert says(watcher, "broken") is Label.UNDECIDED
    tmp_path.rename(tmp_path.with_name("away"))
    watcher.refresh()
    assert says(watcher, "late") is Label.TICKET
    assert "no rules folder" in str(watcher.problems[0])
    tmp_path.with_name("away").rename(tmp_path)
    watcher.refresh()
    assert watcher.problems == ()


def test_a_broken_team_file_at_the_start_is_refused_and_later_keeps_the_team(tmp_path: Path) -> None:
    write(tmp_path / "team.yaml", "version: 1\nteam: [{name: Ana}]\n")
    with pytest.raises(RulesError, match=r"team\.yaml:2"):
        BookWatcher(tmp_path)
    write(tmp_path / "team.yaml", "version: 1\nteam: [{name: Ana, lids: [12345]}]\n")
    found = BookWatcher(tmp_path)
    write(tmp_path / "team.yaml", "nonsense")
    found.refresh()
    assert found.book.member(["12345@lid"]) is not None
    assert found.problems


def test_a_rule_can_be_edited_while_messages_flow(watcher: BookWatcher, tmp_path: Path) -> None:
    stop, wrong, seen = threading.Event(), [], set()

    def flow() -> None:
        while not stop.is_set():
            book = watcher.book
            found = detect(Facts("late"), book.rules)
            seen.add((found.label, found.version))
            if found.version != book.version or (found.label is not Label.TICKET and found.decided_by):
                wrong.append(found)

    messages = threading.Thread(target=flow)
    messages.start()
    watcher.start()
    try:
        for text in ("late, soon", "version: [", "late, slow", "late"):
            write(tmp_path / "detect/a.yaml", RULE.replace("[WORD]", f"[{text}]").replace("WORD", "late"))
            wanted = 1 if text.startswith("version") else 0
            until(lambda wanted=wanted: len(watcher.problems) == wanted and watcher.refresh() is False)
    finally:
        stop.set()
        messages.join()
    assert wrong == []
    assert {label for label, _ in seen} == {Label.TICKET}


def until(holds: Callable[[], bool], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.02)
