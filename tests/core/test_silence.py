"""What a usual gap is, and which silence is odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream.core.calendar import ALWAYS_OPEN, BusinessCalendar, Hours
from stream.core.silence import measure_silence, usual_gap

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAYTIME = (Hours(start=9 * 60, end=18 * 60),)
OFFICE = BusinessCalendar(time_zone="UTC", week=(DAYTIME,) * 5 + ((), ()))


def every(minutes: float, count: int, start: datetime = MONDAY) -> list[datetime]:
    return [start + timedelta(minutes=minutes * n) for n in range(count)]


def test_too_little_history_knows_no_usual_gap_and_is_patient() -> None:
    heard = every(1, 10)
    assert usual_gap(heard, ALWAYS_OPEN) is None
    assert not measure_silence(heard, ALWAYS_OPEN, heard[-1] + timedelta(hours=4), since=MONDAY).is_odd
    assert measure_silence(heard, ALWAYS_OPEN, heard[-1] + timedelta(hours=4, minutes=1), since=MONDAY).is_odd


def test_five_times_the_usual_is_odd_and_half_an_hour_never_is() -> None:
    busy, slow = every(1, 60), every(20, 60)
    assert not measure_silence(busy, ALWAYS_OPEN, busy[-1] + timedelta(minutes=30), since=MONDAY).is_odd
    assert measure_silence(busy, ALWAYS_OPEN, busy[-1] + timedelta(minutes=31), since=MONDAY).is_odd
    assert not measure_silence(slow, ALWAYS_OPEN, slow[-1] + timedelta(minutes=100), since=MONDAY).is_odd
    assert measure_silence(slow, ALWAYS_OPEN, slow[-1] + timedelta(minutes=101), since=MONDAY).is_odd


def test_a_weekend_is_no_silence() -> None:
    friday = MONDAY + timedelta(days=4)
    heard = every(5, 107, friday)  # until ten to six
    monday = friday + timedelta(days=3)
    quiet = measure_silence(heard, OFFICE, monday + timedelta(minutes=15), since=MONDAY)
    assert not quiet.is_odd
    assert quiet.lasts < timedelta(hours=1)


def test_what_was_before_listening_began_is_no_silence() -> None:
    heard = every(1, 60)
    later = heard[-1] + timedelta(days=2)
    assert not measure_silence(heard, ALWAYS_OPEN, later, since=later - timedelta(minutes=10)).is_odd


@given(st.lists(st.integers(0, 10_000), max_size=60), st.integers(0, 20_000))
def test_any_history_gives_an_answer(seconds: list[int], now: int) -> None:
    heard = sorted(MONDAY + timedelta(seconds=s) for s in seconds)
    found = measure_silence(heard, OFFICE, MONDAY + timedelta(seconds=now), since=MONDAY)
    assert found.lasts >= timedelta(0)
    assert found.allowed >= timedelta(minutes=30)
