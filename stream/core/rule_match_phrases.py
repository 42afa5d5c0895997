"""Every word and expression of every rule in one tree: a message is walked once, whatever the number of rules.

Words are looked up, not searched for, which costs a new message no more than an old one. An automaton of the same expressions
is built while new text is met: one `re2.Set` of the 21,000 shipped ones was measured at 43 µs a message over the first thousand
and at 9 µs after, and would still have to be told which words are spellings, stretched or doubled. Patterns that cannot be
looked up, the opt-in regexes, do go through RE2 (`rule_match_regexes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from stream.core.rule_match_patterns import GAP_WORDS, Expression
from stream.core.rule_match_words import Keys, Vocabulary

_REMEMBERED = 100_000  # words of chat remembered between messages
_NOTHING: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Whole:
    """A piece of whole messages: for these probes, this many words can be so covered."""

    length: int
    probes: frozenset[int] = _NOTHING


@dataclass(slots=True)
class _Stretch:
    """A stretch of expressions with gaps. One that is said in its turn gives a token; the next stretch needs that token."""

    length: int  # words
    opens: frozenset[int] = _NOTHING  # tokens that it gives as a first stretch
    needs: dict[int, int] = field(default_factory=dict)  # tokens, and which each is turned into


@dataclass(slots=True)
class _Node:
    """What has been said in full when a walk comes here, and what may follow."""

    probes: frozenset[int] = _NOTHING
    wholes: tuple[_Whole, ...] = ()
    stretches: tuple[_Stretch, ...] = ()
    ways: _Ways = ()  # one or none


_Ways = tuple[dict[str, _Node], ...]
# A word of a message: what it is looked for as where something began before it, and what of it begins with it, as in a node.
# The first is the word of a rule, or None and then all of them stand next: nothing for a word that nobody knows, several for
# word and stem.
_Step = tuple[str | None, Keys, frozenset[int], tuple[_Whole, ...], tuple[_Stretch, ...], _Ways]
_UNKNOWN: _Step = (None, (), _NOTHING, (), (), ())


class PhraseTree:
    """The tree. Add everything first, then ask. Its words are as the vocabulary has them, other spellings undone."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._root = _Node()
        self._done: dict[int, int] = {}  # tokens of a last stretch, and the probe that has then passed
        self._tokens = 0
        self._steps = _Steps(self._root, vocabulary)

    def add(self, probe: int, expressions: Iterable[Expression]) -> None:
        """Let `probe` pass where any of these expressions stands in the message."""
        for expression in set(expressions):
            stretches = expression.stretches
            if len(stretches) == 1:
                self._end(stretches[0]).probes |= {probe}
                continue
            before = None
            for stretch in stretches:
                self._tokens += 1
                node = self._end(stretch)
                if not node.stretches:
                    node.stretches = (_Stretch(len(stretch)),)
                if before is None:
                    node.stretches[0].opens |= {self._tokens}
                else:
                    node.stretches[0].needs[before] = self._tokens
                before = self._tokens
            self._done[self._tokens] = probe

    def add_whole(self, probe: int, expressions: Iterable[Expression]) -> None:
        """Let `probe` pass where the message is made of nothing but these expressions, which have no gaps."""
        for expression in set(expressions):
            node = self._end(expression.words)
            if not node.wholes:
                node.wholes = (_Whole(len(expression.words)),)
            node.wholes[0].probes |= {probe}

    def complete(self) -> None:
        """Look all known words up, so that the first messages wait no longer than later ones."""
        self._steps.update((word, self._steps.find(word)) for word in self._vocabulary.words())

    def find(self, words: Sequence[str]) -> set[int]:  # noqa: C901  # one loop, written out: calls would take longer than what they do
        """Return the probes that pass. Every message of every group comes through here."""
        hits: set[int] = set()
        pieces: list[tuple[tuple[_Whole, ...], int]] = []
        covered = 0  # words from the beginning, at most, that pieces may cover
        stretches: list[tuple[tuple[_Stretch, ...], int]] = []
        ways: _Ways = ()  # what may follow the word before
        for place, (key, keys, probes, wholes, gapped, own) in enumerate(map(self._steps.__getitem__, words)):
            if probes:
                hits |= probes
            if wholes and place <= covered:
                pieces.append((wholes, place))
                covered = place + 1
            if gapped:
                stretches.append((gapped, place))
            further = own
            for way in ways:
                if key in way:
                    node = way[key]
                elif keys:
                    node = _merge([way[each] for each in keys if each in way])
                else:
                    continue
                hits |= node.probes
                further += node.ways
                if node.wholes and place + 1 - node.wholes[0].length <= covered:
                    pieces.append((node.wholes, place))
                    covered = place + 1
                if node.stretches:
                    stretches.append((node.stretches, place))
            ways = further
        if covered and covered == len(words):
            hits |= _cover(pieces, covered)
        if len(stretches) > 1:
            self._join(stretches, hits)
        return hits

    def begins_with(self, word: str) -> bool:
        """Return whether anything begins with this word: where not, no message that does is made of whole expressions."""
        _, _, _, wholes, _, ways = self._steps[word]
        return bool(wholes or ways)

    def _join(self, stretches: Sequence[tuple[tuple[_Stretch, ...], int]], hits: set[int]) -> None:
        """Let the probes of expressions with gaps pass whose stretches stand in order, with few words between neighbours."""
        given: list[tuple[AbstractSet[int], int]] = []  # tokens, and where the next stretch may begin
        for several, place in stretches:
            for stretch in several:
                if stretch.needs and given and (told := _next_tokens(stretch.needs, place + 1 - stretch.length, given)):
                    hits.update(self._done[token] for token in told if token in self._done)
                    given.append((told, place + 1))
                if stretch.opens:
                    given.append((stretch.opens, place + 1))

    def _end(self, words: Sequence[str]) -> _Node:
        node = self._root
        for word in words:
            if not node.ways:
                node.ways = ({},)
            node = node.ways[0].setdefault(self._vocabulary.spellings.get(word, word), _Node())
        return node


class _Steps(dict[str, _Step]):
    """From a word of a message to its step. Filled as words are met."""

    def __init__(self, root: _Node, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._root = root
        self._vocabulary = vocabulary

    def __missing__(self, word: str) -> _Step:
        if len(self) >= _REMEMBERED:
            self.clear()
        step = self[word] = self.find(word)
        return step

    def find(self, word: str) -> _Step:
        keys = self._vocabulary.keys(word)
        if not keys:
            return _UNKNOWN
        begins = _merge([way[key] for way in self._root.ways for key in keys if key in way])
        key, several = (keys[0], ()) if len(keys) == 1 else (None, keys)
        return key, several, begins.probes, begins.wholes, begins.stretches, begins.ways


def _merge(nodes: Sequence[_Node]) -> _Node:
    """Return one node for a word that is several words of rules at once: itself and a stem."""
    if len(nodes) == 1:
        return nodes[0]
    merged = _Node()
    for node in nodes:
        merged.probes |= node.probes
        merged.wholes += node.wholes
        merged.stretches += node.stretches
        if node.ways:
            ways: dict[str, _Node] = dict(*merged.ways)
            for key, inner in node.ways[0].items():
                ways[key] = _merge([ways[key], inner]) if key in ways else inner
            merged.ways = (ways,)
    return merged


def _cover(pieces: Sequence[tuple[tuple[_Whole, ...], int]], length: int) -> set[int]:
    """Return the probes whose pieces cover the message from its first word to its last. Pieces come as they end."""
    covered: dict[int, set[int]] = {}  # by probe: the places up to which it has covered the message
    for wholes, place in pieces:
        for whole in wholes:
            begin = place + 1 - whole.length
            for probe in whole.probes:
                if not begin or begin in covered.get(probe, ()):
                    covered.setdefault(probe, set()).add(place + 1)
    return {probe for probe, places in covered.items() if length in places}


def _next_tokens(needs: Mapping[int, int], begin: int, given: Sequence[tuple[AbstractSet[int], int]]) -> set[int]:
    """Return what a stretch that begins here turns the tokens into that were given shortly before."""
    told: set[int] = set()
    for tokens, end in reversed(given):
        if begin - end > GAP_WORDS:
            break
        if begin >= end and not needs.keys().isdisjoint(tokens):
            told.update(needs[token] for token in tokens & needs.keys())
    return told
