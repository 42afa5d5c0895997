"""Times as the transport writes them: seconds or milliseconds, as number, string or Long object."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

MAX_AHEAD = timedelta(minutes=10)  # a phone's clock may be a little ahead; more is a wrong clock or an attack
_MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138, as milliseconds it is 1973
_LATEST = 253_402_300_799  # the last second of the year 9999


def read_number(value: Any) -> int | None:
    """Return a whole number from an int, float, digits, or a Long object `{low, high, unsigned}` (low may be negative)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if abs(value) < 2**63 else None
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
    if isinstance(value, dict):
        low, high = value.get("low"), value.get("high")
        if isinstance(low, int) and isinstance(high, int):
            return high * 2**32 + low % 2**32
    return None


def read_time(value: Any, received_at: datetime) -> datetime:
    """Return the time that the value tells, or `received_at` when it tells none or lies over 10 minutes ahead of it."""
    number = read_number(value)
    if number is None or not 0 < number <= _LATEST * 1000:
        return received_at
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    told = datetime.fromtimestamp(seconds, UTC)
    return received_at if told > received_at + MAX_AHEAD else told
