"""The spool of a real bridge before a real broker: stopped and started, killed at any moment, and with a full disk."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from payloads import envelope, key, upsert
from running import WAIT_S, free_port

from stream.adapters.kafka import Tail
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.settings import Settings

pytestmark = pytest.mark.kafka
SECRET = "test-webhook-secret"


class Bridge:
    """A bridge as a process of its own; `kafka` says where it looks for the broker."""

    def __init__(self, settings: Settings, folder: Path, file_limit: int | None = None) -> None:
        self._settings = settings
        self._folder = folder
        self._file_limit = file_limit
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.log = folder / "bridge.log"

    def start(self, kafka: str) -> None:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "TOPIC_PREFIX": self._settings.topic_prefix,
            "TOPIC_PARTITIONS": "2",
            "WEBHOOK_SECRET": SECRET,
            "BRIDGE_PORT": str(self.port),
            "DATA_DIR": str(self._folder),
        }
        limit = "" if self._file_limit is None else f"resource.setrlimit(resource.RLIMIT_FSIZE, ({self._file_limit},) * 2);"
        code = (
            f"import resource; {limit}"
            "from stream.bridge.app import run; from stream.settings import Settings; run(Settings(_env_file=None))"
        )
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code], env=environment, cwd=self._folder, stdout=out, stderr=out
            )
        until(lambda: self.get("/healthz")[0] == 200)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(10) == 0, self.log.read_text()

    def post(self, number: int, text: str = "x") -> int:
        body = envelope("messages.upsert", upsert({"conversation": text}, key=key(f"N{number}")))
        body["apikey"] = "CANARY-of-the-body"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/webhook/cs-tickets", orjson.dumps(body), {"X-Webhook-Secret": SECRET}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - an address of our own
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0  # it was killed before it could answer

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, orjson.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, orjson.loads(error.read())
        except OSError:
            return 0, None

    def waiting(self) -> int:
        """Return how many webhooks are in the file, looking past the bridge."""
        with contextlib.closing(sqlite3.connect(f"file:{self._folder}/spool.sqlite?mode=ro", uri=True, timeout=5)) as db:
            return int(db.execute("SELECT count(DISTINCT arrival) FROM records").fetchone()[0])


def until(what: Any, seconds: float = WAIT_S) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def stored_numbers(settings: Settings) -> list[int]:
    """Return the numbers in the order of the topic; all are of one group, so of one partition."""
    tail = Tail(settings, [Topic.INBOUND])
    found: list[int] = []
    while not tail.is_caught_up():
        found += [int(Delivery.from_json(record.value or b"").data["key"]["id"][1:]) for record in tail.poll(0.3)]
    tail.close()
    return found


@pytest.fixture
def bridge(settings: Settings, tmp_path: Path) -> Iterator[Bridge]:
    ensure_topics(settings)
    running = Bridge(settings, tmp_path)
    yield running
    running.kill()


def nobody() -> str:
    return f"127.0.0.1:{free_port()}"


def test_what_came_while_kafka_was_away_is_there_afterwards_in_order(bridge: Bridge, settings: Settings) -> None:
    bridge.start(nobody())
    assert {bridge.post(number, "private words") for number in range(60)} == {200}
    status, report = bridge.get("/webhook/cs-tickets")
    assert (status, report["status"], report["parts"]["broker"]["status"]) == (200, "degraded", "down")
    assert "60 webhooks wait for Kafka since" in report["parts"]["spool"]["detail"]
    assert bridge.get("/readyz")[0] == 200
    raw = b"".join(path.read_bytes() for path in bridge._folder.glob("spool.sqlite*"))
    assert b"N59" in raw
    assert b"CANARY" not in raw
    bridge.stop()

    bridge.start(settings.kafka_bootstrap_servers)
    assert [bridge.post(number) for number in range(60, 70)] == [200] * 10
    until(lambda: bridge.get("/webhook/cs-tickets")[1]["parts"]["spool"]["detail"] == "nothing waits")
    assert bridge.get("/webhook/cs-tickets")[1]["parts"]["broker"]["status"] == "ok"
    assert stored_numbers(settings) == list(range(70))
    assert "private words" not in bridge.log.read_text()


def test_kills_while_it_spools_and_while_it_drains_lose_nothing(bridge: Bridge, settings: Settings) -> None:
    accepted: list[int] = []
    bridge.start(nobody())
    number = 0
    for round_number in range(3):
        killer = threading.Timer(0.15 + 0.1 * round_number, bridge.kill)
        killer.start()
        while (status := bridge.post(number)) == 200:
            accepted.append(number)
            number += 1
        assert status == 0
        number += 1
        killer.join()
        bridge.start(nobody())
    while len(accepted) < 400:
        assert bridge.post(number) == 200
        accepted.append(number)
        number += 1
    bridge.kill()

    kills = 0
    while kills < 3:
        before = bridge.waiting()
        bridge.start(settings.kafka_bootstrap_servers)
        until(lambda before=before: bridge.waiting() < before)
        bridge.kill()
        kills += 1
        if not bridge.waiting():
            break
    bridge.start(settings.kafka_bootstrap_servers)
    until(lambda: bridge.waiting() == 0)

    stored = stored_numbers(settings)
    assert set(accepted) <= set(stored)
    first_times = list(dict.fromkeys(stored))
    assert first_times == sorted(first_times)


def test_a_broker_that_stops_and_starts_again_is_waited_for(settings: Settings, tmp_path: Path) -> None:
    from stream.broker import start_broker

    own = start_broker(tmp_path / "own")
    there = settings.model_copy(update={"kafka_bootstrap_servers": own.bootstrap})
    ensure_topics(there)
    bridge = Bridge(there, tmp_path)
    try:
        bridge.start(own.bootstrap)
        until(lambda: bridge.get("/readyz")[1]["status"] == "ok")
        accepted = [number for number in range(20) if bridge.post(number) == 200]
        own.stop()
        accepted += [number for number in range(20, 120) if bridge.post(number) == 200]
        assert accepted == list(range(120))
        own.start()
        until(lambda: bridge.waiting() == 0, 40)
        assert bridge.post(120) == 200
        stored = list(dict.fromkeys(stored_numbers(there)))
        assert stored == list(range(121))
    finally:
        bridge.kill()
        own.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_file_system_is_503_and_what_was_accepted_is_delivered(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    bridge = Bridge(settings, folder)
    bridge.log = tmp_path / "log"
    try:
        _fill_and_drain(bridge, settings)
    finally:
        bridge.kill()
        subprocess.run(["umount", folder], check=True)


def test_a_file_that_may_not_grow_is_503_and_what_was_accepted_is_delivered(settings: Settings, tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    bridge = Bridge(settings, tmp_path, file_limit=2_500_000)
    try:
        _fill_and_drain(bridge, settings)
    finally:
        bridge.kill()


def _fill_and_drain(bridge: Bridge, settings: Settings) -> None:
    ensure_topics(settings)
    bridge.start(nobody())
    answers = {number: bridge.post(number, "x" * 50_000) for number in range(180)}
    assert set(answers.values()) == {200, 503}
    assert bridge.get("/readyz")[0] == 503
    report = bridge.get("/webhook/cs-tickets")[1]
    assert (report["status"], report["parts"]["spool"]["status"]) == ("down", "down")
    accepted = [number for number, status in answers.items() if status == 200]
    bridge.kill()

    bridge._file_limit = None  # the reserve is for a full disk; a file at its limit waits until somebody lifts it
    bridge.start(settings.kafka_bootstrap_servers)
    until(lambda: bridge.waiting() == 0)
    assert bridge.post(180) == 200
    first_times = list(dict.fromkeys(stored_numbers(settings)))
    assert [number for number in first_times if answers.get(number) == 200] == accepted
