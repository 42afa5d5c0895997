"""(c) From a webhook to the ticket that a reader sees, at 200 a second, beside the plain front and the bare loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import orjson

from stream.adapters.topics import Topic, full_name
from stream.bench.bridge import ready_url, start_bridge, start_front
from stream.bench.figures import percentile
from stream.bench.http_load import Posted, post_all
from stream.bench.kafka_side import reader
from stream.bench.load import requests
from stream.bench.processes import Fleet, Running
from stream.bench.scene import SECRET, Place, ensure_moving, wait_for_http
from stream.bench.subjects import bare_loop, our_worker
from stream.errors import GroupdeskError
from stream.settings import Settings

_PER_S = 200.0
_GROUPS = 400  # every message asks for something new: so many a second come from many groups
_WARM = 60
_PATIENCE_S = 40.0

MessageIds = Callable[[Any], Iterable[str]]


async def measure_lateness(place: Place, paced_s: float) -> dict[str, dict[str, float]]:
    """Return the figures of `groupdesk` and `plain`; a ticket is visible when a reader of its topic has it with its message."""
    ours, plain = place.new_scene(), place.new_scene()
    with Fleet(ours.data_dir) as fleet:
        running = [our_worker(ours).start(fleet), start_bridge(fleet, ours)]
        front = start_front(fleet, plain)
        loop = bare_loop(plain).start(fleet)
        await wait_for_http(ready_url(ours), running[1])
        await wait_for_http(ready_url(plain), front)
        tickets = full_name(Topic.TICKETS, ours.topic_prefix)
        counts = full_name(Topic.DELIVERIES, plain.topic_prefix)
        return {
            "plain": await _measure(plain, counts, _message_of_count, [loop, front], paced_s),
            "groupdesk": await _measure(ours, tickets, _messages_of_ticket, running, paced_s),
        }


async def _measure(
    settings: Settings, topic: str, message_ids: MessageIds, running: list[Running], paced_s: float
) -> dict[str, float]:
    said = requests(int(_PER_S * paced_s), _GROUPS, seed=5)
    async with _watching(settings, topic, message_ids) as seen_at:
        warm = requests(_WARM, _GROUPS, seed=8, prefix="W")
        await post_all(settings.bridge_port, SECRET, warm, 50.0)
        await _wait_for([each.id for each in warm], seen_at, running)
        posted = await post_all(settings.bridge_port, SECRET, said, _PER_S)
        await _wait_for([each.id for each in said], seen_at, running)
    return _figures(posted, seen_at)


@contextlib.asynccontextmanager
async def _watching(settings: Settings, topic: str, message_ids: MessageIds) -> AsyncIterator[dict[str, float]]:
    """Note when each message was first seen in this topic, from now on."""
    consumer = reader(settings, topic)
    await consumer.start()
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)  # only now is it known where the end was
    seen_at: dict[str, float] = {}

    async def note() -> None:
        async for record in consumer:
            now = time.monotonic()
            for message_id in message_ids(orjson.loads(record.value)) if record.value else ():
                seen_at.setdefault(message_id, now)

    noting = asyncio.create_task(note())
    try:
        yield seen_at
    finally:
        noting.cancel()
        await consumer.stop()


def _message_of_count(told: Any) -> Iterable[str]:
    return (told["id"],)


def _messages_of_ticket(told: Any) -> Iterable[str]:
    return [message["message_id"] for message in told["messages"]]


async def _wait_for(message_ids: list[str], seen_at: dict[str, float], running: list[Running]) -> None:
    began = time.monotonic()
    while missing := [message_id for message_id in message_ids if message_id not in seen_at]:
        seen = f"{len(message_ids) - len(missing):,} of {len(message_ids):,} messages seen"
        ensure_moving(running, seen, time.monotonic() - began, _PATIENCE_S)
        await asyncio.sleep(0.02)


def _figures(posted: Posted, seen_at: dict[str, float]) -> dict[str, float]:
    if posted.accepted < len(posted.due_at):
        raise GroupdeskError(f"{len(posted.due_at) - posted.accepted:,} of {len(posted.due_at):,} webhooks were refused.")
    late = [(seen_at[message_id] - due) * 1000 for message_id, due in posted.due_at.items()]
    return {"p50_ms": percentile(late, 0.5), "p99_ms": percentile(late, 0.99), "longest_ms": max(late)}
