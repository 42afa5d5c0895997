"""Where a measurement takes place: topics and files that no other one sees, on the broker that all share."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic, full_name
from stream.bench.kafka_side import fill
from stream.bench.load import Said, delivery
from stream.bench.processes import Running
from stream.broker.readiness import free_ports
from stream.errors import GroupdeskError
from stream.settings import Settings

SECRET = "the-secret-of-the-bench-0001"  # noqa: S105 -- of processes that live for seconds
_PATIENCE_S = 90.0
TEN_MINUTES = timedelta(minutes=10)  # so that no target of the usual rules has been missed yet
NOW = timedelta(0)


@dataclass(frozen=True)
class Place:
    """What all measurements of a run share: broker, start of topic names, folder for files, rules under measurement."""

    bootstrap: str
    prefix: str
    folder: Path
    rules_dir: Path
    measured: dict[Any, Any] = field(default_factory=dict)  # what several parts of a run share

    def new_scene(self) -> Settings:
        """Return settings with topics of their own, made already."""
        settings = Settings(
            _env_file=None,
            kafka_bootstrap_servers=self.bootstrap,
            topic_prefix=f"{self.prefix}{uuid.uuid4().hex[:8]}.",
            topic_partitions=6,
            webhook_secret=SECRET,
            bridge_port=free_ports(1)[0],
            data_dir=Path(tempfile.mkdtemp(prefix="scene-", dir=self.folder)),
            rules_dir=self.rules_dir,
            log_level="ERROR",
        )
        ensure_topics(settings)
        return settings


def inbound(settings: Settings) -> str:
    """Return the topic that the bridge writes to."""
    return full_name(Topic.INBOUND, settings.topic_prefix)


async def preload(settings: Settings, said: Sequence[Said], within: timedelta = TEN_MINUTES) -> None:
    """Have these messages wait in `inbound`, as if the bridge had taken them, evenly, `within` the time up to now.

    What follows other messages of the same groups is said `within` no time: else it would come late, which costs much more.
    """
    began = datetime.now(UTC) - within
    apart = within / max(1, len(said))
    records = ((each.group.encode(), delivery(each, began + number * apart)) for number, each in enumerate(said))
    await fill(settings, inbound(settings), records)


def ensure_moving(running: Sequence[Running], done: str, still_s: float, patience_s: float) -> None:
    """Raise `GroupdeskError` when a process has ended, or nothing has moved for too long."""
    for each in running:
        if not each.is_alive():
            raise GroupdeskError(f"The process {each.name} ended after {done}; its last words: {each.last_words() or 'none'}")
    if still_s > patience_s:
        raise GroupdeskError(f"{running[0].name} stood still for {patience_s:.0f} s after {done}.")


async def wait_for_http(url: str, running: Running) -> None:
    """Wait until this address answers 200."""
    began = time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.ok:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass  # not yet listening: that is what is waited for
            ensure_moving([running], "its start, before it was ready", time.monotonic() - began, _PATIENCE_S)
            await asyncio.sleep(0.05)
