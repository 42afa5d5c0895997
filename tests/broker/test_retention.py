"""What each topic keeps, and for how long, as the broker itself has it: stated here once more, so that no change is by chance."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from stream.adapters.topic_admin import differing_settings, ensure_topics, wanted_topics
from stream.cli import topics as command
from stream.settings import Settings

pytestmark = pytest.mark.kafka

DAY = 86_400_000
KEPT_DAYS = {
    "inbound.v1": 14,
    "undecided.v1": 7,
    "commands.v1": 14,
    "ticket-events.v1": 400,
    "outbound.v1": 7,
    "deliveries.v1": 30,
    "dead-letter.v1": 30,
}
# The newest value of each key stays; what it replaced, an erased text too, is gone within a day.
COMPACTED = {"tickets.v1", "status.v1", "worker-groups-changelog"}


def settings_on_the_broker(settings: Settings) -> dict[str, dict[str, str]]:
    names = [f"{settings.topic_prefix}{name}" for name in (*KEPT_DAYS, *COMPACTED)]
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    try:
        told = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names], config_filter="all")
    finally:
        admin.close()
    found = {name: configs for of_kind in told.values() for name, configs in of_kind.items()}
    return {
        name.removeprefix(settings.topic_prefix): {key: str(one["value"]) for key, one in configs.items()}
        for name, configs in found.items()
    }


def set_by_hand(settings: Settings, name: str, **configs: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, f"{settings.topic_prefix}{name}", configs=configs)])
    admin.close()
    until(lambda: configs.items() <= settings_on_the_broker(settings)[name].items())


def until(is_told: Callable[[], bool]) -> None:
    """Wait until the broker tells what it has agreed to: that takes it a moment."""
    deadline = time.monotonic() + 10
    while not is_told():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_every_topic_keeps_what_is_stated_and_as_long(settings: Settings) -> None:
    ensure_topics(settings)
    found = settings_on_the_broker(settings)
    assert set(found) == {name.removeprefix(settings.topic_prefix) for name in wanted_topics(settings)}
    for name, days in KEPT_DAYS.items():
        assert (found[name]["cleanup.policy"], int(found[name]["retention.ms"])) == ("delete", days * DAY), name
        assert int(found[name]["retention.bytes"]) == -1, name
    for name in COMPACTED:
        assert (found[name]["cleanup.policy"], int(found[name]["max.compaction.lag.ms"])) == ("compact", DAY), name
        assert int(found[name]["segment.bytes"]) <= 8 * 1_048_576, f"whoever starts reads the last segment of {name} whole"
    # A tombstone outlives a week's outage of a reader.
    assert int(found["tickets.v1"]["delete.retention.ms"]) == 7 * DAY
    assert differing_settings(settings) == {}


def test_what_was_set_by_hand_is_told_and_set_back_when_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    ensure_topics(settings)
    set_by_hand(settings, "inbound.v1", **{"retention.ms": str(365 * DAY)})
    name = f"{settings.topic_prefix}inbound.v1"
    told = CliRunner().invoke(command.topics, [])
    assert (told.exit_code, f"{name}: retention.ms is {365 * DAY}, not {14 * DAY}; --apply" in told.output) == (0, True), (
        told.output
    )
    assert "keeps 14 days" in told.output

    told = CliRunner().invoke(command.topics, ["--apply", "--json"])
    assert json.loads(told.output)["differing"] == {name: {"retention.ms": [str(365 * DAY), str(14 * DAY)]}}
    until(lambda: settings_on_the_broker(settings)["inbound.v1"]["retention.ms"] == str(14 * DAY))
    assert differing_settings(settings) == {}
