"""Promises: "tomorrow at 10", "te lo mando mañana a las 10", "besok jam 10", read as an instant in the team's time zone.

A time alone is no promise: the clause must promise ("we will", "te lo mando", "vou", "kami kirim") or consist of the time and
nothing else. Questions, requests, refusals, the past and farewells ("hasta mañana") are not promises. When in doubt there is
none: a reminder that comes at its usual time does less harm than one that never comes.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta

from stream.core.calendar import BusinessCalendar
from stream.core.promise_words import (
    DATE,
    DAYS_AHEAD,
    FAREWELL,
    FILLERS,
    HALF_HOUR,
    LENGTHS,
    NOON,
    NUMBERS,
    PARTS_OF_DAY,
    PROMISING,
    RANGE,
    REFUSING,
    TIMES,
    UNIT_MINUTES,
    WEEKDAYS,
)

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_CLAUSE_END = re.compile(r"[,;]\s+|\s+[-\u2013\u2014]\s+")
_CLOSING_TIME = time(18)  # of a day without business hours
_LONGEST_TEXT = 1000  # a promise stands in a sentence or two


def find_promise(text: str, at: datetime, calendar: BusinessCalendar) -> datetime | None:
    """Return until when the author promised to be back, as aware UTC later than `at`, or None.

    "Tomorrow" without an hour means the end of that working day. Hours from 1 to 6 without a hint are in the afternoon.
    """
    for sentence in _SENTENCE_END.split(text[:_LONGEST_TEXT]):
        if "?" in sentence or "¿" in sentence:
            continue
        clauses = [_fold(clause) for clause in _CLAUSE_END.split(sentence)]
        for clause in clauses:
            promised = _read_clause(clause, clauses, at.astimezone(UTC), calendar)
            if promised is not None:
                return promised
    return None


def _read_clause(clause: str, clauses: list[str], at: datetime, calendar: BusinessCalendar) -> datetime | None:
    is_promising = PROMISING.search(clause) is not None
    if RANGE.search(clause) or (FAREWELL.search(clause) and not is_promising):
        return None
    found = _find_length(clause, at) or _find_moment(clause, at, calendar)
    if found is None:
        return None
    until, spans = found
    if until <= at or REFUSING.search(_without(clause, spans)):
        return None
    if is_promising:
        return until
    is_bare = all(word in FILLERS for word in re.findall(r"[a-z']+", _without(clause, spans)))
    return until if is_bare and not any(REFUSING.search(other) for other in clauses) else None


def _find_length(clause: str, at: datetime) -> tuple[datetime, list[re.Match[str]]] | None:
    """Read "in 2 hours": time on the wall, for that is what people mean."""
    half = HALF_HOUR.search(clause)
    if half is not None:
        return at + timedelta(minutes=30), [half]
    for pattern in LENGTHS:
        match = pattern.search(clause)
        if match is not None:
            count = match["count"]
            minutes = (int(count) if count.isdecimal() else NUMBERS[count]) * UNIT_MINUTES[match["unit"]]
            return at + timedelta(minutes=minutes), [match]
    return None


def _find_moment(clause: str, at: datetime, calendar: BusinessCalendar) -> tuple[datetime, list[re.Match[str]]] | None:
    """Read a day, a time of the day, or both."""
    local = at.astimezone(calendar.zone)
    spans: list[re.Match[str]] = []
    day = _find_day(clause, local.date(), spans)
    hour = _find_time(clause, spans)
    if day is None and hour is None:
        return None
    if hour is None and day is not None:
        return _closing_of(day, calendar), spans
    if hour is not None and day is None:
        day = local.date()
        if datetime.combine(day, hour, calendar.zone) <= local:
            day += timedelta(days=1)
    assert day is not None
    assert hour is not None
    return datetime.combine(day, hour, calendar.zone).astimezone(UTC), spans


def _find_day(clause: str, today: date, spans: list[re.Match[str]]) -> date | None:
    for pattern, ahead in DAYS_AHEAD:
        match = pattern.search(clause)
        if match is not None:
            spans.append(match)
            return today + timedelta(days=ahead)
    for weekday, pattern in enumerate(WEEKDAYS):
        match = pattern.search(clause)
        if match is not None:
            spans.append(match)
            return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    match = DATE.search(clause)
    return None if match is None else _read_date(match, today, spans)


def _read_date(match: re.Match[str], today: date, spans: list[re.Match[str]]) -> date | None:
    """Read day/month, of this year or the next; in all four languages' countries but one the day comes first."""
    for year in (today.year, today.year + 1):
        try:
            day = date(year, int(match["month"]), int(match["day"]))
        except ValueError:
            continue
        if day >= today:
            spans.append(match)
            return day
    return None


def _find_time(clause: str, spans: list[re.Match[str]]) -> time | None:
    match = NOON.search(clause)
    if match is not None:
        spans.append(match)
        return time(12)
    for pattern in TIMES:
        match = pattern.search(clause)
        if match is not None:
            spans.append(match)
            return _read_time(match)
    for pattern, hour in PARTS_OF_DAY:
        match = pattern.search(clause)
        if match is not None:
            spans.append(match)
            return time(hour)
    return None


def _read_time(match: re.Match[str]) -> time:
    parts = match.groupdict()
    hour, minute = int(parts["hour"]), int(parts.get("minute") or 0)
    if parts.get("quarter"):
        minute = 30
    half = parts.get("half") or ""
    is_morning = half.startswith("a") or any(word in half for word in ("manana", "manha", "morning", "pagi"))
    if half and not is_morning and hour < 12:
        return time(hour + 12, minute)
    if is_morning and hour == 12:
        return time(0, minute)
    if not half and 1 <= hour <= 6:
        return time(hour + 12, minute)  # nobody promises for the night
    return time(hour, minute)


def _closing_of(day: date, calendar: BusinessCalendar) -> datetime:
    spans = calendar.spans_of(day)
    if spans and spans[-1][1].astimezone(calendar.zone).date() == day:
        return spans[-1][1]
    return datetime.combine(day, _CLOSING_TIME, calendar.zone).astimezone(UTC)


def _without(clause: str, spans: list[re.Match[str]]) -> str:
    letters = list(clause)
    for span in spans:
        letters[span.start() : span.end()] = " " * (span.end() - span.start())
    return "".join(letters)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    kept = [c if c.isascii() and (c.isalnum() or c in ":./'-") else "" if unicodedata.combining(c) else " " for c in plain]
    return " ".join("".join(kept).replace("-", " - ").split()).rstrip(".")
