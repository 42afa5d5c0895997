"""The worker's heartbeat: how it is and what it counted, on topic `status` every two seconds."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from typing import Any

from stream import __version__
from stream.core.status import Health, PartStatus
from stream.settings import Settings
from stream.worker.agent import GroupAgent
from stream.worker.summary import total


class Heartbeat:
    """Publishes a PartStatus for this worker process."""

    def __init__(self, agent: GroupAgent, topic: Any, settings: Settings) -> None:
        self._agent = agent
        self._topic = topic
        self._process = settings.process_name or f"{socket.gethostname()}-{os.getpid()}"
        self._since = datetime.now(UTC)
        self._last = Health.DEGRADED

    async def beat(self) -> None:
        """Say how the worker is now."""
        now = datetime.now(UTC)
        watcher = self._agent.watcher
        status, detail = Health.OK, f"{len(self._agent.summaries)} groups, rules {watcher.book.version[:8]}"
        if not self._agent.is_recovered:
            status, detail = Health.DEGRADED, "reading its table back from Kafka"
        elif watcher.problems:
            status = Health.DEGRADED
            detail = (
                f"{len(watcher.problems)} problems in the rules folder; the last good version {watcher.book.version[:8]} is used"
            )
        if status is not self._last:
            self._since, self._last = now, status
        counts, tickets_open = total(self._agent.summaries.values())
        beat = PartStatus(
            part="worker",
            process=self._process,
            status=status,
            detail=detail,
            since=self._since,
            at=now,
            counts=dict(counts),
            gauges={"tickets_open": tickets_open, "groups": len(self._agent.summaries)},
            versions={"groupdesk": __version__, "rules": watcher.book.version},
        )
        await self._topic.send(key=f"worker/{self._process}".encode(), value=beat.to_json())
