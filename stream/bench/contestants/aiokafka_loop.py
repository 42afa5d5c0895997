"""The bare aiokafka loop: a dict, one output a message, offsets committed once a second. No table, no recovery: a ceiling."""

from __future__ import annotations

import asyncio
import signal
import time

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stream.bench.contestants.task import Task, read_task


async def count_by_group(task: Task) -> None:
    """Count messages by group until SIGTERM."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    consumer = AIOKafkaConsumer(
        task.source,
        bootstrap_servers=task.servers,
        group_id=task.group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=task.servers, acks="all", linger_ms=2, max_batch_size=131_072)
    await consumer.start()
    await producer.start()
    counts: dict[bytes, int] = {}
    committed_at, is_committed = time.monotonic(), True
    try:
        while not stopping.is_set():
            stored = []
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                for record in batch:
                    read = orjson.loads(record.value)
                    counts[record.key] = counts.get(record.key, 0) + 1
                    told = orjson.dumps({"id": read["data"]["key"]["id"], "count": counts[record.key]})
                    stored.append(await producer.send(task.output, told, key=record.key))
            await asyncio.gather(*stored)
            is_committed = is_committed and not stored
            if not is_committed and time.monotonic() - committed_at > 1:
                await consumer.commit()
                committed_at, is_committed = time.monotonic(), True
    finally:
        await consumer.stop()
        await producer.stop()


if __name__ == "__main__":
    uvloop.run(count_by_group(read_task()))
