"""A bridge that runs in the test's own loop, and eyes on what it stores."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from stream.adapters.kafka import Record, Tail
from stream.adapters.topics import Topic
from stream.bridge.app import serve
from stream.settings import Settings

WAIT_S = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(what: Callable[[], Any], seconds: float = WAIT_S) -> Any:
    """Return the first true answer; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.02)
    return found


class RunningBridge:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.base = f"http://127.0.0.1:{settings.bridge_port}"
        self.url = f"{self.base}/webhook/cs-tickets"
        self.secret = settings.webhook_secret.get_secret_value()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.http: aiohttp.ClientSession

    async def start(self, *, until_ready: bool = True) -> None:
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WAIT_S))
        self._task = asyncio.create_task(serve(self.settings, self._stopping))
        deadline = time.monotonic() + WAIT_S
        while True:
            if self._task.done():
                self._task.result()
            try:
                async with self.http.get(f"{self.base}/{'readyz' if until_ready else 'healthz'}") as answer:
                    if answer.status == 200 and (not until_ready or (await answer.json())["status"] == "ok"):
                        return
            except aiohttp.ClientConnectionError:
                pass
            assert time.monotonic() < deadline, "the bridge did not become ready"
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait_for(self._task, WAIT_S)
        await self.http.close()

    async def post(self, body: Any, path: str = "", **headers: str) -> tuple[int, bytes]:
        """Return status and body of the answer; `body` is bytes, or something to write as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"X-Webhook-Secret": self.secret, "Content-Type": "application/json"} | headers
        async with self.http.post(self.url + path, data=raw, headers=sent) as answer:
            return answer.status, await answer.read()

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(self.base + path) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw.startswith(b"{") else raw.decode()

    async def talk(self, raw: bytes, *, patience_s: float = 5.0) -> bytes:
        """Send these bytes over a socket of their own and return whatever comes back until the bridge falls silent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.settings.bridge_port)
        try:
            try:
                writer.write(raw)
                await writer.drain()
                return await asyncio.wait_for(reader.read(65_536), patience_s)
            except ConnectionError:
                return b""
        finally:
            writer.close()

    async def stored(self, topic: Topic, at_least: int = 0) -> list[Record]:
        """Return everything in a topic, once it holds that many records."""
        return await asyncio.to_thread(self._read, topic, at_least)

    def _read(self, topic: Topic, at_least: int) -> list[Record]:
        tail = Tail(self.settings, [topic])
        found: list[Record] = []
        deadline = time.monotonic() + WAIT_S
        try:
            while not (tail.is_caught_up() and len(found) >= at_least):
                found += tail.poll(0.2)
                assert time.monotonic() < deadline, f"{len(found)} records in {topic} instead of {at_least}"
        finally:
            tail.close()
        return found
