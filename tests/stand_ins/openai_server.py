"""A server that speaks OpenAI's chat completions on loopback, and behaves as badly as it is told to.

A `Script` decides what each request gets: an answer made from the request, or a fault. All requests are kept.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What one request gets. `drip_s` is the pause between bytes; `hang_s` the pause before the first."""

    content: str | None = None
    status: int = 200
    error: str = ""
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None
    finish_reason: str = "stop"
    hang_s: float = 0.0
    drip_s: float = 0.0
    raw: bytes | None = None
    cut_at: int | None = None
    with_usage: bool = True


@dataclass
class Request:
    """One request: its body as sent, and the user part of the question as the model sees it."""

    body: dict[str, Any]
    text: str

    @property
    def part(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body["messages"][-1]["content"])
        return found

    @property
    def texts(self) -> list[str]:
        return [one["text"] for one in self.part["classify"]]


Script = Callable[[Request, int], Reply]


def item(ref: int, label: str, **more: Any) -> dict[str, Any]:
    """Return a verdict with every field."""
    empty = dict.fromkeys(("ticket_id", "status", "title", "category", "priority"))
    return {"ref": ref, "label": label, **empty, "confidence": "high", **more}


def answer(*items: dict[str, Any]) -> Reply:
    return Reply(content=json.dumps({"items": list(items)}))


def label_all(label: str, **more: Any) -> Script:
    """Return a script that says the same of every message."""
    return lambda request, _number: answer(*(item(one["ref"], label, **more) for one in request.part["classify"]))


class OpenAIServer:
    """The server: `url` is the base URL for the client. `script` may be replaced at any time."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                request = Request(json.loads(text), text)
                with server._lock:
                    server.requests.append(request)
                    number = len(server.requests)
                with contextlib.suppress(OSError):  # the client gave up
                    _send(self, server.script(request, number))

        return Handler


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    time.sleep(reply.hang_s)
    body = reply.raw if reply.raw is not None else json.dumps(_body(reply)).encode()
    handler.send_response(reply.status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    if reply.cut_at is not None:
        handler.wfile.write(body[: reply.cut_at])
        handler.close_connection = True
    elif reply.drip_s:
        for byte in body:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(reply.drip_s)
    else:
        handler.wfile.write(body)


def _body(reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        return {"error": {"message": reply.error, "type": "invalid_request_error", "param": reply.param, "code": None}}
    message = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "stand-in",
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}],
    }
    if reply.with_usage:
        details = {"cached_tokens": 40}
        body["usage"] = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "prompt_tokens_details": details}
    return body


@contextlib.contextmanager
def serving(script: Script) -> Iterator[OpenAIServer]:
    """Serve until the block ends."""
    server = OpenAIServer(script)
    try:
        yield server
    finally:
        server.close()
