"""How a message is read: folded to plain words, so that rules need not know of capitals, accents, emoji or emphasis.

`fold` is a function of the text alone. What a word is stretched to ("pleaseeee") can only be undone by knowing the words
that are looked for; `relaxations` offers the candidates and the rule set picks the one it knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

MAX_CHARS = 4096  # a message is read so far; a complaint that has not come to the point by then is for a person
TITLE_CHARS = 80
_LONGEST_SMALL_TALK = 8  # words; what is longer says something
_SHORT = 1000  # characters: a text that is read by tables; no character becomes so many that it outgrows MAX_CHARS words
_RUNS_REMEMBERED = 10_000

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Begins with a set of characters, so that text without one of them is passed over quickly.
_SENTENCE_END = re.compile(r"[.!?;,\n\r\u2013\u2014-](?:(?<=[.!?;,])\s+|(?<=[\n\r])\s*|(?<=\s[\u2013\u2014-])\s+)")
_RUN_OF_THREE = re.compile(r"([^\W\d_])\1{2,}")
_RUN_OF_TWO = re.compile(r"([^\W\d_])\1+")
_ANY_RUN_OF_THREE = re.compile(r"(.)\1\1", re.DOTALL)  # no class of characters: told three times as fast
_ANY_RUN_OF_TWO = re.compile(r"(.)\1", re.DOTALL)
_BEYOND_LATIN = re.compile("([^\x00-\xff]+)")
_LATIN = 256
_LATIN_MARKS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F))
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_JOINERS = frozenset((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD))
_APOSTROPHES = frozenset("'`\u2019\u2018\u02bc\u00b4")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_EMOJI_JOINERS = frozenset("\u200c\u200d")  # of the joiners, those that change what is seen
_SYMBOLS_KEPT = frozenset("?$€£%#")


class _FoldTable(dict[int, str]):
    """What each code point becomes, worked out when it is first met (`str.translate` asks by subscript)."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_code_point(code)
        return folded


def _fold_code_point(code: int) -> str:
    character = chr(code)
    category = unicodedata.category(character)
    if code in _JOINERS or code in _SKIN_TONES or any(low <= code <= high for low, high in _LATIN_MARKS):
        return ""
    if character in _APOSTROPHES:
        return ""  # don't and dont are one word
    if character in _SYMBOLS_KEPT:
        return f" {character} "
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category[0] in "LMN":
        plain = unicodedata.normalize("NFKD", character.casefold())
        return "".join(c for c in plain if not any(low <= ord(c) <= high for low, high in _LATIN_MARKS))
    if category == "So":
        return f" {character} "  # an emoji is a word
    return " "


class _FoldedRuns(dict[str, str]):
    """What a run of characters beyond Latin-1 becomes: an emoji, a curly quote. Filled as runs are met."""

    def __missing__(self, run: str) -> str:
        if len(self) >= _RUNS_REMEMBERED:
            self.clear()
        folded = self[run] = _fold_any(run)
        return folded


def _fold_any(text: str) -> str:
    return unicodedata.normalize("NFKC", text)[:MAX_CHARS].translate(_TABLE)


_TABLE = _FoldTable()
_RUNS = _FoldedRuns()
_FOLDED_LATIN = {chr(code): _fold_any(chr(code)) for code in range(_LATIN)}
# A byte becomes one byte, or nothing; what becomes more ("ß", "½") stays, and is replaced in a second step.
_LATIN_BYTES = "".join(f if len(f) == 1 and f < chr(_LATIN) else c for c, f in _FOLDED_LATIN.items()).encode("latin-1")
_LATIN_DROPPED = "".join(c for c, folded in _FOLDED_LATIN.items() if not folded).encode("latin-1")
_LATIN_LONGER = tuple((c, folded) for c, folded in _FOLDED_LATIN.items() if len(folded) > 1 or folded >= chr(_LATIN))
_ASCII_LONGER = tuple((c, folded) for c, folded in _LATIN_LONGER if c.isascii())


def fold(text: str) -> list[str]:
    """Return the words of a text: small letters without accents, plain digits, each emoji and question mark a word.

    Links become the word `link`. Deterministic, total (any string, lone surrogates too), linear in the text's length.
    """
    text = text[:MAX_CHARS]
    if "://" in text or "ww." in text or "WW." in text:
        text = _LINK.sub(" link ", text)
    raw = text.encode("latin-1", "ignore")
    if len(raw) == len(text):
        plain = raw.translate(_LATIN_BYTES, _LATIN_DROPPED).decode("latin-1")
    elif len(text) <= _SHORT:
        parts = _BEYOND_LATIN.split(text)
        parts[::2] = [part.encode("latin-1").translate(_LATIN_BYTES, _LATIN_DROPPED).decode("latin-1") for part in parts[::2]]
        parts[1::2] = map(_RUNS.__getitem__, parts[1::2])
        plain = "".join(parts)
    else:
        return _fold_any(text).split()
    for character, folded in _ASCII_LONGER if text.isascii() else _LATIN_LONGER:
        if character in plain:
            plain = plain.replace(character, folded)
    return plain.split()


def shorten(word: str) -> str:
    """Return the word with every letter that stands three times or more written once."""
    return _RUN_OF_THREE.sub(r"\1", word)


def has_a_run(text: str) -> bool:
    """Return whether anything stands three times in a row: cheap to ask, and most text has nothing to shorten."""
    return _ANY_RUN_OF_THREE.search(text) is not None


def relaxations(word: str) -> list[str]:
    """Return what a word that nobody knows may have been before it was stretched or doubled, likeliest first."""
    if _ANY_RUN_OF_TWO.search(word) is None:
        if word[-1:] != "2":
            return []  # as most words do
        candidates = []
    else:
        candidates = [shorten(word), _RUN_OF_THREE.sub(r"\1\1", word)] if has_a_run(word) else []
        candidates.append(_RUN_OF_TWO.sub(r"\1", word))
    if len(word) > 3 and word[-1] == "2" and word[:-1].isalpha():
        candidates.append(word[:-1])  # Indonesian writes a doubled word so: barang2
    return [c for c in dict.fromkeys(candidates) if c != word]


def title(text: str, *, is_small_talk: Callable[[Sequence[str]], bool], limit: int = TITLE_CHARS) -> str:
    """Return one tidy line that says what a message is about: its beginning, less greetings, at most `limit` characters.

    `is_small_talk` is asked of the folded words of a part. A message of small talk alone keeps its last part.
    """
    text = text[:MAX_CHARS]
    begin, last = 0, len(text)
    while begin < len(text):
        found = _SENTENCE_END.search(text, begin)
        end = found.end() if found else len(text)
        words = fold(text[begin:end])
        if len(words) > _LONGEST_SMALL_TALK or (words and not is_small_talk(words)):
            break
        last = begin if words else last
        begin = end
    else:
        begin = last
    # The rest of a long message cannot be in the title, even if it is full of blanks.
    line = one_line(text[begin : begin + 4 * limit])
    if len(line) > limit:
        cut = line[: limit - 1]
        line = (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:.-") + "…"
    return line[:1].upper() + line[1:]


def one_line(text: str) -> str:
    """Return the text in one line without control characters, marks of writing direction, surrogates and unseen joiners."""
    if not text.isprintable():
        text = "".join(map(_printable, text))
    return " ".join(text.split())


def _printable(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE or character in _EMOJI_JOINERS:
        return character
    return "" if ord(character) in _JOINERS else " "
