"""What a message is, by rules: a new request, an update of one, noise, or undecided with a reason.

Weights of the rules that fit are added up for each label. A label decides with a total of at least `ENOUGH` that leads
the next label by at least `LEAD`; anything weaker is left undecided, for the model or a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from stream.core.detection import Detection, Label, Priority, Stage, UpdateStatus
from stream.core.rule_match import CompiledRule, Facts, Reading, RuleSet
from stream.core.rules import Mode, Rule
from stream.core.text import title

ENOUGH = 1.0
LEAD = 0.25
_URGENCY = tuple(Priority)
_ROUNDING = 1e-9  # 0.6 + 0.4 is enough
_T = TypeVar("_T")

__all__ = ["Facts", "Verdict", "detect", "judge"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A detection and how it came about: the rules that counted, those in shadow, those behind a `stop`, the totals."""

    detection: Detection
    reading: Reading
    counted: tuple[Rule, ...] = ()
    shadow: tuple[Rule, ...] = ()
    stopped: tuple[Rule, ...] = ()
    scores: tuple[tuple[Label, float], ...] = ()


def detect(facts: Facts, rules: RuleSet) -> Detection:
    """Return the verdict on one message. Total: any text gives a detection."""
    return judge(facts, rules).detection


def judge(facts: Facts, rules: RuleSet) -> Verdict:
    """Return the verdict on one message with what it rests on."""
    reading = rules.read(facts)
    counted, shadow, stopped = _sort_out(reading.rules)
    totals: dict[Label, float] = {}
    for rule in counted:
        totals[rule.then.label] = totals.get(rule.then.label, 0.0) + rule.then.weight
    ranked = sorted(totals.items(), key=lambda item: -item[1])
    detection = _decide(facts, rules, reading, counted, ranked)
    return Verdict(detection, reading, tuple(counted), tuple(shadow), tuple(stopped), tuple(ranked))


def _sort_out(fitting: Sequence[CompiledRule]) -> tuple[list[Rule], list[Rule], list[Rule]]:
    counted: list[Rule] = []
    shadow: list[Rule] = []
    stopped: list[Rule] = []
    is_stopped = False
    for compiled in fitting:
        rule = compiled.rule
        if is_stopped:
            stopped.append(rule)
        elif rule.mode is Mode.SHADOW:
            shadow.append(rule)
        else:
            counted.append(rule)
            is_stopped = rule.stop
    return counted, shadow, stopped


def _decide(
    facts: Facts, rules: RuleSet, reading: Reading, counted: Sequence[Rule], ranked: Sequence[tuple[Label, float]]
) -> Detection:
    language = rules.language_of(reading)
    if not ranked:
        reason = "no rule fits" if reading.words else "it has no words"
        return Detection(label=Label.UNDECIDED, version=rules.version, reason=reason, language=language)
    label, score = ranked[0]
    rival, second = ranked[1] if len(ranked) > 1 else (Label.UNDECIDED, 0.0)
    confidence = _confidence(score - second)
    supporting = [rule for rule in counted if rule.then.label is label]
    deciding = supporting[0]
    for rule in supporting:
        if rule.then.weight > deciding.then.weight:
            deciding = rule
    reason = ""
    if score + _ROUNDING < ENOUGH:
        reason = f"only hints: {label} {score:.2g} of {ENOUGH:.2g} ({deciding.id})"
    elif score - second + _ROUNDING < LEAD:
        reason = f"rules disagree: {label} {score:.2g}, {rival} {second:.2g}"
    if reason:
        return Detection(label=Label.UNDECIDED, version=rules.version, reason=reason, confidence=confidence, language=language)
    about = {} if label is Label.NOISE else _details(facts, rules, supporting)
    return Detection(
        label=label,
        stage=Stage.RULES,
        decided_by=deciding.id,
        version=rules.version,
        confidence=confidence,
        language=language,
        **about,
    )


def _details(facts: Facts, rules: RuleSet, supporting: Sequence[Rule]) -> dict[str, Any]:
    """Return what rules that say ticket, or update, say beside: fields of the detection."""
    if supporting[0].then.ticket is None:
        return {"status": _status(supporting)}
    return {
        "category": _category(supporting),
        "priority": _priority(supporting),
        "follow_up": next((r.then.ticket.follow_up for r in supporting if r.then.ticket and r.then.ticket.follow_up), None),
        "title": title(facts.text, is_small_talk=rules.is_small_talk),
    }


def _confidence(lead: float) -> float:
    """0.75 for one rule that decides alone, 0.94 for two, towards 1: more agreement is surer, a rival takes away."""
    return round(1 - 4 ** -max(lead, 0.0), 3)


def _category(rules: Sequence[Rule]) -> str | None:
    """Return the category that rules which decide alone agree on most; hints have a say only where there is no such rule."""
    rules = [rule for rule in rules if rule.then.weight >= ENOUGH] or rules
    return _heaviest((rule.then.ticket.category, rule.then.weight) for rule in rules if rule.then.ticket)


def _status(rules: Iterable[Rule]) -> UpdateStatus | None:
    return _heaviest((rule.then.update.status, rule.then.weight) for rule in rules if rule.then.update)


def _heaviest(said: Iterable[tuple[_T | None, float]]) -> _T | None:
    """Return the value with the greatest total weight; between equals the one that was said first."""
    totals: dict[_T, float] = {}
    for value, weight in said:
        if value is not None:
            totals[value] = totals.get(value, 0.0) + weight
    return max(totals, key=totals.__getitem__) if totals else None


def _priority(rules: Iterable[Rule]) -> Priority | None:
    said = [rule.then.ticket.priority for rule in rules if rule.then.ticket and rule.then.ticket.priority]
    return max(said, key=_URGENCY.index) if said else None
