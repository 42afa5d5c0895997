"""What else is wrong in a file that does not fit: its sound parts are looked at all the same, so that one report tells all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from stream.adapters.rule_examples import failing_examples
from stream.adapters.yaml_lines import Document, Problem
from stream.core.rule_match import NamedLists
from stream.core.rule_match_compile import RuleSource, compile_rules, read_lists
from stream.core.rules import Entries, Rule

_ENTRIES: TypeAdapter[tuple[str, ...]] = TypeAdapter(Entries)


def problems_of_lists(document: Document) -> list[Problem]:
    """Return the problems inside those lists of a file that are lists of words."""
    _, faults = read_lists(document.file, dict(_sound_lists(document.data)), None)
    return [document.problem(fault.path, fault.message) for fault in faults]


def problems_of_rules(document: Document, lists: NamedLists) -> list[Problem]:
    """Return the problems of those rules of a file that fit: unknown lists, regexes, words that say nothing, failing examples.

    Nothing is said where it may come of what does not fit: with a list of the file unread, no list is called unknown.
    """
    local, faults = read_lists(document.file, dict(_sound_lists(document.data)), None)
    sources = [RuleSource(rule, document.file, place, local) for place, rule in _sound_rules(document.data)]
    compiled, more = compile_rules(sources, lists)
    if len(local.by_name) < len(_mapping(document.data, "lists")):
        more = [fault for fault in more if "there is no list" not in fault.message]
    problems = [document.problem(fault.path, fault.message) for fault in (*faults, *more)]
    for source in sources:
        if source.rule.id in compiled.by_id:
            for path, message in failing_examples([source.rule], compiled):
                problems.append(document.problem((path[0], source.place, *path[2:]), message))
    return problems


def _sound_lists(data: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, entries in _mapping(data, "lists").items():
        try:
            yield str(name), _ENTRIES.validate_python(entries)
        except ValidationError:
            continue


def _sound_rules(data: Any) -> Iterator[tuple[int, Rule]]:
    rules = data.get("rules") if isinstance(data, dict) else None
    for place, one in enumerate(rules if isinstance(rules, list) else ()):
        try:
            yield place, Rule.model_validate(one)
        except ValidationError:
            continue


def _mapping(data: Any, key: str) -> Mapping[Any, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
