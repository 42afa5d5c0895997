"""What is due is asked for, and messages have their turn meanwhile, however many groups wait for a reminder."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.core.commands import FollowUpDue
from stream.core.delivery import Delivery
from stream.worker import timer
from stream.worker.due_heap import DueHeap
from stream.worker.encoding import summarise
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord
from stream.worker.timer import Timer

BOOK = load_book(Path(__file__).parents[2] / "rules")
NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=20)


def group(number: int) -> GroupRecord:
    """Return a group in which somebody asked for something weeks ago, and nobody answered."""
    jid = f"1203630412345{number:05d}@g.us"
    data = {
        "key": {"remoteJid": jid, "fromMe": False, "id": f"M{number}", "participant": "18001111222233@lid"},
        "message": {"conversation": "my order 4417 has not arrived, where is it?"},
        "messageType": "conversation",
        "messageTimestamp": int(LONG_AGO.timestamp()),
    }
    value = Delivery(event="MESSAGES_UPSERT", instance="cs", chat=jid, received_at=LONG_AGO, data=data).to_json()
    record = handle(Arrival(Topic.INBOUND, 0, number, jid, value), None, BOOK, lambda _: False).record
    assert record is not None
    return record


class Worker:
    """What the timer asks of the agent, and the topic on which it asks for follow-ups."""

    def __init__(self, groups: int) -> None:
        self.records = {(record := group(number)).state.group.encode(): record for number in range(groups)}
        self.due = DueHeap()
        self.due.rebuild((key, summarise(record).next_due_at) for key, record in self.records.items())
        self.may_remind = True
        self.sent: list[tuple[bytes, FollowUpDue]] = []

    def record_of(self, key: bytes) -> GroupRecord | None:
        return self.records.get(key)

    async def send(self, *, key: bytes, value: bytes) -> None:
        self.sent.append((key, FollowUpDue.model_validate_json(value)))


def timer_of(worker: Any) -> Timer:
    return Timer(worker, worker)


async def test_each_group_with_something_due_is_asked_for_once_in_a_while() -> None:
    worker = Worker(5)
    await timer_of(worker).tick()
    assert {key for key, _ in worker.sent} == set(worker.records)
    asked = len(worker.sent)
    await timer_of(worker).tick()
    assert len(worker.sent) == asked


async def test_messages_have_their_turn_while_many_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer, "_AT_A_STRETCH_S", 0.0)
    worker, turns = Worker(50), 0

    async def handle_messages() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(handle_messages())
    await timer_of(worker).tick()
    other.cancel()
    assert turns >= 49


async def test_a_rebalance_in_the_middle_ends_the_asking_and_what_is_left_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer, "_AT_A_STRETCH_S", 0.0)
    worker = Worker(10)

    async def lose_the_groups() -> None:
        worker.may_remind = False

    other = asyncio.create_task(lose_the_groups())
    await timer_of(worker).tick()
    await other
    first = {key for key, _ in worker.sent}
    assert 0 < len(first) < 10
    worker.may_remind = True
    await timer_of(worker).tick()
    assert {key for key, _ in worker.sent} == set(worker.records)


def test_a_group_that_is_not_due_costs_nothing() -> None:
    heap = DueHeap()
    heap.rebuild([(b"soon", NOW), (b"later", NOW + timedelta(hours=1)), (b"never", None)])
    assert list(heap.pop_due(NOW)) == [b"soon"]
    assert list(heap.pop_due(NOW)) == []
    assert list(heap.pop_due(NOW + timedelta(minutes=1))) == [b"soon"]
    heap.set(b"soon", NOW + timedelta(hours=2))
    assert list(heap.pop_due(NOW + timedelta(hours=1))) == [b"later"]


def test_only_what_was_taken_is_put_off() -> None:
    heap = DueHeap()
    heap.rebuild([(bytes([number]), NOW) for number in range(4)])
    assert next(heap.pop_due(NOW)) == b"\x00"
    assert list(heap.pop_due(NOW)) == [b"\x01", b"\x02", b"\x03"]
