from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
import showroom

from dashboard.live import LiveView
from stream.adapters.kafka import Publisher
from stream.adapters.topic_admin import ensure_topics
from stream.settings import Settings

pytestmark = pytest.mark.kafka
NOW = datetime.now(UTC)


def until(condition: object, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator] # a function without arguments
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_it_catches_up_follows_and_keeps_what_it_has_when_kafka_goes(settings: Settings) -> None:
    ensure_topics(settings)
    publisher, tickets = Publisher(settings), showroom.desk(NOW)
    showroom.publish(publisher, tickets)
    view = LiveView(settings)
    try:
        until(lambda: view.snapshot().is_caught_up)
        assert set(view.snapshot().cards) == {one.id for one in tickets}
        new = showroom.ticket(NOW, "one more")
        showroom.publish(publisher, [new])
        until(lambda: new.id in view.snapshot().cards)
        assert view.is_alive()
    finally:
        view.close()
        publisher.close()
    assert not view.is_alive()


def test_a_broker_that_is_not_there_is_told_and_tried_again(settings: Settings) -> None:
    view = LiveView(settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:9"}))
    try:
        until(lambda: view.snapshot().error)
        assert "127.0.0.1:9" in (view.snapshot().error or "")
        assert not view.snapshot().is_caught_up
        assert view.is_alive()
    finally:
        view.close()
