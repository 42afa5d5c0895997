"""Apache Kafka without ZooKeeper (KRaft) on loopback: one node for `groupdesk up`, three for tests of faults."""

from __future__ import annotations

import base64
import subprocess
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from stream.broker.child import Child
from stream.broker.jars import Distribution
from stream.broker.readiness import HOST, free_ports, wait_for_port
from stream.errors import BrokerError

LOG4J = Path(__file__).with_name("log4j2.xml")
# C1 only: a broker that lives for a demo is up before the second compiler would pay.
_JVM = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError", "-Xlog:disable"]


@dataclass(frozen=True)
class Node:
    """Where one node listens and keeps its data."""

    number: int
    port: int
    controller_port: int
    folder: Path


def plan_nodes(folder: Path, count: int) -> list[Node]:
    """Return `count` nodes with free ports; a node's data stay in `folder`/node-N, whatever its ports were before."""
    ports = free_ports(2 * count)
    return [Node(n, ports[2 * n - 2], ports[2 * n - 1], folder / f"node-{n}") for n in range(1, count + 1)]


def prepare_node(
    distribution: Distribution,
    node: Node,
    nodes: list[Node],
    cluster: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Child:
    """Write the node's settings, format its data folder if it is new, and return the process, not yet started.

    `more` are settings that go before ours: further listeners, with certificates and passwords.
    """
    node.folder.mkdir(parents=True, exist_ok=True)
    properties = node.folder / "kafka.properties"
    written = node_properties(node, nodes) | dict(more)
    properties.touch(mode=0o600)
    properties.write_text("".join(f"{key}={value}\n" for key, value in written.items()))
    if not (node.folder / "data" / "meta.properties").exists():
        _format(distribution, properties, cluster)
    archive = distribution.archive
    sharing = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
    command = [*_java(distribution, node.folder / "kafka.log"), *sharing, "kafka.Kafka", str(properties)]
    return Child(command, node.folder / "console.log", node.folder / "pid")


def node_properties(node: Node, nodes: list[Node]) -> dict[str, str | int | Path]:
    """Return Kafka's settings for a node; replicas and in-sync replicas follow from the number of nodes."""
    replicas = min(3, len(nodes))
    return {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(f"{other.number}@{HOST}:{other.controller_port}" for other in nodes),
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": node.folder / "data",
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": max(1, replicas - 1),
        "unclean.leader.election.enable": "false",
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": replicas,
        "offsets.retention.minutes": 30 * 24 * 60,  # a reader that was away for a month still goes on where it was
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": max(1, replicas - 1),
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": max(1, replicas - 1),
        "group.initial.rebalance.delay.ms": 0,
        "broker.heartbeat.interval.ms": 500,  # a new node serves half a second after it has caught up, not two
        # After a kill the same node may register again only when its old session is over.
        "broker.session.timeout.ms": 3_000 if len(nodes) == 1 else 6_000,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "num.recovery.threads.per.data.dir": 2,
        "log.index.size.max.bytes": 1_048_576,
        "log.cleaner.dedupe.buffer.size": 16_777_216,
    }


def write_class_archive(distribution: Distribution) -> None:
    """Run a throw-away node once and let the JVM write down the classes it loaded: later starts take half the time."""
    with tempfile.TemporaryDirectory(prefix="groupdesk-kafka-") as scratch:
        nodes = plan_nodes(Path(scratch), 1)
        child = prepare_node(distribution, nodes[0], nodes, new_cluster_id())
        unfinished = distribution.archive.with_suffix(".new")
        child.command.insert(1, f"-XX:ArchiveClassesAtExit={unfinished}")
        child.start()
        try:
            wait_for_port(child, nodes[0].port)
        finally:
            child.stop(60)
        if unfinished.exists():
            unfinished.rename(distribution.archive)


def new_cluster_id() -> str:
    """Return 22 characters of base64, as Kafka wants them; never starting with a dash, which reads as an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _format(distribution: Distribution, properties: Path, cluster: str) -> None:
    log = properties.with_name("format.log")
    tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(properties)]
    told = subprocess.run([*_java(distribution, log), *tool], capture_output=True, text=True, check=False)  # noqa: S603 -- built by us
    if told.returncode != 0:
        raise BrokerError(f"Kafka could not prepare {properties.parent}: {told.stderr.strip() or told.stdout.strip()}")


def _java(distribution: Distribution, log: Path) -> list[str]:
    logging = [f"-Dlog4j2.configurationFile={LOG4J}", f"-Dgroupdesk.log={log}"]
    return [distribution.java, *_JVM, *logging, "-cp", distribution.classpath]
