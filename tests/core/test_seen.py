from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream.core.group import SeenIds
from stream.core.seen import Seen, look_up, remember

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_an_id_is_new_once() -> None:
    seen = SeenIds()
    assert look_up(seen, "a", START) is Seen.NEW
    seen = remember(seen, "a", START)
    assert look_up(seen, "a", START) is Seen.DUPLICATE
    assert look_up(seen, "b", START) is Seen.NEW


def test_what_was_forgotten_is_too_old_and_never_new_again() -> None:
    seen = SeenIds()
    for number in range(3500):
        seen = remember(seen, f"m{number}", START + timedelta(seconds=number))
    assert len(seen.at) == 3000
    assert look_up(seen, "m0", START) is Seen.TOO_OLD
    assert look_up(seen, "m3499", START + timedelta(seconds=3499)) is Seen.DUPLICATE
    assert look_up(seen, "never seen", START + timedelta(seconds=600)) is Seen.NEW


def test_a_quiet_group_remembers_its_last_messages_for_ever() -> None:
    seen = SeenIds()
    for number in range(150):
        seen = remember(seen, f"m{number}", START + timedelta(days=number))
    assert look_up(seen, "m0", START) is Seen.DUPLICATE


@given(
    arrivals=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 3 * 86_400)),
        max_size=400,
    )
)
def test_no_message_is_ever_new_twice(arrivals: list[tuple[int, int]]) -> None:
    sent = {}
    for number, second in arrivals:
        sent.setdefault(number, START + timedelta(seconds=second))
    seen = SeenIds()
    handled: set[int] = set()
    for number, _ in arrivals:
        if look_up(seen, str(number), sent[number]) is Seen.NEW:
            assert number not in handled
            handled.add(number)
            seen = remember(seen, str(number), sent[number])
