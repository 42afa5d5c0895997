"""Faust's parts as this worker needs them: no record is passed over, each is stored before it counts, and offsets go at once.

What Faust 0.15 with aiokafka 0.14 loses when workers come and go, and what is done about it here:

- Where a partition has no committed offset, the seek leaves it where it was read to: a worker killed in the first second of its
  groups was seen to cost 2 of 20 messages. Here it goes back to the beginning.
- A stream that skips an event of an older generation acknowledges it. Here only the agent acknowledges.
- The end of recovery empties the queues of the streams, in which records read since the seek may already wait. Here a valve that
  is open already empties nothing.
- The streams are let loose before the seek, and a fetch under way while no partition is wanted takes everything and is thrown
  away whole. The next one goes on behind it: inputs were passed over, and 1 in 20 survivors of a dead worker waited for ever for
  changes of the table. Here a fetch takes what was wanted when it began, and counts only after the seek of its owner.
- A change of the table that waits before a full queue outlives the emptying of that queue, and then counts as proof that all
  before it was read. Here nothing of an older generation reaches the table.

Faust also sends table changes and `send_soon` through a buffer, and empties that buffer before every commit; under constant load
it is never empty, and offsets were seen to be 26 s late, all of which is done again after a crash. Here the agent hands its
records to the producer itself, and acknowledges an input only when all its outputs are stored: a commit has nothing to wait for.

Faust's consumer lets a fetch wait 1.5 s for data, and only one fetch is under way with a broker: one that asks for idle
partitions alone holds up the busy ones so long. Here it waits for a moment only.

What Faust sends without waiting, heartbeats and what timers ask for, leaves a promise that nobody keeps; when Kafka goes away
each of them would end as a trace of its own in the log. Here one line tells of it: both are sent again by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Mapping
from types import coroutine
from typing import Any

import faust
from aiokafka.errors import KafkaConnectionError
from aiokafka.partitioner import DefaultPartitioner
from faust.exceptions import ProducerSendError
from faust.transport.drivers import aiokafka as driver
from mode.services import WaitResults
from mode.utils.objects import cached_property
from mode.utils.queues import FlowControlEvent, ThrowableQueue

from stream import logs
from stream.worker.lease import Lease, hold_writes, keep_lease
from stream.worker.standstill import end

log = logs.get(__name__)

_FETCH_WAIT_MS = 50
_FETCH_S = 0.2  # that long a seek waits for the fetch before it

_partition = DefaultPartitioner()


class HandledEvent(faust.Event):  # type: ignore[misc] # Faust is untyped
    """An event that counts as done when the agent says so, and never because a stream skipped it."""

    is_done = False

    def ack(self) -> bool:
        """Acknowledge the record if it was handled; what was skipped is read again after the next seek."""
        return bool(super().ack()) if self.is_done else False


class Flow(FlowControlEvent):  # type: ignore[misc] # mode is untyped
    """Faust's valve before the streams. Opening it empties their queues, which is right only when it was closed."""

    def resume(self) -> None:
        """Let records through; leave alone what has come through an open valve."""
        if not self.is_active():
            super().resume()


class ReadBackQueue(ThrowableQueue):  # type: ignore[misc] # mode is untyped
    """Faust's queue between consumer and table, without what was read before the last rebalance.

    When it is full, a change waits outside, and Faust's emptying of the queue passes that one by. It would come in next, and
    count as proof that all before it had been read.
    """

    def __init__(self, app: faust.App, **more: Any) -> None:
        super().__init__(**more)
        self._app = app

    async def get(self) -> Any:
        """Return what comes next. A change of the table that is left out did not count, so it is read again."""
        while True:
            found = await super().get()
            if not isinstance(found, faust.Event) or found.message.topic not in self._app.tables.changelog_topics:
                return found  # the streams look after theirs
            if self._flow_control.is_active() and found.message.generation_id == self._app.consumer_generation_id:
                return found


class GroupsApp(faust.App):  # type: ignore[misc] # Faust is untyped
    """The Faust app with the parts of this module."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.lease = Lease()
        super().__init__(*args, **more)

    def FlowControlQueue(  # noqa: N802 -- Faust's name
        self, maxsize: int | None = None, *, clear_on_resume: bool = False
    ) -> ReadBackQueue:
        """Return a queue that can be suspended and emptied, as Faust asks for one wherever it needs one."""
        return ReadBackQueue(self, maxsize=maxsize, flow_control=self.flow_control, clear_on_resume=clear_on_resume)

    @cached_property  # type: ignore[untyped-decorator] # mode is untyped
    def flow_control(self) -> Flow:
        return Flow(loop=self.loop)


class GroupsTable(faust.Table):  # type: ignore[misc] # Faust is untyped
    """A table whose changes the agent publishes: it must know when the broker has them."""

    def on_key_set(self, key: bytes, value: bytes) -> None:
        """Leave the changelog to the agent, which has sent this change already."""


class QuietTopic(faust.Topic):  # type: ignore[misc] # Faust is untyped
    """A topic that tells in one line what could not be sent; nobody waits for Faust's own promise of it."""

    async def send(self, **record: Any) -> Any:
        """Hand a record over; when Kafka is away for so long that the producer has no room left, the worker goes on without."""
        try:
            return await super().send(**record)
        except ProducerSendError as error:
            self._tell(error.__cause__ or error)

    def _on_published(self, fut: Any, message: Any, producer: Any, state: Any) -> None:
        if fut.cancelled():  # the worker ends
            message.cancel()
        elif (error := fut.exception()) is not None:
            message.cancel()
            self._tell(error)
            self.app.sensors.on_send_error(producer, error, state)
        else:
            super()._on_published(fut, message, producer, state)

    def _tell(self, error: BaseException) -> None:
        log.warning("not sent; it is sent again by itself", topic=self.get_topic_name(), kind=type(error).__name__)


class StartsWithKafka:
    """A part of Faust that connects when it starts, and takes a Kafka that has just gone away for no fault of the program's."""

    async def on_start(self) -> None:
        try:
            await super().on_start()  # type: ignore[misc] # of the part that this stands before
        except KafkaConnectionError:
            end("Kafka went away while this worker started; it ends and starts afresh")


class Producer(StartsWithKafka, driver.Producer):  # type: ignore[misc] # Faust is untyped
    """Faust's producer, with a way past its buffer."""

    async def flush(self) -> None:
        """Wait for nothing: what a commit covers is stored already, and stopping the producer sends what is left."""

    def _new_producer(self, transactional_id: str | None = None) -> Any:
        producer = super()._new_producer(transactional_id)
        hold_writes(producer.client, self.app.lease)
        return producer

    async def hand_over(
        self, topic: str, key: bytes, value: bytes, partition: int | None = None, headers: dict[str, bytes] | None = None
    ) -> Any:
        """Give a record to the producer and return its promise; waits only while the producer has no room."""
        return await self._producer.send(topic, value, key=key, partition=partition, headers=list((headers or {}).items()))


class Consumer(driver.Consumer):  # type: ignore[misc] # Faust is untyped
    """Faust's consumer; its fetches do not wait for each other, and it reads from the beginning where nothing is committed."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.begins_at: Mapping[Any, int] = {}  # the record of each partition that must come first after the last seek
        self._places = asyncio.Lock()  # held by whoever moves to other offsets: a fetch, or a seek
        self._owner = 0  # counts up when partitions come and go
        self._sought_by = -1
        self._table_sought_by = -1

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self._owner += 1
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        self._owner += 1
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Read on from the committed offsets, or from the beginning. What is fetched counts only after that."""
        async with self._places:
            owner, is_last = self._owner, self.flow_active  # while the flow rests, partitions still come and go
            await super().perform_seek()
            ours = [tp for tp in self.assignment() if not self._is_changelog_tp(tp)]
            earliest = await self.earliest_offsets(*ours)
            anew = {tp: earliest[tp] for tp in ours if not self._committed_offset.get(tp) and tp in earliest}
            if anew:
                await super().seek_wait(anew)  # in the thread of the fetches: `seek` moves under their hands
            if is_last:
                self.begins_at = {tp: max(first, self._committed_offset.get(tp) or 0) for tp, first in earliest.items()}
                self._sought_by = owner

    @property
    def is_sought(self) -> bool:
        """Tell whether inputs are read from where they were acknowledged, or there are none to be read."""
        return self._sought_by == self._owner or not self.assignment()

    async def seek_wait(self, partitions: Mapping[Any, int]) -> None:
        """Read changes of the table from there on: so Faust begins to read it back."""
        async with self._places:
            owner = self._owner
            try:
                await super().seek_wait(partitions)
            except TimeoutError:
                end("Kafka did not tell in time where the table begins; this worker ends and starts afresh")
            self._table_sought_by = owner

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 -- Faust's signature
        async with self._places:
            owner = self._owner
            wanted = frozenset(active_partitions)  # Faust changes the set meanwhile; empty, it would let everything through
            found = await super()._getmany(wanted, min(timeout, _FETCH_S)) if wanted else {}
        if owner != self._owner:
            return {}
        return {
            tp: records
            for tp, records in found.items()
            if owner == (self._table_sought_by if self._is_changelog_tp(tp) else self._sought_by)
        }

    async def wait_first(self, *awaited: Any, timeout: Any = None) -> Any:  # noqa: ASYNC109 -- mode's signature
        """Take a message to the streams, or stop waiting for that; at once if nothing holds it up."""
        to_streams, *others = awaited
        if not isinstance(to_streams, Coroutine):  # what Faust waits for here while workers are balanced anew is an event
            return await super().wait_first(*awaited, timeout=timeout)
        try:
            held_up_by = to_streams.send(None)
        except StopIteration as taken:
            for other in others:
                other.close()
            return WaitResults([to_streams], [taken.value], False)
        return await super().wait_first(_go_on(to_streams, held_up_by), *others, timeout=timeout)

    def _new_consumer_thread(self) -> Any:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _ConsumerThread(StartsWithKafka, driver.AIOKafkaConsumerThread):  # type: ignore[misc] # Faust is untyped
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS  # noqa: SLF001 -- Faust has no setting for it
        keep_lease(consumer._client, self.consumer.app.lease)  # noqa: SLF001 -- aiokafka tells nobody how heartbeats fare
        return consumer


async def _go_on(begun: Coroutine[Any, Any, Any], held_up_by: Any) -> Any:
    """Await the rest of a coroutine that was begun and waits for `held_up_by`."""
    return await _rest(begun, held_up_by)


@coroutine
def _rest(begun: Coroutine[Any, Any, Any], held_up_by: Any) -> Generator[Any, Any, Any]:
    try:
        while True:
            try:
                answer = yield held_up_by
            except BaseException as error:  # noqa: BLE001 -- such as being cancelled, which the coroutine must see
                held_up_by = begun.throw(error)
            else:
                held_up_by = begun.send(answer)
    except StopIteration as ended:
        return ended.value


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a group, as every Kafka client chooses it."""
    everything = list(range(partitions))
    return int(_partition(key, everything, everything))
