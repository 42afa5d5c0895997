"""The same work on quixstreams: our rules and our step, with the group's record in its RocksDB state.

Needs an interpreter that has quixstreams beside Groupdesk. It keeps one change a group and checkpoint in its changelog, where
our worker keeps one a message.
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application
from quixstreams.state import State

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.bench.contestants.task import Task, read_task
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord


def work(task: Task) -> None:
    """Turn messages into tickets until SIGTERM."""
    app = Application(
        broker_address=task.bootstrap,
        consumer_group=task.group_id,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        state_dir=task.folder / task.group_id,
        auto_create_topics=True,
        loglevel="ERROR",
        producer_extra_config={"linger.ms": 2, "acks": "all", "message.max.bytes": 2_097_152},
    )
    book = load_book(task.rules_dir)

    def turn(value: bytes, key: bytes, timestamp: int, headers: Any, state: State) -> list[bytes]:  # noqa: ARG001 -- its interface
        raw = state.get_bytes("record")
        record = GroupRecord.from_json(raw) if raw else None
        arrival = Arrival(Topic.INBOUND, 0, _next(record), key.decode(), value, timestamp / 1000)
        handled = handle(arrival, record, book, lambda _ref: False)
        if handled.record is not None:
            state.set_bytes("record", handled.record.to_json())
        return [publication.value for publication in handled.publications]

    source = app.topic(task.source, value_deserializer="bytes", key_deserializer="bytes")
    output = app.topic(task.output, value_serializer="bytes", key_serializer="bytes")
    messages = app.dataframe(source).apply(turn, stateful=True, metadata=True, expand=True)
    messages.to_topic(output)
    app.run()


def _next(record: GroupRecord | None) -> int:
    return 1 + (record.position.get(Topic.INBOUND, -1) if record else -1)


if __name__ == "__main__":
    work(read_task())
