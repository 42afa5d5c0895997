"""Reading trees whose shape is not to be trusted: every function takes any JSON value and answers with a plain type."""

from __future__ import annotations

import re
from typing import Any

MAX_TEXT = 65_536  # WhatsApp's own limit of a message
_MAX_ID = 256
# What no phone shows and no spreadsheet takes: control characters but tab and line feed, and halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# What colours a terminal or renames its window, as a whole: without its first character the rest would stand there as words.
_TERMINAL = re.compile(
    "\x1b(?:\\[|\x9b)[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|(?:\x1b\\]|\x9d)[^\x07\x1b\x9c\n]{0,500}(?:\x07|\x1b\\\\|\x9c)"
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


def obj(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return the value if it is a string, without unprintable characters and cut at WhatsApp's limit, else ""."""
    if not isinstance(value, str):
        return ""
    told = value.replace("\r\n", "\n")
    if not told.isprintable():
        told = _UNPRINTABLE.sub("", _TERMINAL.sub("", told))
    return told[:MAX_TEXT]


def first_text(*values: Any) -> str:
    """Return the first of the values that is a string with something in it, else ""."""
    return next((found for found in map(text, values) if found.strip()), "")


def ident(value: Any) -> str | None:
    """Return the value if it can be an id: a short string that is not blank."""
    found = text(value).strip()
    return found if 0 < len(found) <= _MAX_ID else None


def is_true(value: Any) -> bool:
    """Tell whether the value is true as JSON, or as a form or a database would write it."""
    return value is True or value in ("true", 1)


def shape_name(value: Any) -> str:
    """Return a name out of a payload if it looks like a field's or an event's, else `?`: reasons never carry content."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else "?"
