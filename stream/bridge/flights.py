"""Requests whose records are on their way to the broker: bounded in number and bytes, answered in batches, never for ever."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from stream.bridge.inbox import NotStored

MAX_REQUESTS = 2_000
MAX_BYTES = 16_000_000
PATIENCE_S = 2.3  # then the sender is asked to come again, although the record may yet be stored


class Flight:
    """One request: `waiting` of its records have no answer from the broker yet."""

    __slots__ = ("answer", "error", "size", "started_at", "waiting")

    def __init__(self, answer: asyncio.Future[None], waiting: int, size: int, started_at: float) -> None:
        self.answer = answer
        self.waiting = waiting
        self.size = size
        self.started_at = started_at
        self.error: Any = None


class Flights:
    """All flights of one producer. `land` may be called from any thread, everything else from the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_end: Callable[[Flight], None]) -> None:
        self._loop = loop
        self._on_end = on_end
        self._open: dict[int, Flight] = {}  # oldest first
        self._bytes = 0
        self._landed: deque[tuple[Flight, Any]] = deque()
        self._is_woken = False

    def __len__(self) -> int:
        return len(self._open)

    def has_room(self, size: int) -> bool:
        """Tell whether a request of this many bytes still fits; the first always does."""
        return not self._open or (len(self._open) < MAX_REQUESTS and self._bytes + size <= MAX_BYTES)

    def oldest_age(self, now: float) -> float:
        """Return for how many seconds the oldest flight has waited."""
        oldest = next(iter(self._open.values()), None)
        return now - oldest.started_at if oldest else 0.0

    def begin(self, waiting: int, size: int) -> Flight:
        """Open a flight. It counts against the bounds until the broker answers, however long its request waits."""
        flight = Flight(self._loop.create_future(), waiting, size, self._loop.time())
        self._open[id(flight)] = flight
        self._bytes += size
        return flight

    def land(self, flight: Flight, error: Any) -> None:
        """Take the broker's answer for one record. A burst of answers wakes the loop once."""
        self._landed.append((flight, error))
        if not self._is_woken:
            self._is_woken = True
            try:
                self._loop.call_soon_threadsafe(self.settle)
            except RuntimeError:  # the loop has ended, and with it whoever waited
                self._landed.clear()

    def settle(self) -> None:
        """Give the answers that have landed to those who wait."""
        self._is_woken = False
        while self._landed:
            flight, error = self._landed.popleft()
            flight.error = flight.error or error
            flight.waiting -= 1
            if flight.waiting == 0 and self._open.pop(id(flight), None) is not None:
                self._end(flight)

    def give_up(self) -> None:
        """Answer those who have waited too long. Their records stay in flight."""
        now = self._loop.time()
        for flight in self._open.values():
            if now - flight.started_at < PATIENCE_S:
                return
            if not flight.answer.done():
                flight.answer.set_exception(NotStored("broker_too_slow"))

    def abandon(self) -> None:
        """End all flights without an answer: their producer is gone."""
        for flight in list(self._open.values()):
            flight.error = flight.error or NotStored("producer_gone")
            self._end(flight)
        self._open.clear()
        self._bytes = 0

    def _end(self, flight: Flight) -> None:
        self._bytes -= flight.size
        self._on_end(flight)
        if flight.answer.done():
            return
        if flight.error is None:
            flight.answer.set_result(None)
        else:
            flight.answer.set_exception(NotStored("broker_refused"))
