"""Requests in flight are bounded, answered in batches, and never wait for ever; the breaker opens and probes."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stream.bridge.breaker import Breaker
from stream.bridge.flights import MAX_BYTES, MAX_REQUESTS, PATIENCE_S, Flight, Flights
from stream.bridge.inbox import NotStored
from stream.bridge.log_budget import LogBudget


class FrozenLoop:
    """The running loop, with a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.now = 100.0
        self.wakes = 0

    def time(self) -> float:
        return self.now

    def create_future(self) -> asyncio.Future[None]:
        return self._loop.create_future()

    def call_soon_threadsafe(self, call: object) -> None:
        self.wakes += 1
        self._loop.call_soon_threadsafe(call)  # type: ignore[arg-type] # whatever is given is passed on


def flights() -> tuple[Flights, FrozenLoop, list[Flight]]:
    loop, ended = FrozenLoop(), []
    return Flights(loop, ended.append), loop, ended  # type: ignore[arg-type] # a loop as far as flights look


async def test_requests_are_bounded_in_number() -> None:
    open_flights, _, _ = flights()
    begun = [open_flights.begin(1, 10) for _ in range(MAX_REQUESTS)]

    assert not open_flights.has_room(10)
    open_flights.land(begun[0], None)
    await begun[0].answer
    assert open_flights.has_room(10)


async def test_requests_are_bounded_in_bytes_but_one_always_fits() -> None:
    open_flights, _, _ = flights()

    assert open_flights.has_room(MAX_BYTES * 2)
    open_flights.begin(1, MAX_BYTES - 5)
    assert open_flights.has_room(5)
    assert not open_flights.has_room(6)


async def test_an_answer_waits_for_every_record_and_one_failure_is_enough() -> None:
    open_flights, _, ended = flights()
    flight = open_flights.begin(3, 10)

    open_flights.land(flight, None)
    open_flights.land(flight, OSError("refused"))
    await asyncio.sleep(0)
    assert not flight.answer.done()
    open_flights.land(flight, None)
    with pytest.raises(NotStored, match="broker_refused"):
        await flight.answer
    assert ended == [flight]


async def test_a_burst_of_answers_from_a_thread_wakes_the_loop_once() -> None:
    open_flights, loop, _ = flights()
    begun = [open_flights.begin(1, 1) for _ in range(500)]

    thread = threading.Thread(target=lambda: [open_flights.land(flight, None) for flight in begun])
    thread.start()
    thread.join()
    await asyncio.gather(*(flight.answer for flight in begun))

    assert loop.wakes == 1


async def test_who_waits_too_long_is_answered_but_stays_in_flight() -> None:
    open_flights, loop, ended = flights()
    flight = open_flights.begin(1, 10)

    loop.now += PATIENCE_S + 0.1
    open_flights.give_up()
    with pytest.raises(NotStored, match="broker_too_slow"):
        await flight.answer
    assert len(open_flights) == 1
    assert open_flights.oldest_age(loop.now) > PATIENCE_S

    open_flights.land(flight, None)
    await asyncio.sleep(0.01)
    assert (len(open_flights), ended) == (0, [flight])


async def test_a_late_answer_of_an_abandoned_flight_changes_nothing() -> None:
    open_flights, _, ended = flights()
    flight = open_flights.begin(1, 10)
    open_flights.abandon()
    with pytest.raises(NotStored):
        await flight.answer

    open_flights.land(flight, None)
    await asyncio.sleep(0.01)

    assert ended == [flight]
    assert open_flights.has_room(MAX_BYTES)


def test_the_breaker_opens_after_three_failures_and_probes_once_a_second() -> None:
    breaker = Breaker()
    for _ in range(2):
        breaker.record(succeeded=False)
    assert breaker.admits(10.0, 5)
    breaker.record(succeeded=False)

    assert [breaker.admits(at, 0) for at in (10.0, 10.5, 10.9, 11.1, 11.2)] == [True, False, False, True, False]
    assert not breaker.admits(20.0, 1)
    breaker.record(succeeded=True)
    assert all(breaker.admits(11.3, 5) for _ in range(5))


def test_an_overdue_answer_opens_the_breaker_until_something_succeeds() -> None:
    breaker = Breaker()
    breaker.watch(1.9)
    assert not breaker.is_open

    breaker.watch(2.1)
    breaker.watch(0.0)
    breaker.record(succeeded=False)
    assert breaker.is_open
    breaker.record(succeeded=True)
    assert not breaker.is_open


def test_a_flood_of_lines_is_summed_up() -> None:
    budget = LogBudget(lines_a_second=2)

    assert [budget.admits(at) for at in (5.0, 5.1, 5.2, 5.9, 6.0)] == [True, True, False, False, True]
    assert (budget.take_left_out(), budget.take_left_out()) == (2, 0)
