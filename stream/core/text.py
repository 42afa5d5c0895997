"""How a message is read: folded to plain words, so that rules need not know of capitals, accents, emoji or emphasis.

`fold` is a function of the text alone. What a word is stretched to ("pleaseeee") can only be undone by knowing the words
that are looked for; `relaxations` offers the candidates and the rule set picks the one it knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import chain

MAX_CHARS = 4096  # a message is read so far; a complaint that has not come to the point by then is for a person
TITLE_CHARS = 80
_LONGEST_SMALL_TALK = 8  # words; what is longer says something

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\s*[\n\r]+\s*|,\s+|\s+[-\u2013\u2014]\s+")
_RUN_OF_THREE = re.compile(r"([^\W\d_])\1{2,}")
_RUN_OF_TWO = re.compile(r"([^\W\d_])\1+")
_ASCII = 128
_LATIN_MARKS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F))
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_JOINERS = frozenset((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD))
_APOSTROPHES = frozenset("'`\u2019\u2018\u02bc\u00b4")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_EMOJI_JOINERS = frozenset("\u200c\u200d")  # of the joiners, those that change what is seen
_SYMBOLS_KEPT = frozenset("?$€£%#")
_ASCII_SYMBOLS_KEPT = "?$%#"
_PLAIN_ASCII = "".join(c if c.isalnum() or c in _ASCII_SYMBOLS_KEPT else " " for c in map(chr, range(_ASCII))).lower().encode()
_PLAIN_BYTES = _PLAIN_ASCII + b" " * _ASCII
_ASCII_APOSTROPHES = b"'`"


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


_TABLE = _FoldTable()


def fold(text: str) -> list[str]:
    """Return the words of a text: small letters without accents, plain digits, each emoji and question mark a word.

    Links become the word `link`. Deterministic, total (any string, lone surrogates too), linear in the text's length.
    """
    text = text[:MAX_CHARS]
    if "://" in text or "www." in text.lower():
        text = _LINK.sub(" link ", text)
    if text.isascii():  # the same as below, by tables of bytes
        plain = text.encode("ascii").translate(_PLAIN_BYTES, _ASCII_APOSTROPHES).decode("ascii")
        for symbol in _ASCII_SYMBOLS_KEPT:
            if symbol in plain:
                plain = plain.replace(symbol, f" {symbol} ")
        return plain.split()
    return unicodedata.normalize("NFKC", text)[:MAX_CHARS].translate(_TABLE).split()


def shorten(word: str) -> str:
    """Return the word with every letter that stands three times or more written once."""
    return _RUN_OF_THREE.sub(r"\1", word)


def relaxations(word: str) -> list[str]:
    """Return what a word that nobody knows may have been before it was stretched or doubled, likeliest first."""
    if _RUN_OF_TWO.search(word):
        candidates = [shorten(word), _RUN_OF_THREE.sub(r"\1\1", word), _RUN_OF_TWO.sub(r"\1", word)]
    elif word[-1:] == "2":
        candidates = []
    else:
        return []  # as most words do
    if len(word) > 3 and word[-1] == "2" and word[:-1].isalpha():
        candidates.append(word[:-1])  # Indonesian writes a doubled word so: barang2
    return [c for c in dict.fromkeys(candidates) if c != word]


def title(text: str, *, is_small_talk: Callable[[Sequence[str]], bool], limit: int = TITLE_CHARS) -> str:
    """Return one tidy line that says what a message is about: its beginning, less greetings, at most `limit` characters.

    `is_small_talk` is asked of the folded words of a part. A message of small talk alone keeps its last part.
    """
    text = text[:MAX_CHARS]
    begin, last = 0, len(text)
    for end in chain((match.end() for match in _SENTENCE_END.finditer(text)), (len(text),)):
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
