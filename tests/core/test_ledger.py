"""Everything that a group receives is counted once: `seen` is the sum of what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.group import GroupState
from stream.core.inputs import (
    AnyInput,
    Connection,
    Deletion,
    Echo,
    Edit,
    Ignored,
    Message,
    NotUnderstood,
    Reaction,
    Receipt,
    Roster,
)
from stream.core.people import Sender
from stream.core.step import refuse_input, step

GROUP = "120363000000000001@g.us"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA = Sender(lid="100001@lid", name="Ana")
BASE = {"instance": "i", "chat": GROUP, "received_at": NOW}
INPUTS: tuple[AnyInput, ...] = (
    Message(**BASE, id="m1", sender=ANA, sent_at=NOW, text="Hi, my order 4512 has not arrived yet, can you check?"),
    Message(**BASE, id="m2", sender=ANA, sent_at=NOW - timedelta(minutes=18), text="good morning"),
    Message(**BASE, id="m3", sender=ANA, sent_at=NOW - timedelta(days=60), text="an old one"),
    Echo(**BASE, id="e1", sent_at=NOW, text="ours"),
    Edit(**BASE, target_id="m1", text="Hi, my order 4513 has not arrived", edited_at=NOW),
    Deletion(**BASE, target_id="m2", deleted_at=NOW),
    Reaction(**BASE, id="r1", sender=ANA, sent_at=NOW, target_id="m1", emoji="✅"),
    Receipt(**BASE, target_id="e1", status="ERROR"),
    Roster(**BASE, subject="Desk", people=(ANA,)),
    Connection(**BASE, state="open"),
    Ignored(**BASE, reason="status_broadcast"),
    NotUnderstood(**BASE, reason="unknown_shape"),
)


@lru_cache
def book() -> Book:
    return load_book(Path(__file__).parents[2] / "rules")


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*INPUTS, None]), max_size=25))
def test_what_was_seen_is_the_sum_of_what_became_of_it(events: list[AnyInput | None]) -> None:
    state = GroupState(group=GROUP)
    dead = 0
    for event in events:
        outcome = refuse_input(state, "unreadable_record") if event is None else step(state, event, book(), NOW)
        state = outcome.state
        dead += outcome.dead is not None
    ledger = state.ledger
    assert ledger.dead == dead == sum(event is None or isinstance(event, NotUnderstood) for event in events)
    assert ledger.seen == len(events) == ledger.applied + ledger.duplicates + sum(ledger.ignored.values()) + ledger.dead
