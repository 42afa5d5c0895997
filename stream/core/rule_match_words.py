"""The words that a rule set knows, and under which of them a word of a message is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream.core.rule_match_patterns import MIN_STEM, Expression
from stream.core.text import relaxations, shorten

_REMEMBERED = 100_000  # words of chat remembered between messages
Keys = tuple[str, ...]


class Vocabulary(dict[str, Keys]):
    """From a word of a message to the words of rules that it is: itself, and every stem that begins it (`deliver*`).

    A word that is another spelling of one (`spellings`) is that one. A word that is none of these is tried without stretching
    and doubling ("pleaseeee"); what nobody knows has no keys. It has the words of the rules from the start and remembers those
    that it met, so that most cost one look-up.
    """

    def __init__(self, expressions: Iterable[Expression], spellings: Mapping[str, str]) -> None:
        super().__init__()
        self._spellings = spellings
        words = {spellings.get(word, word) for expression in expressions for word in expression.words}
        self._known = frozenset(word for word in words if not word.endswith("*"))
        self._stems: dict[str, list[str]] = {}  # by how they begin
        for word in sorted(words - self._known, key=len):
            self._stems.setdefault(word[:MIN_STEM], []).append(word[:-1])
        self.update((word, self._keys(word)) for word in self._known.union(spellings))

    def __missing__(self, word: str) -> Keys:
        if len(self) >= _REMEMBERED:
            self.clear()
        keys = self._keys(word) or next((keys for form in relaxations(word) if (keys := self._keys(form))), ())
        self[word] = keys
        return keys

    def _keys(self, word: str) -> Keys:
        word = self._spellings.get(word, word)
        keys = (word,) if word in self._known else ()
        stems = self._stems.get(word[:MIN_STEM])
        if stems is None:
            return keys
        return (*keys, *(stem + "*" for stem in stems if word.startswith(stem)))


class Shortened(dict[str, str]):
    """From a word to the same with stretched letters written once, as regexes meet it. Filled as words are met."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        short = self[word] = shorten(word)
        return short
