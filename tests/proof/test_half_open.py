"""Connections to Kafka of which both ends believe that they work, while nothing passes, must not silence anybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.adapters import joining
from stream.adapters.kafka import GroupConsumer
from stream.adapters.topics import Topic
from stream.errors import BrokerError
from tests.proof.run import Stage
from tests.proof.scenario import Scenario
from tests.waiting import wait_for

_PATIENCE_S = 60.0  # Faust would wait for 90 s


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(Scenario(messages=200, rate=10.0, poison=0.0, roles=("bridge", "worker"), quiet_s=_PATIENCE_S), tmp_path)
    yield stage
    stage.close()


def test_a_worker_goes_on_when_its_connections_say_nothing_any_more(stage: Stage) -> None:
    load = stage.start()
    wait_for("the first change of the table", lambda: stage.logbook.pages.changes, _PATIENCE_S)

    stage.kafka.network.mute(0)

    load.result(timeout=_PATIENCE_S)
    assert stage.settle()
    verdict = stage.judge()
    assert verdict.holds, verdict.problems


def test_a_reader_of_a_group_asks_again_when_nobody_answers(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_PATIENCE_S", 20.0)  # the one before is counted for ten
    first, second = (GroupConsumer(stage.settings, [Topic.UNDECIDED], "readers") for _ in range(2))
    wait_for("the first reader to be let in", lambda: is_let_in(first, []), _PATIENCE_S)
    second.poll(0.5)  # waits for the first one, which does not poll
    stage.kafka.network.mute(0)
    first.close()

    refusals: list[str] = []
    wait_for("the second reader to be let in", lambda: is_let_in(second, refusals), _PATIENCE_S)

    assert "asked again" in refusals[0]
    second.close()


def is_let_in(reader: GroupConsumer, refusals: list[str]) -> bool:
    try:
        reader.poll(0.2)
    except BrokerError as error:
        refusals.append(str(error))
    return reader._consumer is not None and bool(reader._consumer.assignment())
