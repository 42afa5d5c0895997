"""All opt-in regexes at once: RE2 looks for the plain text that each cannot do without, and runs only those that may fit.

`re2.Set` alone runs all of them as one automaton, which is built while new text is met: 500 regexes were measured at 60 to
600 µs for a message unlike those before. `re2.Filter` looks for their literals first: 5 to 20 µs there, and 3 on text met
before. A regex without a literal (` [0-9]{4} `) goes into a set of its kind. Both are linear in the text, whatever the pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import re2

from stream.core.rule_match_patterns import options
from stream.core.rule_match_words import Shortened

_EVERYWHERE = " "  # stands in every line: where even this is not found, the automaton ran out of memory
_short = Shortened()


class RegexSet:
    """The opt-in regexes of a rule set by their numbers. Patterns must be those that `read_regex` gives."""

    def __init__(self, patterns: Mapping[int, str]) -> None:
        self._patterns = dict(patterns)
        everything = _filter(self._patterns.values())
        bare = set(everything.Match("", potential=True) or ()) if patterns else set()  # what may fit a line without a letter
        literal = [number for place, number in enumerate(self._patterns) if place not in bare]
        self._literal = [*literal, None]
        self._filter = _filter([*(self._patterns[number] for number in literal), _EVERYWHERE])
        self._bare = [*(number for place, number in enumerate(self._patterns) if place in bare), None]
        self._set = re2.Set.SearchSet(options())
        for number in self._bare:
            self._set.Add(_EVERYWHERE if number is None else self._patterns[number])
        self._set.Compile()

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def find(self, line: str) -> set[int]:
        """Return the numbers of the patterns that fit the line, which has a space at both ends."""
        found = {self._literal[place] for place in self._filter.Match(line) or ()}
        if len(self._bare) > 1:
            seen = {self._bare[place] for place in self._set.Match(line) or ()}
            found = found | seen if None in seen else set()
        if None not in found:
            return {n for n, pattern in self._patterns.items() if re2.compile(pattern, options()).search(line)}
        return {number for number in found if number is not None}


def regex_line(words: Iterable[str]) -> str:
    """Return the line that regexes meet: folded words, stretched ones shortened, a space between them and at both ends."""
    return f" {' '.join(map(_short.__getitem__, words))} "


def _filter(patterns: Iterable[str]) -> Any:
    found = re2.Filter()
    number = None
    for pattern in patterns:
        number = found.Add(pattern, options())
    if number is not None:
        found.Compile()
    return found
