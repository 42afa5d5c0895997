from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from stream.core.calendar import ALWAYS_OPEN, BusinessCalendar, Hours, NeverOpen
from stream.core.days_off import DaysOff

LUNCH_WEEK = ((Hours(start=540, end=750), Hours(start=810, end=1080)),) * 5 + ((Hours(start=540, end=780),), ())
JAKARTA = BusinessCalendar(name="jakarta", time_zone="Asia/Jakarta", week=LUNCH_WEEK)
BERLIN = BusinessCalendar(name="berlin", time_zone="Europe/Berlin", week=LUNCH_WEEK)
NIGHTS = BusinessCalendar(
    name="nights", time_zone="America/New_York", week=((Hours(start=0, end=360), Hours(start=1320, end=1440)),) * 7
)
HALF_HOUR_SHIFT = BusinessCalendar(name="island", time_zone="Australia/Lord_Howe", week=((Hours(start=60, end=1200),),) * 7)
CALENDARS = [JAKARTA, BERLIN, NIGHTS, HALF_HOUR_SHIFT, ALWAYS_OPEN]

calendars = st.sampled_from(CALENDARS)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
lengths = st.integers(1, 6000)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def test_an_hour_before_lunch_ends_after_lunch() -> None:
    assert BERLIN.add(at("2026-03-02 12:00"), 60) == at("2026-03-02 14:00")


def test_friday_evening_goes_on_on_saturday_and_then_on_monday() -> None:
    assert BERLIN.add(at("2026-03-06 17:30"), 60) == at("2026-03-07 09:30")
    assert BERLIN.add(at("2026-03-07 12:30"), 60) == at("2026-03-09 09:30")


def test_what_begins_at_night_counts_from_the_morning() -> None:
    assert BERLIN.add(at("2026-03-03 22:00"), 15) == at("2026-03-04 09:15")
    assert BERLIN.next_open(at("2026-03-03 22:00")) == at("2026-03-04 09:00")
    assert BERLIN.next_open(at("2026-03-03 09:30")) == at("2026-03-03 09:30")


def test_the_end_of_a_range_is_closed_and_its_start_open() -> None:
    assert BERLIN.is_open(at("2026-03-03 09:00"))
    assert not BERLIN.is_open(at("2026-03-03 12:30"))
    assert not BERLIN.is_open(at("2026-03-08 10:00"))


def test_public_holidays_listed_days_and_exceptions() -> None:
    days = DaysOff(country="BR", subdivision="SP", listed={date(2026, 3, 4): "move"}, worked=frozenset({date(2026, 4, 21)}))
    calendar = BusinessCalendar(name="sp", time_zone="America/Sao_Paulo", week=LUNCH_WEEK, days_off=days)
    zone = "America/Sao_Paulo"
    assert calendar.add(at("2026-03-03 17:30", zone), 60) == at("2026-03-05 09:30", zone)
    assert calendar.is_day_off(at("2026-09-07 10:00", zone))
    assert not calendar.is_day_off(at("2026-04-21 10:00", zone))
    assert calendar.between(at("2026-09-06 00:00", zone), at("2026-09-08 00:00", zone)) == 0


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2026-03-29 00:00", "2026-03-30 00:00", 23),  # clocks go forward
        ("2026-10-25 00:00", "2026-10-26 00:00", 25),  # clocks go back
        ("2026-10-24 00:00", "2026-10-25 00:00", 24),
    ],
)
def test_a_day_on_which_the_clocks_change_has_its_own_length(begin: str, end: str, hours: int) -> None:
    all_day = BusinessCalendar(name="all", time_zone="Europe/Berlin")
    assert all_day.between(at(begin), at(end)) == hours * 3600


def test_hours_in_the_gap_are_missing_and_doubled_hours_count_twice() -> None:
    night = BusinessCalendar(name="night", time_zone="Europe/Berlin", week=((Hours(start=90, end=210),),) * 7)  # 01:30 to 03:30
    assert night.between(at("2026-03-29 00:00"), at("2026-03-29 12:00")) == 3600
    assert night.between(at("2026-10-25 00:00"), at("2026-10-25 12:00")) == 3 * 3600
    assert not night.is_open(at("2026-10-25 01:29"))


def test_a_calendar_that_is_never_open_is_refused_and_never_searched_for_ever() -> None:
    with pytest.raises(ValidationError, match="at least one open range"):
        BusinessCalendar(name="x", week=((),) * 7)
    shut = DaysOff(listed={date(2026, 1, 1) + timedelta(days=n): "shut" for n in range(800)})
    with pytest.raises(NeverOpen):
        BusinessCalendar(name="x", days_off=shut).add(datetime(2026, 1, 2, tzinfo=UTC), 5)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"time_zone": "Mars/Olympus"}, "not a time zone"),
        ({"week": ((Hours(start=60, end=120), Hours(start=90, end=180)),) * 7}, "must not overlap"),
        ({"days_off": {"country": "XX"}}, "no public holidays are known for XX"),
        ({"days_off": {"country": "BR", "subdivision": "QQ"}}, "BR-QQ"),
        ({"days_off": {"subdivision": "SP"}}, "needs its country"),
    ],
)
def test_mistakes_are_said_in_words(bad: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BusinessCalendar.model_validate({"name": "x", **bad})


@given(calendars, instants, lengths)
@example(BERLIN, at("2026-03-28 12:29").astimezone(UTC), 300)
@example(NIGHTS, datetime(2026, 11, 1, 4, 30, tzinfo=UTC), 240)
def test_between_takes_back_what_add_gave(calendar: BusinessCalendar, start: datetime, minutes: int) -> None:
    assert calendar.between(start, calendar.add(start, minutes)) == minutes * 60


@given(calendars, instants, lengths, st.integers(0, 5000))
def test_add_never_goes_back_and_grows(calendar: BusinessCalendar, start: datetime, minutes: int, more: int) -> None:
    first = calendar.add(start, minutes)
    assert first > start
    assert calendar.add(start, minutes + more) >= first
    assert calendar.add(start + timedelta(minutes=more), minutes) >= first


@given(calendars, instants, st.integers(0, 20000), st.integers(0, 20000))
def test_between_adds_up(calendar: BusinessCalendar, begin: datetime, first: int, second: int) -> None:
    middle = begin + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    both = calendar.between(begin, middle) + calendar.between(middle, end)
    assert both == pytest.approx(calendar.between(begin, end), abs=1e-5)


@given(calendars, instants)
def test_open_is_what_the_clock_on_the_wall_says(calendar: BusinessCalendar, instant: datetime) -> None:
    local = instant.astimezone(calendar.zone)
    minute = local.hour * 60 + local.minute
    assert calendar.is_open(instant) == any(h.start <= minute < h.end for h in calendar.week[local.weekday()])


@given(calendars, instants)
def test_next_open_is_open_and_nothing_is_open_before_it(calendar: BusinessCalendar, instant: datetime) -> None:
    opens = calendar.next_open(instant)
    assert calendar.is_open(opens)
    assert calendar.between(instant, opens) == 0


@given(instants, st.integers(0, 3), st.integers(1, 3000))
def test_the_days_of_clock_changes_agree_with_a_count_by_the_minute(start: datetime, which: int, minutes: int) -> None:
    calendar = CALENDARS[which]
    start = start.replace(second=0, microsecond=0)
    counted = sum(60 for n in range(minutes) if calendar.is_open(start + timedelta(minutes=n)))
    assert calendar.between(start, start + timedelta(minutes=minutes)) == counted
