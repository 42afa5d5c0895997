from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stream.errors import GroupdeskError
from stream.settings import Settings
from stream.up import Session
from stream.up.roles import ROLES

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def test_a_stranger_that_answers_on_our_port_is_never_taken_for_our_role(settings: Settings) -> None:
    said: list[str] = []
    strangers: list[ThreadingHTTPServer] = []

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("Broker: "):  # ports were looked at, the roles are not there yet
            strangers.append(ThreadingHTTPServer(("127.0.0.1", session.settings.bridge_port), Stranger))
            threading.Thread(target=strangers[0].serve_forever).start()

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    session = Session(settings.model_copy(update={"bridge_port": port}), without=frozenset(ROLES) - {"bridge"}, say=say)
    try:
        with pytest.raises(GroupdeskError, match=rf"^Port {port} .* in use by another program; .* BRIDGE_PORT"), session:
            session.wait_until_ready()
    finally:
        strangers[0].shutdown()
        strangers[0].server_close()
    assert not any("ready after" in line for line in said)


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the interface of http.server
        """Say nothing."""
