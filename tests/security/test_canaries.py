"""Canaries in what comes in: none is contacted, logged or made a file. The processes open no port and call nobody unasked."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))
sys.path.insert(0, str(Path(__file__).parent))

from deliveries import message
from hostile_http import wrong_answers
from system import SECRET, System, free_port, wait_for

from stream.adapters.topics import Topic
from stream.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

WORDS = "CANARY-WORDS my order 4417 has not arrived, where is it?"
APIKEY, MEDIA_KEY = "CANARY-APIKEY-1234567890", "CANARY-MEDIA-KEY"
NO_PACKET = ("8.8.8.8", 1)  # Streamlit learns its address in the local net by aiming a UDP socket; nothing is sent
EVOLUTION_KEY, MODEL_KEY = "CANARY-EVOLUTION-KEY", "sk-CANARY-MODEL-KEY"


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
def system(settings: Settings, tmp_path: Path) -> Iterator[System]:
    """Return a system whose processes write down whom they call; Evolution and the model are set up and never there."""
    running = System(
        settings,
        PYTHONPATH=str(Path(__file__).parent / "watched"),
        WATCHED_FILE=str(tmp_path / "called"),
        EVOLUTION_API_URL=f"http://127.0.0.1:{free_port()}",
        EVOLUTION_API_KEY=EVOLUTION_KEY,
        OPENAI_BASE_URL=f"http://127.0.0.1:{free_port()}/v1",
        OPENAI_API_KEY=MODEL_KEY,
        DASHBOARD_HOST="0.0.0.0",  # noqa: S104 -- where Streamlit would ask a stranger for its own address
        DASHBOARD_PASSWORD="a password of these tests",
        DASHBOARD_PORT=str(free_port()),
    )
    yield running
    running.close()


def calls_of(system: System) -> tuple[set[tuple[str, int]], set[str]]:
    """Return the addresses that were called, and the names that were looked up."""
    called, named = set(), set()
    for line in Path(system.environment["WATCHED_FILE"]).read_text().splitlines():
        event, host, *port = line.split()
        if port:
            called.add((host, int(port[0])))
        else:
            named.add(host)
        assert event.startswith("socket.")
    return called, named


def post_raw(system: System, body: str) -> requests.Response:
    return requests.post(f"{system.url}/webhook/cs-tickets", data=body, headers={"X-Webhook-Secret": SECRET}, timeout=10)


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url if "//" in url else f"//{url}")
    return parts.hostname or "", parts.port or 0


def listens_at(pid: int) -> set[tuple[str, int]]:
    """Return the addresses and TCP ports at which a process listens, from /proc."""
    inodes = {
        target.removeprefix("socket:[").removesuffix("]")
        for file in Path(f"/proc/{pid}/fd").iterdir()
        if (target := str(file.readlink())).startswith("socket:")
    }
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
    places = [row[1].split(":") for row in rows if row[3] == "0A" and row[9] in inodes]
    return {(str(ip_address(_in_order(address))), int(port, 16)) for address, port in places}


def _in_order(address: str) -> bytes:
    """Return an address as /proc has it, in words of four bytes the wrong way round, as it is sent."""
    words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
    return b"".join(words)


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="looks into Linux's /proc")
def test_what_comes_in_is_neither_contacted_nor_logged_nor_made_a_file(system: System, listener: Listener) -> None:
    for role in ("bridge", "worker", "sheet", "sender", "classifier", "dashboard"):
        system.start(role)
    system.wait_until_ready("worker", "dashboard", seconds=90)
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
    twice = json.dumps(message("MSG6", "thanks") | {"apikey": APIKEY}).replace('"apikey": ', f'"apikey": "{APIKEY}", "apikey": ')
    twice = twice.replace('"instance": ', '"instance": "../../etc/passwd", "instance": ', 1)
    assert twice.count(APIKEY) == 2
    assert post_raw(system, twice).json() == {"ok": True}  # the last of two keys is the one that counts, and is cleaned
    for spoofed in ("../../etc/passwd", "a/b?c=%2e", "x" * 65):
        assert system.post(message("MSG4", WORDS) | {"instance": spoofed}).json()["quarantined"]
    assert system.post(message("MSG5", WORDS) | {"data": 7}).status_code == 200
    wait_for("the ticket", system.tickets)
    wait_for("the sheet", system.settings.sheet_path.exists)
    wait_for("all to be handled", lambda: system.health()["counts"]["seen"] >= 3)

    logs = {path.name: path.read_text(errors="replace") for path in (system.settings.data_dir / "logs").glob("*.log")}
    assert len(logs) == 6
    for name, text in logs.items():
        for canary in ("CANARY-WORDS", APIKEY, MEDIA_KEY, SECRET, EVOLUTION_KEY, MODEL_KEY, "\x1b]0;", "\u202e"):
            assert canary not in text, name
    stored = b"".join((record.value or b"") for topic in (Topic.INBOUND, Topic.DEAD_LETTER) for record in system._read(topic))
    assert b"CANARY-WORDS" in stored
    assert b"MSG6" in stored
    assert b"etc/passwd" not in b"".join((record.value or b"") for record in system._read(Topic.INBOUND))
    for secret in (APIKEY, MEDIA_KEY, SECRET):
        assert secret.encode() not in stored
    assert listener.visits == 0

    places = {name: listens_at(process.pid) for name, process in system.processes.items()}
    dashboard_port = int(system.environment["DASHBOARD_PORT"])
    listening = {name: found for name, found in places.items() if found}
    assert listening == {
        "bridge": {("127.0.0.1", system.port)},
        "dashboard": {(system.environment["DASHBOARD_HOST"], dashboard_port)},
    }
    for port in (system.port, dashboard_port):
        assert wrong_answers(port) == {}
    assert all(process.poll() is None for process in system.processes.values())

    configured = {
        address_of(system.environment[name]) for name in ("KAFKA_BOOTSTRAP_SERVERS", "EVOLUTION_API_URL", "OPENAI_BASE_URL")
    }
    called, named_hosts = calls_of(system)
    assert configured - {address_of(system.environment["OPENAI_BASE_URL"])} <= called, "the watch does not see"
    assert called - configured - {("127.0.0.1", system.port), NO_PACKET} == set()
    assert named_hosts <= {"127.0.0.1", "localhost", "None", gethostname()}
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
