"""A broker that is away, hangs, or comes back: never a 2xx that is not true, never a long wait, and then all is well again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from bad_input import GOOD
from payloads import envelope, key, upsert
from running import RunningBridge, free_port, until

from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.broker import Broker, start_broker
from stream.core.delivery import Delivery
from stream.settings import Settings

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that these tests may stop; from this thread only, which holds its lock."""
    broker = start_broker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.stop()


@pytest.fixture
async def bridge(own_broker: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[RunningBridge]:
    settings = Settings(
        _env_file=None,
        kafka_bootstrap_servers=own_broker.bootstrap,
        topic_prefix=f"t{abs(hash(request.node.name)) % 10**8}.",
        topic_partitions=2,
        webhook_secret="test-webhook-secret",
        bridge_port=free_port(),
        data_dir=tmp_path / "data",
        spool_limit_mb=0,  # what is here is about Kafka alone; test_spool.py has the spool
    )
    ensure_topics(settings)
    running = RunningBridge(settings)
    await running.start()
    yield running
    await running.stop()


def numbered(number: int) -> dict[str, object]:
    return envelope("messages.upsert", upsert({"conversation": "x"}, key=key(f"N{number}")))


async def works_again(bridge: RunningBridge) -> None:
    deadline = time.monotonic() + 40
    while (await bridge.post(GOOD))[0] != 200:
        assert time.monotonic() < deadline, "it did not recover"
        await asyncio.sleep(0.2)


async def test_all_that_was_accepted_around_a_stop_is_there_afterwards(bridge: RunningBridge, own_broker: Broker) -> None:
    accepted = [number for number in range(50) if (await bridge.post(numbered(number)))[0] == 200]
    assert len(accepted) == 50
    own_broker.stop()

    async with bridge.http.post(bridge.url, data=GOOD, headers={"X-Webhook-Secret": bridge.secret}) as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
    answers = await asyncio.gather(*(bridge.post(numbered(number)) for number in range(50, 150)))
    assert {status for status, _ in answers} == {503}
    status, report = await bridge.get("/webhook/cs-tickets")
    assert (status, report["status"], report["parts"]["broker"]["status"]) == (503, "down", "down")
    assert (await bridge.get("/readyz"))[0] == 503
    assert (await bridge.get("/healthz"))[0] == 200

    own_broker.start()
    await works_again(bridge)
    accepted += [number for number in range(150, 200) if (await bridge.post(numbered(number)))[0] == 200]
    assert len(accepted) == 100
    stored = {Delivery.from_json(record.value or b"").data["key"]["id"] for record in await bridge.stored(Topic.INBOUND, 100)}
    assert {f"N{number}" for number in accepted} <= stored


async def test_a_broker_that_hangs_costs_seconds_once_and_then_nothing(bridge: RunningBridge, own_broker: Broker) -> None:
    assert (await bridge.post(GOOD))[0] == 200
    pids = [node.pid for node in own_broker.nodes if node.pid]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        first = await asyncio.wait_for(asyncio.gather(*(bridge.post(numbered(number)) for number in range(20))), 5)
        assert {status for status, _ in first} == {503}
        later = [await asyncio.wait_for(bridge.post(numbered(number)), 5) for number in range(20, 120)]
        assert {status for status, _ in later} == {503}
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    await works_again(bridge)
    _, report = await bridge.get("/webhook/cs-tickets")
    assert report["parts"]["broker"]["status"] == "ok"


async def test_a_bridge_that_starts_before_its_broker_waits_for_it(own_broker: Broker, tmp_path: Path) -> None:
    nobody = free_port()
    settings = Settings(
        _env_file=None,
        kafka_bootstrap_servers=f"127.0.0.1:{nobody}",
        topic_prefix="early.",
        topic_partitions=2,
        webhook_secret="test-webhook-secret",
        bridge_port=free_port(),
        data_dir=tmp_path / "data",
        spool_limit_mb=0,  # what is here is about Kafka alone; test_spool.py has the spool
    )
    bridge = RunningBridge(settings)
    await bridge.start(until_ready=False)
    forward: asyncio.Server | None = None
    try:
        assert (await bridge.post(GOOD))[0] == 503
        assert (await bridge.get("/readyz"))[0] == 503
        ensure_topics(settings.model_copy(update={"kafka_bootstrap_servers": own_broker.bootstrap}))
        forward = await forward_port(nobody, int(own_broker.bootstrap.rpartition(":")[2]))
        await works_again(bridge)
    finally:
        await bridge.stop()
        if forward is not None:
            forward.close()


async def forward_port(port: int, to: int) -> asyncio.Server:
    """Let whoever comes to this port speak with the other one."""
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", to)
        for one in (asyncio.create_task(pump(reader, back)), asyncio.create_task(pump(there, writer))):
            tasks.add(one)
            one.add_done_callback(tasks.discard)

    return await asyncio.start_server(accept, "127.0.0.1", port)


async def test_stopping_while_the_broker_is_away_is_prompt(own_broker: Broker, bridge: RunningBridge) -> None:
    own_broker.stop()
    try:
        waiting = asyncio.create_task(bridge.post(GOOD))
        await until(waiting.done, 5)
        await asyncio.wait_for(bridge.stop(), 8)
    finally:
        own_broker.start()
