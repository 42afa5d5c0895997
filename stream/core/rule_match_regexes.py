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
from stream.core.text import has_a_run, shorten

_EVERYWHERE = " "  # stands in every line: where even this is not found, the automaton ran out of memory


class RegexSet:
    """The opt-in regexes of a rule set by their numbers. Patterns must be those that `read_regex` gives."""

    def __init__(self, patterns: Mapping[int, str]) -> None:
        self._patterns = dict(patterns)
        everything = _filter(self._patterns.values())
        bare = set(everything.Match("", potential=True) or ()) if patterns else set()  # what may fit a line without a letter
        self._searches: list[tuple[list[int], Any]] = []
        for is_bare, build in ((False, _filter), (True, _set)):
            numbers = [number for place, number in enumerate(self._patterns) if (place in bare) is is_bare]
            if numbers:
                self._searches.append((numbers, build([*(self._patterns[number] for number in numbers), _EVERYWHERE])))

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def find(self, line: str) -> set[int]:
        """Return the numbers of the patterns that fit the line, which has a space at both ends."""
        found: set[int] = set()
        for numbers, search in self._searches:
            places = search.Match(line)
            if not places or len(numbers) not in places:
                return {number for number, pattern in self._patterns.items() if re2.compile(pattern, options()).search(line)}
            if len(places) > 1:
                found.update(numbers[place] for place in places if place < len(numbers))
        return found


def regex_line(words: Iterable[str]) -> str:
    """Return the line that regexes meet: folded words, stretched ones shortened, a space between them and at both ends."""
    line = f" {' '.join(words)} "
    return shorten(line) if has_a_run(line) else line


def _filter(patterns: Iterable[str]) -> Any:
    found = re2.Filter()
    number = None
    for pattern in patterns:
        number = found.Add(pattern, options())
    if number is not None:
        found.Compile()
    return found


def _set(patterns: Iterable[str]) -> Any:
    found = re2.Set.SearchSet(options())
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found
