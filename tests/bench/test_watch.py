from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from stream.adapters.topic_admin import ensure_topics
from stream.bench.http_load import post_all
from stream.bench.kafka_side import Progress
from stream.bench.load import talk
from stream.bench.processes import Fleet
from stream.bench.rate import watching
from stream.bench.scene import inbound, preload
from stream.bench.subjects import bare_loop
from stream.broker.readiness import free_ports
from stream.errors import GroupdeskError
from stream.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.kafka
async def test_a_rate_is_told_even_to_one_who_looks_when_all_is_done(settings: Settings) -> None:
    settings = settings.model_copy(update={"rules_dir": ROOT / "rules"})
    settings.data_dir.mkdir()
    ensure_topics(settings)
    subject = bare_loop(settings)
    await preload(settings, talk(60, 5))
    async with watching(subject) as watch, Progress(settings) as progress:
        with Fleet(settings.data_dir) as fleet:
            running = subject.start(fleet)
            while await progress.acknowledged(subject.group_id, inbound(settings)) < 60:
                assert running.is_alive(), running.last_words()
                await asyncio.sleep(0.05)
            await watch.first([running])
            await watch.rate([running], 60)  # returns: nothing is left to wait for
            assert await watch.members() == 1
        assert not running.is_alive()
        with pytest.raises(GroupdeskError, match="aiokafka_loop ended after 60 records written"):
            await watch.rate([running], 61)


async def test_webhooks_go_out_at_the_pace_or_as_they_are_answered() -> None:
    got: list[str] = []

    async def take(request: web.Request) -> web.Response:
        got.append((await request.json())["data"]["key"]["id"])
        return web.json_response({"ok": True}, status=200 if len(got) % 2 else 503)

    app = web.Application()
    app.router.add_post("/webhook/cs-tickets", take)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_ports(1)[0]
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        fast = await post_all(port, "secret", talk(100, 5))
        paced = await post_all(port, "secret", talk(100, 5, seed=2), 1000.0)
    finally:
        await runner.cleanup()
    assert sorted(got) == sorted(said.id for said in talk(100, 5) + talk(100, 5, seed=2))
    assert fast.accepted == paced.accepted == 50
    assert len(fast.took_ms) == len(paced.took_ms) == len(paced.due_at) == 100
    assert max(paced.due_at.values()) - min(paced.due_at.values()) == pytest.approx(0.099)
