"""`groupdesk simulate` and `groupdesk whatsapp` as somebody types them, against real HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stream.cli import main
from stream.settings import load_settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group

DEMO = str(Path(__file__).parents[2] / "demo" / "support.yaml")
GROUP = "120363000000000009@g.us"


class Bridge(BaseHTTPRequestHandler):
    """Takes what has the right secret."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if self.headers["X-Webhook-Secret"] == "good" else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def bridge() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/webhook/cs-tickets"
    server.shutdown()


@pytest.fixture
def evolution() -> Iterator[EvolutionServer]:
    """Serve the stand-in in a thread: the commands have event loops of their own."""
    server, loop, begun = EvolutionServer(), asyncio.new_event_loop(), threading.Event()

    def serve() -> None:
        loop.run_until_complete(server.start())
        begun.set()
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    begun.wait(10)
    yield server
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def use(evolution: EvolutionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVOLUTION_API_URL", evolution.url)
    monkeypatch.setenv("EVOLUTION_API_KEY", DEFAULT_KEY)
    load_settings.cache_clear()


def type_in(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, list(words), input=answer)


def test_a_chat_is_played_and_told_line_by_line(bridge: str) -> None:
    told = type_in("simulate", DEMO, "--url", bridge, "--secret", "good")
    assert told.exit_code == 0, told.output
    assert "37 of 37 webhooks taken" in told.output
    figures = json.loads(type_in("simulate", DEMO, "--url", bridge, "--secret", "good", "--json").output)
    assert (figures["sent"], figures["accepted"]) == (37, 37)


def test_a_wrong_secret_and_a_missing_file_say_what_to_do(bridge: str) -> None:
    told = type_in("simulate", DEMO, "--url", bridge, "--secret", "bad")
    assert (told.exit_code, "give --secret" in told.output) == (1, True)
    told = type_in("simulate", "nothing.yaml")
    assert (told.exit_code, "cannot be read" in told.output) == (1, True)


def test_a_number_is_paired_in_the_terminal(evolution: EvolutionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    use(evolution, monkeypatch)
    monkeypatch.setattr("stream.cli.whatsapp._ASK_EVERY_S", 0.05)

    def scan() -> None:
        while "cs-ticket-monitor" not in evolution.instances or not evolution.codes:
            pass
        evolution.instances["cs-ticket-monitor"].was_paired = True
        evolution.instances["cs-ticket-monitor"].state = "open"

    somebody = threading.Thread(target=scan, daemon=True)
    somebody.start()
    told = type_in("whatsapp", "connect", "--wait", "20")
    somebody.join(10)
    assert told.exit_code == 0, told.output
    assert "Linked devices" in told.output
    assert "Connected as +15550100001" in told.output
    status = json.loads(type_in("whatsapp", "status", "--json").output)
    assert (status["ok"], status["state"], status["problems"]) == (True, "open", [])


def test_status_tells_what_is_wrong(evolution: EvolutionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    use(evolution, monkeypatch)
    told = type_in("whatsapp", "status")
    assert (told.exit_code, "does not exist" in told.output) == (1, True)
    instance = evolution.add_instance("cs-ticket-monitor", webhook_url="http://elsewhere")
    instance.settings = {"groupsIgnore": True}
    told = type_in("whatsapp", "status")
    assert told.exit_code == 1
    assert "webhook is not right" in told.output
    assert "groupsIgnore" in told.output


def test_groups_are_listed_and_a_number_is_logged_out(evolution: EvolutionServer, monkeypatch: pytest.MonkeyPatch) -> None:
    use(evolution, monkeypatch)
    instance = evolution.add_instance("cs-ticket-monitor")
    instance.groups[GROUP] = Group(GROUP, "Desk", [])
    assert GROUP in type_in("whatsapp", "groups").output
    assert json.loads(type_in("whatsapp", "groups", "--json").output) == [{"jid": GROUP, "name": "Desk", "size": 0}]
    assert type_in("whatsapp", "logout", answer="n\n").exit_code == 1
    assert instance.state == "open"
    assert "Logged out" in type_in("whatsapp", "logout", answer="y\n").output
    assert instance.state == "close"
    instance.disconnected = (401, "2026-01-05T09:00:00.000Z")
    assert "not connected: the number was logged out on the phone" in type_in("whatsapp", "status").output


def test_without_an_address_the_setting_is_named() -> None:
    told = type_in("whatsapp", "status")
    assert (told.exit_code, "EVOLUTION_API_URL is not set" in told.output) == (1, True)


def test_sending_is_stopped_and_resumed_by_hand(tmp_path: Path) -> None:
    assert "Nothing is sent any more" in type_in("whatsapp", "stop", "wrong", "text").output
    assert "wrong text" in (tmp_path / "data" / "sending-stopped").read_text()
    assert "wrong text" in type_in("whatsapp", "resume").output
    assert type_in("whatsapp", "resume").output == "Sending was not stopped.\n"
