"""Business time: when a team works, and how long something takes while it does.

A `BusinessCalendar` says which minutes of each weekday are open, in the team's own time zone, and which days are off. All
instants that go in and come out are aware UTC; only the calendar knows local time. An instant is open when the clock on the
wall shows an open minute then, so that days of 23 and 25 hours come out right whatever the hours are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PrivateAttr, field_validator, model_validator

from stream.core.days_off import DaysOff
from stream.core.value import Value, kept_by
from stream.errors import GroupdeskError

DAY_MINUTES = 1440
_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
# A year off in a row is no calendar but a mistake; without this bound such a one would be searched to the end of time.
_LONGEST_CLOSURE_DAYS = 366
_LONGEST_COUNT = timedelta(days=3660)  # no deadline is ten years long; only a wrong clock asks for more

Span = tuple[datetime, datetime]


class NeverOpen(GroupdeskError):
    """The business calendar is closed for a whole year; look at its hours and days off in rules/followups.yaml."""


class Hours(Value):
    """One open range of a day: from minute `start` up to, not including, minute `end` of the day (`end` 1440 is midnight)."""

    start: int
    end: int

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not 0 <= self.start < self.end <= DAY_MINUTES:
            raise ValueError("the end must be later than the start")
        return self


class BusinessCalendar(Value):
    """The working hours of one team: `week` holds the ranges of Monday to Sunday, `time_zone` an IANA name."""

    name: str = "always"
    time_zone: str = "UTC"
    week: tuple[tuple[Hours, ...], ...] = ((Hours(start=0, end=DAY_MINUTES),),) * 7
    days_off: DaysOff = DaysOff()
    _days: dict[date, tuple[Span, ...]] = PrivateAttr(default_factory=dict)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        find_zone(name)
        return name

    @model_validator(mode="after")
    def _is_a_week(self) -> Self:
        if len(self.week) != 7 or not any(self.week):
            raise ValueError("a calendar needs at least one open range in its week")
        for ranges in self.week:
            if any(later.start < earlier.end for earlier, later in pairwise(ranges)):
                raise ValueError("the ranges of a day must be in order and must not overlap")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        return find_zone(self.time_zone)

    def add(self, start: datetime, minutes: float) -> datetime:
        """Return the first instant by which that many business minutes have passed since `start`."""
        left = timedelta(minutes=minutes)
        if left <= timedelta(0):
            return start.astimezone(UTC)
        start = start.astimezone(UTC)  # two times of one zone would be compared by the wall clock, DST or not
        for opens, closes in self._spans_from(start):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            left -= max(closes - begins, timedelta(0))
        raise NeverOpen

    def between(self, begin: datetime, end: datetime) -> float:
        """Return the business seconds from `begin` to `end`; 0 when `end` is not later, and ten years' worth at most."""
        begin, end = begin.astimezone(UTC), end.astimezone(UTC)
        if end <= begin:
            return 0.0
        end = min(end, begin + _LONGEST_COUNT)
        total = timedelta(0)
        day, last = begin.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for opens, closes in self.spans_of(day):
                total += max(min(closes, end) - max(opens, begin), timedelta(0))
            day += _ONE_DAY
        return total.total_seconds()

    def is_open(self, at: datetime) -> bool:
        """Tell whether the team works at this instant. The last instant of a range is not in it."""
        return any(opens <= at < closes for opens, closes in self.spans_of(at.astimezone(self.zone).date()))

    def next_open(self, at: datetime) -> datetime:
        """Return `at` when it is open, else the next instant that is."""
        at = at.astimezone(UTC)
        for opens, closes in self._spans_from(at):
            if closes > at:
                return max(opens, at)
        raise NeverOpen

    def is_day_off(self, at: datetime) -> bool:
        """Tell whether the whole local day of this instant is closed: a weekend, a holiday."""
        return not self.spans_of(at.astimezone(self.zone).date())

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Return the open spans of a local day as UTC instants, in order."""
        days: dict[date, tuple[Span, ...]] = kept_by(self)["_days"]
        spans = days.get(day)
        if spans is None:
            ranges = () if self.days_off.name_of(day) else self.week[day.weekday()]
            spans = days[day] = _to_spans(day, ranges, self.zone)
        return spans

    def _spans_from(self, start: datetime) -> Iterator[Span]:
        """Yield the open spans from the day of `start` on; the end comes only after a year without any."""
        day, days_closed = start.astimezone(self.zone).date(), 0
        while days_closed < _LONGEST_CLOSURE_DAYS:
            spans = self.spans_of(day)
            days_closed = 0 if spans else days_closed + 1
            yield from spans
            day += _ONE_DAY


ALWAYS_OPEN = BusinessCalendar()


@lru_cache(maxsize=256)
def find_zone(name: str) -> ZoneInfo:
    """Return the time zone of this IANA name, or raise ValueError with a sentence."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; use a name such as America/Sao_Paulo or Asia/Jakarta") from error


def _to_spans(day: date, ranges: tuple[Hours, ...], zone: ZoneInfo) -> tuple[Span, ...]:
    if not ranges:
        return ()
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    first, last = midnight.astimezone(UTC), (midnight + _ONE_DAY).astimezone(UTC)
    if last - first == _ONE_DAY:
        return tuple((first + hours.start * _MINUTE, first + hours.end * _MINUTE) for hours in ranges)
    return _to_spans_of_odd_day(day, ranges, zone, (first, last))


def _to_spans_of_odd_day(day: date, ranges: tuple[Hours, ...], zone: ZoneInfo, bounds: Span) -> tuple[Span, ...]:
    """Walk a day on which the clocks change minute by minute: the two such days of a year are not worth a cleverer way."""
    spans: list[Span] = []
    at, end = bounds
    while at < end:
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if local.date() == day and any(hours.start <= minute < hours.end for hours in ranges):
            if spans and spans[-1][1] == at:
                spans[-1] = (spans[-1][0], at + _MINUTE)
            else:
                spans.append((at, at + _MINUTE))
        at += _MINUTE
    return tuple(spans)
