"""The words that a rule set knows, and under which of them a word of a message is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream.core.rule_match_patterns import Expression
from stream.core.text import relaxations

_REMEMBERED = 100_000  # words of chat remembered between messages
Keys = tuple[str, ...]


class Vocabulary(dict[str, Keys]):
    """From a word of a message to the words of rules that it is: itself, and every stem that begins it (`deliver*`).

    A word that is another spelling of one (`spellings`) is that one. A word that is none of these is tried without stretching
    and doubling ("pleaseeee"); what nobody knows has no keys. Filled as words are met, so that most cost one look-up.
    """

    def __init__(self, expressions: Iterable[Expression], spellings: Mapping[str, str]) -> None:
        super().__init__()
        self._spellings = spellings
        words = {spellings.get(word, word) for expression in expressions for word in expression.words}
        self._known = frozenset(word for word in words if not word.endswith("*"))
        self._stems = frozenset(word for word in words if word.endswith("*"))
        self._lengths = sorted({len(stem) - 1 for stem in self._stems})

    def __missing__(self, word: str) -> Keys:
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self[word] = next((keys for form in (word, *relaxations(word)) if (keys := self._keys(form))), ())
        return found

    def _keys(self, word: str) -> Keys:
        word = self._spellings.get(word, word)
        stems = tuple(stem for length in self._lengths if length <= len(word) and (stem := word[:length] + "*") in self._stems)
        return (word, *stems) if word in self._known else stems
