"""The bare aiokafka loop: a dict, one output a message, offsets committed once a second. No table, no recovery: a ceiling."""

from __future__ import annotations

import asyncio
import signal
import time

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stream.adapters.brokers import bootstrap_servers
from stream.adapters.topics import Topic, full_name
from stream.settings import Settings


def run(settings: Settings, group_id: str, output: str) -> None:
    """Count messages by group until SIGTERM."""
    uvloop.run(_count(settings, group_id, output))


async def _count(settings: Settings, group_id: str, output: str) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    servers = bootstrap_servers(settings)
    consumer = AIOKafkaConsumer(
        full_name(Topic.INBOUND, settings.topic_prefix),
        bootstrap_servers=servers,
        group_id=group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=2, max_batch_size=131_072)
    await consumer.start()
    await producer.start()
    counts: dict[bytes, int] = {}
    committed_at = time.monotonic()
    try:
        while not stopping.is_set():
            batches = await consumer.getmany(timeout_ms=200)
            stored = []
            for record in (record for batch in batches.values() for record in batch):
                read = orjson.loads(record.value)
                counts[record.key] = counts.get(record.key, 0) + 1
                told = orjson.dumps({"group": read["chat"], "count": counts[record.key]})
                stored.append(await producer.send(output, told, key=record.key))
            await asyncio.gather(*stored)
            if batches and time.monotonic() - committed_at > 1:
                await consumer.commit()
                committed_at = time.monotonic()
    finally:
        await consumer.stop()
        await producer.stop()
