"""When a role is ready: its own process runs and has said more than "starting", and it answers over HTTP where it serves HTTP."""

from __future__ import annotations

import socket
import urllib.request
from datetime import UTC, datetime

from pydantic import ValidationError

from stream.adapters.kafka import Tail
from stream.adapters.topics import Topic
from stream.core.status import Health, PartStatus
from stream.errors import BrokerError
from stream.settings import Settings


class Heartbeats:
    """The latest heartbeat of each part that was told to be expected, from then on."""

    def __init__(self, settings: Settings) -> None:
        self._tail = Tail(settings, [Topic.STATUS])
        self._host = socket.gethostname()
        self._named = {self._host, settings.process_name or self._host}
        self._since: dict[str, datetime] = {}
        self._latest: dict[str, PartStatus] = {}

    def expect(self, part: str) -> None:
        """Forget what a part has said so far: it starts now."""
        self._since[part] = datetime.now(UTC)
        self._latest.pop(part, None)

    def is_ready(self, part: str, pid: int) -> bool:
        """Tell whether the part, in this process of this machine, has said that it works, fully or degraded."""
        status = self._latest.get(part)
        if status is None or status.status is Health.DOWN or status.detail == "starting":
            return False
        return status.process in self._named or status.process == f"{self._host}-{pid}"

    def read(self) -> None:
        """Read what has come; a broker that is away just now is no matter here."""
        try:
            records = self._tail.poll(0.1)
        except BrokerError:
            return
        for record in records:
            try:
                status = PartStatus.from_json(record.value or b"")
            except ValidationError:
                continue
            if status.part in self._since and record.timestamp >= self._since[status.part]:
                self._latest[status.part] = status

    def close(self) -> None:
        """Let go of the broker; never raises."""
        self._tail.close()


def answers(url: str) -> bool:
    """Tell whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 -- our own address, built by us
            return bool(answer.status == 200)
    except OSError:
        return False
