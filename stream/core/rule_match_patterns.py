"""What people write in rules, read: entries of lists as expressions of folded words, regexes as RE2 for folded text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import re2

from stream.core.text import fold

GAP = "..."
GAP_WORDS = 4  # so many words may stand where ... stands
MIN_STEM = 3
MAX_PROGRAM = 3000  # RE2 instructions of one regex; beyond this the automaton that all share gets slow
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
    """One entry of a list: folded words in order. `*` at the end of a word is kept; `GAP` stands between words."""

    words: tuple[str, ...]

    @property
    def stretches(self) -> tuple[tuple[str, ...], ...]:
        """The words between gaps."""
        found: list[list[str]] = [[]]
        for word in self.words:
            if word == GAP:
                found.append([])
            else:
                found[-1].append(word)
        return tuple(map(tuple, found))

    @property
    def has_gap(self) -> bool:
        return GAP in self.words


def read_entry(entry: str) -> Expression:
    """Read one entry of a list; raises ValueError with what is wrong with it."""
    words: list[str] = []
    for piece in _PIECE.findall(entry):
        if set(piece) <= {".", "…"}:
            if len(piece) > 2 or piece == "…":
                words.append(GAP)
            continue
        is_stem = piece.endswith("*")
        folded = fold(piece.rstrip("*"))
        if is_stem and (not folded or len(folded[-1]) < MIN_STEM):
            raise ValueError(f'"{entry}": at least {MIN_STEM} letters before *, or it fits too much')
        if "*" in piece.rstrip("*"):
            raise ValueError(f'"{entry}": * may only end a word')
        words += [*folded[:-1], folded[-1] + "*"] if is_stem else folded
    if not words:
        raise ValueError(f'"{entry}" has no word in it')
    if GAP in (words[0], words[-1]) or (GAP, GAP) in pairwise(words):
        raise ValueError(f'"{entry}": ... stands between words')
    return Expression(tuple(words))


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
