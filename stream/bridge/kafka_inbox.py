"""The inbox that is Kafka: a webhook is stored when the broker has acknowledged it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stream import logs
from stream.adapters.kafka import close_quietly
from stream.adapters.topics import Topic
from stream.bridge.breaker import Breaker
from stream.bridge.ending import finish
from stream.bridge.flights import Flight, Flights
from stream.bridge.inbox import InboxRecord, InboxState, NotStored
from stream.core.status import Health
from stream.errors import BrokerError

log = logs.get(__name__)

_CONNECT_EVERY_S = 0.3
_LOOK_EVERY_S = 0.1
# A producer that fails with what no retry cures, or fails for this long, is replaced by a new one.
_FATAL_IN_A_ROW = 3
_FAILING_FOR_S = 30.0
# It gives a record up after 4 s. One that does not was left behind by a broker that hung, and never recovers.
_STUCK_AFTER_S = 6.0
_CLOSE_WITHIN_S = 0.8


class KafkaInbox:
    """Stores through one idempotent producer, made in a thread of its own, again whenever it has become useless.

    `connect` makes a producer that knows the topics, or raises `BrokerError`; `names` are the topics' names in Kafka.
    """

    def __init__(self, connect: Callable[[], Any], names: Mapping[Topic, str]) -> None:
        self._connect = connect
        self._names = names
        self._loop = asyncio.get_running_loop()
        self._producer: Any = None
        self._breaker = Breaker()
        self._flights = Flights(self._loop, self._note_end)
        self._failing_since: float | None = None
        self._fatal = 0
        self._problem = "not connected to Kafka yet"
        self._closing = threading.Event()
        self._watch = self._loop.create_task(self._look_after())
        self._spawn(self._connect_until_done)

    @property
    def in_flight(self) -> int:
        return len(self._flights)

    async def store(self, records: Sequence[InboxRecord]) -> None:
        size = sum(len(record.value) for record in records)
        producer = self._admit(size)
        flight = self._flights.begin(len(records), size)
        for record in records:
            try:
                future = producer.send(
                    self._names[record.topic],
                    value=record.value,
                    key=record.key.encode(),
                    headers=list(record.headers.items()),
                )
            except Exception as error:  # noqa: BLE001 - whatever a producer raises, the record is not stored and is said not to be
                self._flights.land(flight, error)
            else:
                future.add_callback(self._flights_land_ok, flight)
                future.add_errback(self._flights.land, flight)
        await flight.answer

    def _flights_land_ok(self, flight: Flight, _metadata: Any) -> None:
        self._flights.land(flight, None)

    def state(self) -> InboxState:
        if self._producer is None:
            return InboxState(Health.DOWN, self._problem)
        if self._breaker.is_open:
            return InboxState(Health.DOWN, "Kafka does not acknowledge; senders are asked to come again")
        if self._breaker.failures:
            return InboxState(Health.DEGRADED, "Kafka did not acknowledge the last webhook")
        return InboxState(Health.OK, "acknowledges what is sent")

    def parts(self) -> dict[str, InboxState]:
        return {"broker": self.state()}

    async def close(self) -> None:
        self._closing.set()
        self._watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch
        producer, self._producer = self._producer, None
        if producer is not None:
            await finish(lambda: close_quietly(producer, 0.5), within_s=_CLOSE_WITHIN_S)
        self._flights.settle()
        self._flights.abandon()

    def _admit(self, size: int) -> Any:
        """Return the producer, or raise `NotStored` at once: no producer, no room, or a broker known to be away."""
        if self._producer is None:
            raise NotStored("broker_away")
        if not self._flights.has_room(size):
            raise NotStored("too_many_in_flight")
        if not self._breaker.admits(self._loop.time(), len(self._flights)):
            raise NotStored("broker_away")
        return self._producer

    def _note_end(self, flight: Flight) -> None:
        """Learn from how a flight ended; called in the loop."""
        self._breaker.record(succeeded=flight.error is None)
        if flight.error is None:
            self._failing_since, self._fatal = None, 0
            return
        now = self._loop.time()
        self._failing_since = self._failing_since or now
        self._fatal = 0 if getattr(flight.error, "retriable", False) else self._fatal + 1
        if self._fatal >= _FATAL_IN_A_ROW or now - self._failing_since > _FAILING_FOR_S:
            self._loop.call_soon(self._replace_producer, type(flight.error).__name__)

    def _replace_producer(self, reason: str) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        log.warning("producer replaced", reason=reason)
        self._problem = "connecting to Kafka again"
        self._flights.abandon()
        self._breaker, self._failing_since, self._fatal = Breaker(), None, 0
        self._spawn(close_quietly, producer, 0)
        self._spawn(self._connect_until_done)

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            age_s = self._flights.oldest_age(self._loop.time())
            self._breaker.watch(age_s)
            self._flights.give_up()
            if age_s > _STUCK_AFTER_S:
                self._replace_producer("it neither stores nor gives up")

    def _spawn(self, work: Callable[..., None], *args: Any) -> None:
        threading.Thread(target=work, args=args, name="producer", daemon=True).start()

    def _connect_until_done(self) -> None:
        told = ""
        while not self._closing.is_set():
            try:
                producer = self._connect()
            except BrokerError as error:
                self._problem = str(error)
                if told != self._problem:
                    told = self._problem
                    log.warning("waiting for Kafka", reason=told)
                self._closing.wait(_CONNECT_EVERY_S)
                continue
            if self._closing.is_set():
                close_quietly(producer, 0)
                return
            self._producer = producer
            log.info("connected to Kafka")
            return
