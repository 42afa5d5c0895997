"""From the words people write in rules to RE2 patterns over folded text.

The text is matched as ` word word word ` with one space between words and at both ends, so a whole word is a word
between spaces, in every script (a word boundary of RE2's own knows ASCII only).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import re2

from stream.core.text import fold

UNKNOWN = "_"  # stands for every word that no rule knows
STEM = "+"  # ends a word of which only a stem is known: deliver+
GAP = "..."
GAP_WORDS = 4
MAX_PROGRAM = 3000  # RE2 instructions of one opt-in regex; beyond this the shared automaton gets slow
MAX_MEMORY = 256 << 20

_PIECE = re.compile(r"\.{3,}|…|[^\s.…]+(?:\.[^\s.…]+)*|\.{1,2}")


def options() -> Any:
    """Return RE2 options: quiet (errors are ours to tell) and with room for the automaton of a thousand rules."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.max_mem = MAX_MEMORY
    return chosen


@dataclass(frozen=True, slots=True)
class Expression:
    """One entry of a list: words in order. `*` at the end of a word is kept; `GAP` stands between words."""

    words: tuple[str, ...]

    @property
    def has_gap(self) -> bool:
        return GAP in self.words

    @property
    def pattern(self) -> str:
        """RE2 for this expression, without the space before it and with the space after."""
        parts = [f"(?:[^ ]+ ){{0,{GAP_WORDS}}}" if word == GAP else _word_pattern(word) for word in self.words]
        return "".join(parts)

    @property
    def anchor(self) -> Expression:
        """The longest stretch without a gap: cheap to look for, and present whenever the whole is."""
        stretches: list[list[str]] = [[]]
        for word in self.words:
            if word == GAP:
                stretches.append([])
            else:
                stretches[-1].append(word)
        return Expression(tuple(max(stretches, key=lambda words: sum(map(len, words)))))


def _word_pattern(word: str) -> str:
    return f"{re2.escape(word[:-1])}[^ ]* " if word.endswith("*") else f"{re2.escape(word)} "


def read_entry(entry: str) -> Expression:
    """Read one entry of a list; raises ValueError with what is wrong with it."""
    words: list[str] = []
    for piece in _PIECE.findall(entry):
        if set(piece) <= {".", "…"}:
            if len(piece) > 2 or piece == "…":
                words.append(GAP)
            continue
        stem = piece.endswith("*")
        folded = fold(piece.rstrip("*"))
        if stem and (not folded or len(folded[-1]) < 3):
            raise ValueError(f'"{entry}": at least three letters before *, or it fits too much')
        words += [*folded[:-1], folded[-1] + "*"] if stem else folded
    if not words:
        raise ValueError(f'"{entry}" has no word in it')
    if GAP in (words[0], words[-1]) or (GAP, GAP) in pairwise(words):
        raise ValueError(f'"{entry}": ... stands between words')
    if any("*" in word[:-1] for word in words):
        raise ValueError(f'"{entry}": * may only end a word')
    return Expression(tuple(words))


def alternatives(expressions: Iterable[Expression]) -> str:
    """Return a pattern for any of these, each ending in a space."""
    return "(?:" + "|".join(sorted({expression.pattern for expression in expressions})) + ")"


def read_regex(pattern: str) -> str:
    """Return an opt-in regex ready for the folded text, case and accents aside; raises ValueError with what is wrong."""
    plain = "".join(character if character.isascii() else "".join(fold(character)) for character in pattern)
    ready = f"(?i:{plain})"
    try:
        program = re2.compile(ready, options())
    except re2.error as error:
        detail = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"RE2 cannot read it: {detail}") from error
    if program.programsize > MAX_PROGRAM:
        raise ValueError("it is too heavy for a rule that every message meets; say it with fewer repetitions")
    if program.search("  ") or program.search(" "):
        raise ValueError("it fits an empty message, so it would fit every message")
    return ready
