"""A broker that is away for long: each try to connect leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from stream.adapters import kafka, kafka_deletion, topic_admin
from stream.adapters.topics import Topic
from stream.errors import BrokerError
from stream.settings import Settings

AWAY = Settings(_env_file=None, kafka_bootstrap_servers="127.0.0.1:1")


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: kafka.GroupConsumer(AWAY, [Topic.INBOUND], "group").poll(0.1),
        lambda: kafka.connect_producer(AWAY, ()),
        lambda: topic_admin.live_brokers(AWAY),
        lambda: list(kafka_deletion.read_topic(AWAY, "inbound")),
        lambda: kafka_deletion.end_offsets(AWAY, "inbound"),
        lambda: kafka_deletion.read_by_all(AWAY, "inbound"),
    ],
    ids=["consumer", "producer", "admin", "reading a topic", "ends of a topic", "who has read a topic"],
)
def test_a_client_that_finds_no_broker_leaves_no_thread_behind(attempt: Callable[[], Any]) -> None:
    before = set(threading.enumerate())
    with pytest.raises(BrokerError):
        attempt()
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("kafka-io")]
    assert left == []
