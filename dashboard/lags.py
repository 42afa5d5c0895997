"""How far every reader of Kafka is behind, by partition; asked in a thread of its own, and only while somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.tables import Row, chip
from dashboard.words import say
from stream.adapters.kafka_offsets import GroupLags
from stream.adapters.topics import Topic
from stream.errors import BrokerError
from stream.settings import Settings

READERS = {
    "worker": (Topic.INBOUND, Topic.COMMANDS),
    "classifier": (Topic.UNDECIDED,),
    "sheet": (Topic.TICKETS, Topic.TICKET_EVENTS),
}
OWN = "dashboard"
_EVERY_S = 2.0
_LOOKED_AT_S = 20.0  # after this nobody looks any more
_FEW, _MANY = 50, 1_000
_SIDE_BY_SIDE = 12
ByPartition = Mapping[tuple[str, Topic], Mapping[int, int]]


@dataclass(frozen=True)
class Sight:
    """What was seen last; `problem` says why nothing newer can be seen."""

    by_reader: ByPartition = field(default_factory=dict)
    problem: str = ""


class LagWatch:
    """`look()` returns what was seen last and has it seen anew for a while. May be called by any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sight: Sight | None = None
        self._looked_at = 0.0
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lag-watch", daemon=True)
        self._thread.start()

    def look(self) -> Sight | None:
        """Return the last sight; None before the first."""
        self._looked_at = time.monotonic()
        self._wanted.set()
        return self._sight

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop looking."""
        self._stopping.set()
        self._wanted.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wanted.wait()
            lags = GroupLags(self._settings, READERS)
            try:
                while not self._stopping.is_set() and time.monotonic() - self._looked_at < _LOOKED_AT_S:
                    self._sight = Sight(lags.read())
                    self._stopping.wait(_EVERY_S)
                self._wanted.clear()
            except BrokerError as error:
                self._sight = Sight(self._sight.by_reader if self._sight else {}, str(error))
                self._stopping.wait(_EVERY_S)
            finally:
                lags.close()


def own(lags: Mapping[tuple[Topic, int], int]) -> dict[tuple[str, Topic], dict[int, int]]:
    """Return the dashboard's own lags, by topic and partition, as those of a reader."""
    found: dict[tuple[str, Topic], dict[int, int]] = {}
    for (topic, number), lag in lags.items():
        found.setdefault((OWN, topic), {})[number] = lag
    return found


def rows(by_reader: ByPartition, language: str) -> list[Row]:
    """Return a row for each reader and topic: all that is still to be handled, and how it lies on the partitions."""
    return [
        {
            "reader": reader,
            "topic": topic.value,
            "lag": chip(f"{sum(lags.values()):,}", _tone(sum(lags.values()))),
            "partitions": _spread(lags, language),
        }
        for (reader, topic), lags in by_reader.items()
    ]


def _spread(lags: Mapping[int, int], language: str) -> str:
    """Return the lag of every partition in order; of many partitions only those that lag."""
    if len(lags) <= _SIDE_BY_SIDE:
        return " · ".join(f"{lag:,}" for _, lag in sorted(lags.items()))
    return ", ".join(f"{number}: {lag:,}" for number, lag in sorted(lags.items()) if lag) or say(language, "lags.even")


def _tone(lag: int) -> str:
    return "good" if lag < _FEW else "warn" if lag < _MANY else "bad"
