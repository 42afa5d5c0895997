"""The proof calls it a stall only when every worker says for long enough that it is well, and nothing is handled."""

from __future__ import annotations

from typing import Any

import pytest

from stream.settings import Settings
from tests.proof.logbook import Logbook


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("tests.proof.logbook.time.monotonic", lambda: now[0])
    return now


def beat(logbook: Logbook, worker: str, status: str = "ok") -> None:
    told: dict[str, Any] = {"part": "worker", "process": worker, "status": status}
    logbook._take_beat(told)


def test_all_workers_must_say_that_they_are_well(clock: list[float]) -> None:
    logbook = Logbook(Settings(_env_file=None, topic_prefix="proof."))
    for _ in range(20):
        clock[0] += 2
        beat(logbook, "worker-1")
    assert logbook.all_well_s(["worker-1"]) == 38
    assert logbook.all_well_s(["worker-1", "worker-2"]) == 0, "the other has only begun"
    for _ in range(5):
        clock[0] += 2
        beat(logbook, "worker-1")
        beat(logbook, "worker-2")
    assert logbook.all_well_s(["worker-1", "worker-2"]) == 8
    beat(logbook, "worker-2", "degraded")
    assert logbook.all_well_s(["worker-1", "worker-2"]) == 0
    clock[0] += 7
    assert logbook.all_well_s(["worker-1"]) == 0, "it has fallen silent"
