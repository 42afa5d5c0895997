"""The bare Faust table counter: one agent, one table in memory, one changelog record and one output a message."""

from __future__ import annotations

import asyncio

import faust
import orjson
import uvloop

from stream.adapters.brokers import bootstrap_servers
from stream.adapters.topics import Topic, full_name
from stream.settings import Settings


def run(settings: Settings, app_id: str, output: str) -> None:
    """Count messages by group until SIGTERM; Faust's settings are those of our worker, its stream is the plain one."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    app = faust.App(
        app_id,
        broker=[f"kafka://{server}" for server in bootstrap_servers(settings)],
        datadir=settings.data_dir / app_id,
        store="memory://",
        web_enabled=False,
        topic_partitions=settings.topic_partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=10.0,
        broker_rebalance_timeout=10.0,
        broker_commit_interval=1.0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        producer_linger=0.002,
        producer_max_batch_size=131_072,
        producer_acks=-1,
    )
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    source = app.topic(full_name(Topic.INBOUND, settings.topic_prefix), **raw)
    sink = app.topic(output, **raw)
    counts = app.Table("counts", key_type=bytes, value_type=bytes, partitions=settings.topic_partitions)

    async def count(stream: faust.Stream) -> None:
        async for event in stream.events():
            read = orjson.loads(event.value)
            known = counts.get(event.key)
            number = 1 + (orjson.loads(known)["count"] if known else 0)
            counts[event.key] = orjson.dumps({"count": number})
            sink.send_soon(key=event.key, value=orjson.dumps({"group": read["chat"], "count": number}))

    app.agent(source, name="count")(count)
    faust.Worker(
        app, loglevel="error", logging_config=None, override_logging=False, quiet=True, redirect_stdouts=False
    ).execute_from_commandline()
