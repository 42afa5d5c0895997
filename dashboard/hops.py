"""How long each hop of a message takes: what the dashboard sees pass, and what the processes say of themselves. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Any

from dashboard.words import say
from stream.core.events import TicketEvent
from stream.core.status import PartStatus

Row = dict[str, Any]
SEEN = 400  # the latest of each hop; older ones say nothing of now
# Events of a command begin when somebody pressed a button; those of a message when the bridge took the delivery.
MESSAGE, COMMAND, SHOWN = "message", "command", "shown"
# What a process measures itself: part, its gauges for the usual and the slow case, and what they are in milliseconds.
_TOLD = (
    ("bridge", "bridge", "stored_ms_p50", "stored_ms_p99", 1.0),
    ("model", "classifier", "answer_ms", None, 1.0),
    ("sheet", "sheet", "last_pass_s", None, 1000.0),
)


class Hops:
    """Collects how long hops took, in milliseconds. Belongs to the thread of the desk."""

    def __init__(self) -> None:
        self._took: dict[str, deque[float]] = {name: deque(maxlen=SEEN) for name in (MESSAGE, COMMAND, SHOWN)}
        self._last_id = ""

    def take(self, event: TicketEvent, written_at: datetime, read_at: datetime) -> None:
        """Take an event that came while we looked: when it was written to Kafka, and when we read it.

        Of several events of one cause only the first counts.
        """
        cause = event.id.rpartition(":")[0]
        if cause == self._last_id:
            return
        self._last_id = cause
        self._took[COMMAND if event.command_id else MESSAGE].append(_ms(event.at, written_at))
        self._took[SHOWN].append(_ms(written_at, read_at))

    def measured(self) -> dict[str, tuple[float, float, int]]:
        """Return of each hop the median, the 95th of a hundred, and how many were seen; a hop that nobody took is missing."""
        return {name: (*_middle_and_slow(took), len(took)) for name, took in self._took.items() if took}


@dataclass(frozen=True)
class Hop:
    """One hop as it is shown: milliseconds in the usual and in the slow case, of so many."""

    name: str
    usual: float
    slow: float | None
    count: int | None


def hops(measured: Mapping[str, tuple[float, float, int]], parts: Iterable[PartStatus]) -> list[Hop]:
    """Return the hops in the order in which a message takes them; `parts` are the living processes."""
    gauges = {status.part: status.gauges for status in parts}
    told = [
        Hop(name, gauges[part][usual] * unit, gauges[part].get(slow, 0.0) * unit if slow else None, None)
        for name, part, usual, slow, unit in _TOLD
        if gauges.get(part, {}).get(usual)
    ]
    seen = [Hop(name, usual, slow, count) for name, (usual, slow, count) in measured.items()]
    order = ("bridge", MESSAGE, COMMAND, "model", SHOWN, "sheet")
    return sorted([*told, *seen], key=lambda hop: order.index(hop.name))


def rows(found: Iterable[Hop], language: str) -> list[Row]:
    """Return the hops as rows of a table."""
    return [
        {
            "hop": say(language, f"hops.{hop.name}"),
            "usual": _words(hop.usual),
            "slow": None if hop.slow is None else _words(hop.slow),
            "count": None if hop.count is None else f"{hop.count:,}",
        }
        for hop in found
    ]


def _ms(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds() * 1_000)


def _middle_and_slow(took: Iterable[float]) -> tuple[float, float]:
    values = sorted(took)
    if len(values) < 2:
        return values[0], values[0]
    parts = quantiles(values, n=100, method="inclusive")
    return parts[49], parts[94]


def _words(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1_000:.0f} s"
