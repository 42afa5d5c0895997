"""Lengths of time and ranges of the day as people write them: `15m`, `1h30m`, `3d`, `09:00-12:30`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from stream.core.calendar import DAY_MINUTES, Hours

_LENGTH = re.compile(r"(?:(\d{1,4})d)?\s*(?:(\d{1,5})h)?\s*(?:(\d{1,6})m(?:in)?)?")
_RANGE = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*(?:-|to)\s*([01]?\d|2[0-4]):([0-5]\d)")
_LONGEST_MINUTES = 366 * DAY_MINUTES


def parse_length(text: object) -> int:
    """Return the minutes of a length such as `1h30m`; raises ValueError with a sentence."""
    match = _LENGTH.fullmatch(text.strip().lower()) if isinstance(text, str) and text.strip() else None
    if match is None:
        raise ValueError(f"{text!r} is not a length of time; write it as 15m, 1h30m or 3d")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    total = days * DAY_MINUTES + hours * 60 + minutes
    if not 0 < total <= _LONGEST_MINUTES:
        raise ValueError(f"{text!r} is out of bounds; a length is from 1m to 366d")
    return total


def parse_range(text: object) -> tuple[int, int]:
    """Return start and end, in minutes of the day, of a range such as `09:00-17:30`; the end may be on the next day."""
    match = _RANGE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a range of hours; write it in quotes as '09:00-17:30'")
    from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        raise ValueError(f"{text!r} is not a range within a day; the last minute of a day is before 24:00")
    return start, end


def split_at_midnight(start: int, end: int) -> tuple[tuple[Hours, ...], tuple[Hours, ...]]:
    """Return what a range means on its own day and on the day after: `22:00-06:00` reaches into the next morning."""
    if end > start:
        return (Hours(start=start, end=end),), ()
    return (Hours(start=start, end=DAY_MINUTES),), (Hours(start=0, end=end),) if end else ()


def _to_minutes(value: object) -> object:
    return value if isinstance(value, int) and not isinstance(value, bool) else parse_length(value)


Minutes = Annotated[
    int,
    BeforeValidator(_to_minutes),
    Field(ge=0, le=_LONGEST_MINUTES),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+d)?\s*(\d+h)?\s*(\d+m(in)?)?$", "examples": ["15m", "1h30m", "3d"]}),
]
"""Minutes that may be written as a length."""
