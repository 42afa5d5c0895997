"""The bare Faust table counter: one agent, one table in memory, one changelog record a message, and nothing else.

`options`: `conf`, the settings of our worker's Faust, and `buffer`, its bound of records that wait to be sent. So the two differ
by what they do, not by how Faust is set.
"""

from __future__ import annotations

import asyncio

import faust
import orjson
import uvloop
from faust.transport.producer import ProducerBuffer

from stream.bench.contestants.task import Task, read_task


def build_counter(task: Task) -> faust.App:
    """Return the app, wired but not started; its changelog is `<group_id>-counts-changelog`."""
    ProducerBuffer.max_messages = task.options["buffer"]
    app = faust.App(
        task.group_id,
        broker=[f"kafka://{server}" for server in task.servers],
        datadir=task.folder / task.group_id,
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        **task.options["conf"],
    )
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    counts = app.Table("counts", key_type=bytes, value_type=bytes, partitions=task.partitions)

    async def count(stream: faust.Stream) -> None:
        async for event in stream.events():
            orjson.loads(event.value)
            key = b"count " + event.key
            counts[key] = b"%d" % (int(counts.get(key) or 0) + 1)

    app.agent(app.topic(task.source, **raw), name="count")(count)
    return app


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    faust.Worker(
        build_counter(read_task()),
        loglevel="error",
        logging_config=None,
        override_logging=False,
        quiet=True,
        redirect_stdouts=False,
    ).execute_from_commandline()
