"""The bench's own end of Kafka: fill topics, see how far they are, read what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.adapters.brokers import bootstrap_servers
from stream.adapters.topics import Topic, full_name
from stream.settings import Settings

_AT_ONCE = 2000  # records under way when a topic is filled


async def fill(settings: Settings, topic: str, records: Iterable[tuple[bytes, bytes]]) -> int:
    """Publish (key, value) records as fast as the broker takes them; returns how many."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers(settings), acks=1, linger_ms=5, max_batch_size=262_144, max_request_size=2_097_152
    )
    await producer.start()
    count = 0
    try:
        pending: list[Any] = []
        for key, value in records:
            pending.append(await producer.send(topic, value, key=key))
            count += 1
            if len(pending) >= _AT_ONCE:
                await asyncio.gather(*pending)
                pending.clear()
        await asyncio.gather(*pending)
    finally:
        await producer.stop()
    return count


class Ends:
    """How many records a topic has taken, asked again and again."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers(settings), enable_auto_commit=False)
        self._topic = topic
        self._partitions = [TopicPartition(topic, number) for number in range(settings.topic_partitions)]

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def count(self) -> int:
        ends = await self._consumer.end_offsets(self._partitions)
        return sum(ends.values())


def reader(settings: Settings, topic: Topic) -> AIOKafkaConsumer:
    """Return a consumer, not yet started, that reads what comes to a topic from now on, as the dashboard does."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers(settings), enable_auto_commit=False, auto_offset_reset="latest", fetch_max_wait_ms=250
    )
    name = full_name(topic, settings.topic_prefix)
    consumer.assign([TopicPartition(name, number) for number in range(settings.topic_partitions)])
    return consumer
