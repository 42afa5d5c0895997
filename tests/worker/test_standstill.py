"""A worker that stands still ends with the status that has it started again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NoReturn

import pytest

from stream.worker.standstill import Standstill

PARTITION = "inbound-0"


class Worker:
    """What a standstill asks Faust for, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.unread = 0
        self.highest = 0
        recovery = SimpleNamespace(active_remaining_total=lambda: self.unread)
        self.consumer = SimpleNamespace(begins_at={PARTITION: 0}, highwater=lambda _: self.highest)
        app = SimpleNamespace(tables=SimpleNamespace(recovery=recovery), consumer=self.consumer)
        self.standstill = Standstill(app, self.clock)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def worker(ends: type[BaseException]) -> Worker:  # noqa: ARG001 -- a process that ended would take the tests with it
    return Worker()


def test_a_table_that_is_not_read_back_for_a_minute_ends_it(worker: Worker, ends: type[BaseException]) -> None:
    worker.unread = 7
    worker.standstill.end_if_not_read_back()
    worker.now += 59
    worker.standstill.end_if_not_read_back()
    worker.now += 2
    with pytest.raises(ends, match="75"):
        worker.standstill.end_if_not_read_back()


def test_a_table_that_takes_long_to_read_back_does_not(worker: Worker) -> None:
    for worker.unread in range(100, 0, -1):
        worker.now += 50
        worker.standstill.end_if_not_read_back()


def test_a_new_rebalance_gives_it_another_minute(worker: Worker) -> None:
    worker.unread = 7
    worker.standstill.end_if_not_read_back()
    worker.now += 50
    worker.standstill.begin_anew()
    worker.standstill.end_if_not_read_back()
    worker.now += 50
    worker.standstill.end_if_not_read_back()


def test_records_that_wait_and_do_not_come_end_it(worker: Worker, ends: type[BaseException]) -> None:
    worker.standstill.end_if_passed_over(PARTITION, 0)
    worker.highest, worker.now = 2, worker.now + 29
    worker.standstill.end_if_stuck()
    worker.now += 2
    with pytest.raises(ends, match="75"):
        worker.standstill.end_if_stuck()


def test_a_partition_that_was_just_taken_away_does_not_end_it(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> NoReturn:
        raise AssertionError("Partition is not assigned")

    worker.standstill.end_if_passed_over(PARTITION, 0)
    worker.now += 31
    monkeypatch.setattr(worker.consumer, "highwater", gone)
    worker.standstill.end_if_stuck()


def test_a_quiet_night_does_not_end_it(worker: Worker) -> None:
    worker.standstill.end_if_passed_over(PARTITION, 0)
    worker.highest, worker.now = 1, worker.now + 36_000
    worker.standstill.end_if_stuck()


@pytest.mark.parametrize(("came", "goes_on"), [((0, 1), True), ((0, 2), False), ((1,), False)])
def test_a_record_that_was_passed_over_ends_it(
    worker: Worker, ends: type[BaseException], came: tuple[int, ...], goes_on: bool
) -> None:
    try:
        for offset in came:
            worker.standstill.end_if_passed_over(PARTITION, offset)
    except ends:
        assert not goes_on
    else:
        assert goes_on


def test_what_is_delivered_again_after_a_rebalance_is_not_passed_over(worker: Worker) -> None:
    for offset in range(5):
        worker.standstill.end_if_passed_over(PARTITION, offset)
    worker.standstill.begin_anew()
    worker.consumer.begins_at = {PARTITION: 3}
    worker.standstill.end_if_passed_over(PARTITION, 3)
