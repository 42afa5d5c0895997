"""What Kafka tells of the other parts: their heartbeats, and how many records the topics have taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import ValidationError

from stream import logs
from stream.adapters.kafka import Tail
from stream.adapters.kafka_offsets import EndOffsets
from stream.adapters.topics import Topic
from stream.core.status import PartStatus
from stream.errors import BrokerError
from stream.settings import Settings

log = logs.get(__name__)

_COUNT_EVERY_S = 1.0
_RETRY_S = 1.0


class Sight(NamedTuple):
    """What was last seen. `totals` are records ever taken by topic; `problem` is why nothing newer can be seen."""

    beats: Mapping[str, PartStatus] = {}
    totals: Mapping[Topic, int] = {}
    problem: str | None = "not looked yet"
    problem_since: datetime | None = None


class Heartbeats:
    """Reads topic `status` and the ends of `inbound` and `dead-letter`, in a thread of its own. `sight` is never partly new."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sight = Sight()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeats", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, waiting a second at most."""
        self._stopping.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            tail, ends = Tail(self._settings, [Topic.STATUS]), EndOffsets(self._settings, [Topic.INBOUND, Topic.DEAD_LETTER])
            try:
                self._look(tail, ends)
            except BrokerError as error:
                since = self.sight.problem_since or datetime.now(UTC)
                self.sight = self.sight._replace(problem=str(error), problem_since=since)
                self._stopping.wait(_RETRY_S)
            finally:
                tail.close()
                ends.close()

    def _look(self, tail: Tail, ends: EndOffsets) -> None:
        counted_at = float("-inf")
        while not self._stopping.is_set():
            beats = dict(self.sight.beats)
            for record in tail.poll(timeout_s=0.25):
                if record.key is None:
                    continue
                if record.value is None:
                    beats.pop(record.key, None)
                elif (beat := _read(record.value)) is not None:
                    beats[record.key] = beat
            totals = self.sight.totals
            if time.monotonic() - counted_at >= _COUNT_EVERY_S:
                totals, counted_at = ends.read(), time.monotonic()
            self.sight = Sight(beats=beats, totals=totals, problem=None)


def _read(value: bytes) -> PartStatus | None:
    try:
        return PartStatus.from_json(value)
    except ValidationError:
        log.warning("a heartbeat could not be read; is every process of the same version?")
        return None
