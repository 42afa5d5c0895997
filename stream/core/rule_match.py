"""Which rules fit a message: one pass of `re2.Set` tells which tests pass, an index tells which rules that can concern.

The cost depends on the message and on what fits it, not on how many rules there are: words that no rule knows are alike
to the automaton, tests shared by many rules are looked for once, and a rule is looked at only when its rarest test passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import re2

from stream.core.inputs import Form
from stream.core.people import Role
from stream.core.rule_match_patterns import Expression, alternatives, options, read_entry
from stream.core.rule_match_words import Vocabulary
from stream.core.rules import Rule, Test
from stream.core.text import fold, shorten

COMMON = "common"  # list names with a meaning of their own
SMALL_TALK = ("greetings", "thanks", "fillers")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that rules may know of a message. `tags` are those of its group."""

    text: str
    role: Role = Role.CUSTOMER
    form: Form = Form.TEXT
    group: str = ""
    tags: Collection[str] = ()
    is_reply: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of one list in one language (None: of no language, or of several)."""

    language: str | None
    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NamedLists:
    """The lists that `$name` and `$name.language` stand for."""

    by_name: Mapping[str, tuple[Entries, ...]] = field(default_factory=dict)

    def find(self, reference: str) -> tuple[Entries, ...] | None:
        """Return the entries of `name` or `name.language`, or None when there is no such list."""
        name, _, language = reference.partition(".")
        found = self.by_name.get(name, ())
        return tuple(entries for entries in found if not language or entries.language == language) or None


@dataclass(frozen=True, slots=True)
class Probe:
    """One pattern of the set. `exact`, where there is one, must hold too: the pattern is then only a cheap sign of it."""

    pattern: str
    exact: Any = None
    language: str | None = None
    is_regex: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of a rule with the probes that pass it: one of them is enough."""

    test: Test
    probes: frozenset[int]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its tests as probe numbers. `order` is its place by priority, then file and line."""

    rule: Rule
    order: int
    all: tuple[Condition, ...]
    any: tuple[Condition, ...]
    none: tuple[Condition, ...]
    any_probes: frozenset[int]
    none_probes: frozenset[int]
    groups: frozenset[str]
    tags: frozenset[str]

    def fits(self, facts: Facts, hits: set[int], length: int) -> bool:
        """Return whether every condition holds; `length` is the number of words."""
        return self.is_for(facts, length) and self.fits_text(hits)

    def fits_text(self, hits: set[int]) -> bool:
        if self.any_probes and self.any_probes.isdisjoint(hits):
            return False
        if not self.none_probes.isdisjoint(hits):
            return False
        return all(not condition.probes.isdisjoint(hits) for condition in self.all)

    def is_for(self, facts: Facts, length: int) -> bool:
        """Return whether this kind of message concerns the rule at all, whatever it says."""
        when, author = self.rule.when, self.rule.author
        if author != "any" and (author == "customer") is not (facts.role is Role.CUSTOMER):
            return False
        if when.forms and facts.form not in when.forms:
            return False
        if when.is_reply is not None and when.is_reply is not facts.is_reply:
            return False
        if (when.min_words and length < when.min_words) or (when.max_words and length > when.max_words):
            return False
        return not when.groups or facts.group in self.groups or not self.tags.isdisjoint(facts.tags)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as the rules see it: its words, the probes that hit, the rules that fit (in order)."""

    words: tuple[str, ...]
    hits: frozenset[int]
    rules: tuple[CompiledRule, ...]


class RuleSet:
    """All rules of a folder, compiled. Frozen in meaning; inside it remembers words and automaton states."""

    def __init__(self, rules: Sequence[CompiledRule], probes: Sequence[Probe], lists: NamedLists, version: str) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.order))
        self.probes = tuple(probes)
        self.lists = lists
        self.version = version
        self._words = Vocabulary(_expressions(rules, lists))
        self._plain = _Matcher({n: probe for n, probe in enumerate(probes) if not probe.is_regex})
        self._regex = _Matcher({n: probe for n, probe in enumerate(probes) if probe.is_regex})
        self._by_probe, self._always = _index(self.rules)
        self._language_of_probe = {n: probe.language for n, probe in enumerate(probes) if probe.language}
        self._common = _common_words(lists)
        self._small_talk = _small_talk(lists)

    @cached_property
    def by_id(self) -> dict[str, CompiledRule]:
        return {compiled.rule.id: compiled for compiled in self.rules}

    def read(self, facts: Facts) -> Reading:
        """Return what fits this message. Rules in mode shadow are among them; `stop` is not applied here."""
        words = fold(facts.text)
        hits = self._hits(words)
        found = {rule for probe in hits for rule in self._by_probe.get(probe, ())}
        found.update(self._always)
        length = len(words)
        rules = [rule for rule in sorted(found) if self.rules[rule].fits(facts, hits, length)]
        return Reading(tuple(words), frozenset(hits), tuple(self.rules[rule] for rule in rules))

    def language_of(self, reading: Reading) -> str | None:
        """Return the language that most of what was recognised belongs to; None where nothing tells."""
        words = set(reading.words)
        votes = {language: len(words & common) for language, common in self._common.items()}
        for hit in reading.hits:
            if language := self._language_of_probe.get(hit):
                votes[language] = votes.get(language, 0) + 1
        best = max(votes, key=lambda language: votes[language], default=None)
        return best if best and votes[best] else None

    def is_small_talk(self, text: str) -> bool:
        """Return whether a piece of text is nothing but greetings, thanks and fillers."""
        return self._small_talk is not None and bool(self._small_talk.search(self.known_words(fold(text))))

    def known_words(self, words: Iterable[str]) -> str:
        """Return the line that words and phrases are looked for in."""
        known = self._words
        return f" {' '.join([known[word] for word in words])} "

    def regex_line(self, words: Iterable[str]) -> str:
        """Return the line that opt-in regexes are looked for in: folded, stretched words shortened."""
        return f" {' '.join(map(shorten, words))} "

    def _hits(self, words: list[str]) -> set[int]:
        hits = self._plain.find(self.known_words(words))
        if self._regex.probes:
            hits |= self._regex.find(self.regex_line(words))
        return hits


class _Matcher:
    """One `re2.Set` over some probes."""

    def __init__(self, probes: Mapping[int, Probe]) -> None:
        self.probes = dict(probes)
        self._numbers = list(self.probes)
        self._exact = {number: probe.exact for number, probe in self.probes.items() if probe.exact is not None}
        self._set = re2.Set.SearchSet(options())
        for probe in self.probes.values():
            self._set.Add(probe.pattern)
        self._sentinel = self._set.Add("")  # fits everything: its absence tells that the automaton ran out of memory
        self._set.Compile()

    def find(self, line: str) -> set[int]:
        found = self._set.Match(line)
        if self._sentinel not in found:
            return self.find_one_by_one(line)
        numbers = self._numbers
        hits = {numbers[position] for position in found if position != self._sentinel}
        if self._exact:
            for number in hits & self._exact.keys():
                if not self._exact[number].search(line):
                    hits.discard(number)
        return hits

    def find_one_by_one(self, line: str) -> set[int]:
        """The same answer the slow way, each pattern by itself."""
        return {
            number for number, probe in self.probes.items() if (probe.exact or re2.compile(probe.pattern, options())).search(line)
        }


def _index(rules: Sequence[CompiledRule]) -> tuple[dict[int, tuple[int, ...]], tuple[int, ...]]:
    """Return, for each probe, the rules to look at when it hits; and the rules that must be looked at always.

    One of a rule's `all` tests is enough to find it: the one that the fewest rules use.
    """
    users = Counter(probe for rule in rules for condition in rule.all for probe in condition.probes)
    by_probe: dict[int, list[int]] = {}
    always: list[int] = []
    for rule in rules:
        if rule.all:
            triggers = min((c.probes for c in rule.all), key=lambda probes: sum(users[probe] for probe in probes))
        else:
            triggers = rule.any_probes
        if not triggers:
            always.append(rule.order)
        for probe in triggers:
            by_probe.setdefault(probe, []).append(rule.order)
    return {probe: tuple(found) for probe, found in by_probe.items()}, tuple(always)


def _common_words(lists: NamedLists) -> dict[str, frozenset[str]]:
    """Return the words of the lists named `common`, by language: little words that tell which language it is."""
    return {
        entries.language: frozenset(expression.words[0] for expression in entries.expressions if len(expression.words) == 1)
        for entries in lists.by_name.get(COMMON, ())
        if entries.language
    }


def _small_talk(lists: NamedLists) -> Any:
    entries = [entries for name in SMALL_TALK for entries in lists.by_name.get(name, ())]
    expressions = [expression for part in entries for expression in part.expressions]
    return re2.compile(f"^ {alternatives(expressions)}+$", options()) if expressions else None


def _expressions(rules: Iterable[CompiledRule], lists: NamedLists) -> Iterable[Expression]:
    for all_entries in lists.by_name.values():
        for entries in all_entries:
            yield from entries.expressions
    for compiled in rules:
        for condition in (*compiled.all, *compiled.any, *compiled.none):
            test = condition.test
            for entry in test.words or test.phrases or test.whole_message or ():
                if not entry.startswith("$"):
                    yield read_entry(entry)
