"""Every word and expression of every rule in one tree: a message is walked once, whatever the number of rules.

Words are looked up, not searched for, which costs a new message no more than an old one. An automaton of the same expressions
is built while new text is met: one `re2.Set` of the 21,000 shipped ones was measured at 43 µs a message over the first thousand
and at 9 µs after, and would still have to be told which words are spellings, stretched or doubled. Patterns that cannot be
looked up, the opt-in regexes, do go through RE2 (`rule_match_regexes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stream.core.rule_match_patterns import GAP_WORDS, Expression
from stream.core.rule_match_words import Keys

_NO_WAY_ON: dict[str, Any] = {}  # shared by all leaves: most nodes are
Span = tuple[int, int]  # first word, and the one after the last


@dataclass(slots=True)
class _Node:
    """What may follow, and what has been said in full when a walk comes here."""

    next: dict[str, _Node] = field(default_factory=lambda: _NO_WAY_ON)
    is_end: bool = False  # whether any of the three below is there
    probes: tuple[int, ...] = ()
    wholes: tuple[int, ...] = ()
    stretches: tuple[tuple[int, int], ...] = ()  # (expression with gaps, which stretch of it)


@dataclass(frozen=True, slots=True)
class _Gapped:
    probe: int
    stretches: int


class PhraseTree:
    """The tree. Add everything first, then ask. Words go in as `spellings` has them, as they do into a `Vocabulary`."""

    def __init__(self, spellings: Mapping[str, str]) -> None:
        self._spellings = spellings
        self._root = _Node()
        self._gapped: list[_Gapped] = []

    def add(self, probe: int, expressions: Iterable[Expression]) -> None:
        """Let `probe` pass where any of these expressions stands in the message."""
        for expression in set(expressions):
            stretches = expression.stretches
            if len(stretches) == 1:
                self._end(stretches[0]).probes += (probe,)
                continue
            for number, stretch in enumerate(stretches):
                self._end(stretch).stretches += ((len(self._gapped), number),)
            self._gapped.append(_Gapped(probe, len(stretches)))

    def add_whole(self, probe: int, expressions: Iterable[Expression]) -> None:
        """Let `probe` pass where the message is made of nothing but these expressions, which have no gaps."""
        for expression in set(expressions):
            self._end(expression.words).wholes += (probe,)

    def find(self, message: Sequence[Keys]) -> dict[int, Span]:
        """Return the probes that pass, each with where its first expression stands."""
        hits: dict[int, Span] = {}
        reached: dict[int, set[int]] = {}  # by probe: the places up to which it has covered the message from its beginning
        stretches: dict[int, dict[int, list[Span]]] = {}
        for node, start, end in self._walk(message):
            for probe in node.probes:
                if probe not in hits:
                    hits[probe] = (start, end)
            if node.wholes and (reached or not start):
                _reach(node.wholes, start, end, reached)
            for gapped, number in node.stretches:
                stretches.setdefault(gapped, {}).setdefault(number, []).append((start, end))
        for gapped, found in stretches.items():
            wanted = self._gapped[gapped]
            if len(found) == wanted.stretches and (span := _in_order(found)) is not None:
                hits.setdefault(wanted.probe, span)
        if reached:
            length = len(message)
            hits.update((probe, (0, length)) for probe, places in reached.items() if length in places)
        return hits

    def _walk(self, message: Sequence[Keys]) -> list[tuple[_Node, int, int]]:
        """Return every end of an expression that the message leads to with the words it took, in the order of the first word.

        Every message of every group comes through here: the loops are written out.
        """
        begin = self._root.next.get
        length = len(message)
        found: list[tuple[_Node, int, int]] = []
        branches: list[tuple[_Node, int]] = []
        for start, keys in enumerate(message):
            for key in keys:
                node = begin(key)
                end = start + 1
                while node is not None:
                    if node.is_end:
                        found.append((node, start, end))
                    follows, node = node.next, None
                    if follows and end < length:
                        ahead = message[end]
                        end += 1
                        for follower in ahead:
                            if follower in follows:
                                if node is None:
                                    node = follows[follower]
                                else:
                                    branches.append((follows[follower], end))
                    if node is None and branches:
                        node, end = branches.pop()
        return found

    def _end(self, words: Sequence[str]) -> _Node:
        node = self._root
        for word in words:
            if node.next is _NO_WAY_ON:
                node.next = {}
            key = self._spellings.get(word, word)
            if key not in node.next:
                node.next[key] = _Node()
            node = node.next[key]
        node.is_end = True
        return node


def _reach(wholes: Iterable[int], start: int, end: int, reached: dict[int, set[int]]) -> None:
    """Note that words up to `end` are covered, where those before `start` are."""
    for probe in wholes:
        if not start:
            reached.setdefault(probe, set()).add(end)
        elif start in reached.get(probe, ()):
            reached[probe].add(end)


def _in_order(stretches: Mapping[int, Sequence[Span]]) -> Span | None:
    """Return where all stretches stand in order with at most `GAP_WORDS` words between neighbours, if they do."""
    found = list(stretches[0])
    for number in range(1, len(stretches)):
        found = [(first, after) for first, end in found for begin, after in stretches[number] if 0 <= begin - end <= GAP_WORDS]
    return min(found, default=None)
