"""How far topics are, and how far their readers: ends of partitions, and what groups have committed of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from stream.adapters.brokers import client_options, connect
from stream.adapters.kafka import close_quietly
from stream.adapters.topics import Topic, full_name
from stream.errors import BrokerError
from stream.settings import Settings

_TIMEOUT_MS = 3_000


class EndOffsets:
    """Asks for the ends of topics. Belongs to one thread; connects when first asked."""

    def __init__(self, settings: Settings, topics: Sequence[Topic]) -> None:
        self._settings = settings
        self._topics = {full_name(topic, settings.topic_prefix): topic for topic in topics}
        self._consumer: Any = None
        self._partitions: list[TopicPartition] = []

    def read(self) -> dict[Topic, int]:
        """Return the sum of a topic's end offsets, for each topic; raises `BrokerError`."""
        try:
            if self._consumer is None:
                self._connect()
            ends = self._consumer.end_offsets(self._partitions, timeout_ms=_TIMEOUT_MS)
        except KafkaError as error:
            self.close()
            raise BrokerError(f"Kafka did not tell how far its topics are ({type(error).__name__}).") from error
        sums = dict.fromkeys(self._topics.values(), 0)
        for partition, end in ends.items():
            sums[self._topics[partition.topic]] += end
        return sums

    def close(self) -> None:
        """Let go of the connection; never raises."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            close_quietly(consumer)

    def _connect(self) -> None:
        self._consumer = connect(
            KafkaConsumer,
            **client_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            request_timeout_ms=_TIMEOUT_MS,
        )
        self._partitions = []
        for name in self._topics:
            numbers = self._consumer.partitions_for_topic(name)
            if not numbers:
                self.close()
                raise BrokerError(f"Topic {name} does not exist; run `groupdesk topics`.")
            self._partitions += [TopicPartition(name, number) for number in numbers]


class GroupLags:
    """Asks how far groups are behind. `readers` names each group's topics. Belongs to one thread; connects when first asked."""

    def __init__(self, settings: Settings, readers: Mapping[str, Sequence[Topic]]) -> None:
        self._settings = settings
        self._readers = {
            group: {full_name(one, settings.topic_prefix): one for one in topics} for group, topics in readers.items()
        }
        self._consumers: dict[str, Any] = {}

    def read(self) -> dict[tuple[str, Topic], dict[int, int]]:
        """Return the records each group has still to handle, by partition; a group that never committed has all before it."""
        found: dict[tuple[str, Topic], dict[int, int]] = {}
        for group, topics in self._readers.items():
            try:
                lags = self._read_group(group, list(topics))
            except KafkaError as error:
                self.close()
                raise BrokerError(f"Kafka did not tell how far its readers are ({type(error).__name__}).") from error
            for (name, number), lag in lags.items():
                found.setdefault((group, topics[name]), {})[number] = lag
        return found

    def close(self) -> None:
        """Let go of the connections; never raises."""
        for consumer in self._consumers.values():
            close_quietly(consumer)
        self._consumers.clear()

    def _read_group(self, group: str, names: Sequence[str]) -> dict[tuple[str, int], int]:
        consumer = self._consumers.get(group)
        if consumer is None:  # it never subscribes, so it is no member of the group and takes nothing away from one
            name = f"{self._settings.topic_prefix}{group}"
            options = client_options(self._settings) | {"enable_auto_commit": False, "request_timeout_ms": 15_000}
            consumer = self._consumers[group] = connect(KafkaConsumer, **options, group_id=name)
        partitions = [TopicPartition(name, number) for name in names for number in consumer.partitions_for_topic(name) or ()]
        ends = consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS)
        starts = consumer.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS)
        done = {one: consumer.committed(one, timeout_ms=_TIMEOUT_MS) for one in partitions}
        return {
            (one.topic, one.partition): max(0, ends[one] - max(starts[one], starts[one] if done[one] is None else done[one]))
            for one in partitions
        }
