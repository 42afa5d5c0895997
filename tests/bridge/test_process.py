"""The role as a process: it starts, says what is wrong in a sentence, and stops in order."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_input import CANARY, GOOD
from running import WAIT_S, free_port

from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.bridge.app import run
from stream.errors import PortTaken, SettingsError
from stream.settings import Settings

pytestmark = pytest.mark.kafka
SECRET = "test-webhook-secret"


@pytest.fixture
def process(settings: Settings, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    ensure_topics(settings)
    port, log = free_port(), tmp_path / "log"
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "TOPIC_PREFIX": settings.topic_prefix,
        "WEBHOOK_SECRET": SECRET,
        "BRIDGE_PORT": str(port),
        "DATA_DIR": str(tmp_path),
        "SPOOL_LIMIT_MB": "0",  # ready means here that Kafka takes webhooks; test_spool.py has the spool
    }
    code = "from stream.bridge.app import run; from stream.settings import load_settings; run(load_settings())"
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=tmp_path, stderr=out, stdout=out)
    deadline = time.monotonic() + WAIT_S
    while not is_ready(port):
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    yield running, port, log
    running.kill()
    running.wait()


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def post(port: int, body: bytes) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhook/cs-tickets", body, {"X-Webhook-Secret": SECRET}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - an address of our own
        return int(answer.status)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_when_asked(process: tuple[subprocess.Popen[bytes], int, Path], number: signal.Signals) -> None:
    running, port, log = process
    assert post(port, GOOD) == 200

    with socket.create_connection(("127.0.0.1", port)) as idle:  # somebody who keeps a connection open
        running.send_signal(number)
        assert running.wait(timeout=10) == 0
        assert idle.recv(1) == b""
    told = log.read_text()
    assert "stopping" in told
    assert "Traceback" not in told
    assert CANARY.decode() not in told
    assert SECRET not in told


def test_what_was_accepted_survives_a_kill(process: tuple[subprocess.Popen[bytes], int, Path], settings: Settings) -> None:
    from stream.adapters.kafka_offsets import EndOffsets

    running, port, _ = process
    accepted = sum(post(port, GOOD) == 200 for _ in range(30))
    running.kill()
    running.wait()

    ends = EndOffsets(settings, [Topic.INBOUND])
    assert ends.read()[Topic.INBOUND] == accepted == 30
    ends.close()


def test_a_port_that_is_taken_is_one_sentence(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1 is in use"):
            run(settings.model_copy(update={"bridge_port": port}))


def test_a_sample_secret_is_refused(settings: Settings) -> None:
    from pydantic import SecretStr

    with pytest.raises(SettingsError, match="sample"):
        run(settings.model_copy(update={"webhook_secret": SecretStr("change-me")}))
