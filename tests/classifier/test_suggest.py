"""Rules from corrections: what the loader accepts, what mends more than it spoils, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stream.adapters.rule_files import load_book, take_snapshot
from stream.classifier.corrections import write_corrections
from stream.classifier.suggesting import as_yaml, suggest
from stream.cli import main
from stream.core.corrections import Correction
from stream.core.detect import Facts, detect
from stream.core.detection import Label
from stream.settings import load_settings

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = """\
version: 1
rules:
  - id: orders
    title: An order
    when: {any: [{words: [order]}]}
    then: {ticket: {category: delivery}}
    match: ["where is my order"]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "detect").mkdir(parents=True)
    (folder / "groups.yaml").write_text("version: 1\n")
    (folder / "detect" / "own.yaml").write_text(RULES)
    return folder


def corrections(*said: tuple[str, Label, str | None]) -> list[Correction]:
    return [
        Correction(
            id=str(n), group="1@g.us", message_id=f"M{n}", label=label, category=category, text=text, at=NOW + timedelta(n)
        )
        for n, (text, label, category) in enumerate(said)
    ]


SAID = corrections(
    ("coffee corner order for friday", Label.NOISE, None),
    ("who does the coffee corner order?", Label.NOISE, None),
    ("the scanner shows E7", Label.TICKET, "fault"),
    ("my scanner shows a line, call 0812 3456 7890", Label.TICKET, "fault"),
    ("my order is late", Label.TICKET, "delivery"),
)


def test_what_it_proposes_is_read_by_the_loader_and_puts_the_corrections_right(rules: Path) -> None:
    found = suggest(SAID, load_book(rules), rules, take_snapshot(rules))
    assert {(one.kind, one.phrases, one.mended, one.spoiled) for one in found} == {
        ((Label.NOISE, None), ("coffee corner order",), 2, 0),
        ((Label.TICKET, "fault"), ("scanner shows",), 2, 0),
    }
    (rules / "detect" / "suggested.yaml").write_text(as_yaml(found))
    book = load_book(rules)
    for one in SAID:
        detection = detect(Facts(text=one.text), book.rules)
        assert (detection.label, detection.category) == (one.label, one.category), one.text
    assert "0812" not in as_yaml(found)
    # Once it is in use there is nothing left to propose.
    assert suggest(SAID, book, rules, take_snapshot(rules)) == []


def test_nothing_is_proposed_of_what_other_messages_say_too(rules: Path) -> None:
    said = corrections(
        ("my order for the party", Label.NOISE, None),
        ("another order for the party", Label.NOISE, None),
        ("the party screen, an order for it, is broken", Label.TICKET, None),
        ("for the party my order is late", Label.TICKET, "delivery"),
        ("one of a kind remark", Label.TICKET, None),
    )
    phrases = [phrase for one in suggest(said, load_book(rules), rules, take_snapshot(rules)) for phrase in one.phrases]
    assert "party" not in phrases
    assert not any("remark" in phrase for phrase in phrases)


def test_the_command_prints_a_file_or_says_why_not(rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RULES_DIR", str(rules))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    load_settings.cache_clear()

    def call(*words: str) -> Any:
        return CliRunner().invoke(main, ["rules", "suggest", *words])

    assert "0 corrections have nothing in common" in call().stderr
    write_corrections(tmp_path / "data" / "corrections.jsonl", SAID)
    (rules / "detect" / "suggested.yaml").write_text(call().stdout)
    assert CliRunner().invoke(main, ["rules", "check"]).exit_code == 0
    (rules / "detect" / "suggested.yaml").unlink()
    assert [one["mended"] for one in json.loads(call("--json").stdout)["suggestions"]] == [2, 2]
    load_settings.cache_clear()
