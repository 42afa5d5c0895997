"""The messages that Kafka still holds, run through the rules again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from stream.adapters.kafka import Publisher, Record
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.cli.rules import rules
from stream.core.delivery import Delivery
from stream.rules_tools.replay import read_inbound, replay
from stream.settings import Settings

NOW = datetime.now(UTC).replace(microsecond=0)


def delivery(message_id: str, text: str, days_ago: float = 0) -> Delivery:
    at = NOW - timedelta(days=days_ago)
    data = {
        "key": {"remoteJid": "120363000000000001@g.us", "fromMe": False, "id": message_id, "participant": "200000000000001@lid"},
        "pushName": "Rosa",
        "message": {"conversation": text},
        "messageType": "conversation",
        "messageTimestamp": int(at.timestamp()),
    }
    return Delivery(event="MESSAGES_UPSERT", instance="cs", chat="120363000000000001@g.us", received_at=at, data=data)


def record(value: bytes | None) -> Record:
    return Record(Topic.INBOUND, 0, 0, NOW, "120363000000000001@g.us", value, {})


def test_a_message_comes_once_and_only_if_it_is_young_enough() -> None:
    records = [
        record(delivery("A", "late").to_json()),
        record(delivery("A", "late").to_json()),
        record(delivery("B", "old", days_ago=9).to_json()),
        record(b"not json"),
        record(None),
        record(delivery("C", "torn").to_json()),
    ]
    found = replay(records, NOW - timedelta(days=7), set())
    assert [one.message.text for one in found] == ["late", "torn"]


@pytest.mark.kafka
def test_backtest_and_stats_read_the_topic(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_topics(settings)
    publisher = Publisher(settings)
    for number, text in enumerate(["it is late", "it is torn", "hm"]):
        sent = delivery(f"M{number}", text)
        publisher.publish(Topic.INBOUND, sent.chat, sent.to_json())
    publisher.close()
    assert len(list(read_inbound(settings, NOW - timedelta(days=1)))) == 3
    for name, word in (("old", "late"), ("new", "torn")):
        (tmp_path / name / "detect").mkdir(parents=True)
        text = f"version: 1\nrules: [{{id: {word}, title: T, when: {{any: [{{words: {word}}}]}}, then: {{ticket: {{}}}}}}]\n"
        (tmp_path / name / "detect" / "a.yaml").write_text(text, encoding="utf-8")
    here = settings.model_copy(update={"rules_dir": tmp_path / "old"})
    monkeypatch.setattr("stream.cli.rules.load_settings", lambda: here)
    found = json.loads(CliRunner().invoke(rules, ["backtest", str(tmp_path / "new"), "--days", "1", "--json"]).output)
    assert [(one["change"], one["text"]) for one in found["differences"]] == [("lost", "it is late"), ("gained", "it is torn")]
    usage = json.loads(CliRunner().invoke(rules, ["stats", "--json"]).output)
    assert (usage["messages"], usage["rules"][0]["decided"]) == (3, 1)
