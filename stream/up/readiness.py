"""When a role is ready: it answers over HTTP where it serves HTTP, else by its first heartbeat that says more than "starting"."""

from __future__ import annotations

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
        self._since: dict[str, datetime] = {}
        self._latest: dict[str, PartStatus] = {}

    def expect(self, part: str) -> None:
        """Forget what a part has said so far: it starts now."""
        self._since[part] = datetime.now(UTC)
        self._latest.pop(part, None)

    def is_ready(self, part: str) -> bool:
        """Tell whether the part has said that it works, fully or degraded."""
        status = self._latest.get(part)
        return status is not None and status.status is not Health.DOWN and status.detail != "starting"

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
