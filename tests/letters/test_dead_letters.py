from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from click.testing import CliRunner

from stream.adapters.dead_letters import error_headers
from stream.adapters.kafka import Publisher, Record, Tail
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.cli.dead_letters import dead_letters
from stream.core.delivery import Delivery
from stream.letters.letter import find_remedy, to_letter
from stream.settings import Settings

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GROUP = "120363041234567890@g.us"
BODY = {
    "event": "messages.upsert",
    "instance": "cs",
    "data": {"key": {"remoteJid": GROUP, "id": "A"}, "message": {"conversation": "hi"}},
}


def letter(value: bytes, stage: str = "bridge", topic: str = "http", reason: str = "unknown_event") -> Record:
    headers = error_headers(topic=topic, stage=stage, reason=reason, error=ValueError("a text that must not be told"))
    return Record(Topic.DEAD_LETTER, 1, 7, NOW, GROUP, value, headers)


def test_a_letter_tells_where_and_why_and_never_what() -> None:
    found = to_letter(letter(b"secret words"))
    assert (found.ref, found.stage, found.reason, found.error) == ("1@7", "bridge", "unknown_event", "builtins.ValueError")
    assert "secret" not in found.to_json().decode()
    assert "must not be told" not in found.to_json().decode()


def test_a_body_that_is_understood_today_takes_its_way_again() -> None:
    record = letter(orjson.dumps(BODY))
    ((topic, key, value),) = find_remedy(to_letter(record), record, NOW).records
    assert (topic, key) == ("inbound", GROUP)
    assert Delivery.from_json(value).event == "MESSAGES_UPSERT"


def test_a_worker_letter_goes_back_to_its_topic_as_it_was() -> None:
    record = letter(b"anything", stage="worker", topic="commands", reason="step_failed")
    assert find_remedy(to_letter(record), record).records == (("commands", GROUP, b"anything"),)


@pytest.mark.parametrize(
    ("value", "stage", "words"),
    [
        (b"{", "bridge", "no JSON"),
        (orjson.dumps({"event": "no.such"}), "bridge", "put aside again"),
        (b"x", "sheet", "in the sheet"),
    ],
)
def test_what_cannot_be_tried_again_says_why(value: bytes, stage: str, words: str) -> None:
    record = letter(value, stage=stage)
    remedy = find_remedy(to_letter(record), record)
    assert remedy.records == ()
    assert words in remedy.because


@pytest.mark.kafka
def test_list_explain_and_replay_on_a_real_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_topics(settings)
    publisher = Publisher(settings)
    for record in (letter(orjson.dumps(BODY)), letter(b"{", reason="not_json")):
        publisher.publish(Topic.DEAD_LETTER, GROUP, record.value or b"", record.headers)
    publisher.close()
    monkeypatch.setattr("stream.cli.dead_letters.load_settings", lambda: settings)
    runner = CliRunner()
    listed = [orjson.loads(line) for line in runner.invoke(dead_letters, ["list", "--json"]).output.splitlines()]
    assert {line["reason"] for line in listed} == {"unknown_event", "not_json"}
    broken = next(line["ref"] for line in listed if line["reason"] == "not_json")
    assert "never will be" in runner.invoke(dead_letters, ["explain", broken]).output
    assert runner.invoke(dead_letters, ["replay", "9@9"]).exit_code == 1
    assert "1 tried again, 1 left" in runner.invoke(dead_letters, ["replay", "--all"]).output
    tail = Tail(settings, [Topic.INBOUND])
    found = []
    while not found:
        found = tail.poll(0.5)
    tail.close()
    assert found[0].key == GROUP
