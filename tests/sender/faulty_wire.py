"""A wire between the sender and the stand-in for Evolution that fails in the ways in which a wire can, by its seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter

import aiohttp
from aiohttp import web

# Shares of the calls that send. `reset` never reaches the stand-in; after `cut` and `slow` it has done what was asked.
RATES = {"reset": 0.01, "cut": 0.02, "slow": 0.02}
_SLOW_S = 0.4
_AWAY_S = 1.0


class FaultyWire:
    """Listens on `url` and hands on to `target`. `counts` tells which faults there were."""

    def __init__(self, target: str, seed: int) -> None:
        self.url = ""
        self.counts: Counter[str] = Counter()
        self._target = target
        self._dice = random.Random(seed)
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(trust_env=False, auto_decompress=False)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._hand_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def go_away(self) -> None:
        """Refuse every connection for a moment."""
        assert self._runner is not None
        for site in list(self._runner.sites):
            await site.stop()
        await asyncio.sleep(_AWAY_S)
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self.counts["refused"] += 1

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        fault = self._draw() if "/message/" in request.path else None
        if fault == "reset" and request.transport is not None:
            request.transport.abort()
        body = await request.read()
        headers = {name: request.headers[name] for name in ("apikey", "Content-Type") if name in request.headers}
        asked = self._session.request(request.method, f"{self._target}{request.path_qs}", data=body, headers=headers)
        try:
            async with asked as answer:
                said, status, kind = await answer.read(), answer.status, answer.content_type
        except aiohttp.ClientError:
            assert request.transport is not None
            request.transport.abort()  # what the stand-in does to a connection, the wire does too
            return web.Response(status=502)
        if fault == "slow":
            await asyncio.sleep(_SLOW_S)
        if fault == "cut":
            return await self._cut(request, said, status)
        return web.Response(body=said, status=status, content_type=kind)

    async def _cut(self, request: web.Request, said: bytes, status: int) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Length": str(len(said))})
        with contextlib.suppress(ConnectionError):  # the sender died meanwhile
            await response.prepare(request)
            await response.write(said[: len(said) // 2])
        if request.transport is not None:
            request.transport.close()
        return response

    def _draw(self) -> str | None:
        dice = self._dice.random()
        for fault, rate in RATES.items():
            dice -= rate
            if dice < 0:
                self.counts[fault] += 1
                return fault
        return None
