"""The roles as real processes, for tests: start, wait, talk to them, kill them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from kafka import KafkaAdminClient

from stream.adapters.kafka import Tail
from stream.adapters.topic_admin import ensure_topics, worker_app_id
from stream.adapters.topics import Topic
from stream.core.events import TicketEvent
from stream.core.ticket import Ticket
from stream.settings import Settings
from tests.waiting import wait_for

SECRET = "the-secret-of-the-end-to-end-tests-0001"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class System:
    """A bridge, a worker and what else is asked for, on one Kafka, with files of their own."""

    def __init__(self, settings: Settings, **environment: str) -> None:
        self.port = free_port()
        self.settings = settings.model_copy(update={"bridge_port": self.port})
        self.environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "TOPIC_PREFIX": settings.topic_prefix,
            "TOPIC_PARTITIONS": str(settings.topic_partitions),
            "DATA_DIR": str(settings.data_dir),
            "RULES_DIR": str(Path(__file__).parents[2] / "rules"),
            "WEBHOOK_SECRET": SECRET,
            "BRIDGE_PORT": str(self.port),
            **environment,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        ensure_topics(self.settings)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, role: str, name: str = "", **environment: str) -> None:
        """Start a role; its log goes to DATA_DIR/logs."""
        name = name or role
        logs = Path(self.settings.data_dir) / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "stream", role],
                env={**self.environment, "PROCESS_NAME": name, **environment},
                stdout=log,
                stderr=log,
            )

    def log_of(self, name: str) -> str:
        return (Path(self.settings.data_dir) / "logs" / f"{name}.log").read_text(errors="replace")

    def wait_until_ready(self, *roles: str, seconds: float = 40.0) -> None:
        """Wait until the bridge says that it and these parts are well."""

        def ready() -> bool:
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended:\n{self.log_of(name)[-3000:]}"
            try:
                health = self.health()
            except requests.ConnectionError:
                return False
            return all(health["parts"].get(role, {}).get("status") == "ok" for role in ("bridge", *roles))

        wait_for(f"{', '.join(roles)} to be ready", ready, seconds)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.url}/webhook/cs-tickets", timeout=5).json()
        return found

    def post(self, body: dict[str, Any], path: str = "") -> requests.Response:
        return requests.post(f"{self.url}/webhook/cs-tickets{path}", json=body, headers={"X-Webhook-Secret": SECRET}, timeout=10)

    def post_until_accepted(self, body: dict[str, Any], seconds: float = 40.0) -> None:
        """Send as Evolution does: again, until somebody answers 2xx."""

        def accepted() -> bool:
            try:
                return self.post(body).status_code == 200
            except requests.RequestException:
                return False

        wait_for("the webhook to be accepted", accepted, seconds)

    def share_with(self, newcomer: str, *, seconds: float = 60.0) -> None:
        """Start one more worker, and wait until Kafka has given each of them some of the groups."""
        self.start("worker", newcomer)
        everyone = sum(name.startswith("worker") for name in self.processes)
        admin = KafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        group_id = worker_app_id(self.settings)

        def shares() -> bool:
            told = admin.describe_groups([group_id])[group_id]
            owned = [member["member_assignment"] or {} for member in told["members"]]
            at_work = sum(bool(each.get("assigned_partitions")) for each in owned)
            return told["group_state"] == "Stable" and at_work == everyone == len(owned)

        try:
            wait_for(f"{everyone} workers to share the groups", shares, seconds)
        finally:
            admin.close()

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name: str, seconds: float = 20.0) -> int:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(seconds)

    def tickets(self) -> dict[str, Ticket]:
        """Return the latest snapshot of every ticket, from the topic itself."""
        found: dict[str, Ticket] = {}
        for record in self._read(Topic.TICKETS):
            assert record.key is not None
            if record.value is None:
                found.pop(record.key, None)
            else:
                found[record.key] = Ticket.from_json(record.value)
        return found

    def events(self) -> list[TicketEvent]:
        return [TicketEvent.from_json(record.value) for record in self._read(Topic.TICKET_EVENTS) if record.value]

    def count_of(self, topic: Topic) -> int:
        return len(self._read(topic))

    def _read(self, topic: Topic) -> list[Any]:
        tail = Tail(self.settings, [topic])
        found = []
        try:
            while True:
                batch = tail.poll(0.3)
                found.extend(batch)
                if not batch and tail.is_caught_up():
                    return found
        finally:
            tail.close()

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
