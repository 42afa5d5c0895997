"""How well the shipped rules do on messages that none of them was written from, by language.

`fresh/<language>.txt` has one message a line, `label: text`. `fresh/unseen/` was written after the words of the lists, and the
words were not changed for it: it is the honest figure, and the floors below stand under what was measured there.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.core.detect import Facts, detect
from stream.core.detection import Label
from stream.core.rule_match import RuleSet

HERE = Path(__file__).parent / "fresh"
FOLDER = Path(__file__).parents[2] / "rules"
CLASSES = (Label.TICKET, Label.UPDATE, Label.NOISE)
LANGUAGES = ("en", "es", "id", "pt")
Pair = tuple[Label, Label]  # what it is, what the rules say

# macro-F1 with undecided counted as noise, and the share of right answers among what is decided
FLOORS = {"fresh": (0.85, 0.90), "unseen": (0.70, 0.90)}


@cache
def _rules() -> RuleSet:
    return load_book(FOLDER).rules


def _judged(path: Path) -> list[Pair]:
    pairs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition(": ")
        pairs.append((Label(label), detect(Facts(text), _rules()).label))
    return pairs


def _f1(pairs: list[Pair], label: Label) -> float:
    right = sum(truth is label and said is label for truth, said in pairs)
    return 2 * right / (sum(truth is label for truth, _ in pairs) + sum(said is label for _, said in pairs))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", FLOORS)
def test_fresh_messages_are_told_apart(part: str, language: str) -> None:
    folder = HERE if part == "fresh" else HERE / part
    pairs = _judged(folder / f"{language}.txt")
    counted: list[Pair] = [(truth, Label.NOISE if said is Label.UNDECIDED else said) for truth, said in pairs]
    decided = [truth is said for truth, said in pairs if said is not Label.UNDECIDED]
    least_f1, least_precision = FLOORS[part]
    assert sum(_f1(counted, label) for label in CLASSES) / len(CLASSES) >= least_f1
    assert sum(decided) / len(decided) >= least_precision


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_is_well_represented(language: str) -> None:
    for folder, least in ((HERE, 20), (HERE / "unseen", 10)):
        truths = [truth for truth, _ in _judged(folder / f"{language}.txt")]
        assert min(truths.count(label) for label in CLASSES) >= least
