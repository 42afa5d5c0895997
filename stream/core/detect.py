"""What a message is, by rules: a new request, an update of one, noise, or undecided with a reason.

`rule_match` finds the rules that fit, `rule_weighing` tells what they say together; here it becomes a `Detection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from stream.core.detection import Detection, Label
from stream.core.rule_match import CompiledRule, Facts, Reading, RuleSet
from stream.core.rule_weighing import ENOUGH, LEAD, Weighed, weigh
from stream.core.rules import Rule
from stream.core.text import title

__all__ = ["ENOUGH", "LEAD", "Facts", "Verdict", "detect", "judge"]

_TICKET = Label.TICKET


class Verdict(NamedTuple):
    """A detection and how it came about: the rules that counted, those in shadow, those behind a `stop`, the totals."""

    detection: Detection
    reading: Reading

    @property
    def counted(self) -> Sequence[Rule]:
        return _weigh(self.reading.rules).counted

    @property
    def shadow(self) -> Sequence[Rule]:
        return _weigh(self.reading.rules).shadow

    @property
    def stopped(self) -> Sequence[Rule]:
        return _weigh(self.reading.rules).stopped

    @property
    def scores(self) -> Sequence[tuple[Label, float]]:
        return _weigh(self.reading.rules).scores


def detect(facts: Facts, rules: RuleSet) -> Detection:
    """Return the verdict on one message. Total: any text gives a detection."""
    return judge(facts, rules).detection


def judge(facts: Facts, rules: RuleSet) -> Verdict:
    """Return the verdict on one message with what it rests on."""
    reading = rules.read(facts)
    detection = _say(reading.rules, rules.version, rules.language_of(reading), bool(reading.words))
    if detection.label is _TICKET:
        detection = detection.but(title=title(facts.text, is_small_talk=rules.is_small_talk))
    return Verdict(detection, reading)


# Most messages are not the first that these rules fit, in this language: what is said of them is remembered.
@lru_cache(4096)
def _say(fitting: tuple[CompiledRule, ...], version: str, language: str | None, has_words: bool) -> Detection:
    """Return the detection without a title."""
    weighed = _weigh(fitting)
    return Detection(
        label=weighed.label,
        decided_by=weighed.decided_by,
        version=version,
        confidence=weighed.confidence,
        reason=weighed.reason if has_words or weighed.counted else "it has no words",
        category=weighed.category,
        priority=weighed.priority,
        follow_up=weighed.follow_up,
        status=weighed.status,
        language=language,
    )


@lru_cache(4096)
def _weigh(fitting: tuple[CompiledRule, ...]) -> Weighed:
    return weigh([compiled.rule for compiled in fitting])
