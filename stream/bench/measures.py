"""What is measured, each in a scene of its own. Every function returns plain figures; units are in their names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer

from stream.adapters.topics import Topic, full_name
from stream.bench.contestants import aiokafka_loop, faust_counter
from stream.bench.figures import median, percentile
from stream.bench.http_load import Posted, post_all
from stream.bench.kafka_side import reader
from stream.bench.load import conversation, requests
from stream.bench.open_tickets import PER_GROUP, fill_table
from stream.bench.processes import Fleet, Running
from stream.bench.rate import Rate, measure_rate
from stream.bench.scene import SECRET, changelog, new_scene, preload, wait_for_bridge, wait_for_records
from stream.settings import Settings

GROUPS = 500
_RATE_WITHIN_S = 150.0
_WARM = 200  # posts before the clock starts: connections, imports and the broker's own first batches


class Bench:
    """The place of all measurements: one broker, one folder, one rules folder."""

    def __init__(self, bootstrap: str, folder: Path, rules_dir: Path) -> None:
        self._scene: Callable[[], Settings] = lambda: new_scene(bootstrap, folder, rules_dir)

    async def bridge(self, posts: int, paced_s: float, per_s: float = 500.0) -> dict[str, float]:
        """Webhooks answered 200 by one bridge: the most a second, and how long an answer takes at a steady pace."""
        settings = self._scene()
        with Fleet() as fleet:
            process = fleet.start_role("bridge", settings)
            await wait_for_bridge(settings)
            await post_all(settings.bridge_port, SECRET, conversation(_WARM, 50, seed=9, prefix="W"))
            before = process.cpu_s()
            fast = await post_all(settings.bridge_port, SECRET, conversation(posts, 50, seed=2, prefix="F"))
            cpu_us = (process.cpu_s() - before) * 1e6 / posts
            paced = await post_all(
                settings.bridge_port, SECRET, conversation(int(per_s * paced_s), 50, seed=3, prefix="P"), per_s
            )
        return {
            "acked_per_s": fast.accepted / fast.seconds,
            "cpu_us": cpu_us,
            "refused": float(posts - fast.accepted + int(per_s * paced_s) - paced.accepted),
            "p50_ms_at_500": percentile(paced.took_ms, 0.5),
            "p99_ms_at_500": percentile(paced.took_ms, 0.99),
        }

    async def worker_beside_others(self, messages: int, rounds: int) -> dict[str, Any]:
        """The same messages through our worker, a bare Faust table counter and a bare aiokafka loop, taking turns."""
        found: dict[str, list[Rate]] = {"worker": [], "bare_faust": [], "bare_aiokafka": []}
        said = conversation(messages, GROUPS)
        for _ in range(rounds):
            settings = self._scene()
            await preload(settings, said)
            outbound, deliveries = (full_name(topic, settings.topic_prefix) for topic in (Topic.OUTBOUND, Topic.DELIVERIES))
            plain = full_name(Topic.UNDECIDED, settings.topic_prefix)
            starts: dict[str, tuple[str, Callable[[Fleet], Running]]] = {
                "bare_faust": (plain, lambda fleet: fleet.start(faust_counter.run, settings, f"{outbound}.counter", plain)),  # noqa: B023 - called in this round
                "worker": (changelog(settings), lambda fleet: fleet.start_role("worker", settings)),  # noqa: B023 - as above
                "bare_aiokafka": (deliveries, lambda fleet: fleet.start(aiokafka_loop.run, settings, "loop", deliveries)),  # noqa: B023 - as above
            }
            for name, (output, start) in starts.items():
                with Fleet() as fleet:
                    found[name].append(await measure_rate(settings, output, [start(fleet)], messages, _RATE_WITHIN_S))
        return {
            name: {"per_s": median([rate.per_s for rate in rates]), "cpu_us": median([rate.cpu_us for rate in rates])}
            for name, rates in found.items()
        }

    async def visible(self, seconds: float, per_s: float = 200.0) -> dict[str, float]:
        """From the moment a webhook is due to the moment a reader of `tickets` has the ticket with its message."""
        settings = self._scene()
        with Fleet() as fleet:
            worker = fleet.start_role("worker", settings)
            fleet.start_role("bridge", settings)
            await wait_for_bridge(settings)
            warm = requests(40, 40, seed=8)
            await post_all(settings.bridge_port, SECRET, warm, 100.0)
            await wait_for_records(settings, changelog(settings), len(warm), lambda: worker.is_alive)
            said = requests(int(per_s * seconds), 100, seed=5)
            tickets = reader(settings, Topic.TICKETS)
            await tickets.start()
            try:
                await tickets.seek_to_end()
                seen_at: dict[str, float] = {}
                looking = asyncio.create_task(_note_messages(tickets, seen_at))
                posted = await post_all(settings.bridge_port, SECRET, said, per_s)
                await wait_for_records(settings, changelog(settings), len(warm) + len(said), lambda: worker.is_alive)
                await asyncio.sleep(0.5)
                looking.cancel()
            finally:
                await tickets.stop()
        return _lateness(posted, seen_at)

    async def start(self, tickets: int) -> dict[str, float]:
        """From the start of a worker's process to its first message handled, with so many open tickets to read back."""
        settings = self._scene()
        groups = await fill_table(settings, tickets) if tickets else 0
        await preload(settings, conversation(1, 1, seed=6))
        with Fleet() as fleet:
            worker = fleet.start_role("worker", settings)
            await wait_for_records(settings, changelog(settings), groups + 1, lambda: worker.is_alive)
            return {"ready_s": time.monotonic() - worker.started_at, "memory_mb": worker.memory_mb()}

    async def cost(self, tickets: int, messages: int, per_group: int = PER_GROUP) -> dict[str, float]:
        """What a message costs, and the worker weighs, beside so many open tickets."""
        settings = self._scene()
        groups = await fill_table(settings, tickets, per_group)
        warm = min(groups, 3000)
        with Fleet() as fleet:
            worker = fleet.start_role("worker", settings)
            await preload(settings, conversation(warm, groups, seed=10, prefix="W"))
            await wait_for_records(settings, changelog(settings), groups + warm, lambda: worker.is_alive)
            measuring = asyncio.create_task(measure_rate(settings, changelog(settings), [worker], messages, _RATE_WITHIN_S))
            await asyncio.sleep(0.3)
            await preload(settings, conversation(messages, groups, seed=7))
            rate = await measuring
            return {"cpu_us": rate.cpu_us, "per_s": rate.per_s, "memory_mb": worker.memory_mb()}

    async def several(self, workers: int, messages: int) -> float:
        """Messages a second of several workers that share the groups."""
        settings = self._scene()
        with Fleet() as fleet:
            running = [fleet.start_role("worker", settings) for _ in range(workers)]
            warm = conversation(100, GROUPS, seed=11, prefix="W")
            await preload(settings, warm)
            await wait_for_records(settings, changelog(settings), len(warm), lambda: all(each.is_alive for each in running))
            await asyncio.sleep(6.0 if workers > 1 else 0.0)  # the group may still be settling who has which partitions
            measuring = asyncio.create_task(measure_rate(settings, changelog(settings), running, messages, _RATE_WITHIN_S))
            await asyncio.sleep(0.3)
            await preload(settings, conversation(messages, GROUPS, seed=12))
            return (await measuring).per_s


async def _note_messages(tickets: AIOKafkaConsumer, seen_at: dict[str, float]) -> None:
    async for record in tickets:
        now = time.monotonic()
        for message in orjson.loads(record.value)["messages"] if record.value else ():
            seen_at.setdefault(message["message_id"], now)


def _lateness(posted: Posted, seen_at: dict[str, float]) -> dict[str, float]:
    late = [(seen_at[message_id] - sent) * 1000 for message_id, sent in posted.sent_at.items() if message_id in seen_at]
    return {
        "p50_ms": percentile(late, 0.5),
        "p99_ms": percentile(late, 0.99),
        "sent": float(len(posted.sent_at)),
        "on_a_ticket": float(len(late)),
    }
