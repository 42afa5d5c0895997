"""A message on trial: what the rules see of it, which conditions hold and which do not, and what they decide. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import safe, tables
from dashboard.words import say
from stream.core import explain as explaining
from stream.core.detect import Facts, Verdict
from stream.core.detection import Label
from stream.core.explain import Check, RuleTrace
from stream.core.group import Recent
from stream.core.model_prompt import user_part
from stream.core.outcome import Undecided
from stream.core.people import Role
from stream.core.rule_match import RuleSet

_NEAR_MISSES = 5
_TONES = {"counted": "good", "shadow": "none", "stopped": "warn", "near": "none"}


@dataclass(frozen=True)
class Explained:
    """The facts (as the facts component takes them), and the rules that fit or nearly did (as table rows).

    `question` is what a model would be asked, where the rules leave the message open.
    """

    facts: list[dict[str, Any]]
    rules: list[tables.Row]
    question: str | None = None


def explain(text: str, role: Role, rules: RuleSet, language: str, now: datetime) -> Explained:
    """Return what the worker's rules make of this text when somebody of this role writes it."""
    told = explaining.explain(Facts(text=text, role=role), rules)
    is_open = told.verdict.detection.label is Label.UNDECIDED
    question = json.dumps(_question(text, role, told.verdict, now), ensure_ascii=False, indent=2) if is_open else None
    fitting = [_row(trace, _outcome(trace, told.verdict), language) for trace in told.rules if trace.fits]
    return Explained(_facts(told.verdict, language), fitting + _near_misses(told.rules, language), question)


def _facts(verdict: Verdict, language: str) -> list[dict[str, Any]]:
    found = verdict.detection

    def told(name: str, value: str, kind: str = "text") -> dict[str, Any]:
        return {"label": say(language, f"trial.{name}"), "text": value, "kind": kind}

    scores = ", ".join(f"{say(language, f'label.{label.value}')} {score:.2g}" for label, score in verdict.scores)
    facts = [
        told("words", safe.show(" ".join(verdict.reading.words)) or "-", "quiet"),
        told("verdict", say(language, f"label.{found.label.value}")),
        told("scores", scores or "-"),
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
    return facts


def _outcome(trace: RuleTrace, verdict: Verdict) -> str:
    if trace.rule in verdict.shadow:
        return "shadow"
    return "stopped" if trace.rule in verdict.stopped else "counted"


def _near_misses(traces: tuple[RuleTrace, ...], language: str) -> list[tables.Row]:
    """Return the rules that found words of theirs in the message and still do not fit: those that one wonders about."""
    near = [trace for trace in traces if not trace.fits and any(map(_found_words, trace.checks))]
    near.sort(key=lambda trace: sum(not check.holds for check in trace.checks))
    return [_row(trace, "near", language) for trace in near[:_NEAR_MISSES]]


def _found_words(check: Check) -> bool:
    return check.holds and bool(check.found) and check.asked.startswith(("all:", "any:"))


def _row(trace: RuleTrace, outcome: str, language: str) -> tables.Row:
    checks = [{"holds": one.holds, "asked": safe.show(one.asked), "found": safe.show(one.found)} for one in trace.checks]
    # Of many words that might have stood there, those that did say why.
    shown = [one for one in checks if one["holds"] or not str(one["asked"]).startswith("any:")] or checks[:1]
    return {
        "title": safe.show(trace.rule.title),
        "rule": trace.rule.id,
        "says": tables.chip(say(language, f"label.{trace.rule.then.label.value}"), "none"),
        "weight": f"{trace.rule.then.weight:.2g}",
        "counted": tables.chip(say(language, f"trial.{outcome}"), _TONES[outcome]),
        "checks": shown,
    }


def _question(text: str, role: Role, verdict: Verdict, now: datetime) -> dict[str, Any]:
    message = Recent(id="trial", author="trial", role=role, sent_at=now, text=text)
    asked = Undecided(group="trial", instance="", message=message, detection=verdict.detection, asked_at=now)
    return user_part([asked], now)
