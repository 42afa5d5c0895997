"""The words that a rule set knows: every other word is one and the same to it, which keeps the automaton small."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from stream.core.rule_match_patterns import STEM, UNKNOWN, Expression
from stream.core.text import relaxations

_REMEMBERED = 100_000  # words of chat remembered between messages


class Vocabulary(dict[str, str]):
    """From a word of a message to the word as the rules know it, filled as words are met.

    A known word is itself; one of which only a stem is known (`deliver*`) is the stem and `+`; a stretched or doubled
    word is what it was before; anything else is `_`.
    """

    def __init__(self, expressions: Iterable[Expression]) -> None:
        super().__init__()
        words = {word for expression in expressions for word in expression.words}
        self._known = frozenset(word for word in words if not word.endswith("*"))
        self._stems = sorted({word[:-1] for word in words if word.endswith("*")})

    def __missing__(self, word: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        known = self[word] = self._recognise(word)
        return known

    def _recognise(self, word: str) -> str:
        for form in (word, *relaxations(word)):
            if form in self._known:
                return form
            if stem := self._stem_of(form):
                return stem + STEM
        return UNKNOWN

    def _stem_of(self, word: str) -> str | None:
        """Return the longest stem that begins this word: looked up by halving, shortening the word each time."""
        reach = word
        while reach:
            at = bisect_right(self._stems, reach)
            if at == 0:
                return None
            nearest = self._stems[at - 1]
            if word.startswith(nearest):
                return nearest
            reach = _common_start(nearest, word)
        return None


def _common_start(one: str, other: str) -> str:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return one[:length]
