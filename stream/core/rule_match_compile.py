"""From rules as written to a `RuleSet`: tests become probes, equal tests one probe, and every fault is collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain

from stream.core.people import Role
from stream.core.rule_match import CompiledRule, Condition, Entries, NamedLists, Probe, RuleSet
from stream.core.rule_match_patterns import Expression, read_entry, read_regex
from stream.core.rules import Mode, Rule, Test
from stream.core.text import fold

Path = tuple[str | int, ...]
_ROLES = {
    "customer": frozenset({Role.CUSTOMER}),
    "staff": frozenset({Role.STAFF, Role.SELF}),
    "any": frozenset(Role),
}


@dataclass(frozen=True, slots=True)
class RuleSource:
    """A rule and where it stands: `file`, its place in the file, and the lists of that file."""

    rule: Rule
    file: str = ""
    place: int = 0
    lists: NamedLists = field(default_factory=NamedLists)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file, at a path of keys and places."""

    file: str
    path: Path
    message: str


def read_lists(file: str, lists: Mapping[str, Sequence[str]], language: str | None) -> tuple[NamedLists, list[Fault]]:
    """Read the named lists of one file."""
    faults: list[Fault] = []
    found: dict[str, tuple[Entries, ...]] = {}
    for name, entries in lists.items():
        expressions: list[Expression] = []
        for place, entry in enumerate(entries):
            if entry.startswith("$"):
                faults.append(
                    Fault(file, ("lists", name, place), f'"{entry}": a list holds words; a rule may name several lists')
                )
                continue
            try:
                expressions.append(read_entry(entry))
            except ValueError as error:
                faults.append(Fault(file, ("lists", name, place), str(error)))
        found[name] = (Entries(language, tuple(expressions)),)
    return NamedLists(found), faults


def read_spellings(file: str, spellings: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], list[Fault]]:
    """Return the word that each other spelling stands for."""
    faults: list[Fault] = []
    found: dict[str, str] = {}
    for word, others in spellings.items():
        for place, other in enumerate((word, *others)):
            folded = fold(other)
            at = ("spellings", word, place - 1)
            if len(folded) != 1 or "*" in other:
                faults.append(Fault(file, at, f'"{other}": a spelling is one word'))
                continue
            plain = fold(word)[:1] or folded
            if place and folded != plain and found.setdefault(folded[0], plain[0]) != plain[0]:
                faults.append(Fault(file, at, f'"{other}" is another spelling of "{found[folded[0]]}" already'))
    for other, word in found.items():
        if word in found:
            faults.append(Fault(file, ("spellings",), f'"{other}" stands for "{word}", which is itself another spelling'))
    return found, faults


def join_lists(several: Iterable[NamedLists]) -> NamedLists:
    """Return all lists under their names: the same name in several languages is one list with several parts."""
    joined: dict[str, tuple[Entries, ...]] = {}
    spellings: dict[str, str] = {}
    for lists in several:
        spellings |= lists.spellings
        for name, entries in lists.by_name.items():
            joined[name] = joined.get(name, ()) + entries
    return NamedLists(joined, spellings)


def compile_rules(sources: Iterable[RuleSource], lists: NamedLists, version: str = "") -> tuple[RuleSet, list[Fault]]:
    """Return the rule set of these rules and every fault found; a rule with a fault is not in the set."""
    compiler = _Compiler(lists)
    compiled = [
        rule
        for source in sorted(sources, key=lambda source: source.rule.priority)
        if (rule := compiler.add(source)) is not None and source.rule.mode is not Mode.OFF
    ]
    ordered = [replace(rule, order=order) for order, rule in enumerate(compiled)]
    return RuleSet(ordered, compiler.probes, lists, version), compiler.faults


class _Compiler:
    def __init__(self, lists: NamedLists) -> None:
        self._lists = lists
        self._numbers: dict[tuple[object, ...], int] = {}
        self.probes: list[Probe] = []
        self.faults: list[Fault] = []

    def add(self, source: RuleSource) -> CompiledRule | None:
        before = len(self.faults)
        when = source.rule.when
        every, some, no = (
            tuple(self._condition(source, kind, n, test) for n, test in enumerate(tests))
            for kind, tests in (("all", when.all), ("any", when.any), ("none", when.none))
        )
        if len(self.faults) > before:
            return None
        return CompiledRule(
            source.rule,
            0,
            every,
            some,
            no,
            frozenset(chain.from_iterable(condition.probes for condition in some)),
            frozenset(chain.from_iterable(condition.probes for condition in no)),
            frozenset(group for group in when.groups if not group.startswith("tag:")),
            frozenset(group.removeprefix("tag:") for group in when.groups if group.startswith("tag:")),
            _ROLES[source.rule.author],
            not (when.groups or when.forms or when.is_reply is not None or when.min_words or when.max_words),
        )

    def _condition(self, source: RuleSource, kind: str, place: int, test: Test) -> Condition:
        path: Path = ("rules", source.place, "when", kind, place)
        if test.regex is not None:
            try:
                return Condition(test, frozenset({self._probe(("regex", test.regex), _regex_probe(test.regex))}))
            except ValueError as error:
                self.faults.append(Fault(source.file, (*path, "regex"), str(error)))
                return Condition(test, frozenset())
        name = next(iter(test.model_fields_set))
        parts = self._entries(source, test, (*path, name))
        if test.whole_message is not None:
            everything = tuple(chain.from_iterable(entries.expressions for entries in parts))
            for expression in everything:
                if expression.has_gap:
                    message = f'"{" ".join(expression.words)}": ... cannot stand in a whole message'
                    self.faults.append(Fault(source.file, (*path, name), message))
                    return Condition(test, frozenset())
            return Condition(test, frozenset({self._whole(everything)} if everything else ()))
        return Condition(test, frozenset(self._words(entries) for entries in parts if entries.expressions))

    def _entries(self, source: RuleSource, test: Test, path: Path) -> list[Entries]:
        own: list[Expression] = []
        parts: list[Entries] = []
        for place, entry in enumerate(test.words or test.phrases or test.whole_message or ()):
            try:
                if entry.startswith("$"):
                    parts += self._named(source.lists, entry.removeprefix("$"))
                else:
                    own.append(read_entry(entry))
            except ValueError as error:
                self.faults.append(Fault(source.file, (*path, place), str(error)))
        return [*parts, Entries(source.rule.language, tuple(own))] if own else parts

    def _named(self, local: NamedLists, reference: str) -> tuple[Entries, ...]:
        found = local.find(reference) or self._lists.find(reference)
        if found is None:
            names = [*local.by_name, *self._lists.by_name]
            near = get_close_matches(reference.partition(".")[0], names, 1)
            raise ValueError(f"there is no list ${reference}" + (f", did you mean ${near[0]}?" if near else ""))
        return found

    def _words(self, entries: Entries) -> int:
        key = ("words", entries.language, tuple(sorted(e.words for e in entries.expressions)))
        return self._probe(key, Probe(entries.expressions, language=entries.language))

    def _whole(self, expressions: tuple[Expression, ...]) -> int:
        key = ("whole", tuple(sorted({e.words for e in expressions})))
        return self._probe(key, Probe(expressions, is_whole=True))

    def _probe(self, key: tuple[object, ...], probe: Probe) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self.probes)
            self.probes.append(probe)
        return self._numbers[key]


def _regex_probe(pattern: str) -> Probe:
    return Probe(regex=read_regex(pattern))
