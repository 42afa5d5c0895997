from __future__ import annotations

import time

import pytest

from stream.adapters.kafka import Tail
from stream.adapters.status import StatusReporter
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.core.status import Health, PartStatus
from stream.settings import Settings

pytestmark = pytest.mark.kafka


def test_a_part_tells_how_it_is_and_that_it_stopped(settings: Settings) -> None:
    ensure_topics(settings)
    reporter = StatusReporter(settings, "sheet", "one", versions={"rules": "abc"})
    reporter.set(Health.OK, "writes rows", counts={"rows": 3})
    tail = Tail(settings, [Topic.STATUS])
    told: list[PartStatus] = []
    deadline = time.monotonic() + 20
    while not any(status.status is Health.OK for status in told) and time.monotonic() < deadline:
        told += [PartStatus.from_json(record.value or b"") for record in tail.poll(0.2)]
    reporter.close()
    while told[-1].status is not Health.DOWN and time.monotonic() < deadline:
        told += [PartStatus.from_json(record.value or b"") for record in tail.poll(0.2)]
    tail.close()
    working = next(status for status in told if status.status is Health.OK)
    assert (working.part, working.process, working.counts) == ("sheet", "one", {"rows": 3})
    assert working.versions["rules"] == "abc"
    assert (told[-1].detail, told[-1].counts) == ("stopped", {"rows": 3})


def test_a_broker_that_is_away_never_disturbs_the_part(settings: Settings) -> None:
    away = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    reporter = StatusReporter(away, "sheet")
    reporter.set(Health.OK, "still working")
    reporter.close()
