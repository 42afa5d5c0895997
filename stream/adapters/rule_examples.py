"""The examples that rules carry: a rule whose own examples fail is not used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stream.core.inputs import Form
from stream.core.people import Role
from stream.core.rule_match import CompiledRule, Facts, RuleSet
from stream.core.rules import Mode, Rule

Path = tuple[str | int, ...]


def facts_for(rule: Rule, text: str) -> Facts:
    """Return the message that an example stands for: everything but its text is as the rule asks."""
    when = rule.when
    return Facts(
        text=text,
        role=Role.STAFF if rule.author == "staff" else Role.CUSTOMER,
        form=when.forms[0] if when.forms else Form.TEXT,
        group=next((group for group in when.groups if not group.startswith("tag:")), ""),
        tags=tuple(group.removeprefix("tag:") for group in when.groups if group.startswith("tag:")),
        is_reply=bool(when.is_reply),
    )


def failing_examples(rules: Sequence[Rule], compiled: RuleSet) -> list[tuple[Path, str]]:
    """Return where an example fails and how, for the rules of one file."""
    return [
        (("rules", place, *path), message)
        for place, rule in enumerate(rules)
        if rule.mode is not Mode.OFF
        for path, message in _failures(rule, compiled)
    ]


def closed_gaps(rules: Iterable[Rule], compiled: RuleSet) -> list[tuple[str, str]]:
    """Return (rule id, text) of the known gaps that the rule fits by now: they can become examples."""
    return [
        (rule.id, text) for rule in rules for text in rule.known_gap if rule.mode is not Mode.OFF and _fits(rule, text, compiled)
    ]


def _failures(rule: Rule, compiled: RuleSet) -> Iterable[tuple[Path, str]]:
    for place, text in enumerate(rule.match):
        if not _fits(rule, text, compiled):
            yield ("match", place), f'rule {rule.id} does not fit its own example "{text}"'
    for place, text in enumerate(rule.no_match):
        if _fits(rule, text, compiled):
            yield ("no_match", place), f'rule {rule.id} fits "{text}", which it must not'


def _fits(rule: Rule, text: str, compiled: RuleSet) -> bool:
    found: CompiledRule | None = compiled.by_id.get(rule.id)
    return found is not None and found in compiled.read(facts_for(rule, text)).rules
