from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group
from stream.simulator.mischief import Mischief
from stream.simulator.webhooks import Retries
from tests.simulator.stand_in import ANA, GROUP, Inbox


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    box = Inbox()
    app = web.Application()
    app.router.add_post("/{tail:.*}", box.take)
    async with TestServer(app) as server:
        box.url = str(server.make_url("/hook"))
        yield box


@pytest.fixture
async def evolution(inbox: Inbox) -> AsyncIterator[EvolutionServer]:
    server = EvolutionServer(mischief=Mischief(hold_seconds=0.5), retries=Retries(scale=0.001))
    async with server:
        instance = server.add_instance("desk", webhook_url=inbox.url, secret="s3")
        instance.groups[GROUP] = Group(GROUP, "Desk", [ANA])
        yield server


@pytest.fixture
async def call(evolution: EvolutionServer) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession(headers={"apikey": DEFAULT_KEY}) as session:

        async def do(method: str, path: str, body: object = None, key: str = DEFAULT_KEY) -> tuple[int, Any]:
            async with session.request(method, evolution.url + path, json=body, headers={"apikey": key}) as answer:
                return answer.status, await answer.json(content_type=None)

        yield do
