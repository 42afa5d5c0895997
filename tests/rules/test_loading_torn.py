"""Files of which a part cannot be read: the rest is, and what is wrong there is told too."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.adapters.rule_files import build_book, take_snapshot
from stream.adapters.yaml_lines import read_yaml
from tests.rules.test_loading import GOOD, problems_of


def test_what_is_not_yaml_does_not_hide_what_else_is_wrong_in_the_file(tmp_path: Path) -> None:
    torn = """\
version: 1
rules:
  - id: torn
    title: "never closed
    when: {any: [{words: a}]}
    then: {noise: true}
  - id: sound
    title: x
    when: {any: [{words: $nowhere}]}
    then: {noise: true}
  - id: typo
    titel: x
    when: {any: [{words: a}]}
    then: {noise: true}
  - id: torn-too
    title: x
    when: {any: [{words: [a}]}
    then: {noise: true}
  # the end
"""
    found = problems_of(tmp_path, {"detect/a.yaml": torn, "detect/b.yaml": GOOD.replace("title:", "titel:")})
    assert [line.partition(" not YAML")[0].partition("; ")[0] for line in found] == [
        "detect/a.yaml:4:",
        "detect/a.yaml:9: rules[1].when.any[0].words[0]: there is no list $nowhere",
        "detect/a.yaml:11: rules[2].title: this key is missing",
        "detect/a.yaml:12: rules[2].titel: unknown key, did you mean title?",
        "detect/a.yaml:17:",
        "detect/b.yaml:3: rules[0].title: this key is missing",
        "detect/b.yaml:4: rules[0].titel: unknown key, did you mean title?",
    ]


@pytest.mark.parametrize("torn", ["version: 1\nrules: [\n", "a: b: c\n", "version: 1\n\trules: []\n", "x: " + "- " * 40])
def test_where_nothing_can_be_cut_out_the_rest_is_said_to_be_unread(tmp_path: Path, torn: str) -> None:
    (found,) = problems_of(tmp_path, {"detect/a.yaml": torn})
    assert found.endswith("(the rest of this file was not read)")


@given(st.text(alphabet="-: a'\"[]{}\n\t&*#", max_size=80))
def test_any_text_is_read_or_told(text: str) -> None:
    document, problems = read_yaml("a.yaml", ("rules:\n - a\n - " + text).encode())
    assert document is not None or problems
    assert all(1 <= problem.line <= text.count("\n") + 4 for problem in problems)


def test_a_file_that_cannot_be_read_is_told_beside_the_others(tmp_path: Path) -> None:
    problems_of(tmp_path, {"detect/a.yaml": GOOD})
    (tmp_path / "detect" / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "detect" / "folder.yaml").mkdir()
    (tmp_path / "detect" / "b.yaml").write_text(GOOD.replace("title:", "titel:"), encoding="utf-8")
    loaded = build_book(tmp_path, take_snapshot(tmp_path))
    assert [Path(problem.file).name for problem in loaded.problems] == ["b.yaml", "b.yaml", "folder.yaml", "loop.yaml"]
    assert [rule.rule.id for rule in loaded.book.rules.rules] == ["late"]


def test_a_file_that_cannot_be_read_any_more_stays_as_it_was(tmp_path: Path) -> None:
    problems_of(tmp_path, {"detect/a.yaml": GOOD})
    before = build_book(tmp_path, take_snapshot(tmp_path))
    (tmp_path / "detect" / "a.yaml").unlink()
    (tmp_path / "detect" / "a.yaml").mkdir()
    after = build_book(tmp_path, take_snapshot(tmp_path), before)
    assert (after.book.version, len(after.problems)) == (before.book.version, 1)
