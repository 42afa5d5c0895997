"""A message on trial: what the rules see of it, which of them fit, and what they decide together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard import safe, tables
from dashboard.words import say
from stream.core.detect import Facts, judge
from stream.core.detection import Label
from stream.core.people import Role
from stream.core.rule_match import RuleSet
from stream.core.rules import Rule


@dataclass(frozen=True)
class Explained:
    """The facts (as the facts component takes them) and the rules that fit (as table rows)."""

    facts: list[dict[str, Any]]
    rules: list[dict[str, Any]]


def explain(text: str, role: Role, rules: RuleSet, language: str) -> Explained:
    """Return what the worker's rules make of this text when somebody of this role writes it."""
    verdict = judge(Facts(text=text, role=role), rules)
    found = verdict.detection

    def told(name: str, value: str, kind: str = "text") -> dict[str, Any]:
        return {"label": say(language, f"trial.{name}"), "text": value, "kind": kind}

    facts = [
        told("words", safe.show(" ".join(verdict.reading.words)) or "-", "quiet"),
        told("verdict", say(language, f"label.{found.label.value}")),
        told(
            "scores", ", ".join(f"{say(language, f'label.{label.value}')} {score:.2g}" for label, score in verdict.scores) or "-"
        ),
    ]
    if found.label is Label.UNDECIDED:
        facts += [told("reason", safe.show(found.reason)), told("next", say(language, "trial.model"))]
    else:
        facts += [told("by", f"{found.decided_by} ({found.confidence:.2f})"), told("language", found.language or "-")]
    if found.label is Label.TICKET:
        facts += [
            told("title", safe.show(found.title)),
            told("category", found.category or "general"),
            told("priority", say(language, f"priority.{found.priority or 'normal'}")),
        ]
    groups = (("counted", "good", verdict.counted), ("shadow", "none", verdict.shadow), ("stopped", "none", verdict.stopped))
    rows = [_row(rule, say(language, f"trial.{name}"), tone) for name, tone, some in groups for rule in some]
    return Explained(facts, rows)


def _row(rule: Rule, word: str, tone: str) -> dict[str, Any]:
    return {
        "title": safe.show(rule.title),
        "rule": rule.id,
        "says": tables.chip(rule.then.label.value, "none"),
        "weight": rule.then.weight,
        "counted": tables.chip(word, tone),
    }
