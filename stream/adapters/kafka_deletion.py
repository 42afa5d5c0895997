"""Taking records out of topics before their time, and knowing how far everybody has read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from stream.adapters.brokers import client_options, connect
from stream.adapters.kafka import close_quietly
from stream.errors import BrokerError
from stream.settings import Settings

_TIMEOUT_MS = 15_000


class RawRecord(NamedTuple):
    """A record with nothing taken for granted."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: dict[str, bytes]


def read_topic(settings: Settings, name: str) -> Iterator[RawRecord]:
    """Yield every record that is in the topic now, by its full name; raises `BrokerError`."""
    return (record for _, record in read_topics(settings, [name]))


def read_topics(settings: Settings, names: Iterable[str]) -> Iterator[tuple[str, RawRecord]]:
    """Yield every record that is in these topics now, each with its topic's name; raises `BrokerError`."""
    with _told("read a topic"):
        consumer = _consumer(settings)
        try:
            partitions = [
                TopicPartition(name, number) for name in names for number in sorted(consumer.partitions_for_topic(name) or ())
            ]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS)
            while any(consumer.position(partition, timeout_ms=_TIMEOUT_MS) < ends[partition] for partition in partitions):
                for batch in consumer.poll(timeout_ms=300).values():
                    for raw in batch:
                        yield raw.topic, RawRecord(raw.partition, raw.offset, raw.key or b"", raw.value, dict(raw.headers))
        finally:
            close_quietly(consumer)


def end_offsets(settings: Settings, name: str) -> dict[int, int]:
    """Return where each partition ends; raises `BrokerError`."""
    with _told("tell how far a topic is"):
        consumer = _consumer(settings)
        try:
            partitions = [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name) or ())]
            return {at.partition: end for at, end in consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS).items()}
        finally:
            close_quietly(consumer)


def read_by_all(settings: Settings, name: str) -> dict[int, int]:
    """Return for each partition up to where every group of ours has read it; a partition that no group reads is not there."""
    with _told("tell who has read what"), _admin(settings) as admin:
        groups = [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(settings.topic_prefix)]
        found: dict[int, int] = {}
        for offsets in (admin.list_group_offsets(dict.fromkeys(groups)) if groups else {}).values():
            for at, committed in offsets.items():
                if at.topic == name and committed.offset >= 0:
                    found[at.partition] = min(found.get(at.partition, committed.offset), committed.offset)
        return found


def delete_before(settings: Settings, name: str, offsets: dict[int, int]) -> None:
    """Take out everything before these offsets, for every reader and for good; raises `BrokerError`."""
    if not offsets:
        return
    with _told("delete records"), _admin(settings) as admin:
        admin.delete_records({TopicPartition(name, number): offset for number, offset in offsets.items()})


def _consumer(settings: Settings) -> Any:
    options = client_options(settings) | {"enable_auto_commit": False, "request_timeout_ms": _TIMEOUT_MS}
    return connect(KafkaConsumer, **options, group_id=None)


@contextmanager
def _admin(settings: Settings) -> Iterator[Any]:
    admin = connect(KafkaAdminClient, **client_options(settings), request_timeout_ms=_TIMEOUT_MS)
    try:
        yield admin
    finally:
        admin.close()


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise BrokerError(f"Kafka did not {what} ({type(error).__name__}); check its access rights, and try again.") from error
