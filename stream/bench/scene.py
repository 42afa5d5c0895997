"""Where a measurement takes place: topics and files that no other one sees, on the broker that all share."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import tempfile
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from stream.adapters.topic_admin import ensure_topics, worker_app_id
from stream.adapters.topics import GROUPS_TABLE, Topic, changelog_name, full_name
from stream.bench.kafka_side import Ends, fill
from stream.bench.load import Said, delivery
from stream.errors import GroupdeskError
from stream.settings import Settings

SECRET = "the-secret-of-the-bench-0001"  # noqa: S105 - of processes that live for seconds
_PATIENCE_S = 90.0
_BEGAN_BEFORE = timedelta(minutes=30)
_APART = timedelta(milliseconds=20)


def new_scene(bootstrap: str, folder: Path, rules_dir: Path) -> Settings:
    """Return settings with topics of their own, made already."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    prefix = f"bench{uuid.uuid4().hex[:8]}."
    settings = Settings(
        _env_file=None,
        kafka_bootstrap_servers=bootstrap,
        topic_prefix=prefix,
        topic_partitions=6,
        webhook_secret=SECRET,
        bridge_port=port,
        data_dir=Path(tempfile.mkdtemp(prefix="scene-", dir=folder)),
        rules_dir=rules_dir.resolve(),
        log_level="ERROR",
    )
    ensure_topics(settings)
    return settings


def changelog(settings: Settings) -> str:
    """Return the topic with one record for each message that the worker handled."""
    return changelog_name(worker_app_id(settings), GROUPS_TABLE)


def inbound(settings: Settings) -> str:
    """Return the topic that the bridge writes to."""
    return full_name(Topic.INBOUND, settings.topic_prefix)


async def preload(settings: Settings, said: Sequence[Said]) -> None:
    """Have these messages wait in `inbound`, as if the bridge had taken them in the last half hour."""
    began = datetime.now(UTC) - _BEGAN_BEFORE
    records = ((each.group.encode(), delivery(each, began + number * _APART)) for number, each in enumerate(said))
    await fill(settings, inbound(settings), records)


async def wait_for_records(settings: Settings, topic: str, count: int, alive: Callable[[], bool]) -> None:
    """Wait until a topic has taken so many records; raises `GroupdeskError` when it takes too long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_S
    async with Ends(settings, topic) as ends:
        while (there := await ends.count()) < count:
            if loop.time() > deadline or not alive():
                raise GroupdeskError(f"Only {there} of {count} records came to {topic}; see the lines above for why.")
            await asyncio.sleep(0.02)


async def wait_for_bridge(settings: Settings) -> None:
    """Wait until the bridge takes webhooks."""
    url = f"http://127.0.0.1:{settings.bridge_port}/readyz"
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_S
    while loop.time() < deadline:
        try:
            answer = await asyncio.to_thread(requests.get, url, timeout=2)
            if answer.status_code == requests.codes.ok:
                return
        except requests.RequestException:
            pass  # not yet listening: that is what is waited for
        await asyncio.sleep(0.1)
    raise GroupdeskError("The bridge was not ready in time; see the lines above for why.")


def describe_machine() -> str:
    """Return what a figure depends on: processor, cores, memory, and what else was going on."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine()
    )
    memory = next((int(line.split()[1]) / 1_048_576 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0.0)
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, load {load:.1f} at the start"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
