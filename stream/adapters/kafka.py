"""Kafka for everything but the worker: publish with an acknowledgement, read whole topics, read as a group.

Nothing here waits for a broker longer than a few seconds: what cannot be done raises `BrokerError`, and the caller tries again.
`connect_producer` is for the bridge, which needs callbacks; all others use `Publisher`, `Tail` and `GroupConsumer`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from stream.adapters.broker_refusal import why_refused
from stream.adapters.brokers import bootstrap_servers, client_options, connect
from stream.adapters.joining import Joining
from stream.adapters.record import Record, read_record
from stream.adapters.topics import Topic, full_name
from stream.errors import BrokerError
from stream.settings import Settings

__all__ = ["GroupConsumer", "Publisher", "Record", "Tail", "bootstrap_servers", "client_options", "connect_producer"]

_OFFSETS_MS = 5_000


def connect_producer(settings: Settings, topics: Iterable[Topic] = Topic) -> Any:
    """Return a producer that knows these topics already, so that `send` never blocks its caller; takes 3 s at worst.

    acks=all and idempotence: a positive answer means stored. A negative one may still have been stored: readers drop doubles.
    """
    try:
        producer = connect(
            KafkaProducer,
            **client_options(settings),
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            linger_ms=2,
            batch_size=131_072,
            max_request_size=1_572_864,
            max_in_flight_requests_per_connection=5,
            request_timeout_ms=2_000,
            delivery_timeout_ms=4_000,
            max_block_ms=500,
        )
    except KafkaError as error:
        raise _unreachable(settings, error) from error
    try:
        for topic in topics:
            _require_topic(producer, full_name(topic, settings.topic_prefix))
    except BrokerError:
        close_quietly(producer)
        raise
    return producer


def close_quietly(client: Any, timeout_s: float = 2.0) -> None:
    """Close a producer or consumer; the library raises when the broker is away, and there is nothing left to do about it."""
    with contextlib.suppress(KafkaError, RuntimeError, OSError):
        if not isinstance(client, KafkaProducer):
            client.close(autocommit=False, timeout_ms=timeout_s * 1_000)
            return
        try:
            client.close(timeout=timeout_s)
        finally:
            # `close` gives up with its thread still running when records are under way.
            client._sender.force_close()  # noqa: SLF001 -- there is no public way
            client._closed = True  # noqa: SLF001 -- or it tries once more, loudly, when it is collected


class Publisher:
    """Publishes one record at a time and returns when Kafka has it. Safe to share between threads; connects when first used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._producer: Any = None
        self._known: set[str] = set()
        self._failures = 0

    def publish(self, topic: Topic, key: str, value: bytes, headers: dict[str, bytes] | None = None) -> None:
        """Return once all in-sync replicas have the record; raises `BrokerError` when that is not known within 4 s."""
        name = full_name(topic, self._settings.topic_prefix)
        producer = self._connected(name)
        try:
            producer.send(name, value=value, key=key.encode(), headers=list((headers or {}).items())).get(timeout=5)
        except KafkaError as error:
            self._forget(producer, error)
            raise BrokerError(
                f"Kafka did not take a record for {name} ({type(error).__name__}); it may be stored or not."
            ) from error
        self._failures = 0

    def _connected(self, name: str) -> Any:
        with self._lock:
            if self._producer is None:
                self._producer = connect_producer(self._settings, topics=())
            if name not in self._known:
                _require_topic(self._producer, name)
                self._known.add(name)
            return self._producer

    def _forget(self, producer: Any, error: KafkaError) -> None:
        # After a refusal the sequence numbers may be unusable, and after a lost broker it was seen to time out for ever:
        # a new producer starts clean. One timeout alone is no reason.
        with self._lock:
            self._failures += 1
            if self._producer is producer and (self._failures > 1 or not isinstance(error, KafkaTimeoutError)):
                close_quietly(producer, timeout_s=0)
                self._producer = None
                self._known.clear()

    def close(self) -> None:
        """Let go of the connection; never raises."""
        with self._lock:
            if self._producer is not None:
                close_quietly(self._producer)
                self._producer = None
                self._known.clear()


class Tail:
    """Reads whole topics from the beginning and goes on reading; belongs to one thread, connects when first polled.

    With `from_now` it leaves out what was there before the first poll.
    """

    def __init__(self, settings: Settings, topics: Sequence[Topic], *, from_now: bool = False) -> None:
        self._settings = settings
        self._from_now = from_now
        self._topics = {full_name(topic, settings.topic_prefix): topic for topic in topics}
        self._consumer: Any = None
        self._left: dict[TopicPartition, int] = {}

    def poll(self, timeout_s: float = 0.5) -> list[Record]:
        """Return what has arrived, in order within a key; an empty list after `timeout_s`. Raises `BrokerError`."""
        try:
            if self._consumer is None:
                self._consumer = self._assigned()
            batches = self._consumer.poll(timeout_ms=int(timeout_s * 1_000))
            self._measure()
        except KafkaError as error:
            raise _unreachable(self._settings, error) from error
        return [read_record(self._topics[raw.topic], raw) for batch in batches.values() for raw in batch]

    def is_caught_up(self) -> bool:
        """Tell whether everything that was in the topics at the last look has been read."""
        return self._consumer is not None and self.lag() == 0

    def lag(self) -> int:
        """Return how many records are still to be read, as far as the brokers have told."""
        return sum(self._left.values())

    def lags(self) -> dict[tuple[Topic, int], int]:
        """Return the same by topic and partition."""
        return {(self._topics[one.topic], one.partition): left for one, left in self._left.items()}

    def close(self) -> None:
        """Let go of the connection; never raises."""
        if self._consumer is not None:
            close_quietly(self._consumer)
            self._consumer = None

    def _assigned(self) -> Any:
        consumer = _consumer(self._settings, group_id=None)
        try:
            partitions = [TopicPartition(name, number) for name in self._topics for number in _partitions(consumer, name)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions, timeout_ms=_OFFSETS_MS)
            starts = ends if self._from_now else consumer.beginning_offsets(partitions, timeout_ms=_OFFSETS_MS)
            self._left = {partition: ends[partition] - starts[partition] for partition in partitions}
            for partition in partitions if self._from_now else ():
                consumer.seek(partition, ends[partition])
        except (KafkaError, BrokerError):
            close_quietly(consumer)
            raise
        return consumer

    def _measure(self) -> None:
        for partition in self._left:
            end, position = self._consumer.highwater(partition), self._consumer.position(partition, timeout_ms=0)
            if end is not None and position is not None:
                self._left[partition] = max(0, end - position)


class GroupConsumer:
    """Reads topics as one of a group, at least once: what is not committed is read again. Belongs to one thread."""

    def __init__(self, settings: Settings, topics: Sequence[Topic], group_id: str) -> None:
        self._settings = settings
        self._topics = {full_name(topic, settings.topic_prefix): topic for topic in topics}
        self._group_id = group_id
        self._joining = Joining()
        self._consumer: Any = None

    def poll(self, timeout_s: float = 0.5) -> list[Record]:
        """Return what has arrived for this member, at most 500 records; an empty list after `timeout_s`. Raises `BrokerError`."""
        try:
            if self._consumer is None:
                self._consumer = self._subscribed()
            batches = self._consumer.poll(timeout_ms=int(timeout_s * 1_000))
        except KafkaError as error:
            raise _unreachable(self._settings, error) from error
        if self._joining.takes_too_long(self._consumer):
            self.close()
            raise BrokerError(f"Kafka does not say whether it lets us into the group {self._group_id}; it is asked again.")
        return [read_record(self._topics[raw.topic], raw) for batch in batches.values() for raw in batch]

    def commit(self) -> None:
        """Remember that everything polled so far is done. Raises `BrokerError`; then it is simply read again."""
        if self._consumer is None:
            return
        try:
            self._consumer.commit(timeout_ms=_OFFSETS_MS)
        except KafkaError as error:
            raise _unreachable(self._settings, error) from error

    def close(self) -> None:
        """Leave the group without committing; never raises."""
        self._joining.begin_anew()
        if self._consumer is not None:
            close_quietly(self._consumer)
            self._consumer = None

    def _subscribed(self) -> Any:
        consumer = _consumer(self._settings, group_id=self._group_id)
        try:
            for name in self._topics:
                _partitions(consumer, name)
            consumer.subscribe(list(self._topics))
        except (KafkaError, BrokerError):
            close_quietly(consumer)
            raise
        return consumer


def _consumer(settings: Settings, group_id: str | None) -> Any:
    try:
        return connect(
            KafkaConsumer,
            **client_options(settings),
            group_id=group_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            session_timeout_ms=10_000,
            fetch_max_wait_ms=250,
            request_timeout_ms=15_000,
        )
    except KafkaError as error:
        raise _unreachable(settings, error) from error


def _partitions(consumer: Any, name: str) -> list[int]:
    numbers = consumer.partitions_for_topic(name)
    if not numbers:
        raise BrokerError(f"Topic {name} does not exist; run `groupdesk topics`.")
    return sorted(numbers)


def _require_topic(producer: Any, name: str) -> None:
    for tries_left in (3, 2, 1, 0):  # half a second each: a broker that has just started is slow to tell
        try:
            if producer.partitions_for(name):
                return
        except KafkaError as error:
            if not tries_left:
                raise BrokerError(f"Topic {name} does not exist, or Kafka does not answer; run `groupdesk topics`.") from error
    raise BrokerError(f"Topic {name} does not exist; run `groupdesk topics`.")


def _unreachable(settings: Settings, error: KafkaError) -> BrokerError:
    servers = bootstrap_servers(settings)
    silent = f"Kafka at {', '.join(servers)} does not answer ({type(error).__name__}); check KAFKA_BOOTSTRAP_SERVERS."
    return BrokerError(why_refused(settings, servers) or silent)
