"""Every word and expression of every rule in one tree: a message is walked once, whatever the number of rules.

Words are looked up, not searched for. One `re2.Set` of the same expressions was measured beside this: as fast on messages seen
before, and some ten times slower on new ones (0.3 ms), since its automaton is built while it runs and every word begins all
patterns. Patterns that cannot be looked up, the opt-in regexes, do go through one `re2.Set` (`rule_match.RegexSet`).
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
                self._leaf(stretches[0]).probes += (probe,)
                continue
            for number, stretch in enumerate(stretches):
                self._leaf(stretch).stretches += ((len(self._gapped), number),)
            self._gapped.append(_Gapped(probe, len(stretches)))

    def add_whole(self, probe: int, expressions: Iterable[Expression]) -> None:
        """Let `probe` pass where the message is made of nothing but these expressions, which have no gaps."""
        for expression in set(expressions):
            self._leaf(expression.words).wholes += (probe,)

    def find(self, message: Sequence[Keys]) -> dict[int, Span]:
        """Return the probes that pass, each with where its first expression stands."""
        hits: dict[int, Span] = {}
        reached: dict[int, set[int]] = {}  # by probe: the places up to which it has covered the message from its beginning
        stretches: dict[int, dict[int, list[Span]]] = {}
        for node, start, end in self._walk(message):
            for probe in node.probes:
                if probe not in hits:
                    hits[probe] = (start, end)
            for probe in node.wholes:
                if not start:
                    reached.setdefault(probe, set()).add(end)
                elif start in reached.get(probe, ()):
                    reached[probe].add(end)
            for gapped, number in node.stretches:
                stretches.setdefault(gapped, {}).setdefault(number, []).append((start, end))
        for gapped, found in stretches.items():
            wanted = self._gapped[gapped]
            if len(found) == wanted.stretches and (span := _in_order(found)) is not None:
                hits.setdefault(wanted.probe, span)
        hits.update((probe, (0, len(message))) for probe, places in reached.items() if len(message) in places)
        return hits

    def _walk(self, message: Sequence[Keys]) -> list[tuple[_Node, int, int]]:
        """Return every node that the message leads to with the words it took, in the order of the first word."""
        root = self._root.next
        length = len(message)
        found = []
        for start, keys in enumerate(message):
            for key in keys:
                node = root.get(key)
                if node is None:
                    continue
                ahead = [(node, start + 1)]
                for node, end in ahead:  # grows while it is read
                    if node.probes or node.wholes or node.stretches:
                        found.append((node, start, end))
                    if node.next and end < length:
                        ahead += [(node.next[key], end + 1) for key in message[end] if key in node.next]
        return found

    def _leaf(self, words: Sequence[str]) -> _Node:
        node = self._root
        for word in words:
            if node.next is _NO_WAY_ON:
                node.next = {}
            node = node.next.setdefault(self._spellings.get(word, word), _Node())
        return node


def _in_order(stretches: Mapping[int, Sequence[Span]]) -> Span | None:
    """Return where all stretches stand in order with at most `GAP_WORDS` words between neighbours, if they do."""
    found = list(stretches[0])
    for number in range(1, len(stretches)):
        found = [(first, after) for first, end in found for begin, after in stretches[number] if 0 <= begin - end <= GAP_WORDS]
    return min(found, default=None)
