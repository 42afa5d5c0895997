"""What is put right of Faust: nothing is passed over when a group of workers is balanced anew."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, NoReturn

import faust
import pytest
from aiokafka.errors import KafkaTimeoutError
from faust.exceptions import ProducerSendError
from mode.utils.queues import FlowControlQueue

from stream.worker.broker_side import Consumer, Flow, HandledEvent, Producer, QuietTopic


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


@pytest.mark.parametrize("part", ["producer", "consumer"])
async def test_a_worker_whose_kafka_goes_away_at_the_start_says_so_in_one_sentence(
    consumer: Consumer,
    part: str,
    ends: type[BaseException],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    consumer.app.transport.Producer = Producer
    starting = consumer.app.transport.create_producer() if part == "producer" else consumer._new_consumer_thread()
    starting.thread_loop = asyncio.get_running_loop()

    with pytest.raises(ends, match="75"):
        await starting.on_start()

    said = capsys.readouterr().out + caplog.text  # the one, or the other where a role was started before in this process
    assert "went away while this worker started" in said
    assert "Traceback" not in said
