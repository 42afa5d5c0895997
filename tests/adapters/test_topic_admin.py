from __future__ import annotations

import threading

import pytest

from stream.adapters.topic_admin import ensure_topics, inspect_topics, live_brokers, wait_for_topics, wanted_topics, worker_app_id
from stream.adapters.topics import Topic, changelog_name, full_name
from stream.errors import TopicMismatch
from stream.settings import Settings

pytestmark = pytest.mark.kafka


def test_every_topic_and_the_changelog_are_made_once(settings: Settings) -> None:
    expected = {full_name(topic, settings.topic_prefix) for topic in Topic} | {changelog_name(worker_app_id(settings), "groups")}
    assert set(ensure_topics(settings)) == expected
    assert ensure_topics(settings) == []
    assert inspect_topics(settings) == dict.fromkeys(expected, settings.topic_partitions)


def test_two_roles_that_start_together_both_succeed(settings: Settings) -> None:
    made: list[list[str]] = []
    threads = [threading.Thread(target=lambda: made.append(ensure_topics(settings))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert set(inspect_topics(settings).values()) == {settings.topic_partitions}


def test_another_number_of_partitions_is_an_error_that_names_topic_and_setting(settings: Settings) -> None:
    ensure_topics(settings)
    more = settings.model_copy(update={"topic_partitions": settings.topic_partitions + 1})
    with pytest.raises(TopicMismatch, match=rf"TOPIC_PARTITIONS is 3, but .*{settings.topic_prefix}inbound\.v1 has 2"):
        ensure_topics(more)
    with pytest.raises(TopicMismatch):
        wait_for_topics(more, threading.Event(), say=lambda _: None)


def test_waiting_tells_each_reason_once_and_ends_when_told_to(settings: Settings) -> None:
    stop, heard = threading.Event(), list[str]()

    def say(reason: str) -> None:
        heard.append(reason)
        stop.set()

    away = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    assert not wait_for_topics(away, stop, say)
    assert len(heard) == 1
    assert "127.0.0.1:1" in heard[0]
    assert wait_for_topics(settings, threading.Event(), say)


def test_a_broker_tells_that_it_serves(settings: Settings) -> None:
    assert live_brokers(settings) == 1


def test_three_replicas_ask_for_two_in_sync() -> None:
    for replicas, expected in ((1, None), (3, "2")):
        wanted = wanted_topics(Settings(_env_file=None, topic_replication=replicas))
        assert {config.get("min.insync.replicas") for config in wanted.values()} == {expected}


def test_only_tickets_status_and_the_changelog_are_compacted() -> None:
    wanted = wanted_topics(Settings(_env_file=None))
    compacted = {name for name, config in wanted.items() if "compact" in config["cleanup.policy"]}
    assert compacted == {"groupdesk.tickets.v1", "groupdesk.status.v1", "groupdesk.worker-groups-changelog"}
