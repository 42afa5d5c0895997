from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.core.commands import Actor, ActorKind, SetNote
from stream.core.delivery import Delivery
from stream.core.ticket import Ticket
from stream.worker.handle import Arrival, Handled, handle
from stream.worker.record import GroupRecord

GROUP = "120363041234567890@g.us"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOOK = load_book(Path(__file__).parents[2] / "rules")
COMPLAINT = "my order 4417 has not arrived, where is it?"


def delivery(message_id: str, text: str, minute: int = 0, author: str = "18001111222233") -> bytes:
    at = START + timedelta(minutes=minute)
    data: dict[str, Any] = {
        "key": {"remoteJid": GROUP, "fromMe": False, "id": message_id, "participant": f"{author}@lid"},
        "pushName": "Rosa",
        "message": {"conversation": text},
        "messageType": "conversation",
        "messageTimestamp": int(at.timestamp()),
    }
    return Delivery(event="MESSAGES_UPSERT", instance="cs", chat=GROUP, received_at=at, data=data).to_json()


def run(values: list[bytes], record: GroupRecord | None = None, start: int = 0) -> tuple[GroupRecord, list[Handled]]:
    found = []
    for offset, value in enumerate(values, start):
        handled = handle(Arrival(Topic.INBOUND, 0, offset, GROUP, value), record, BOOK, lambda _ref: False)
        found.append(handled)
        record = handled.record or record
    assert record is not None
    return record, found


def topics_of(handled: Handled) -> list[Topic]:
    return [publication.topic for publication in handled.publications]


def test_a_complaint_becomes_a_ticket_with_a_snapshot_and_an_event() -> None:
    record, (handled,) = run([delivery("A", COMPLAINT)])
    (ticket,) = record.state.tickets.values()
    assert topics_of(handled) == [Topic.TICKETS, Topic.TICKET_EVENTS]
    assert Ticket.from_json(handled.publications[0].value) == ticket
    assert record.state.ledger.tickets_opened == 1


def test_the_same_message_again_changes_nothing_but_the_count() -> None:
    record, handled = run([delivery("A", COMPLAINT)] * 5)
    assert len(record.state.tickets) == 1
    assert record.state.ledger.duplicates == 4
    assert [len(h.publications) for h in handled] == [2, 0, 0, 0, 0]


def test_a_redelivery_by_kafka_publishes_again_under_the_same_ids_and_counts_nothing() -> None:
    value = delivery("A", COMPLAINT)
    record, (first,) = run([value])
    again = handle(Arrival(Topic.INBOUND, 0, 0, GROUP, value), record, BOOK, lambda _ref: False)
    assert again.record is None
    assert again.publications == first.publications


def test_a_topic_that_was_made_anew_is_read_from_its_start() -> None:
    handled = handle(Arrival(Topic.INBOUND, 0, 500, GROUP, delivery("A", COMPLAINT), at=1000.0), None, BOOK, lambda _ref: False)
    late = Arrival(Topic.INBOUND, 0, 3, GROUP, delivery("B", "hello", 1), at=990.0)
    assert handle(late, handled.record, BOOK, lambda _ref: False).record is None
    anew = Arrival(Topic.INBOUND, 0, 3, GROUP, delivery("B", "hello", 1), at=2000.0)
    again = handle(anew, handled.record, BOOK, lambda _ref: False).record
    assert again is not None
    assert again.position["inbound"] == 3


def test_outputs_leave_the_outbox_when_kafka_has_gone_on() -> None:
    record, _ = run([delivery("A", COMPLAINT), delivery("B", "hello", 1), delivery("C", "ok thanks", 2)])
    assert set(record.outbox) <= {"inbound@2"}


def test_outputs_stay_in_the_outbox_while_they_are_on_their_way() -> None:
    first, _ = run([delivery("A", COMPLAINT)])
    handled = handle(Arrival(Topic.INBOUND, 0, 1, GROUP, delivery("B", "hello", 1)), first, BOOK, lambda _ref: True)
    assert handled.record is not None
    assert "inbound@0" in handled.record.outbox


@pytest.mark.parametrize("value", [b"", b"\xff\xfe", b"{}", b"[]", b'{"event": 1}', orjson.dumps({"kind": "claim"})])
@pytest.mark.parametrize("topic", [Topic.INBOUND, Topic.COMMANDS])
def test_an_unreadable_record_is_a_dead_letter_with_its_bytes(topic: Topic, value: bytes) -> None:
    handled = handle(Arrival(topic, 3, 17, GROUP, value), None, BOOK, lambda _ref: False)
    (letter,) = handled.publications
    assert letter.topic is Topic.DEAD_LETTER
    assert letter.value == value
    assert letter.headers["__groupdesk.errors.offset"] == b"17"
    assert handled.record is not None
    assert handled.record.state.ledger.dead == 1


def test_a_failure_inside_the_step_is_a_dead_letter_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("stream.worker.handle.step", explode)
    handled = handle(Arrival(Topic.INBOUND, 0, 0, GROUP, delivery("A", COMPLAINT)), None, BOOK, lambda _ref: False)
    assert handled.publications[0].headers["__groupdesk.errors.exception.class.name"] == b"builtins.ZeroDivisionError"
    assert handled.record is not None
    assert handled.record.position == {"inbound": 0}


def test_a_command_for_a_ticket_that_is_not_there_is_refused_in_words() -> None:
    command = SetNote(id="c1", group=GROUP, at=START, actor=Actor(kind=ActorKind.CLI), ticket_id="T-0000-0000", note="x")
    handled = handle(Arrival(Topic.COMMANDS, 0, 0, GROUP, command.to_json()), None, BOOK, lambda _ref: False)
    (event,) = handled.publications
    assert b'"kind":"refused"' in event.value
    assert b"There is no ticket" in event.value


TALK = [
    delivery("A", COMPLAINT),
    delivery("B", "bom dia pessoal", 1, "18009999222233"),
    delivery("C", "still nothing, any news?", 6),
    delivery("D", "the app says error 500 when I log in", 9, "18009999222233"),
    delivery("E", "it works now, thank you", 30),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(TALK) - 1), min_size=5, max_size=15), st.integers(1, 10))
def test_every_record_is_counted_once_and_a_replay_gives_the_same(order: list[int], cut: int) -> None:
    values = [TALK[place] for place in order]
    once, _ = run(values)
    ledger = once.state.ledger
    assert ledger.seen == len(values) == ledger.applied + ledger.duplicates + sum(ledger.ignored.values()) + ledger.dead
    half, _ = run(values[:cut])
    twice, _ = run(values, half)  # everything is delivered again from the start, as after a crash without a commit
    assert twice.state == once.state
    assert twice.position == once.position


def test_duplicates_in_any_order_make_the_same_tickets() -> None:
    expected = {ticket.messages[0].message_id for ticket in run(TALK)[0].state.tickets.values()}
    shuffled = list(itertools.chain.from_iterable([value] * 5 for value in TALK))
    random.Random(3).shuffle(shuffled)
    found = [ticket for ticket in run(shuffled)[0].state.tickets.values() if ticket.merged_into is None]
    assert {ticket.messages[0].message_id for ticket in found} >= {"A"} & expected
