"""Every role on three brokers, of which one is killed and then each is restarted in turn, under load. Takes minutes:

GROUPDESK_TEST_CLUSTER=1 python -m pytest tests/broker/test_cluster.py
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from deliveries import message
from system import System, wait_for

from stream.broker import Broker, start_broker
from stream.broker.readiness import wait_for_brokers
from stream.settings import Settings

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("GROUPDESK_TEST_CLUSTER") != "1", reason="takes minutes: set GROUPDESK_TEST_CLUSTER=1"),
]

ROLES = ("bridge", "worker", "sheet", "sender", "classifier", "dashboard")
PARTS = {"bridge", "worker", "sheet", "sender", "model", "dashboard", "rules", "broker", "spool"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = start_broker(tmp_path_factory.mktemp("cluster"), nodes=3)
    yield broker
    broker.stop()


@pytest.fixture
def system(cluster: Broker, tmp_path: Path) -> Iterator[System]:
    settings = Settings(
        _env_file=None,
        kafka_bootstrap_servers=cluster.bootstrap,
        topic_partitions=6,
        topic_replication=3,
        topic_prefix=f"{tmp_path.name}.",
        data_dir=tmp_path / "data",
        bridge_port=0,
    )
    running = System(settings, TOPIC_REPLICATION="3", DASHBOARD_PORT="0")
    yield running
    running.close()


class Load:
    """Requests of ever new people in five groups, each posted until it is accepted, four a second."""

    def __init__(self, system: System) -> None:
        self.count = 0
        self._system = system
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._post, daemon=True)
        self._thread.start()

    def _post(self) -> None:
        while not self._stop.wait(0.25):
            number = self.count
            sender = {
                "lid": f"19000000{number:07}@lid",
                "phone": f"5521980{number:06}@s.whatsapp.net",
                "name": f"Person {number}",
            }
            text = f"my order {4000 + number} has not arrived, where is it?"
            body = message(f"LOAD{number}", text, group=f"12036304000000000{number % 5}@g.us", sender=sender)
            self._system.post_until_accepted(body, seconds=120)
            self.count += 1

    def end(self) -> int:
        self._stop.set()
        self._thread.join(150)
        assert not self._thread.is_alive()
        return self.count


def rows_of(system: System) -> int:
    first = system.health()["parts"]["sheet"]["detail"].partition(" ")[0]
    return int(first) if first.isdigit() else 0


def all_parts_live(system: System) -> bool:
    parts = system.health()["parts"]
    ill = {name: part["detail"] for name, part in parts.items() if name in PARTS and part["status"] == "down"}
    silent = {name for name in PARTS if "not running" in parts.get(name, {"detail": "not running"})["detail"]}
    return not ill and not silent


def test_no_role_is_lost_with_a_broker_and_no_message_either(cluster: Broker, system: System) -> None:
    for role in ROLES:
        system.start(role)
    system.wait_until_ready("worker", "sheet", seconds=120)
    pids = {role: process.pid for role, process in system.processes.items()}
    load = Load(system)
    try:
        wait_for("some load", lambda: load.count >= 10, 60)
        for number, node in enumerate(cluster.nodes):
            before = load.count
            if number == 0:
                node.kill()  # its partitions change their leader without a word
                wait_for("load without one broker", lambda before=before: load.count >= before + 20, 120)
            else:
                node.stop()
            node.start()
            wait_for_brokers(cluster.nodes, cluster.bootstrap, 3, 120)
            wait_for("load with all", lambda before=before: load.count >= before + 30, 120)
    finally:
        posted = load.end()
    wait_for("every request to be a ticket", lambda: len(system.tickets()) >= posted, 120)
    assert len(system.tickets()) == posted
    wait_for("every part to live", lambda: all_parts_live(system), 60)
    wait_for("the sheet to have every row", lambda: rows_of(system) == posted, 120)
    assert {role: process.poll() for role, process in system.processes.items()} == dict.fromkeys(pids)
