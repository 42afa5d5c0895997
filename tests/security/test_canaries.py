"""Canaries in what comes in: none is contacted, logged or made a file, and the processes open no port that nobody asked for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from deliveries import message
from system import SECRET, System, wait_for

from stream.adapters.topics import Topic
from stream.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

WORDS = "CANARY-WORDS my order 4417 has not arrived, where is it?"
APIKEY, MEDIA_KEY = "CANARY-APIKEY-1234567890", "CANARY-MEDIA-KEY"


class Listener(ThreadingTCPServer):
    """Counts who comes."""

    daemon_threads = True

    def __init__(self) -> None:
        self.visits = 0
        listener = self

        class Visit(BaseRequestHandler):
            def handle(self) -> None:
                listener.visits += 1

        super().__init__(("127.0.0.1", 0), Visit)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as canary:
        threading.Thread(target=canary.serve_forever, daemon=True).start()
        yield canary
        canary.shutdown()


@pytest.fixture
def system(settings: Settings) -> Iterator[System]:
    running = System(settings)
    yield running
    running.close()


def ports_of(pid: int) -> set[int]:
    """Return the TCP ports that a process listens on, from /proc."""
    inodes = {
        target.removeprefix("socket:[").removesuffix("]")
        for file in Path(f"/proc/{pid}/fd").iterdir()
        if (target := str(file.readlink())).startswith("socket:")
    }
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and row[9] in inodes}


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="looks into Linux's /proc")
def test_what_comes_in_is_neither_contacted_nor_logged_nor_made_a_file(system: System, listener: Listener) -> None:
    for role in ("bridge", "worker", "sheet"):
        system.start(role)
    system.wait_until_ready("worker", seconds=90)
    body = message("MSG1", WORDS) | {"server_url": listener.url, "destination": listener.url, "apikey": APIKEY}
    system.post_until_accepted(body)
    picture = message("MSG2", "")
    picture["data"] |= {"messageType": "imageMessage"}
    picture["data"]["message"] = {
        "imageMessage": {
            "url": f"{listener.url}/p",
            "directPath": "/../../x",
            "mediaKey": MEDIA_KEY,
            "caption": f"{listener.url} {WORDS}",
        }
    }
    system.post_until_accepted(picture)
    system.post_until_accepted(message("MSG3", "\x1b]0;owned\x07 \u202e line\nbreak CANARY-WORDS"))
    for spoofed in ("../../etc/passwd", "a/b?c=%2e", "x" * 65):
        assert system.post(message("MSG4", WORDS) | {"instance": spoofed}).json()["quarantined"]
    assert system.post(message("MSG5", WORDS) | {"data": 7}).status_code == 200
    wait_for("the ticket", system.tickets)
    wait_for("the sheet", system.settings.sheet_path.exists)
    wait_for("all to be handled", lambda: system.health()["counts"]["seen"] >= 3)

    logs = {path.name: path.read_text(errors="replace") for path in (system.settings.data_dir / "logs").glob("*.log")}
    assert {"bridge.log", "worker.log", "sheet.log"} <= set(logs)
    for name, text in logs.items():
        for canary in ("CANARY-WORDS", APIKEY, MEDIA_KEY, SECRET, "\x1b]0;", "\u202e"):
            assert canary not in text, name
    stored = b"".join((record.value or b"") for topic in (Topic.INBOUND, Topic.DEAD_LETTER) for record in system._read(topic))
    assert b"CANARY-WORDS" in stored
    for secret in (APIKEY, MEDIA_KEY, SECRET):
        assert secret.encode() not in stored
    assert listener.visits == 0

    ports = {name: ports_of(process.pid) for name, process in system.processes.items()}
    assert ports == {"bridge": {system.port}, "worker": set(), "sheet": set()}
    named = {path.name for path in system.settings.data_dir.rglob("*")}
    assert not [name for name in named if "MSG" in name or "passwd" in name or "CANARY" in name]


def test_the_sample_secrets_of_the_documentation_are_refused() -> None:
    from stream.bridge.auth import Gate
    from stream.errors import SettingsError

    for sample in ("change-me", "changeme", "example"):
        with pytest.raises(SettingsError):
            Gate([sample])


def test_the_worker_offers_no_web_page() -> None:
    source = (Path(__file__).parents[2] / "stream" / "worker" / "app.py").read_text()
    assert "web_enabled=False" in source
