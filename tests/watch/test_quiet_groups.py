"""What is remembered of a group's habits must not change which groups are found quiet."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from stream.core.calendar import ALWAYS_OPEN, BusinessCalendar, Hours
from stream.core.inputs import Message
from stream.core.people import Sender
from stream.core.silence import measure_silence
from stream.watch.ears import Ears

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday
OFFICE = BusinessCalendar(name="office", week=((Hours(start=540, end=1080),),) * 5 + ((),) * 2)


def message(number: int, chat: str, at: datetime) -> Message:
    sender = Sender(lid="18001111222233@lid")
    return Message(id=f"M{number}", chat=chat, instance="desk", received_at=at, sent_at=at, sender=sender, text="hello")


@pytest.mark.parametrize("seed", range(6))
def test_the_same_groups_are_quiet_as_when_everything_is_worked_out_anew(seed: int) -> None:
    dice = random.Random(seed)
    ears, heard, now = Ears("desk", BEGIN), defaultdict[str, list[datetime]](list), BEGIN
    calendar, found = ALWAYS_OPEN, 0
    for number in range(1_500):
        now += timedelta(minutes=dice.expovariate(1 / 4))
        chat = f"1203630412345{dice.choice((0, 0, 0, 1, 1, 2)) if dice.random() < 0.9 else 3}@g.us"
        if not (600 < number < 800 and chat.endswith("0@g.us")):
            ears.hear(message(number, chat, now))
            heard[chat].append(now)
        if dice.random() < 0.01:
            calendar = dice.choice((ALWAYS_OPEN, OFFICE))
        later = now + timedelta(minutes=dice.choice((0, 20, 40, 300, 3000)))
        anew = [
            group
            for group, times in heard.items()
            if (silence := measure_silence(times[-201:], calendar, later, since=BEGIN)).usual is not None and silence.is_odd
        ]
        assert ears.quiet_groups(calendar, later) == sorted(anew)
        found += len(anew)
    assert found > 100
