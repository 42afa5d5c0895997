"""Text of strangers, made safe to look at: what would turn, hide or colour it becomes visible, and numbers are masked."""

from __future__ import annotations

import re
from collections.abc import Mapping

# C0 and C1 controls but tab and newline, bidi overrides and isolates, line separators, and tags that spell invisibly.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_PHONE_IN_TEXT = re.compile(r"\+\d[\d\s().-]{7,17}\d")
_MENTION = re.compile(r"@(\d{6,20})\b")
_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")
# Markdown makes links even of escaped addresses; an invisible joiner after these signs ends that.
_LINKABLE = re.compile(r"@|:|www", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_DIGITS_KEPT = 4
# WhatsApp's own addresses, which stand where nobody has said a name: `80000000000021@lid`, `5511987654321:3@s.whatsapp.net`.
_ADDRESS = re.compile(r"\+?\d{5,}(?::\d+)?@[a-z.]+")


def show(text: str | None) -> str:
    """Return the text with every control and direction character written out, such as ⟨202E⟩."""
    return _UNSEEN.sub(lambda found: f"⟨{ord(found.group()):04X}⟩", (text or "").replace("\r\n", "\n"))


def mask(number: str) -> str:
    """Return a number with all digits but the last four hidden: `•••• 4321`."""
    digits = re.sub(r"\D", "", number)
    return f"•••• {digits[-_DIGITS_KEPT:]}" if len(digits) > _DIGITS_KEPT else "••••"


def mask_numbers(text: str) -> str:
    """Return the text with every international phone number in it masked."""
    return _PHONE_IN_TEXT.sub(lambda found: mask(found.group()), text)


def title(text: str, *, reveal: bool) -> str:
    """Return a ticket's title as it may be shown: controls written out, and numbers masked unless they are asked for."""
    return show(text) if reveal else mask_numbers(show(text))


def name_mentions(text: str, names: Mapping[str, str], *, reveal: bool) -> str:
    """Return the text with each `@number` as the name of whom it mentions; WhatsApp keeps numbers there, people see names."""

    def named(found: re.Match[str]) -> str:
        name = names.get(found[1])
        return f"@{show(name)}" if name else found[0] if reveal else f"@{mask(found[1])}"

    return _MENTION.sub(named, text)


def person(name: str | None, address: str, *, reveal: bool) -> str:
    """Return how to call somebody: their name, else their number, which only those who may see numbers see in full."""
    if name and not _is_number(name):
        return show(name)
    number = (name or address).split("@", 1)[0].split(":", 1)[0]
    return show(number) if reveal else mask(number)


def group(name: str | None, jid: str) -> str:
    """Return a group's name, else the end of its JID."""
    return show(name) if name else f"Group {jid.split('@', 1)[0][-_DIGITS_KEPT:]}"


def _is_number(name: str) -> bool:
    if _ADDRESS.fullmatch(name):
        return True
    return sum(letter.isdigit() for letter in name) > _DIGITS_KEPT + 2 and not any(letter.isalpha() for letter in name)


def markdown(text: str) -> str:
    """Return the text so that Streamlit's Markdown shows it as it is: signs are escaped, addresses do not become links."""
    escaped = _MARKDOWN.sub(r"\\\g<0>", " ".join(show(text).split()))
    return _LINKABLE.sub(f"\\g<0>{_WORD_JOINER}", escaped)
