"""How long is too long? Learns the usual gap between messages and says when a silence is odd. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from stream.core.calendar import BusinessCalendar
from stream.core.value import Value

# Enough to know what is usual, and few enough that a new habit is learned within days.
LEARNED_FROM = 200
_AT_LEAST = 20
SHORTEST = timedelta(minutes=30)  # no silence is odd before
_TIMES_THE_USUAL = 5
# The gap that nine of ten do not exceed: bursts make the middle one tiny, and lunch must be no alarm.
_SHARE = 0.9
_UNLEARNED = timedelta(hours=4)


class Silence(Value):
    """How quiet it is, in business time. `usual` is None while too little was heard to know it."""

    lasts: timedelta
    usual: timedelta | None
    allowed: timedelta

    @property
    def is_odd(self) -> bool:
        return self.lasts > self.allowed


def usual_gap(heard_at: Sequence[datetime], calendar: BusinessCalendar) -> timedelta | None:
    """Return the gap that nine of ten gaps between messages do not exceed, in business time; None if there are too few."""
    times = sorted(heard_at)[-LEARNED_FROM - 1 :]
    gaps = sorted(calendar.between(earlier, later) for earlier, later in pairwise(times))
    if len(gaps) < _AT_LEAST:
        return None
    return timedelta(seconds=gaps[math.ceil(len(gaps) * _SHARE) - 1])


def measure_silence(heard_at: Sequence[datetime], calendar: BusinessCalendar, now: datetime, *, since: datetime) -> Silence:
    """Say how quiet it has been. `since` is when listening began: what was before is no silence."""
    return silence_after(max(heard_at, default=since), usual_gap(heard_at, calendar), calendar, now, since=since)


def silence_after(
    last: datetime, usual: timedelta | None, calendar: BusinessCalendar, now: datetime, *, since: datetime
) -> Silence:
    """Say how quiet it has been since the last message, where the usual gap is known already."""
    last = max(since, last)
    return Silence(
        lasts=timedelta(seconds=calendar.between(last, now)) if now > last else timedelta(0),
        usual=usual,
        allowed=_UNLEARNED if usual is None else max(SHORTEST, usual * _TIMES_THE_USUAL),
    )
