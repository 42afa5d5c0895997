"""Business calendars as a team writes them, and iCal files of days off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import icalendar
from dateutil.rrule import rrulestr  # type: ignore[import-untyped] # no type information is published for it
from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from stream.core.calendar import BusinessCalendar, Hours
from stream.core.days_off import DaysOff
from stream.core.durations import parse_range, split_at_midnight
from stream.core.written import Written

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ICAL_BYTES = 2_000_000
_LONGEST_EVENT_DAYS = 366
_REPEATS_FROM, _REPEATS_UNTIL = datetime(2020, 1, 1), datetime(2050, 1, 1)  # noqa: DTZ001 - days, which have no zone


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
Ranges = Annotated[tuple[str, ...], BeforeValidator(_as_list), _ONE_OR_MORE]


class PublicHolidays(Written):
    """`country` is an ISO code such as BR or ID, `subdivision` one of its parts such as SP."""

    country: str
    subdivision: str | None = None


class CalendarFile(Written):
    """One calendar. `hours` maps `mon`, `mon-fri`, or `mon,wed` to one or several ranges such as `09:00-12:30`."""

    time_zone: str
    hours: dict[str, Ranges]
    holidays: PublicHolidays | None = None
    days_off: dict[date, str] = Field({}, description="Days the team is away, with the reason")
    works_on: tuple[date, ...] = Field((), description="Days the team works although they are holidays")
    ical: Annotated[tuple[str, ...], BeforeValidator(_as_list), _ONE_OR_MORE] = Field(
        (), description="Files beside this one; all-day events are off"
    )

    @model_validator(mode="after")
    def _can_be_built(self) -> CalendarFile:
        self.build("check", {})
        return self

    def build(self, name: str, from_ical: dict[date, str]) -> BusinessCalendar:
        """Return the calendar of the core; raises ValueError with a sentence."""
        try:
            days_off = DaysOff(
                country=self.holidays.country if self.holidays else None,
                subdivision=self.holidays.subdivision if self.holidays else None,
                listed=from_ical | self.days_off,
                worked=frozenset(self.works_on),
            )
            return BusinessCalendar(name=name, time_zone=self.time_zone, week=_read_week(self.hours), days_off=days_off)
        except ValidationError as error:
            said = [str(detail["msg"]).removeprefix("Value error, ") for detail in error.errors()]
            raise ValueError("; ".join(said)) from error


def read_ical(path: Path) -> dict[date, str]:
    """Return the all-day events of an iCal file, repeated ones until 2050; raises ValueError with a sentence."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(raw) > _ICAL_BYTES:
        raise ValueError(f"{path.name} is larger than {_ICAL_BYTES:,} bytes")
    try:
        events = [event for calendar in icalendar.Calendar.from_ical(raw, multiple=True) for event in calendar.walk("VEVENT")]
        days = {day: str(event.get("SUMMARY", "day off")) for event in events for day in _days_of(event)}
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise ValueError(f"{path.name} is not a calendar that can be read: {error}") from error
    if not days:
        raise ValueError(f"{path.name} has no all-day events; only these count as days off")
    return days


def _days_of(event: Any) -> Iterator[date]:
    start = event["DTSTART"].dt
    if isinstance(start, datetime):
        return
    end = event["DTEND"].dt if "DTEND" in event else start + timedelta(days=1)
    length = min((end - start).days, _LONGEST_EVENT_DAYS)
    for first in _starts_of(event, start):
        for ahead in range(max(length, 1)):
            yield first + timedelta(days=ahead)


def _starts_of(event: Any, start: date) -> list[date]:
    if "RRULE" not in event:
        return [start]
    rule = rrulestr(event["RRULE"].to_ical().decode(), dtstart=datetime(start.year, start.month, start.day), ignoretz=True)  # noqa: DTZ001 - a day has no zone
    return [found.date() for found in rule.between(_REPEATS_FROM, _REPEATS_UNTIL, inc=True)]


def _read_week(written: dict[str, tuple[str, ...]]) -> tuple[tuple[Hours, ...], ...]:
    week: list[list[Hours]] = [[] for _ in WEEKDAYS]
    for days, ranges in written.items():
        for weekday in _read_days(days):
            for text in ranges:
                today, tomorrow = split_at_midnight(*parse_range(text))
                week[weekday].extend(today)
                week[(weekday + 1) % 7].extend(tomorrow)
    return tuple(tuple(sorted(ranges, key=lambda hours: hours.start)) for ranges in week)


def _read_days(text: str) -> list[int]:
    """Read `mon-fri`, `sat`, `mon,wed` or `every day`."""
    if text.strip().lower() in ("every day", "daily"):
        return list(range(7))
    found: list[int] = []
    for part in text.lower().split(","):
        ends = [end.strip()[:3] for end in part.split("-")]
        if len(ends) > 2 or any(end not in WEEKDAYS for end in ends):
            raise ValueError(f"{text!r} is no day; write mon, mon-fri, 'mon,wed' or every day")
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        found += [(first + ahead) % 7 for ahead in range((last - first) % 7 + 1)]
    return found
