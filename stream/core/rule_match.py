"""Which rules fit a message: one walk and one RE2 pass tell which tests pass, an index tells which rules that concerns.

The cost depends on the message and on what fits it, not on how many rules there are: tests shared by many rules are looked
for once, and a rule is looked at only when its rarest test passed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from stream.core.inputs import Form
from stream.core.people import Role
from stream.core.rule_match_language import LanguageVotes
from stream.core.rule_match_patterns import Expression
from stream.core.rule_match_phrases import PhraseTree
from stream.core.rule_match_regexes import RegexSet, regex_line
from stream.core.rule_match_words import Vocabulary
from stream.core.rules import Rule, Test
from stream.core.text import fold

COMMON = "common"  # list names with a meaning of their own
SMALL_TALK = ("greetings", "thanks", "fillers")


class Facts(NamedTuple):
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
    """The lists that `$name` and `$name.language` stand for, and the words that are other spellings of a word."""

    by_name: Mapping[str, tuple[Entries, ...]] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)

    def find(self, reference: str) -> tuple[Entries, ...] | None:
        """Return the entries of `name` or `name.language`, or None when there is no such list."""
        name, _, language = reference.partition(".")
        found = self.by_name.get(name, ())
        return tuple(entries for entries in found if not language or entries.language == language) or None


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to look for: any of some expressions, a message made of nothing else, or a regex."""

    expressions: tuple[Expression, ...] = ()
    is_whole: bool = False
    regex: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of a rule with the probes that pass it: one of them is enough."""

    test: Test
    probes: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule with its tests as probe numbers. `order` is its place by priority, then file and line. Equal to itself alone."""

    rule: Rule
    order: int
    all: tuple[Condition, ...]
    any: tuple[Condition, ...]
    none: tuple[Condition, ...]
    any_probes: frozenset[int]
    none_probes: frozenset[int]
    groups: frozenset[str]
    tags: frozenset[str]
    roles: frozenset[Role]
    is_for_all: bool  # nothing but the text and the author counts

    @property
    def is_told_by_one(self) -> bool:
        """Whether the rule fits every message of its authors in which one of its probes passes: most are so."""
        return self.is_for_all and not self.none and (len(self.all) == 1 and not self.any if self.all else bool(self.any))

    def fits(self, facts: Facts, hits: Collection[int], length: int) -> bool:
        """Return whether every condition holds, the author's aside; `length` is the number of words."""
        if self.any_probes and self.any_probes.isdisjoint(hits):
            return False
        if self.none_probes and not self.none_probes.isdisjoint(hits):
            return False
        for condition in self.all:
            if condition.probes.isdisjoint(hits):
                return False
        return self.is_for_all or self.is_for(facts, length)

    def is_for(self, facts: Facts, length: int) -> bool:
        """Return whether this kind of message concerns the rule, whatever it says and whoever wrote it."""
        when = self.rule.when
        if when.forms and facts.form not in when.forms:
            return False
        if when.is_reply is not None and when.is_reply is not facts.is_reply:
            return False
        if (when.min_words and length < when.min_words) or (when.max_words and length > when.max_words):
            return False
        return not when.groups or facts.group in self.groups or not self.tags.isdisjoint(facts.tags)


class Reading(NamedTuple):
    """A message as the rules see it: its words, the probes that hit, the rules that fit (in order)."""

    words: Sequence[str]
    hits: AbstractSet[int]
    rules: tuple[CompiledRule, ...]


class RuleSet:
    """All rules of a folder, compiled. Frozen in meaning; inside it remembers words and automaton states."""

    def __init__(self, rules: Sequence[CompiledRule], probes: Sequence[Probe], lists: NamedLists, version: str) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.order))
        self.probes = tuple(probes)
        self.lists = lists
        self.version = version
        small_talk = [e for name in SMALL_TALK for part in lists.by_name.get(name, ()) for e in part.expressions]
        every = (e for probe in (*self.probes, Probe(tuple(small_talk))) for e in probe.expressions)
        vocabulary = Vocabulary(every, lists.spellings)
        self._tree = PhraseTree(vocabulary)
        for number, probe in enumerate(self.probes):
            add = self._tree.add_whole if probe.is_whole else self._tree.add
            add(number, probe.expressions)
        self._tree.complete()
        self._small_talk = PhraseTree(vocabulary)
        self._small_talk.add_whole(0, small_talk)
        self._regexes = RegexSet({n: probe.regex for n, probe in enumerate(self.probes) if probe.regex is not None})
        self._indexes = {role: _Index([rule for rule in self.rules if role in rule.roles]) for role in Role}
        self._languages = LanguageVotes(_common_words(lists), [probe.language for probe in self.probes])

    @cached_property
    def by_id(self) -> dict[str, CompiledRule]:
        return {compiled.rule.id: compiled for compiled in self.rules}

    def under(self, version: str) -> RuleSet:
        """Return the same rules under another version."""
        same = copy(self)
        same.version = version
        return same

    def read(self, facts: Facts) -> Reading:
        """Return what fits this message. Rules in mode shadow are among them; `stop` is not applied here."""
        words = fold(facts.text)
        hits = self._hits(words)
        return Reading(words, hits, self._indexes[facts.role].find(facts, hits, len(words)))

    def language_of(self, reading: Reading) -> str | None:
        """Return the language that most of what was recognised belongs to; None where nothing tells."""
        return self._languages.most(reading.words, reading.hits)

    def is_small_talk(self, words: Sequence[str]) -> bool:
        """Return whether folded words are nothing but greetings, thanks and fillers."""
        return self._small_talk.begins_with(words[0]) and bool(self._small_talk.find(words))

    def find_words(self, probe: int, words: Sequence[str]) -> Sequence[str]:
        """Return the words that let a probe of words pass: of several places the one that ends first. For explanations."""
        find = self._tree.find
        end = bisect_left(range(1, len(words)), True, key=lambda end: probe in find(words[:end])) + 1
        begin = bisect_left(range(1, end), True, key=lambda begin: probe not in find(words[begin:end]))
        return words[begin:end]

    def _hits(self, words: Sequence[str]) -> set[int]:
        hits = self._tree.find(words)
        if self._regexes:
            hits |= self._regexes.find(regex_line(words))
        return hits


class _Index:
    """Which rules to look at when a probe passes, for the messages of one role."""

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        """One of a rule's `all` tests is enough to find it: the one that the fewest rules use."""
        users = Counter(probe for rule in rules for condition in rule.all for probe in condition.probes)
        self._rules = {rule.order: rule for rule in rules}
        self._by_probe: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}  # the rules that fit, and those that may
        self._always: list[int] = []  # no probe tells
        for rule in rules:
            if rule.all:
                triggers = min((c.probes for c in rule.all), key=lambda probes: sum(users[probe] for probe in probes))
            else:
                triggers = rule.any_probes
            if not triggers:
                self._always.append(rule.order)
            for probe in triggers:
                sure, asked = self._by_probe.get(probe, ((), ()))
                found = ((*sure, rule.order), asked) if rule.is_told_by_one else (sure, (*asked, rule.order))
                self._by_probe[probe] = found

    def find(self, facts: Facts, hits: AbstractSet[int], length: int) -> tuple[CompiledRule, ...]:
        """Return the rules that fit, in order."""
        by_probe = self._by_probe
        fitting: set[int] = set()
        doubtful: set[int] = set(self._always)
        for probe in hits:
            if probe in by_probe:
                sure, asked = by_probe[probe]
                fitting.update(sure)
                doubtful.update(asked)
        for order in doubtful:
            if self._rules[order].fits(facts, hits, length):
                fitting.add(order)
        return tuple([self._rules[order] for order in sorted(fitting)])


def _common_words(lists: NamedLists) -> dict[str, tuple[str, ...]]:
    """Return the languages of the words in the lists named `common`: little words that tell which language it is."""
    languages: dict[str, tuple[str, ...]] = {}
    for entries in lists.by_name.get(COMMON, ()):
        for word in {expression.words[0] for expression in entries.expressions if len(expression.words) == 1}:
            if entries.language:
                languages[word] = (*languages.get(word, ()), entries.language)
    return languages
