"""The worker's heartbeat: how it is and what it counted, on topic `status` every two seconds."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stream import __version__
from stream.adapters.yaml_lines import Problem
from stream.core.status import Health, PartStatus
from stream.settings import Settings
from stream.worker.agent import GroupAgent
from stream.worker.summary import total

# Who is in the team and in which groups is nobody else's business, and a sentence on them may repeat a number.
_PRIVATE = frozenset({"groups.yaml", "team.yaml"})
_LONGEST = 300


def tell_problems(problems: Sequence[Problem], rules_dir: Path) -> dict[str, str]:
    """Return the trouble `rules`: how many problems, and the first with file and line; nothing when there is none.

    Everybody may read it in the health report: it tells no path of this machine, and of files on people only the line.
    """
    if not problems:
        return {}
    first, file = problems[0], Path(problems[0].file)
    if file == rules_dir:
        return {"rules": "1 problem: the rules folder cannot be read; see the worker's log"}
    inside = Path(rules_dir.name, file.relative_to(rules_dir)) if file.is_relative_to(rules_dir) else Path(file.name)
    where = f"{inside.as_posix()}:{first.line}"
    said = "`groupdesk rules check` tells what is wrong" if file.name in _PRIVATE else first.message
    number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems, the first"
    return {"rules": f"{number}: {where}: {said}"[:_LONGEST]}


class Heartbeat:
    """Publishes a PartStatus for this worker process."""

    def __init__(self, agent: GroupAgent, topic: Any, settings: Settings) -> None:
        self._agent = agent
        self._topic = topic
        self._process = settings.process_name or f"{socket.gethostname()}-{os.getpid()}"
        self._rules_dir = settings.rules_dir
        self._since = datetime.now(UTC)
        self._last = Health.DEGRADED

    async def beat(self) -> None:
        """Say how the worker is now."""
        now = datetime.now(UTC)
        watcher, lease = self._agent.watcher, self._agent.app.lease
        status, detail = Health.OK, f"{len(self._agent.summaries)} groups, rules {watcher.book.version[:8]}"
        if not self._agent.is_recovered:
            status, detail = Health.DEGRADED, "reading its table back from Kafka"
        elif lease.is_over:
            status, detail = Health.DEGRADED, f"Kafka has not heard of it for {lease.unheard_s:.0f} s; nothing is written"
        elif watcher.problems:
            status = Health.DEGRADED
            number = f"{len(watcher.problems)} problem" + ("s" if len(watcher.problems) > 1 else "")
            detail = f"{number} in the rules folder; the last good version {watcher.book.version[:8]} is used"
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
            troubles=tell_problems(watcher.problems, self._rules_dir),
        )
        await self._topic.send(key=f"worker/{self._process}".encode(), value=beat.to_json())
