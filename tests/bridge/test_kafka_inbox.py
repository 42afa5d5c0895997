"""The inbox replaces a producer that has become useless. The producer is a stand-in: a real one gets stuck only by chance."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from running import until

from stream.adapters.topics import Topic
from stream.bridge import kafka_inbox
from stream.bridge.inbox import InboxRecord, NotStored
from stream.bridge.kafka_inbox import KafkaInbox
from stream.core.status import Health

RECORD = InboxRecord(Topic.INBOUND, "1@g.us", b"{}")


class Future:
    def __init__(self, error: Exception | None, *, answers: bool) -> None:
        self.error, self.answers = error, answers

    def add_callback(self, call: Any, flight: Any) -> None:
        if self.answers and self.error is None:
            call(flight, None)

    def add_errback(self, call: Any, flight: Any) -> None:
        if self.answers and self.error is not None:
            call(flight, self.error)


class Producer:
    def __init__(self, error: Exception | None = None, *, answers: bool = True) -> None:
        self.future = Future(error, answers=answers)

    def send(self, *_: Any, **__: Any) -> Future:
        return self.future

    def close(self, **_: Any) -> None:
        raise RuntimeError("the broker is away")


class Refused(Exception):
    retriable = False


async def inbox_of(*producers: Producer) -> KafkaInbox:
    line = iter(producers)
    inbox = KafkaInbox(lambda: next(line), {Topic.INBOUND: "inbound"})
    await until(lambda: inbox.state().status is Health.OK)
    return inbox


async def test_a_producer_that_neither_stores_nor_gives_up_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_inbox, "_STUCK_AFTER_S", 0.05)
    inbox = await inbox_of(Producer(answers=False), Producer())

    with pytest.raises(NotStored, match="broker_refused"):
        await inbox.store([RECORD])
    await until(lambda: inbox.state().status is Health.OK)
    await inbox.store([RECORD])
    await inbox.close()


async def test_a_producer_that_fails_for_good_is_replaced_after_three_failures() -> None:
    inbox = await inbox_of(Producer(Refused("fenced")), Producer())

    for _ in range(3):
        with pytest.raises(NotStored):
            await inbox.store([RECORD])
    await until(lambda: inbox.state().status is Health.OK)
    await inbox.store([RECORD])
    await inbox.close()


async def test_without_a_producer_the_answer_is_no_at_once() -> None:
    wait = asyncio.Event()
    inbox = KafkaInbox(lambda: asyncio.run(wait.wait()), {Topic.INBOUND: "inbound"})

    with pytest.raises(NotStored, match="broker_away"):
        await asyncio.wait_for(inbox.store([RECORD]), 0.5)
    assert inbox.state().status is Health.DOWN
    await inbox.close()
