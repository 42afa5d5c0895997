from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from stream.adapters.kafka import Publisher, Tail
from stream.adapters.topic_admin import ensure_topics, live_brokers
from stream.adapters.topics import Topic
from stream.broker import Broker, child, jars, start_broker
from stream.broker.apache import Node, node_properties
from stream.broker.child import Child, stop_leftover
from stream.errors import BrokerError
from stream.settings import Settings
from tests.broker.java import needs_java


def settings_for(broker: Broker) -> Settings:
    return Settings(_env_file=None, kafka_bootstrap_servers=broker.bootstrap, topic_partitions=2)


def publish(broker: Broker, *values: bytes) -> None:
    publisher = Publisher(settings_for(broker))
    for value in values:
        publisher.publish(Topic.INBOUND, "group", value)
    publisher.close()


def stored(broker: Broker) -> list[bytes | None]:
    tail = Tail(settings_for(broker), [Topic.INBOUND])
    values: list[bytes | None] = []
    while not tail.is_caught_up():
        values += [record.value for record in tail.poll(0.2)]
    tail.close()
    return values


@needs_java
@pytest.mark.kafka
def test_apache_kafka_keeps_what_it_acknowledged_over_a_stop_and_over_a_kill(tmp_path: Path) -> None:
    broker = start_broker(tmp_path)
    try:
        assert broker.kind == "Apache Kafka"
        assert broker.keeps_data
        assert ensure_topics(settings_for(broker))
        publish(broker, b"before the stop")
        broker.stop()
        assert not broker.is_alive()
        assert not (tmp_path / "broker" / "address").exists()

        broker = start_broker(tmp_path)
        assert (tmp_path / "broker" / "address").read_text() == broker.bootstrap
        assert ensure_topics(settings_for(broker)) == []
        assert stored(broker) == [b"before the stop"]

        publish(broker, b"before the kill")
        broker.nodes[0].kill()
        assert not broker.is_alive()
        broker.restart()
        assert stored(broker) == [b"before the stop", b"before the kill"]
    finally:
        broker.stop()


@needs_java
@pytest.mark.kafka
def test_a_second_broker_is_refused_and_topics_are_never_made_by_chance(tmp_path: Path) -> None:
    broker = start_broker(tmp_path)
    try:
        with pytest.raises(BrokerError, match="Another broker runs in"):
            start_broker(tmp_path)
        assert live_brokers(settings_for(broker)) == 1
        with pytest.raises(BrokerError, match="does not exist"):
            publish(broker, b"into the void")
    finally:
        broker.stop()


@needs_java
@pytest.mark.kafka
def test_three_nodes_go_on_without_one_of_them(tmp_path: Path) -> None:
    broker = start_broker(tmp_path, nodes=3)
    try:
        settings = settings_for(broker).model_copy(update={"topic_replication": 3})
        ensure_topics(settings)
        publish(broker, b"with three")
        broker.nodes[2].kill()
        publisher = Publisher(settings)
        for _ in range(10):
            try:
                publisher.publish(Topic.INBOUND, "group", b"with two")
            except BrokerError:
                continue
            break
        publisher.close()
        assert set(stored(broker)) == {b"with three", b"with two"}
    finally:
        broker.stop()


def test_the_broker_from_pypi_runs_where_java_is_missing_and_says_what_it_does_not_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "find_java", lambda: None)
    with pytest.raises(BrokerError, match="Java 17 or newer is not installed"):
        start_broker(tmp_path, allow_trial=False)
    broker = start_broker(tmp_path)
    try:
        assert not broker.keeps_data
        assert "Java 17 or newer is not installed" in broker.notice
        assert "lose the last second" in broker.notice
        assert ensure_topics(settings_for(broker))
        publish(broker, b"a trial")
        assert stored(broker) == [b"a trial"]
    finally:
        broker.stop()
    assert not broker.is_alive()


def test_replicas_follow_from_the_number_of_nodes(tmp_path: Path) -> None:
    nodes = [Node(n, 9000 + n, 9100 + n, tmp_path / f"{n}") for n in (1, 2, 3)]
    alone, together = node_properties(nodes[0], nodes[:1]), node_properties(nodes[1], nodes)
    assert (alone["min.insync.replicas"], alone["offsets.topic.replication.factor"]) == (1, 1)
    assert (together["min.insync.replicas"], together["offsets.topic.replication.factor"]) == (2, 3)
    assert together["controller.quorum.voters"] == "1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"
    assert alone["auto.create.topics.enable"] == together["auto.create.topics.enable"] == "false"


def test_the_version_told_is_the_version_fetched() -> None:
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    versions = {
        each.findtext("m:artifactId", namespaces=space): each.findtext("m:version", namespaces=space)
        for each in ET.parse(jars.POM).getroot().iterfind(".//m:dependency", space)  # noqa: S314 -- our own file
    }
    assert versions["kafka_2.13"] == jars.VERSION


@pytest.mark.parametrize(("told", "found"), [("21.0.2", True), ("17.0.15", True), ("11.0.20", False), ("1.8.0_392", False)])
def test_only_java_17_or_newer_will_do(told: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{told}\" 2025-01-01' >&2\n")
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert (jars.find_java() == (str(java), told)) is found


def test_without_maven_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "find_java", lambda: ("/usr/bin/java", "17"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert jars.find_kafka(print, cache=tmp_path / "cache") == "Maven is not installed"


class TestChild:
    def test_one_that_does_not_listen_to_sigterm_is_killed(self, tmp_path: Path) -> None:
        stubborn = Child(
            ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"], tmp_path / "log", tmp_path / "pid"
        )
        stubborn.start()
        while "up" not in stubborn.last_words():
            pass
        stubborn.stop(timeout_s=0.3)
        assert not stubborn.is_alive()
        assert not (tmp_path / "pid").exists()

    def test_what_a_killed_start_left_running_is_stopped_by_the_next(self, tmp_path: Path) -> None:
        mark = f"loop-{tmp_path.name}"
        first = Child(["/bin/sh", "-c", "while :; do sleep 0.1; done", mark], tmp_path / "log", tmp_path / "pid")
        first.start()
        while mark not in child._command_line(first.pid or 0):  # the kernel shows it a moment after the start
            assert first.is_alive()
        second = Child(first.command, tmp_path / "log", tmp_path / "pid")
        second.start()
        assert not first.is_alive()
        assert second.is_alive()
        second.stop()

    def test_a_pid_that_is_another_program_by_now_is_left_alone(self, tmp_path: Path) -> None:
        stranger = subprocess.Popen(["/bin/sleep", "60"])
        try:
            (tmp_path / "pid").write_text(str(stranger.pid))
            assert not stop_leftover(tmp_path / "pid", "kafka.properties")
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()
