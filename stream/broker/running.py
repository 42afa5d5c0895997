"""Which broker runs, where it listens, and how it is started again and stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from stream.broker import apache, pypi
from stream.broker.child import Child
from stream.broker.jars import VERSION, Distribution, find_kafka
from stream.broker.readiness import HOST, free_ports, wait_for_brokers
from stream.errors import BrokerError

KAFKA_NOTICE = "Apache Kafka {version}, one node on this machine; its data stay in {folder} over a stop and a new start."
PYPI_NOTICE = (
    "A small trial broker, because {reason}: it holds everything in memory and saves about once a second, so a crash, "
    "and even a stop in full traffic, can lose the last second. Use Apache Kafka for anything that matters."
)
_ALONE_STOP_S = 15
_CLUSTER_STOP_S = 4


class Broker:
    """A running broker. `keeps_data` tells whether what it acknowledged is still there after it was killed."""

    def __init__(self, kind: str, nodes: list[Child], ports: list[int], *, folder: Path, notice: str, keeps_data: bool) -> None:
        self.kind = kind
        self.nodes = nodes
        self.bootstrap = ",".join(f"{HOST}:{port}" for port in ports)
        self.notice = notice
        self.keeps_data = keeps_data
        self._folder = folder
        self._lock = FileLock(folder / "lock")

    def start(self) -> None:
        """Start all nodes and return when they serve; raises `BrokerError`, with nothing left running."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise BrokerError(f"Another broker runs in {self._folder}; stop that one first.") from None
        try:
            for node in self.nodes:
                node.start()
            wait_for_brokers(self.nodes, self.bootstrap, len(self.nodes))
        except BaseException:
            self.stop()
            raise
        (self._folder / "address").write_text(self.bootstrap)

    def is_alive(self) -> bool:
        return all(node.is_alive() for node in self.nodes)

    def restart(self) -> None:
        """Stop what still runs and start everything again, on the same ports with the same data."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop all nodes politely and wait until they have ended; safe to call twice."""
        (self._folder / "address").unlink(missing_ok=True)
        for node in self.nodes:
            node.ask_to_stop()
        for node in self.nodes:
            # The last of several nodes waits in vain for a controller; its data are safe either way.
            node.stop(_ALONE_STOP_S if len(self.nodes) == 1 else _CLUSTER_STOP_S)
        self._lock.release()


def start_broker(
    data_dir: Path, *, nodes: int = 1, say: Callable[[str], None] = print, cache: Path | None = None, allow_trial: bool = True
) -> Broker:
    """Start a broker whose data live in `data_dir`/broker and return it once it serves.

    `nodes=3` makes a cluster with three replicas for tests of faults. `say` hears what takes long.
    Without Java and Maven it is the one from PyPI, or, with `allow_trial=False`, a `BrokerError`.
    """
    kafka = find_kafka(say, cache)
    if isinstance(kafka, Distribution):
        broker = _apache(kafka, data_dir / "broker", nodes, say)
    elif allow_trial:
        broker = _trial(data_dir / "broker", kafka)
    else:
        raise BrokerError(f"Apache Kafka cannot run here: {kafka}.")
    broker.start()
    return broker


def _apache(kafka: Distribution, folder: Path, count: int, say: Callable[[str], None]) -> Broker:
    if not kafka.archive.exists():
        say("Preparing Apache Kafka for quick starts (10 s, once) ...")
        apache.write_class_archive(kafka)
    folder.mkdir(parents=True, exist_ok=True)
    cluster = _cluster_id(folder)
    nodes = apache.plan_nodes(folder, count)
    return Broker(
        "Apache Kafka",
        [apache.prepare_node(kafka, node, nodes, cluster) for node in nodes],
        [node.port for node in nodes],
        folder=folder,
        notice=KAFKA_NOTICE.format(version=VERSION, folder=folder),
        keeps_data=True,
    )


def _trial(folder: Path, reason: str) -> Broker:
    port = free_ports(1)[0]
    return Broker(
        "trial broker",
        [pypi.prepare_server(folder / "trial", port)],
        [port],
        folder=folder,
        notice=PYPI_NOTICE.format(reason=reason),
        keeps_data=False,
    )


def _cluster_id(folder: Path) -> str:
    file = folder / "cluster-id"
    if not file.exists():
        file.write_text(apache.new_cluster_id())
    return file.read_text().strip()
