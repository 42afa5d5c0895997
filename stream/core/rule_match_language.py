"""Which language a message is in, by the little words it has and by the lists in which its words were found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

_BITS = 24  # for the votes of one language; a message has not so many words
_ONE_COUNT = (1 << _BITS) - 1


class LanguageVotes:
    """Votes of common words and of lists. The votes for all languages are added up in one number, side by side."""

    def __init__(self, common: Mapping[str, Sequence[str]], probes: Sequence[str | None]) -> None:
        """`common` has the languages of each little word, `probes` the language of each probe, None for none."""
        self._languages = sorted({each for found in common.values() for each in found} | {each for each in probes if each})
        units = {language: 1 << place * _BITS for place, language in enumerate(self._languages)}
        self._of_words = {word: sum(units[language] for language in found) for word, found in common.items()}
        self._of_probes = [units.get(language or "", 0) for language in probes]

    def most(self, words: Sequence[str], hits: Iterable[int]) -> str | None:
        """Return the language with the most votes, the first by its code between equals; None where nothing tells."""
        votes = sum(map(self._of_words.get, words, repeat(0))) + sum(map(self._of_probes.__getitem__, hits))
        if not votes:
            return None
        counts = [votes >> place * _BITS & _ONE_COUNT for place in range(len(self._languages))]
        return self._languages[counts.index(max(counts))]
