"""The agent: takes records in the order of their groups, and acknowledges them when the broker has what came of them.

Work is pipelined: the next records are handled while the broker still stores the outputs of the last. What waits together is
handed over together, see `batch`. A record is acknowledged only after its change of the table and all its publications are; if
the process dies before, Kafka delivers the record again and `handle` sees by its offset that it was done. The change of the
table is handed to the broker before the table in memory has it: wherever the agent is interrupted, what is in memory is on its
way to Kafka.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections import deque
from typing import Any, NoReturn

from stream import crash_points, logs
from stream.adapters.rule_watch import BookWatcher
from stream.adapters.topics import Topic
from stream.worker.batch import Batch, Changed
from stream.worker.broker_side import partition_of
from stream.worker.due_heap import DueHeap
from stream.worker.encoding import encode, read_summary
from stream.worker.handle import Arrival, Publication, handle
from stream.worker.kept import Kept, KeptGroups
from stream.worker.record import GroupRecord
from stream.worker.standstill import Standstill, end
from stream.worker.summary import Summary

log = logs.get(__name__)

_IN_FLIGHT_MOST = 1000  # records handled and not yet acknowledged
_AT_A_STRETCH_S = 0.02  # then everything else on the loop has its turn: sending, confirming, heartbeats
_BROKER_PATIENCE_S = 60.0
_LAST_WORDS_S = 8.0  # of the ten that workers have to give groups away
# Kafka gives our groups to another worker after 10 s of silence. A process that was frozen longer than this must not
# write: the other one may have begun. It ends instead, and starts afresh.
_FROZEN_S = 6.0
# A reminder must not overtake an answer that still waits to be read: timers rest while we are this far behind, and a bit longer.
_BEHIND_S = 10.0
_SETTLE_S = 3.0


class GroupAgent:
    """Everything the worker does with Faust. `summaries` tells of each group this worker owns what the heartbeat counts."""

    def __init__(self, app: Any, table: Any, topics: dict[Topic, Any], watcher: BookWatcher) -> None:
        self.app = app
        self.table = table
        self.topics = topics
        self.watcher = watcher
        self.summaries: dict[bytes, Summary] = {}
        self.due = DueHeap()
        self._is_read_back = False
        self.handled_total = 0
        self._tells_each = logging.getLogger().isEnabledFor(logging.DEBUG)
        self._kept = KeptGroups()
        self._names = {short: topic.get_topic_name() for short, topic in topics.items()}
        self._by_name = {name: short for short, name in self._names.items()}
        self._batch = Batch()
        self._is_handing_over = False
        self._pending: deque[tuple[Any, Batch, list[Any]]] = deque()
        self._in_flight: set[str] = set()  # handled and not yet acknowledged
        self._something_pending = asyncio.Event()
        self._all_confirmed = asyncio.Event()
        self._all_confirmed.set()
        self._room = asyncio.Event()
        self._room.set()
        self._alive_at = time.monotonic()
        self._noting: asyncio.Task[None] | None = None
        self._reminds_from = 0.0
        self._standstill = Standstill(app)

    async def run(self, stream: Any) -> None:
        """Handle what arrives; the body of the Faust agent."""
        self._alive_at = time.monotonic()  # whatever the start took, nothing was written before
        self._watch_over_the_loop()
        rested_at = time.monotonic()
        events, waiting = stream.noack().events(), stream.channel.queue
        async for event in events:
            self._end_if_frozen()
            self._take(event)
            if self._batch.is_full or waiting.empty():
                self._end_if_frozen()
                await self._hand_over(stream)
                await self._room.wait()
            if time.monotonic() - rested_at > _AT_A_STRETCH_S:
                await asyncio.sleep(0)
                rested_at = time.monotonic()

    def _take(self, event: Any) -> None:
        message = event.message
        key = message.key or b""
        arrival = Arrival(
            topic=self._by_name[message.topic],
            partition=message.partition,
            offset=message.offset,
            key=key.decode("utf-8", "replace"),
            value=message.value or b"",
            at=message.timestamp or 0.0,
        )
        ref = f"{arrival.partition}:{arrival.ref}"
        self._standstill.end_if_passed_over(message.tp, message.offset)
        if time.time() - message.timestamp > _BEHIND_S:
            self.hold_timers(_SETTLE_S)
        started = time.perf_counter()
        handled = handle(
            arrival, self.record_of(key), self.watcher.book, lambda known: f"{arrival.partition}:{known}" in self._in_flight
        )
        crash_points.reach("worker.handled")
        self.handled_total += 1
        self._in_flight.add(ref)
        self._batch.add(event, ref, arrival.partition, handled)
        self._all_confirmed.clear()
        if self._tells_each:
            log.debug(
                "handled",
                topic=str(arrival.topic),
                group=arrival.key,
                offset=arrival.offset,
                outputs=len(handled.tickets) + len(handled.said),
                elapsed_ms=round((time.perf_counter() - started) * 1000, 2),
            )

    @property
    def is_recovered(self) -> bool:
        """Tell whether the table is read back, and inputs are read from where they were acknowledged."""
        return self._is_read_back and bool(self.app.consumer.is_sought)

    @property
    def may_remind(self) -> bool:
        """Tell whether what was said in the groups has been read up to now, so that timers may act on it."""
        return self.is_recovered and time.monotonic() >= self._reminds_from

    def hold_timers(self, seconds: float) -> None:
        self._reminds_from = time.monotonic() + seconds

    def record_of(self, key: bytes) -> GroupRecord | None:
        """Return the group's record as it is now: in the batch, or in the table."""
        changed = self._batch.changed.get(key)
        if changed is not None:
            return changed.record
        raw = self.table.get(key)
        return None if raw is None else self._kept.find(key, raw).record

    async def _hand_over(self, stream: Any) -> None:
        """Give what came of the batch to the producer: first the groups, so that nothing is said that no group knows of."""
        batch, tickets = self._batch, self._batch.snapshots()
        self._is_handing_over = True
        written = {ticket: each.value for ticket, each in tickets.items()}
        try:
            promises = [await self._write(key, changed, written) for key, changed in batch.changed.items()]
            promises += [await self._publish(each) for each in (*tickets.values(), *batch.said)]
        except Exception as error:  # noqa: BLE001 - whatever kept a record from the producer, the answer is the same
            self._end_because(error)
        finally:
            self._is_handing_over = False
        crash_points.reach("worker.sent")
        self._batch = Batch()
        self._pending.append((stream, batch, promises))
        self._something_pending.set()
        if len(self._in_flight) >= _IN_FLIGHT_MOST:
            self._room.clear()

    async def _publish(self, each: Publication) -> Any:
        return await self.app.producer.hand_over(self._names[each.topic], each.key.encode(), each.value, headers=each.headers)

    async def _write(self, key: bytes, changed: Changed, written: dict[int, bytes]) -> Any:
        before = self.table.get(key)
        encoded = encode(changed.record, {} if before is None else self._kept.find(key, before).parts, written)
        promise = await self.app.producer.hand_over(
            self.table.changelog_topic.get_topic_name(), key, encoded.raw, partition=changed.partition, headers=changed.headers
        )
        self.table[key] = encoded.raw
        self._kept.keep(key, Kept(encoded.raw, changed.record, encoded.parts))
        self.summaries[key] = encoded.summary
        self.due.set(key, encoded.summary.next_due_at)
        return promise

    async def confirm_forever(self) -> None:
        """Acknowledge records in the order they were handled, each when the broker has all its outputs."""
        while True:
            if not self._pending:
                if not self._batch:
                    self._all_confirmed.set()
                self._something_pending.clear()
                try:
                    await asyncio.wait_for(self._something_pending.wait(), timeout=1.0)
                except TimeoutError:
                    continue
            stream, batch, promises = self._pending[0]
            await self._confirm(promises)
            crash_points.reach("worker.confirmed")
            self._pending.popleft()
            for event, ref in batch.taken:
                self._in_flight.discard(ref)
                event.is_done = True
                await stream.ack(event)
            crash_points.reach("worker.acknowledged")
            if len(self._in_flight) < _IN_FLIGHT_MOST // 2:
                self._room.set()

    async def _confirm(self, promises: list[Any]) -> None:
        try:
            for promise in promises:
                if not promise.done():
                    await asyncio.wait_for(asyncio.shield(promise), timeout=_BROKER_PATIENCE_S)
                promise.result()
        except Exception as error:  # noqa: BLE001 - whatever kept a record from the broker, the answer is the same
            self._end_because(error)

    def _end_because(self, error: Exception) -> NoReturn:
        log.error(
            "the broker did not take a record; this worker ends and starts afresh", kind=type(error).__name__, exc_info=error
        )
        os._exit(70)  # not acknowledged, so it is read again

    def _watch_over_the_loop(self) -> None:
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_alive())

    async def _note_alive(self) -> None:
        """Keep note that the event loop runs, so that `run` can tell after a freeze that it had stopped; end when nothing moves.

        Faust's own timers would not do: they begin only when the table was read back for the first time.
        """
        while True:
            if self.is_recovered:
                self._end_if_frozen()  # before `run` sees that the loop runs again
            self._alive_at = time.monotonic()
            self._end_if_stuck()
            await asyncio.sleep(0.5)

    async def on_revoked(self, *_: object, **__: object) -> None:
        """Before groups go to another worker, let what was handled reach the broker."""
        self._is_read_back = False
        self._standstill.begin_anew()
        self.app.consumer.begins_at = {}
        self._forget_batch()
        try:
            await asyncio.wait_for(self._all_confirmed.wait(), timeout=_LAST_WORDS_S)
        except TimeoutError:
            # A write of ours that is stored later would undo what the next owner wrote.
            end("the broker stores nothing while groups change hands; this worker ends and starts afresh")

    def _forget_batch(self) -> None:
        """Let go of what was handled and not handed over: it is not acknowledged, so whoever has the groups next reads it."""
        if self._is_handing_over:
            return
        self._in_flight.difference_update(ref for _, ref in self._batch.taken)
        self._batch = Batch()
        if not self._pending:
            self._all_confirmed.set()

    async def on_recovered(self, *_: object) -> None:
        """The table is back: count what is there. Groups of other workers are left out."""
        owned = {tp.partition for tp in self.app.consumer.assignment()}
        partitions = self.table.partitions
        self._forget_batch()
        self.summaries.clear()
        for key, raw in self.table.items():
            if partition_of(key, partitions) in owned:
                self.summaries[key] = read_summary(raw)
        self.due.rebuild((key, summary.next_due_at) for key, summary in self.summaries.items())
        gc.freeze()  # what was read back stays: looking through it for garbage again and again would be in vain
        self._standstill.note_movement()
        self._is_read_back = True
        self.hold_timers(_SETTLE_S)
        self._alive_at = time.monotonic()  # reading a large table back keeps the loop busy, and nothing was written meanwhile

    def _end_if_stuck(self) -> None:
        if not self.is_recovered:
            self._standstill.end_if_not_read_back()
        elif not self._pending:
            self._standstill.end_if_stuck()

    def _end_if_frozen(self) -> None:
        if time.monotonic() - self._alive_at > _FROZEN_S:
            end("this worker was frozen and may have been replaced; it ends and starts afresh")
