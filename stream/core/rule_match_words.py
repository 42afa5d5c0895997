"""The words that a rule set knows, and under which of them a word of a message is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream.core.rule_match_patterns import MIN_STEM, Expression
from stream.core.text import relaxations

Keys = tuple[str, ...]


class Vocabulary:
    """From a word of a message to the words of rules that it is: itself, and every stem that begins it (`deliver*`).

    A word that is another spelling of one (`spellings`) is that one. A word that is none of these is tried without stretching
    and doubling ("pleaseeee"); what nobody knows has no keys.
    """

    def __init__(self, expressions: Iterable[Expression], spellings: Mapping[str, str]) -> None:
        self.spellings = spellings
        words = {spellings.get(word, word) for expression in expressions for word in expression.words}
        self._known = frozenset(word for word in words if not word.endswith("*"))
        self._written = self._known.union(spellings)
        self._stems: dict[str, list[str]] = {}  # by how they begin
        for word in sorted(words - self._known, key=len):
            self._stems.setdefault(word[:MIN_STEM], []).append(word[:-1])

    def words(self) -> frozenset[str]:
        """Return every word that is known as it is written, other spellings too."""
        return self._written

    def keys(self, word: str) -> Keys:
        """Return what the word is looked for as, likeliest reading first; nothing where nobody knows it."""
        if (word[:MIN_STEM] in self._stems or word in self._written) and (found := self._keys(word)):
            return found
        for form in relaxations(word):
            if found := self._keys(form):
                return found
        return ()

    def _keys(self, word: str) -> Keys:
        word = self.spellings.get(word, word)
        keys = (word,) if word in self._known else ()
        stems = self._stems.get(word[:MIN_STEM])
        if stems is None:
            return keys
        return (*keys, *(stem + "*" for stem in stems if word.startswith(stem)))
