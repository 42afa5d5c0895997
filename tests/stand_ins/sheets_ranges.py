"""A1 notation as the Sheets API reads and writes it."""

from __future__ import annotations

import re
from typing import NamedTuple

_CELL = re.compile(r"^\$?([A-Za-z]{0,3})\$?([0-9]{0,7})$")
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_LIKE_CELL = re.compile(r"^[A-Za-z]{1,3}[0-9]+$")


class BadRange(Exception):
    """The text is no range."""


class Area(NamedTuple):
    """Rows and columns from 0, ends excluded; an end of None is open."""

    tab: str
    top: int
    left: int
    bottom: int | None
    right: int | None


def letters(place: int) -> str:
    text, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def number(text: str) -> int:
    value = 0
    for letter in text.upper():
        value = value * 26 + ord(letter) - 64
    return value - 1


def quoted(title: str) -> str:
    plain = _PLAIN.match(title) and not _LIKE_CELL.match(title)
    return title if plain else "'" + title.replace("'", "''") + "'"


def show(title: str, top: int, left: int, bottom: int, right: int) -> str:
    first, last = f"{letters(left)}{top + 1}", f"{letters(right - 1)}{bottom}"
    return f"{quoted(title)}!{first}" if first == last else f"{quoted(title)}!{first}:{last}"


def parse(text: str, titles: list[str]) -> Area:
    tab, cells = _split(text, titles)
    if tab not in titles:
        raise BadRange(text)
    if not cells:
        return Area(tab, 0, 0, None, None)
    first, _, last = cells.partition(":")
    left, top = _corner(first, text)
    if not last:
        return Area(tab, top or 0, left or 0, (top or 0) + 1, (left or 0) + 1)
    right, bottom = _corner(last, text)
    return Area(tab, top or 0, left or 0, None if bottom is None else bottom + 1, None if right is None else right + 1)


def _split(text: str, titles: list[str]) -> tuple[str, str]:
    if text.startswith("'"):
        end = text.rfind("'")
        return text[1:end].replace("''", "'"), text[end + 1 :].lstrip("!")
    tab, found, cells = text.partition("!")
    if found:
        return tab, cells
    return (text, "") if text in titles else (titles[0], text)


def _corner(text: str, whole: str) -> tuple[int | None, int | None]:
    found = _CELL.match(text)
    if not found or not (found[1] or found[2]):
        raise BadRange(whole)
    return (number(found[1]) if found[1] else None), (int(found[2]) - 1 if found[2] else None)
