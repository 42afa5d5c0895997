"""Scores of a run: macro-F1, each class and each language, and how sure of itself each stage may be. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from stream.core.detection import Detection, Label, Stage
from stream.core.value import Value
from stream.evaluation.messages import Run

CLASSES = (Label.TICKET, Label.UPDATE, Label.NOISE)
Pair = tuple[Label, Label]  # what it is, what was said


class ClassScore(Value):
    """Precision, recall and F1 of one label; `support` is how many messages really have it."""

    precision: float
    recall: float
    f1: float
    support: int


class LanguageScore(Value):
    """The same for the messages of one language."""

    macro_f1: float
    per_class: dict[str, ClassScore]
    messages: int


class Scores(Value):
    """What `groupdesk eval --json` prints. Undecided messages are scored as noise; `undecided_share` tells how many there are.

    `decided_precision` is the share of right answers among the messages that some stage decided; `stage_precision` and
    `stage_share` tell it by stage.
    """

    macro_f1: float
    per_class: dict[str, ClassScore]
    per_lang: dict[str, LanguageScore]
    decided_precision: float
    stage_share: dict[str, float]
    stage_precision: dict[str, float]
    undecided_share: float
    us_per_message: float
    messages: int
    stages: tuple[str, ...]
    rules_version: str


def said(detection: Detection) -> Label:
    """Return the label that counts: what is still undecided is scored as noise."""
    return Label.NOISE if detection.label is Label.UNDECIDED else detection.label


def score(run: Run, rules_version: str) -> Scores:
    """Score a run; an empty file scores 0."""
    pairs = [(message.label, said(detection)) for message, detection in zip(run.messages, run.detections, strict=True)]
    by_language: dict[str, list[Pair]] = {}
    for message, pair in zip(run.messages, pairs, strict=True):
        by_language.setdefault(message.lang, []).append(pair)
    decided = [
        (detection.stage, truth is detection.label)
        for (truth, _), detection in zip(pairs, run.detections, strict=True)
        if detection.label is not Label.UNDECIDED
    ]
    total = max(1, len(pairs))
    return Scores(
        macro_f1=_macro_f1(pairs),
        per_class=_per_class(pairs),
        per_lang={
            language: LanguageScore(macro_f1=_macro_f1(own), per_class=_per_class(own), messages=len(own))
            for language, own in sorted(by_language.items())
        },
        decided_precision=_share(right for _, right in decided),
        stage_share={stage.value: round(sum(by is stage for by, _ in decided) / total, 4) for stage in run.stages},
        stage_precision={stage.value: _share(right for by, right in decided if by is stage) for stage in run.stages},
        undecided_share=round(1 - len(decided) / total, 4),
        us_per_message=round(run.us_per_message, 1),
        messages=len(pairs),
        stages=tuple(Stage(stage).value for stage in run.stages),
        rules_version=rules_version,
    )


def _share(answers: Iterable[bool]) -> float:
    known = list(answers)
    return round(sum(known) / len(known), 4) if known else 0.0


def _macro_f1(pairs: Sequence[Pair]) -> float:
    return round(sum(one.f1 for one in _per_class(pairs).values()) / len(CLASSES), 4)


def _per_class(pairs: Sequence[Pair]) -> dict[str, ClassScore]:
    counts = Counter(pairs)
    scores = {}
    for label in CLASSES:
        hit = counts[label, label]
        support = sum(counts[label, other] for other in CLASSES)
        claimed = sum(counts[other, label] for other in CLASSES)
        scores[label.value] = ClassScore(
            precision=round(hit / claimed, 4) if claimed else 0.0,
            recall=round(hit / support, 4) if support else 0.0,
            f1=round(2 * hit / (support + claimed), 4) if support + claimed else 0.0,
            support=support,
        )
    return scores
