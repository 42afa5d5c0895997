"""A record of a topic, as all but the worker see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stream.adapters.topics import Topic


@dataclass(frozen=True)
class Record:
    """A record as it was read. `value` is None for a tombstone."""

    topic: Topic
    partition: int
    offset: int
    timestamp: datetime
    key: str | None
    value: bytes | None
    headers: dict[str, bytes]


def read_record(topic: Topic, raw: Any) -> Record:
    """Return what kafka-python read."""
    return Record(
        topic=topic,
        partition=raw.partition,
        offset=raw.offset,
        timestamp=datetime.fromtimestamp(raw.timestamp / 1_000, UTC),
        key=None if raw.key is None else raw.key.decode("utf-8", "replace"),
        value=raw.value,
        headers=dict(raw.headers),
    )
