"""The world of the watchdog, which runs while a test does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from stream.simulator.evolution_server import DEFAULT_KEY
from stream.simulator.instance import Group
from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EvolutionClient
from stream.watch.backfill import Backfill
from stream.watch.groups import Groups
from stream.watch.watchdog import Watchdog
from tests.watch.world import ANA, GROUP, OPS, SECRET, TIMES, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    app = web.Application()
    app.router.add_post("/hook", world.take)
    async with TestServer(app) as server, world.evolution as evolution:
        world.url = str(server.make_url("/hook"))
        world.instance = evolution.add_instance("desk", webhook_url=world.url, secret=SECRET.get_secret_value())
        world.instance.groups = {jid: Group(jid, name, [ANA]) for jid, name in ((GROUP, "Desk"), (OPS, "Ops"))}
        client = EvolutionClient(evolution.url, SecretStr(DEFAULT_KEY), "desk")
        transport = EvolutionTransport(client, send_timeout_s=0.2, typing_ms=0)
        world.backfill = Backfill(transport, "desk", world.ears, world.publish)
        world.watchdog = Watchdog(
            client=client,
            transport=transport,
            ears=world.ears,
            backfill=world.backfill,
            groups=Groups(client, world.publish),
            office=world,
            webhook_url=world.url,
            webhook_secret=SECRET,
            clock=lambda: world.now,
            times=TIMES,
        )
        yield world
        await client.close()
