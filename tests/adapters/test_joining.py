"""Who waits in vain to be let into a group asks again; who is a member, or joins in time, does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stream.adapters.joining import Joining


class Waiting:
    """A clock, and what a consumer tells of itself."""

    def __init__(self) -> None:
        self.now = 100.0
        self.is_joining = True
        self.joining = Joining(lambda: self.now)
        self.consumer: Any = SimpleNamespace(_coordinator=SimpleNamespace(need_rejoin=lambda: self.is_joining))

    def after(self, seconds: float) -> bool:
        self.now += seconds
        return self.joining.takes_too_long(self.consumer)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_half_a_minute_is_too_long(waiting: Waiting) -> None:
    assert [waiting.after(seconds) for seconds in (0, 29, 2)] == [False, False, True]


def test_a_member_may_hear_nothing_for_hours(waiting: Waiting) -> None:
    waiting.after(0)
    waiting.is_joining = False
    assert not waiting.after(36_000)


def test_it_counts_from_the_last_time_it_was_a_member(waiting: Waiting) -> None:
    waiting.after(0)
    waiting.is_joining = False
    waiting.after(29)
    waiting.is_joining = True
    assert [waiting.after(seconds) for seconds in (600, 29, 2)] == [False, False, True]


def test_another_consumer_has_its_own_time(waiting: Waiting) -> None:
    waiting.after(0)
    waiting.now += 31
    waiting.joining.begin_anew()
    assert [waiting.after(seconds) for seconds in (0, 29)] == [False, False]
