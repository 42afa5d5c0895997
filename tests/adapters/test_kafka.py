from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from kafka.errors import KafkaTimeoutError

from stream.adapters.kafka import GroupConsumer, Publisher, Record, Tail, _require_topic, close_quietly, connect_producer
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.errors import BrokerError
from stream.settings import Settings

pytestmark = pytest.mark.kafka


@pytest.fixture
def topics(settings: Settings) -> Settings:
    ensure_topics(settings)
    return settings


@pytest.fixture
def publisher(topics: Settings) -> Iterator[Publisher]:
    publisher = Publisher(topics)
    yield publisher
    publisher.close()


@pytest.fixture
def nowhere(settings: Settings) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return settings.model_copy(update={"kafka_bootstrap_servers": f"127.0.0.1:{port}"})


def read_all(settings: Settings, *topics: Topic) -> list[Record]:
    tail = Tail(settings, topics)
    try:
        return drain(tail)
    finally:
        tail.close()


def drain(tail: Tail, deadline_s: float = 20) -> list[Record]:
    records: list[Record] = []
    deadline = time.monotonic() + deadline_s
    while not tail.is_caught_up():
        assert time.monotonic() < deadline, "never caught up"
        records += tail.poll(0.2)
    return records


def test_what_was_published_is_read_whole_and_in_order_within_a_key(topics: Settings, publisher: Publisher) -> None:
    for number in range(20):
        publisher.publish(Topic.INBOUND, f"group-{number % 3}", str(number).encode(), {"from": b"test"})
    records = read_all(topics, Topic.INBOUND)
    by_key = {key: [int(r.value or b"") for r in records if r.key == key] for key in ("group-0", "group-1", "group-2")}
    assert by_key == {f"group-{k}": list(range(k, 20, 3)) for k in range(3)}
    assert records[0].headers == {"from": b"test"}
    assert records[0].timestamp.tzinfo is not None


def test_a_tail_reads_several_topics_and_goes_on_reading(topics: Settings, publisher: Publisher) -> None:
    publisher.publish(Topic.TICKETS, "T-1", b"one")
    tail = Tail(topics, [Topic.TICKETS, Topic.TICKET_EVENTS])
    assert not tail.is_caught_up()
    assert [(r.topic, r.value) for r in drain(tail)] == [(Topic.TICKETS, b"one")]
    publisher.publish(Topic.TICKET_EVENTS, "T-1", b"later")
    found: list[Record] = []
    deadline = time.monotonic() + 20
    while not found and time.monotonic() < deadline:
        found = tail.poll(0.2)
    assert [(r.topic, r.value) for r in found] == [(Topic.TICKET_EVENTS, b"later")]
    assert tail.lag() == 0
    tail.close()


def test_a_group_reads_again_what_was_not_committed(topics: Settings, publisher: Publisher) -> None:
    for number in range(4):
        publisher.publish(Topic.INBOUND, "g", str(number).encode())
    assert _consume(topics, 4, commit=False) == [b"0", b"1", b"2", b"3"]
    assert _consume(topics, 4, commit=True) == [b"0", b"1", b"2", b"3"]
    publisher.publish(Topic.INBOUND, "g", b"4")
    assert _consume(topics, 1, commit=True) == [b"4"]


def _consume(settings: Settings, count: int, *, commit: bool) -> list[bytes | None]:
    consumer = GroupConsumer(settings, [Topic.INBOUND], f"{settings.topic_prefix}reader")
    values: list[bytes | None] = []
    deadline = time.monotonic() + 30
    while len(values) < count and time.monotonic() < deadline:
        values += [record.value for record in consumer.poll(0.2)]
    if commit:
        consumer.commit()
    consumer.close()
    return values


def test_threads_share_a_publisher(topics: Settings, publisher: Publisher) -> None:
    def send(name: str) -> None:
        for number in range(10):
            publisher.publish(Topic.COMMANDS, name, str(number).encode())

    threads = [threading.Thread(target=send, args=(f"k{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_all(topics, Topic.COMMANDS)) == 40


@pytest.mark.parametrize(
    "attempt",
    [
        lambda s: Publisher(s).publish(Topic.INBOUND, "k", b"v"),
        lambda s: Tail(s, [Topic.INBOUND]).poll(0.1),
        lambda s: GroupConsumer(s, [Topic.INBOUND], "g").poll(0.1),
        connect_producer,
        ensure_topics,
    ],
    ids=["publisher", "tail", "group", "producer", "topics"],
)
class TestAbsent:
    def test_a_broker_that_is_away_is_told_and_named(self, nowhere: Settings, attempt: object) -> None:
        assert callable(attempt)
        with pytest.raises(BrokerError, match=nowhere.kafka_bootstrap_servers):
            attempt(nowhere)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda s: Publisher(s).publish(Topic.INBOUND, "k", b"v"),
        lambda s: Tail(s, [Topic.INBOUND]).poll(0.1),
        lambda s: GroupConsumer(s, [Topic.INBOUND], "g").poll(0.1),
        connect_producer,
    ],
    ids=["publisher", "tail", "group", "producer"],
)
def test_a_missing_topic_is_told_and_never_made(settings: Settings, attempt: object) -> None:
    from stream.adapters.topic_admin import inspect_topics

    assert callable(attempt)
    with pytest.raises(BrokerError, match="groupdesk topics"):
        attempt(settings)
    assert set(inspect_topics(settings).values()) == {None}


def test_closing_never_raises_whatever_the_state(topics: Settings, nowhere: Settings) -> None:
    unused, used = Publisher(nowhere), Publisher(topics)
    used.publish(Topic.INBOUND, "k", b"v")
    for publisher in (unused, used, used):
        publisher.close()
    producer = connect_producer(topics)
    close_quietly(producer)
    close_quietly(producer)
    Tail(nowhere, [Topic.INBOUND]).close()


def test_a_closed_publisher_connects_anew(topics: Settings, publisher: Publisher) -> None:
    publisher.publish(Topic.INBOUND, "k", b"before")
    publisher.close()
    publisher.publish(Topic.INBOUND, "k", b"after")
    assert [r.value for r in read_all(topics, Topic.INBOUND)] == [b"before", b"after"]


def test_without_a_setting_the_built_in_broker_is_found_in_the_data_folder(settings: Settings, kafka: str) -> None:
    unset = settings.model_copy(update={"kafka_bootstrap_servers": ""})
    with pytest.raises(BrokerError, match="groupdesk up"):
        ensure_topics(unset)
    (unset.data_dir / "broker").mkdir(parents=True)
    (unset.data_dir / "broker" / "address").write_text(kafka)
    assert ensure_topics(unset)


class SlowBroker:
    """A producer whose broker tells of a topic only when asked for the `nth` time, as one does that has just started."""

    def __init__(self, nth: int) -> None:
        self.asked, self.nth = 0, nth

    def partitions_for(self, _: str) -> set[int]:
        self.asked += 1
        if self.asked < self.nth:
            raise KafkaTimeoutError("Failed to update metadata")
        return {0}


def test_a_broker_that_is_slow_to_tell_of_a_topic_is_asked_again_but_not_for_ever() -> None:
    _require_topic(SlowBroker(nth=3), "inbound")
    silent = SlowBroker(nth=99)
    with pytest.raises(BrokerError, match="does not answer"):
        _require_topic(silent, "inbound")
    assert silent.asked == 4
