"""Many messages that wait become few writes; nothing is acknowledged before the broker has what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.core.ticket import Ticket
from stream.worker.agent import GroupAgent
from stream.worker.batch import Batch
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord

GROUP = "120363041234567890@g.us"
BOOK = load_book(Path(__file__).parents[2] / "rules")
TEXTS = ("my order 4417 has not arrived, where is it?", "it is order 4417", "any news?", "thanks")


def message(number: int) -> Any:
    at = datetime.now(UTC) - timedelta(seconds=60 - number)
    data = {
        "key": {"remoteJid": GROUP, "fromMe": False, "id": f"M{number}", "participant": "18001111222233@lid"},
        "pushName": "Rosa",
        "message": {"conversation": TEXTS[number % len(TEXTS)]},
        "messageType": "conversation",
        "messageTimestamp": int(at.timestamp()),
    }
    value = Delivery(event="MESSAGES_UPSERT", instance="cs", chat=GROUP, received_at=at, data=data).to_json()
    return SimpleNamespace(
        topic="inbound", partition=0, tp="inbound-0", offset=number, key=GROUP.encode(), value=value, timestamp=at.timestamp()
    )


class Scene:
    """An agent between a stream whose messages all wait already, and a producer that stores when told to."""

    def __init__(self, messages: int) -> None:
        self.written: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self.headers: list[tuple[str, dict[str, bytes]]] = []
        self.acknowledged: list[int] = []
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        for number in range(messages):
            self.queue.put_nowait(SimpleNamespace(message=message(number), is_done=False))
        self.channel = SimpleNamespace(queue=self.queue)
        topics = {topic: SimpleNamespace(get_topic_name=lambda topic=topic: str(topic)) for topic in Topic}
        table = Table()
        self.unread = 0
        recovery = SimpleNamespace(active_remaining_total=lambda: self.unread)
        app = SimpleNamespace(
            producer=self,
            consumer=SimpleNamespace(assignment=set, begins_at={}, is_sought=True),
            tables=SimpleNamespace(recovery=recovery),
        )
        self.agent = GroupAgent(app, table, topics, SimpleNamespace(book=BOOK))  # type: ignore[arg-type] # what it asks of them

    def noack(self) -> Scene:
        return self

    async def events(self) -> AsyncIterator[Any]:
        while True:
            yield await self.queue.get()

    async def hand_over(
        self, topic: str, _key: bytes, value: bytes, headers: dict[str, bytes] | None = None, **_: Any
    ) -> asyncio.Future[None]:
        self.headers.append((topic, headers or {}))
        self.written.append((topic, value, asyncio.get_running_loop().create_future()))
        return self.written[-1][2]

    async def ack(self, event: Any) -> None:
        assert event.is_done
        self.acknowledged.append(event.message.offset)

    def values(self, topic: str) -> list[bytes]:
        return [value for to, value, _ in self.written if to == topic]

    def store(self, some: slice = slice(None)) -> None:
        for _, _, promise in self.written[some]:
            promise.set_result(None)


class Table(dict[bytes, bytes]):
    partitions = 1
    changelog_topic = SimpleNamespace(get_topic_name=lambda: "changelog")


@contextmanager
def running(scene: Scene) -> Iterator[None]:
    tasks = [asyncio.ensure_future(scene.agent.run(scene)), asyncio.ensure_future(scene.agent.confirm_forever())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- the parts under test have no event for it
            await asyncio.sleep(0)


async def test_what_waits_together_is_written_once_and_loses_nothing() -> None:
    scene = Scene(100)
    with running(scene):
        await until(lambda: scene.agent.handled_total == 100 and scene.written)
        await until(lambda: scene.agent.record_of(GROUP.encode()) is not None)

        one_by_one: GroupRecord | None = None
        for number in range(100):
            arrival = Arrival(Topic.INBOUND, 0, number, GROUP, message(number).value)
            one_by_one = handle(arrival, one_by_one, BOOK, lambda _: False).record or one_by_one
        last = GroupRecord.from_json(scene.values("changelog")[-1])
        assert one_by_one is not None
        assert len(scene.values("changelog")) < 10
        assert last.state.ledger == one_by_one.state.ledger
        assert last.position == {Topic.INBOUND: 99}
        told = [of.get("inputs", b"").decode().split() for to, of in scene.headers if to == "changelog"]
        assert [ref for refs in told for ref in refs] == [f"inbound@{number}" for number in range(100)]
        published = {Ticket.from_json(raw).id: Ticket.from_json(raw) for raw in scene.values("tickets")}
        assert published == last.state.tickets


async def test_a_message_that_comes_alone_is_handed_over_at_once() -> None:
    scene = Scene(1)
    with running(scene):
        await until(lambda: scene.values("changelog"))
        scene.queue.put_nowait(SimpleNamespace(message=message(1), is_done=False))
        await until(lambda: len(scene.values("changelog")) == 2)


async def test_nothing_is_acknowledged_before_all_of_its_batch_is_stored() -> None:
    scene = Scene(20)
    with running(scene):
        await until(lambda: scene.agent.handled_total == 20 and scene.values("ticket-events"))
        for _ in range(20):
            await asyncio.sleep(0)
        scene.store(slice(None, -1))
        for _ in range(20):
            await asyncio.sleep(0)
        assert scene.acknowledged == []
        scene.store(slice(-1, None))
        await until(lambda: scene.acknowledged == list(range(20)))


async def test_what_a_batch_brings_about_is_remembered_until_it_is_acknowledged() -> None:
    """A crash after the group was stored and before its tickets were: the same messages come again."""
    scene = Scene(8)
    with running(scene):
        await until(lambda: scene.agent.handled_total == 8 and scene.values("ticket-events"))
    stored = GroupRecord.from_json(scene.values("changelog")[-1])
    again = Batch()
    for number in range(8):
        arrival = Arrival(Topic.INBOUND, 0, number, GROUP, message(number).value)
        again.add(SimpleNamespace(message=message(number)), f"0:{number}", 0, handle(arrival, stored, BOOK, lambda _: False))
    assert not again.changed
    assert [each.value for each in again.said if each.topic is Topic.TICKET_EVENTS] == scene.values("ticket-events")
    assert {each.value for each in again.snapshots().values()} == set(scene.values("tickets"))


class Ended(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize(("begins_at", "ends"), [(0, False), (3, False), (2, True)])
async def test_a_worker_ends_before_it_passes_over_what_was_committed_last(
    begins_at: int, ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr("os._exit", end)
    scene = Scene(0)
    scene.agent.app.consumer.begins_at = {"inbound-0": begins_at}
    first = 3 if begins_at else 0
    scene.queue.put_nowait(SimpleNamespace(message=message(first), is_done=False))
    if ends:
        with pytest.raises(Ended, match="75"):
            await asyncio.wait_for(scene.agent.run(scene), 10)
        assert scene.values("changelog") == []
        return
    with running(scene):
        await until(lambda: scene.values("changelog"))


async def test_what_it_had_handled_says_nothing_once_its_groups_were_with_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os._exit", lambda status: pytest.fail(f"it ended with {status}"))
    scene = Scene(2)
    with running(scene):
        await until(lambda: scene.values("changelog"))
        scene.store()
        await scene.agent.on_revoked()
        scene.queue.put_nowait(SimpleNamespace(message=message(9), is_done=False))  # 2 to 8 were handled elsewhere
        await until(lambda: scene.agent.handled_total == 3)


async def test_what_was_not_handed_over_does_not_hold_up_a_rebalance_and_holds_no_place() -> None:
    scene = Scene(0)
    for number in range(3):
        scene.agent._take(SimpleNamespace(message=message(number)))
    assert not scene.agent._all_confirmed.is_set()

    await asyncio.wait_for(scene.agent.on_revoked(), 2)

    assert not scene.agent._batch
    assert not scene.agent._in_flight
    with running(scene):  # whoever has the group next gets them again
        for number in range(3):
            scene.queue.put_nowait(SimpleNamespace(message=message(number), is_done=False))
        await until(lambda: len(scene.agent._in_flight) == 3)


async def test_a_worker_looks_after_itself_before_its_table_was_ever_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("stream.worker.standstill._NOT_READ_BACK_S", 0.0)
    scene = Scene(0)
    scene.unread = 7
    with running(scene):
        async with asyncio.timeout(10):
            while not ended:  # noqa: ASYNC110 -- it ends by itself, without telling anybody
                await asyncio.sleep(0.05)
    assert ended[0] == 75


async def test_a_worker_that_was_frozen_ends_before_it_handles_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """When it thaws, whatever comes first on the loop must see it: others may have its groups."""
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    scene = Scene(0)
    await scene.agent.on_recovered()
    scene.agent._alive_at -= 7
    noting = asyncio.ensure_future(scene.agent._note_alive())
    await asyncio.sleep(0)
    noting.cancel()
    assert ended == [75]


async def test_reading_a_large_table_back_is_no_freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os._exit", lambda status: pytest.fail(f"it ended with {status}"))
    scene = Scene(0)
    scene.agent._alive_at -= 7
    noting = asyncio.ensure_future(scene.agent._note_alive())
    await asyncio.sleep(0)
    assert not noting.done()
    noting.cancel()


async def test_groups_are_not_given_away_with_writes_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """They could be stored after those of the next owner, and undo them."""
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("stream.worker.agent._LAST_WORDS_S", 0.01)
    scene = Scene(1)
    with running(scene):
        await until(lambda: scene.values("changelog"))
        await scene.agent.on_revoked()
    assert ended == [75]


async def test_a_worker_is_not_ready_before_its_inputs_are_sought() -> None:
    scene = Scene(0)
    await scene.agent.on_recovered()
    assert scene.agent.is_recovered
    scene.agent.app.consumer.is_sought = False
    assert not scene.agent.is_recovered
