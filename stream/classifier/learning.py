"""Learns the local classifier's head from labelled messages, and measures it on messages that it has not seen."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from stream.adapters.local_model_features import LABELS, features
from stream.adapters.local_model_head import Head, fit, probabilities
from stream.core.book import Book
from stream.core.detect import Facts, detect
from stream.core.detection import Label
from stream.core.model_rules import LocalBelieved
from stream.errors import GroupdeskError

FEWEST = 30  # below it the score of cross-validation says nothing
_FEWEST_OF_A_LABEL = 5
_FOLDS = 5


class TooFew(GroupdeskError):
    """There are too few labelled messages to learn from."""


@dataclass(frozen=True)
class Example:
    """A message and what it is."""

    text: str
    label: Label


@dataclass(frozen=True)
class Learned:
    """A head with its proof: macro-F1 on unseen messages of the rules alone, of rules and head, and by label."""

    head: Head
    rules_alone: float
    with_head: float
    by_label: dict[str, float]
    decided: float  # share of what the rules left open that the head decides
    decided_right: float
    counts: dict[str, int]


def learn(examples: Sequence[Example], book: Book, believed: LocalBelieved, now: datetime) -> Learned:
    """Return the head for these examples; raises `TooFew`, and `LocalModelMissing` where the extra is not installed.

    The examples that the rules carry are learned as well: they are few, but in every label and language.
    """
    own = _distinct(examples)
    _require_enough(own)
    seeds = [seed for seed in _of_rules(book) if seed.text not in {one.text for one in own}]
    everything = [*own, *seeds]
    rows = features([one.text for one in everything], book.rules)
    folds = [_fold(one.text) for one in own] + [-1] * len(seeds)  # seeds are learned in every fold and measured in none
    truth = [one.label for one in everything]
    by_rules = [detect(Facts(text=one.text), book.rules).label for one in own]
    said, opened, right = list(by_rules), 0, []
    for fold in range(_FOLDS):
        train = [place for place, of in enumerate(folds) if of != fold]
        test = [place for place, of in enumerate(folds) if of == fold and by_rules[place] is Label.UNDECIDED]
        if not test:
            continue
        head = fit(rows[train], [truth[place] for place in train], now)
        opened += len(test)
        for place, row in zip(test, probabilities(head, rows[test]), strict=True):
            label = LABELS[int(row.argmax())]
            if row.max() >= believed.of(label):
                said[place] = label
                right.append(label is truth[place])
    wanted = truth[: len(own)]
    by_label = {label.value: f1(wanted, said, label) for label in LABELS}
    score = macro_f1(wanted, said)
    return Learned(
        head=fit(rows, truth, now, corrections=len(own), score=score),
        rules_alone=macro_f1(wanted, by_rules),
        with_head=score,
        by_label=by_label,
        decided=round(len(right) / opened, 3) if opened else 0.0,
        decided_right=round(sum(right) / len(right), 3) if right else 0.0,
        counts={label.value: sum(one.label is label for one in own) for label in LABELS},
    )


def macro_f1(truth: Sequence[Label], said: Sequence[Label]) -> float:
    """Return the mean of the labels' F1; what is undecided counts as noise."""
    return round(sum(f1(truth, said, label) for label in LABELS) / len(LABELS), 3)


def f1(truth: Sequence[Label], said: Sequence[Label], label: Label) -> float:
    """Return F1 of one label; what is undecided counts as noise."""
    counted = [Label.NOISE if one is Label.UNDECIDED else one for one in said]
    hit = sum(a is label and b is label for a, b in zip(truth, counted, strict=True))
    total = sum(one is label for one in truth) + sum(one is label for one in counted)
    return round(2 * hit / total, 3) if total else 0.0


def _distinct(examples: Iterable[Example]) -> list[Example]:
    """Return one example a text: the last one says what it is."""
    return list({" ".join(one.text.split()): one for one in examples if one.text.strip()}.values())


def _require_enough(own: Sequence[Example]) -> None:
    if len(own) < FEWEST:
        raise TooFew(
            f"There are {len(own)} labelled messages, and {FEWEST} are needed; say of more tickets that they are none, or of the "
            "wrong category, and judge the review queue."
        )
    counts = Counter(one.label for one in own)
    rare = [label.value for label in (Label.TICKET, Label.NOISE) if counts[label] < _FEWEST_OF_A_LABEL]
    if rare:
        raise TooFew(
            f"There are fewer than {_FEWEST_OF_A_LABEL} labelled messages that are {' or '.join(rare)}; judge more of them."
        )


def _of_rules(book: Book) -> list[Example]:
    return [
        Example(text, compiled.rule.then.label)
        for compiled in book.rules.rules
        if compiled.rule.mode == "live" and compiled.rule.then.weight >= 1
        for text in compiled.rule.match
    ]


def _fold(text: str) -> int:
    return int(hashlib.sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).hexdigest(), 16) % _FOLDS
