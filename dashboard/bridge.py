"""The bridge over HTTP, as the dashboard needs it: its health report, and a place to post a test message."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any

from stream.adapters.own_secrets import webhook_secret
from stream.errors import StateError
from stream.settings import Settings

PATH = "/webhook/cs-tickets"
_TIMEOUT_S = 3


@dataclass(frozen=True)
class Answer:
    """What the bridge said: a status (None: it could not be reached, and `problem` says why), its JSON, how long it took."""

    status: int | None
    body: dict[str, Any]
    elapsed_ms: float
    problem: str = ""


def read_health(settings: Settings) -> Answer:
    """Return the bridge's health report."""
    return _call(settings, "GET", None)


def post_event(settings: Settings, event: dict[str, Any]) -> Answer:
    """Post one webhook event as Evolution would."""
    return _call(settings, "POST", json.dumps(event).encode())


def address(settings: Settings) -> tuple[str, int]:
    """Return where the bridge listens, as reached from this machine."""
    host = settings.bridge_host
    return ("127.0.0.1" if host in ("0.0.0.0", "::", "") else host), settings.bridge_port  # noqa: S104 - compared, not bound


def _call(settings: Settings, method: str, body: bytes | None) -> Answer:
    started = time.perf_counter()
    try:
        headers = {"Content-Type": "application/json"} | ({"X-Webhook-Secret": webhook_secret(settings)} if body else {})
        connection = http.client.HTTPConnection(*address(settings), timeout=_TIMEOUT_S)
        try:
            connection.request(method, PATH, body, headers)
            answer = connection.getresponse()
            raw = answer.read(1_000_000)
        finally:
            connection.close()
        told = json.loads(raw) if raw[:1] == b"{" else {}
    except (OSError, http.client.HTTPException, ValueError, StateError) as error:
        host, port = address(settings)
        return Answer(None, {}, _since(started), f"The bridge at {host}:{port} does not answer ({type(error).__name__}).")
    return Answer(answer.status, told, _since(started))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1_000
