"""The bench's own end of Kafka: fill topics, see how far topics and readers are, read what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from stream.adapters.brokers import bootstrap_servers
from stream.adapters.topics import Topic, full_name
from stream.errors import BrokerError
from stream.settings import Settings

_AT_ONCE = 2000  # records under way when a topic is filled


async def make_table_topic(settings: Settings, name: str) -> None:
    """Make a changelog for a contestant's table, like that of our worker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers(settings))
    await admin.start()
    try:
        config = {"cleanup.policy": "compact", "max.message.bytes": "2097152"}
        await admin.create_topics([NewTopic(name, settings.topic_partitions, 1, topic_configs=config)])
    finally:
        await admin.close()


async def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins so."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap.split(","))
    await admin.start()
    try:
        found = [name for name in await admin.list_topics() if name.startswith(prefix)]
        if found:
            await admin.delete_topics(found)
    finally:
        await admin.close()


async def fill(settings: Settings, topic: str, records: Iterable[tuple[bytes, bytes]]) -> int:
    """Publish (key, value) records as fast as the broker takes them; returns how many."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers(settings), acks="all", linger_ms=5, max_batch_size=524_288, max_request_size=2_097_152
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


class Progress:
    """How many records topics have ever taken, and how many of an input a group of readers has acknowledged.

    Both only ever grow (0 stands for not yet known): ends of partitions are not moved by compaction or retention, and committed
    offsets are the reader's own word that a record is done.
    """

    def __init__(self, settings: Settings) -> None:
        servers = bootstrap_servers(settings)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        self._numbers = range(settings.topic_partitions)

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        await self._admin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()
        await self._consumer.stop()

    async def taken(self, topics: Sequence[str]) -> int:
        """Return how many records these topics have taken since they were made."""
        ends = await self._consumer.end_offsets([TopicPartition(topic, number) for topic in topics for number in self._numbers])
        return sum(ends.values())

    async def acknowledged(self, group_id: str, topic: str) -> int:
        """Return how many records of the topic the group has acknowledged."""
        partitions = [TopicPartition(topic, number) for number in self._numbers]
        try:
            told = await self._admin.list_consumer_group_offsets(group_id, partitions=partitions)
        except KafkaError as error:
            if error.retriable:  # the broker still makes its topic of offsets: nobody can have committed yet
                return 0
            raise BrokerError(f"Kafka did not tell what {group_id} has acknowledged ({type(error).__name__}).") from error
        return sum(max(0, place.offset) for place in told.values())  # -1: nothing yet

    async def members(self, group_id: str) -> int:
        """Return how many have joined this group of readers and share its partitions; 0 while it settles."""
        try:
            for told in await self._admin.describe_consumer_groups([group_id]):
                for group in told.to_object()["groups"]:
                    return len(group["members"]) if group["state"] == "Stable" else 0
        except KafkaError as error:
            if not error.retriable:
                raise BrokerError(f"Kafka did not tell who reads as {group_id} ({type(error).__name__}).") from error
        return 0


def reader(settings: Settings, topic: Topic | str) -> AIOKafkaConsumer:
    """Return a consumer, not yet started, that reads what comes to a topic from now on, as the dashboard does."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers(settings), enable_auto_commit=False, auto_offset_reset="latest", fetch_max_wait_ms=250
    )
    name = full_name(topic, settings.topic_prefix) if isinstance(topic, Topic) else topic
    consumer.assign([TopicPartition(name, number) for number in range(settings.topic_partitions)])
    return consumer
