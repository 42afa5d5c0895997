"""A client that costs next to nothing, so that on few cores the bridge is measured and not the client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import orjson

from stream.bench.load import Said, webhook

_CONNECTIONS = 64
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Posted:
    """Who answered 200, when each was sent (by message id, monotonic), and how long each answer took in milliseconds."""

    accepted: int
    seconds: float
    sent_at: dict[str, float]
    took_ms: list[float]


class Connection:
    """One kept connection to the webhook."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self._reader, self._writer, self._head = reader, writer, head

    @classmethod
    async def open(cls, port: int, secret: str) -> Self:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST /webhook/cs-tickets HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"X-Webhook-Secret: {secret}\r\nContent-Length: "
        )
        return cls(reader, writer, head.encode())

    async def post(self, body: bytes) -> int:
        """Send one body and return the status of the answer."""
        self._writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        answer = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), _PATIENCE_S)
        length = next((int(line[15:]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        await self._reader.readexactly(length)
        return int(answer[9:12])

    def close(self) -> None:
        self._writer.close()


async def post_all(port: int, secret: str, said: Sequence[Said], per_s: float | None = None) -> Posted:
    """Post every message over 64 connections, as fast as they are answered or at an even pace of `per_s`.

    At a pace, a time counts from the moment when the message was due, not from when a connection was free: a slow answer
    makes the next ones late too.
    """
    bodies = [orjson.dumps(webhook(each)) for each in said]
    connections = [await Connection.open(port, secret) for _ in range(_CONNECTIONS)]
    began = time.monotonic()
    numbers = iter(range(len(said)))
    sent_at: dict[str, float] = {}
    took_ms: list[float] = []
    statuses: list[int] = []

    async def work(connection: Connection) -> None:
        for number in numbers:
            due = time.monotonic() if per_s is None else began + number / per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent_at[said[number].id] = due
            statuses.append(await connection.post(bodies[number]))
            took_ms.append((time.monotonic() - due) * 1000)

    try:
        await asyncio.gather(*(work(connection) for connection in connections))
    finally:
        for connection in connections:
            connection.close()
    return Posted(statuses.count(200), time.monotonic() - began, sent_at, took_ms)
