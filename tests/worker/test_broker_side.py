"""What is put right of Faust: nothing is passed over when a group of workers is balanced anew."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, NoReturn

import faust
import pytest
from aiokafka.errors import KafkaTimeoutError
from faust.exceptions import ProducerSendError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.utils.queues import FlowControlQueue

from stream.worker.broker_side import Consumer, Flow, GroupsApp, HandledEvent, QuietTopic


@pytest.fixture
def queue() -> FlowControlQueue[str]:
    return FlowControlQueue(flow_control=Flow(), clear_on_resume=True)


async def test_opening_an_open_valve_leaves_what_has_come_through(queue: FlowControlQueue[str]) -> None:
    flow: Flow = queue._flow_control
    flow.resume()
    queue.put_nowait("read since the seek")

    flow.resume()

    assert queue.qsize() == 1


async def test_opening_a_closed_valve_empties_the_queues(queue: FlowControlQueue[str]) -> None:
    flow: Flow = queue._flow_control
    flow.resume()
    queue.put_nowait("of another generation")

    flow.suspend()
    flow.resume()

    assert queue.qsize() == 0


class Message:
    """Kafka's record as Faust passes it on; it notes whether it was acknowledged."""

    def __init__(self) -> None:
        self.is_acked = False

    def ack(self, _consumer: Any) -> bool:
        self.is_acked = True
        return True


async def test_what_a_stream_skips_is_not_acknowledged() -> None:
    app = faust.App("test", store="memory://", broker="kafka://127.0.0.1:1")
    message = Message()
    event = HandledEvent(app, b"key", b"value", {}, message)

    assert not event.ack()
    assert not message.is_acked

    event.is_done = True
    assert event.ack()
    assert message.is_acked


class NoBroker:
    """A producer that takes records and never gets rid of them."""

    def __init__(self) -> None:
        self.promise: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def send(self, *_: Any, **__: Any) -> asyncio.Future[Any]:
        return self.promise


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
async def test_what_could_not_be_sent_leaves_no_trace_of_its_own(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = faust.App("test", store="memory://", broker="kafka://127.0.0.1:1", Topic=QuietTopic)
    topic, producer = app.topic("status", key_serializer="raw", value_serializer="raw"), NoBroker()
    assert type(topic) is QuietTopic

    async def no_broker() -> NoBroker:
        return producer

    monkeypatch.setattr(topic, "_get_producer", no_broker)
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context["message"])))

    await topic.send(key=b"worker/a", value=b"{}")
    producer.promise.set_exception(KafkaTimeoutError()) if how == "fails" else producer.promise.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    producer.promise = asyncio.get_running_loop().create_future()  # the failed one is forgotten
    gc.collect()

    assert told == []


async def test_a_producer_without_room_does_not_end_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, a Kafka that was away while many follow-ups were due ended it: none of Faust's timers may raise anything."""
    app = faust.App("test", store="memory://", broker="kafka://127.0.0.1:1", Topic=QuietTopic)
    topic = app.topic("commands", key_serializer="raw", value_serializer="raw")

    class Full:
        async def send(self, *_: Any, **__: Any) -> NoReturn:
            raise ProducerSendError("no room") from KafkaTimeoutError()

    async def full() -> Full:
        return Full()

    monkeypatch.setattr(topic, "_get_producer", full)
    await topic.send(key=b"120363@g.us", value=b"{}")


@pytest.fixture
async def consumer() -> Consumer:
    app = faust.App("test", store="memory://", broker="kafka://127.0.0.1:1")
    app.transport.Consumer = Consumer

    async def nothing(_: Any) -> None:
        """Take what Faust tells a consumer's owner."""

    return app.transport.create_consumer(callback=nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)


async def test_a_message_that_nothing_holds_up_makes_no_task(consumer: Consumer) -> None:
    taken: list[str] = []
    closed = asyncio.Event()

    async def take() -> None:
        taken.append("A")

    before = len(asyncio.all_tasks())
    awaited = consumer.wait_first(take(), closed.wait())
    with pytest.raises(StopIteration):
        awaited.send(None)

    assert taken == ["A"]
    assert len(asyncio.all_tasks()) == before


async def test_a_message_that_must_wait_is_taken_when_there_is_room(consumer: Consumer) -> None:
    room, taken, closed = asyncio.Event(), [], asyncio.Event()

    async def take() -> None:
        taken.append("began")
        await room.wait()
        await asyncio.sleep(0)
        taken.append("ended")

    waiting = asyncio.ensure_future(consumer.wait_first(take(), closed.wait()))
    await asyncio.sleep(0)
    assert taken == ["began"]
    room.set()
    await waiting

    assert taken == ["began", "ended"]


async def test_a_message_that_must_wait_is_given_up_when_the_flow_is_suspended(consumer: Consumer) -> None:
    room, ended, suspended = asyncio.Event(), [], asyncio.Event()

    async def take() -> None:
        try:
            await room.wait()
        except asyncio.CancelledError:
            ended.append("given up")
            raise

    waiting = asyncio.ensure_future(consumer.wait_first(take(), suspended.wait()))
    await asyncio.sleep(0)
    suspended.set()
    await waiting
    await asyncio.sleep(0)

    assert ended == ["given up"]


async def test_the_flow_is_waited_for_as_well(consumer: Consumer) -> None:
    """So Faust has it while groups of workers are balanced anew: a consumer that fails there reads nothing any more."""
    waiting = asyncio.ensure_future(consumer.wait(consumer.can_resume_flow))
    await asyncio.sleep(0)
    assert not waiting.done()
    consumer.resume_flow()
    await asyncio.wait_for(waiting, 10)


async def test_what_goes_wrong_with_a_message_reaches_who_waits_for_it(consumer: Consumer) -> None:
    async def take() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await consumer.wait_first(take(), asyncio.Event().wait())


INBOUND, CHANGELOG = TP("inbound", 0), TP("changelog", 0)


class Log:
    """A partition of inputs and one of the table as a fetching thread sees them: ten records a fetch, from where it stands."""

    def __init__(self, consumer: Consumer, monkeypatch: pytest.MonkeyPatch, committed: int = 50) -> None:
        self.consumer, self.committed = consumer, committed
        self.places = {INBOUND: committed, CHANGELOG: 0}
        self.may_fetch = asyncio.Event()
        self.may_fetch.set()
        self.is_fetching = asyncio.Event()
        monkeypatch.setattr(driver.Consumer, "_getmany", lambda _, wanted, __: self.fetch(wanted))
        monkeypatch.setattr(driver.Consumer, "perform_seek", self.seek)
        monkeypatch.setattr(driver.Consumer, "seek_wait", lambda _, places: self.seek_table(places))
        monkeypatch.setattr(Consumer, "assignment", lambda _: {INBOUND})
        monkeypatch.setattr(Consumer, "_is_changelog_tp", lambda _, tp: tp is CHANGELOG)
        monkeypatch.setattr(Consumer, "earliest_offsets", self.earliest)

    async def fetch(self, wanted: Collection[TP]) -> dict[TP, list[int]]:
        """Wait, and take what is there then, as aiokafka does: everything, when nothing is asked for."""
        self.is_fetching.set()
        await self.may_fetch.wait()
        taken = {tp: list(range(place, place + 10)) for tp, place in self.places.items() if not wanted or tp in wanted}
        self.places |= {tp: records[-1] + 1 for tp, records in taken.items()}
        return taken

    async def fetch_slowly(self, wanted: Collection[TP]) -> asyncio.Future[dict[TP, list[int]]]:
        """Begin a fetch that goes on until `may_fetch` is set."""
        self.may_fetch.clear()
        self.is_fetching.clear()
        fetching = asyncio.ensure_future(self.consumer._getmany(wanted, 1.0))
        await self.is_fetching.wait()
        return fetching

    async def rebalance(self) -> None:
        await self.consumer.on_partitions_revoked({INBOUND, CHANGELOG})
        self.consumer._owner += 1  # new ones are assigned

    async def seek(self) -> None:
        self.places[INBOUND] = self.committed
        self.consumer._committed_offset[INBOUND] = self.committed

    async def seek_table(self, places: dict[TP, int]) -> None:
        self.places |= places

    async def earliest(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 0)


@pytest.fixture
def kafka(consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(consumer, monkeypatch)


async def test_nothing_counts_that_was_fetched_before_the_last_seek(consumer: Consumer, kafka: Log) -> None:
    await kafka.rebalance()
    assert await consumer._getmany({INBOUND}, 1.0) == {}
    consumer.resume_flow()
    assert await consumer._getmany({INBOUND}, 1.0) == {}

    fetching = await kafka.fetch_slowly({INBOUND})
    seeking = asyncio.ensure_future(consumer.perform_seek())
    await asyncio.sleep(0)
    kafka.may_fetch.set()
    assert await fetching == {}
    await seeking

    assert consumer.begins_at == {INBOUND: 50}
    assert (await consumer._getmany({INBOUND}, 1.0))[INBOUND][0] == 50


@pytest.mark.usefixtures("kafka")
async def test_a_seek_while_partitions_come_and_go_is_not_the_last_one(consumer: Consumer) -> None:
    consumer.stop_flow()
    await consumer.perform_seek()
    assert await consumer._getmany({INBOUND}, 1.0) == {}

    consumer.resume_flow()
    await consumer.perform_seek()
    assert INBOUND in await consumer._getmany({INBOUND}, 1.0)
    await consumer.on_partitions_revoked({INBOUND})
    assert await consumer._getmany({INBOUND}, 1.0) == {}


async def test_a_fetch_for_inputs_takes_no_change_of_the_table(kafka: Log) -> None:
    """It began before the rebalance; Faust empties the set of what is wanted meanwhile, which lets aiokafka take everything."""
    wanted = {INBOUND}
    fetching = await kafka.fetch_slowly(wanted)
    await kafka.rebalance()
    wanted.clear()
    kafka.may_fetch.set()

    assert await fetching == {}
    assert kafka.places[CHANGELOG] == 0


async def test_the_table_is_read_back_from_its_first_change(consumer: Consumer, kafka: Log) -> None:
    """A fetch that began while it was read back the last time ends before the seek, and does not count."""
    await consumer.seek_wait({CHANGELOG: 0})
    fetching = await kafka.fetch_slowly({CHANGELOG})
    await kafka.rebalance()
    seeking = asyncio.ensure_future(consumer.seek_wait({CHANGELOG: 0}))
    await asyncio.sleep(0)
    kafka.may_fetch.set()
    assert await fetching == {}
    await seeking

    assert (await consumer._getmany({CHANGELOG}, 1.0))[CHANGELOG][0] == 0


async def test_who_wants_nothing_any_more_fetches_nothing(consumer: Consumer, kafka: Log) -> None:
    await consumer.seek_wait({CHANGELOG: 0})
    assert await consumer._getmany(set(), 1.0) == {}
    assert kafka.places == {INBOUND: 50, CHANGELOG: 0}


async def test_a_worker_is_ready_when_its_inputs_are_sought(consumer: Consumer, kafka: Log) -> None:
    await kafka.rebalance()
    assert not consumer.is_sought
    await consumer.perform_seek()
    assert consumer.is_sought


async def test_a_worker_without_groups_has_nothing_to_seek(
    consumer: Consumer, kafka: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kafka.rebalance()
    monkeypatch.setattr(Consumer, "assignment", lambda _: set())
    assert consumer.is_sought


async def test_a_partition_without_an_offset_is_read_from_its_beginning(consumer: Consumer, kafka: Log) -> None:
    kafka.committed = 0
    kafka.places[INBOUND] = 30
    await consumer.perform_seek()
    assert (await consumer._getmany({INBOUND}, 1.0))[INBOUND][0] == 0
    assert consumer.begins_at == {INBOUND: 0}


class ReadBack:
    """A table's queue with room for two changes, and a consumer that has more of them."""

    def __init__(self) -> None:
        self.app = GroupsApp("test", store="memory://", broker="kafka://127.0.0.1:1")
        self.app.tables._changelogs["changelog"] = None
        self.app.consumer_generation_id = 1
        self.queue = self.app.FlowControlQueue(maxsize=2, clear_on_resume=True)
        self.app.flow_control.resume()

    def change(self, offset: int) -> faust.Event:
        message = SimpleNamespace(topic="changelog", offset=offset, generation_id=self.app.consumer_generation_id)
        return faust.Event(self.app, b"", b"", {}, message)

    async def next_offset(self) -> int:
        return int((await asyncio.wait_for(self.queue.get(), 10)).message.offset)

    async def rebalance(self) -> None:
        """Empty the queue and go on with the next generation, as Faust does."""
        self.app.flow_control.suspend()
        self.app.flow_control.clear()
        self.app.consumer_generation_id += 1
        for _ in range(10):  # turns for whoever puts in or takes out meanwhile
            await asyncio.sleep(0)
        self.app.flow_control.resume()
        await asyncio.sleep(0)

    async def read_again(self, *offsets: int) -> list[int]:
        """Let the consumer bring these, and return what the table gets first."""
        bringing = [asyncio.ensure_future(self.queue.put(self.change(offset))) for offset in offsets]
        found = [await self.next_offset() for _ in offsets]
        for each in bringing:
            each.cancel()
        return found


async def test_a_change_let_in_by_the_last_one_taken_does_not_pass_those_that_were_emptied_out() -> None:
    read_back = ReadBack()
    await read_back.queue.put(read_back.change(0))
    await read_back.queue.put(read_back.change(1))
    waiting = asyncio.ensure_future(read_back.queue.put(read_back.change(2)))
    await asyncio.sleep(0)
    assert read_back.queue.get_nowait().message.offset == 0  # which lets the waiting one in at the next turn
    taking = asyncio.ensure_future(read_back.next_offset())  # the table waits for more, also while workers are balanced anew

    await read_back.rebalance()
    await read_back.queue.put(read_back.change(1))

    assert await taking == 1
    waiting.cancel()


async def test_a_change_that_had_no_turn_yet_does_not_pass_those_that_were_emptied_out() -> None:
    read_back = ReadBack()
    await read_back.queue.put(read_back.change(0))
    waiting = asyncio.ensure_future(read_back.queue.put(read_back.change(1)))

    await read_back.rebalance()

    assert await read_back.read_again(0, 1) == [0, 1]
    waiting.cancel()


async def test_what_is_no_change_of_the_table_goes_through_the_queue() -> None:
    read_back = ReadBack()
    await read_back.queue.put("an answer")
    assert await read_back.queue.get() == "an answer"
