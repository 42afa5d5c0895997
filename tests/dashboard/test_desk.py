from __future__ import annotations

from datetime import UTC, datetime, timedelta

import showroom
from hypothesis import given
from hypothesis import strategies as st
from still import record, snapshot_of

from dashboard.desk import EVENTS_PER_TICKET, Desk
from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.events import EventKind, TicketEvent
from stream.core.status import Health, PartStatus

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)


def test_the_newest_version_of_a_ticket_stays_whatever_the_order() -> None:
    one = showroom.ticket(NOW, "first")
    later = one.but(version=3, title="third")
    assert snapshot_of(later, one.but(version=2, title="second")).cards[one.id].title == "third"
    assert snapshot_of(one, later).cards[one.id].ticket() == later


def test_a_tombstone_takes_the_ticket_and_its_events_away() -> None:
    desk, one = Desk(), showroom.ticket(NOW, "gone soon")
    for value in (one, *showroom.events(one, NOW)):
        desk.take(record(value))
    before = desk.snapshot(is_caught_up=True)
    desk.take(record(None, key=one.id))
    after = desk.snapshot(is_caught_up=True)
    assert one.id in before.cards, "an old snapshot never changes"
    assert one.id not in after.cards
    assert after.timeline(one.id) == []


def test_events_that_a_replay_publishes_again_stand_once() -> None:
    one = showroom.ticket(NOW, "again")
    events = showroom.events(one, NOW)
    shown = snapshot_of(one, *events, *events)
    assert [event.id for event in shown.timeline(one.id)] == [event.id for event in events]
    assert len(shown.recent) == len(events)


def test_a_long_timeline_keeps_its_end() -> None:
    one = showroom.ticket(NOW, "long")
    many = [
        TicketEvent(id=str(n), kind=EventKind.ATTACHED, group=one.group, ticket_id=one.id, at=NOW)
        for n in range(EVENTS_PER_TICKET + 5)
    ]
    kept = snapshot_of(*many).timeline(one.id)
    assert len(kept) == EVENTS_PER_TICKET
    assert kept[-1].id == str(EVENTS_PER_TICKET + 4)


@given(st.binary(max_size=60), st.sampled_from([Topic.TICKETS, Topic.TICKET_EVENTS, Topic.STATUS]))
def test_what_cannot_be_read_is_counted_and_harms_nobody(raw: bytes, topic: Topic) -> None:
    desk = Desk()
    desk.take(record(showroom.ticket(NOW, "fine")))
    desk.take(Record(topic, 0, 0, NOW, "key", raw, {}))
    shown = desk.snapshot(is_caught_up=True)
    assert (len(shown.cards), shown.unreadable) == (1, 1)


def test_as_of_is_the_newest_record() -> None:
    assert snapshot_of(showroom.ticket(NOW, "x"), at=NOW).as_of == NOW
    assert snapshot_of().as_of is None


def test_a_part_is_as_its_worst_living_process_says() -> None:
    def beat(process: str, health: Health, age_s: float) -> PartStatus:
        at = NOW - timedelta(seconds=age_s)
        return PartStatus(part="worker", process=process, status=health, detail=process, since=at, at=at)

    shown = snapshot_of(beat("a", Health.OK, 1), beat("b", Health.DEGRADED, 2), beat("c", Health.DOWN, 60))
    part = shown.part("worker", NOW)
    assert part is not None
    assert part.process == "b"
    assert shown.part("sheet", NOW) is None
