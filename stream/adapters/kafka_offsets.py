"""How many records topics have ever taken: the ends of their partitions, which survive every restart and every retention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from stream.adapters.brokers import client_options
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
        self._consumer = KafkaConsumer(
            **client_options(self._settings), group_id=None, enable_auto_commit=False, request_timeout_ms=_TIMEOUT_MS
        )
        self._partitions = []
        for name in self._topics:
            numbers = self._consumer.partitions_for_topic(name)
            if not numbers:
                self.close()
                raise BrokerError(f"Topic {name} does not exist; run `groupdesk topics`.")
            self._partitions += [TopicPartition(name, number) for number in numbers]
