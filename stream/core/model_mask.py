"""What of a message may leave for a model: no long numbers, no addresses, no more than 1,000 characters."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 1000
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,255}")
# Six digits or more, however they are set apart: phones, cards, tax numbers, order numbers. A date or a price is shorter.
_NUMBER = re.compile(r"\+?\(?\d(?:[\s().\-/\u2010-\u2015]{0,2}\d){5,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def mask(text: str, longest: int = LONGEST) -> str:
    """Return the text as the model may see it. Digits of every script are masked; ids of tickets (T-K7M3-9QXZ) stay."""
    text = unicodedata.normalize("NFKC", text[: 4 * longest])
    text = "".join(_visible(character) for character in text)
    text = _LINK.sub("<link>", text)
    text = _EMAIL.sub("<email>", text)
    text = _NUMBER.sub("<number>", text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def one_line(text: str, longest: int = 80) -> str:
    """Return a text of somebody else's as one line without marks that change how it is shown."""
    line = " ".join("".join(_visible(character) for character in text[: 8 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs", "Co"} and character != "\u200d" else character  # emoji are joined by U+200D
