"""A client that costs next to nothing, so that on few cores the bridge is measured and not the client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from stream.bench.load import Said, webhook
from stream.errors import GroupdeskError

CONNECTIONS = 64
_PATIENCE_S = 30.0
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Posted:
    """How many were answered 200, in how long, when each was due (by message id, monotonic) and how many ms its answer took."""

    accepted: int
    seconds: float
    due_at: dict[str, float]
    took_ms: list[float]


class _Connection(asyncio.Protocol):
    """One kept connection, one request at a time."""

    def __init__(self, post: _Post) -> None:
        self._post = post
        self._received = b""
        self._due = 0.0
        self.transport: Any = None  # uvloop's are no subclass of asyncio's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_HEAD_END)
        if not found or len(body) < _content_length(head):
            return
        self._received = b""
        self._post.answered(self, int(head[9:12]), (time.monotonic() - self._due) * 1000)

    def connection_lost(self, exc: Exception | None) -> None:
        self._post.lost(exc)


class _Post:
    """All requests of one load, in order: each goes out when it is due and a connection is free."""

    def __init__(self, requests: list[bytes], per_s: float | None) -> None:
        self._requests = requests
        self._per_s = per_s
        self._next = 0
        self._idle: list[_Connection] = []
        self._began = 0.0
        self.took_ms: list[float] = []
        self.accepted = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, connections: list[_Connection]) -> float:
        """Send what is due now; returns when the clock started."""
        self._idle = connections
        self._began = time.monotonic()
        self._send_due()
        return self._began

    def answered(self, connection: _Connection, status: int, took_ms: float) -> None:
        self.took_ms.append(took_ms)
        self.accepted += status == 200
        self._idle.append(connection)
        if len(self.took_ms) == len(self._requests):
            if not self.done.done():
                self.done.set_result(None)
        elif self._per_s is None:
            self._send_due()

    def lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(GroupdeskError(f"A webhook's connection ended before its answer ({error or 'closed'})."))

    def _due(self, number: int) -> float:
        """Return when this request is due: at its place in the pace, or as soon as it can be."""
        return self._began + number / self._per_s if self._per_s else time.monotonic()

    def _send_due(self) -> None:
        while self._idle and self._next < len(self._requests):
            due = self._due(self._next)
            if due > time.monotonic():
                break
            self._idle.pop().send(self._requests[self._next], due)
            self._next += 1
        if self._per_s and self._next < len(self._requests):
            asyncio.get_running_loop().call_later(0.001, self._send_due)


def _content_length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0


async def post_all(port: int, secret: str, said: Sequence[Said], per_s: float | None = None) -> Posted:
    """Post every message over 64 connections, as fast as they are answered or at an even pace of `per_s`.

    At a pace, a time counts from the moment when the message was due, not from when a connection was free: a slow answer
    makes the next ones late too. Raises `GroupdeskError` when a connection ends or nothing is answered any more.
    """
    head = (
        f"POST /webhook/cs-tickets HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"X-Webhook-Secret: {secret}\r\nContent-Length: "
    ).encode()
    bodies = [orjson.dumps(webhook(each)) for each in said]
    post = _Post([b"%b%d\r\n\r\n%b" % (head, len(body), body) for body in bodies], per_s)
    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(lambda: _Connection(post), "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]
    try:
        began = post.start(list(connections))
        async with asyncio.timeout(_PATIENCE_S + len(said) / (per_s or 100)):
            await post.done
        seconds = time.monotonic() - began
    except TimeoutError:
        raise GroupdeskError(f"Only {len(post.took_ms):,} of {len(said):,} webhooks were answered in time.") from None
    finally:
        for connection in connections:
            connection.transport.abort()
    due_at = {each.id: began + number / per_s for number, each in enumerate(said)} if per_s else {}
    return Posted(post.accepted, seconds, due_at, post.took_ms)
