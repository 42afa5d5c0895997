"""Why a message is what the rules say: every rule, and of each condition whether it holds and what was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import re2

from stream.core.detect import Verdict, judge
from stream.core.people import Role
from stream.core.rule_match import CompiledRule, Condition, Facts, RuleSet
from stream.core.rule_match_patterns import options
from stream.core.rule_match_regexes import regex_line
from stream.core.rules import Mode, Rule


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: `asked` in the words of the rule file, whether it holds, and what was found in the message."""

    asked: str
    holds: bool
    found: str = ""


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule: its conditions, whether all hold, and what came of it: counted, shadow, stopped or not fitting."""

    rule: Rule
    fits: bool
    outcome: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict with the trace of every rule, in the order in which they are asked."""

    verdict: Verdict
    read_as: str
    rules: tuple[RuleTrace, ...]


def explain(facts: Facts, rules: RuleSet) -> Explanation:
    """Return the verdict on one message and how each rule took it. Slower than `detect`: it looks at every rule."""
    verdict = judge(facts, rules)
    outcomes = dict.fromkeys((rule.id for rule in verdict.counted), "counted")
    outcomes |= dict.fromkeys((rule.id for rule in verdict.shadow), "shadow: decides nothing")
    outcomes |= dict.fromkeys((rule.id for rule in verdict.stopped), "not asked: an earlier rule has stop")
    traces = [_trace(compiled, facts, rules, verdict, outcomes) for compiled in rules.rules]
    return Explanation(verdict, " ".join(verdict.reading.words), tuple(traces))


def _trace(compiled: CompiledRule, facts: Facts, rules: RuleSet, verdict: Verdict, outcomes: dict[str, str]) -> RuleTrace:
    rule = compiled.rule
    checks = (*_about_message(compiled, facts, len(verdict.reading.words)), *_about_text(compiled, rules, verdict))
    fits = rule.id in outcomes
    return RuleTrace(rule, fits, outcomes.get(rule.id, "off" if rule.mode is Mode.OFF else "does not fit"), checks)


def _about_message(compiled: CompiledRule, facts: Facts, length: int) -> Iterator[Check]:
    rule, when = compiled.rule, compiled.rule.when
    if rule.author != "any":
        holds = (rule.author == "customer") is (facts.role is Role.CUSTOMER)
        yield Check(f"from {rule.author}", holds, facts.role.value)
    if when.forms:
        yield Check("forms " + ", ".join(when.forms), facts.form in when.forms, facts.form.value)
    if when.is_reply is not None:
        yield Check(f"is_reply {str(when.is_reply).lower()}", when.is_reply is facts.is_reply)
    if when.min_words:
        yield Check(f"min_words {when.min_words}", length >= when.min_words, str(length))
    if when.max_words:
        yield Check(f"max_words {when.max_words}", length <= when.max_words, str(length))
    if when.groups:
        holds = facts.group in compiled.groups or not compiled.tags.isdisjoint(facts.tags)
        yield Check("groups " + ", ".join(when.groups), holds)


def _about_text(compiled: CompiledRule, rules: RuleSet, verdict: Verdict) -> Iterator[Check]:
    hits = verdict.reading.hits
    for kind, conditions in (("all", compiled.all), ("any", compiled.any), ("none", compiled.none)):
        for condition in conditions:
            hit = not condition.probes.isdisjoint(hits)
            found = _found(condition, rules, verdict) if hit else ""
            holds = hit if kind != "none" else not hit
            yield Check(f"{kind}: {_in_words(condition)}", holds, found)


def _in_words(condition: Condition) -> str:
    name = next(iter(condition.test.model_fields_set))
    value = getattr(condition.test, name)
    return f"{name} {value if isinstance(value, str) else ', '.join(value)}"


def _found(condition: Condition, rules: RuleSet, verdict: Verdict) -> str:
    """Return the words that passed the test, as the rules read them."""
    reading = verdict.reading
    number = min(condition.probes & reading.hits)
    probe = rules.probes[number]
    if probe.regex is not None:
        match = re2.compile(probe.regex, options()).search(regex_line(reading.words))
        return match.group().strip() if match else ""
    return " ".join(reading.words if probe.is_whole else rules.find_words(number, reading.words))
