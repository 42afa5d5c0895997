"""The role on a real broker: nothing is lost or applied twice, whenever it dies; without a model everything goes to people."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream.adapters.kafka import Publisher, Tail
from stream.adapters.status import StatusReporter
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.classifier.breaker import Breaker
from stream.classifier.role import serve
from stream.core.book import empty_book
from stream.core.commands import COMMAND, Judge
from stream.core.detection import Label, Stage
from stream.core.group import GroupState
from stream.core.outcome import Undecided
from stream.core.status import PartStatus
from stream.core.step import step
from stream.settings import Settings
from tests.classifier.asked import ask
from tests.stand_ins.openai_server import Reply, label_all, serving

pytestmark = pytest.mark.kafka

MODEL_YAML = "version: 1\ncalls: {collect_s: 0, timeout_s: 2, retries: 0}\n"
RIGHT = label_all("ticket", title="A title")


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Settings:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "model.yaml").write_text(MODEL_YAML)
    (rules / "groups.yaml").write_text("version: 1\n")
    ensure_topics(settings)
    return settings.model_copy(update={"rules_dir": rules, "openai_api_key": settings.webhook_secret, "openai_model": "stand-in"})


def publish(settings: Settings, asked: list[Undecided]) -> None:
    publisher = Publisher(settings)
    for one in asked:
        publisher.publish(Topic.UNDECIDED, one.group, one.to_json())
    publisher.close()


@contextmanager
def running(settings: Settings, breaker: Breaker | None = None) -> Iterator[None]:
    stop = threading.Event()
    reporter = StatusReporter(settings, "classifier")
    thread = threading.Thread(target=serve, args=(settings, stop, reporter, breaker))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=30)
        reporter.close()
    assert not thread.is_alive()


class Judged:
    """Everything in topic `commands` so far."""

    def __init__(self, settings: Settings) -> None:
        self._tail = Tail(settings, [Topic.COMMANDS])
        self.judges: list[Judge] = []

    def wait(self, is_enough: Callable[[list[Judge]], bool], timeout_s: float = 60) -> list[Judge]:
        until = time.monotonic() + timeout_s
        while not is_enough(self.judges):
            assert time.monotonic() < until, [judge.message_id for judge in self.judges]
            for record in self._tail.poll(0.2):
                command = COMMAND.validate_json(record.value or b"")
                assert isinstance(command, Judge)
                self.judges.append(command)
        return self.judges

    def wait_for(self, count: int) -> list[Judge]:
        return self.wait(lambda judges: len({judge.message_id for judge in judges}) >= count)

    def close(self) -> None:
        self._tail.close()


@pytest.fixture
def judged(desk: Settings) -> Iterator[Judged]:
    reader = Judged(desk)
    yield reader
    reader.close()


def chat() -> list[Undecided]:
    return [
        ask(f"{group}-{number}", f"till {number} of shop {group} beeps", f"{number % 2}@lid", f"{group}@g.us")
        for number in range(4)
        for group in range(3)
    ]


def apply_all(asked: list[Undecided], judges: list[Judge]) -> dict[str, GroupState]:
    """Let the step take every command, in the order of the topic."""
    states = {one.group: GroupState(group=one.group) for one in asked}
    for one in asked:
        states[one.group] = states[one.group].but(recent=(*states[one.group].recent, one.message))
    for judge in judges:
        states[judge.group] = step(states[judge.group], judge, empty_book(), judge.at).state
    return states


@pytest.mark.parametrize(("dies_at", "number"), [("call", 1), ("call", 4), ("publish", 1), ("publish", 7), ("commit", 1)])
def test_killed_at_any_step_every_message_is_judged_once(dies_at: str, number: int, desk: Settings, judged: Judged) -> None:
    asked = chat()
    publish(desk, asked)
    with serving(RIGHT) as server:
        told = desk.model_copy(update={"openai_base_url": server.url})
        given = {name: str(getattr(told, name)) for name in ("kafka_bootstrap_servers", "topic_prefix", "data_dir", "rules_dir")}
        given |= {"openai_base_url": server.url, "openai_model": "stand-in", "topic_partitions": "2"}
        script = Path(__file__).with_name("crashing_classifier.py")
        died = subprocess.run([sys.executable, script, json.dumps(given), dies_at, str(number)], check=False, timeout=60)
        assert died.returncode == -signal.SIGKILL
        with running(told):
            judges = judged.wait_for(len(asked))
    assert {judge.message_id for judge in judges} == {one.message.id for one in asked}
    # A command that was published twice has the same id, so that the worker takes it once.
    assert len({judge.id for judge in judges}) == len(asked)
    states = apply_all(asked, judges)
    assert [state.ledger.tickets_opened for state in states.values()] == [4, 4, 4]
    assert all(len(state.tickets) == 4 for state in states.values())


def test_a_model_that_is_away_keeps_messages_in_order_and_they_are_judged_when_it_is_back(desk: Settings, judged: Judged) -> None:
    asked = chat()
    publish(desk, asked)
    with serving(lambda _request, _number: Reply(status=503, error="away")) as server:
        told = desk.model_copy(update={"openai_base_url": server.url})
        with running(told, Breaker(open_for_s=1)):
            waits = _status(desk, lambda status: status.gauges.get("breaker_open") == 1)
            assert waits.status == "degraded"
            assert "judged later" in waits.detail
            assert judged.judges == []
            server.script = RIGHT
            judges = judged.wait_for(len(asked))
            well = _status(desk, lambda status: status.counts.get("judged_by_model", 0) >= len(asked))
    assert len(judges) == len(asked)
    for group in range(3):
        assert [judge.message_id for judge in judges if judge.group == f"{group}@g.us"] == [f"M{group}-{n}" for n in range(4)]
    assert well.counts["calls"] > 5
    assert well.counts["input_tokens"] >= 100
    assert well.versions["model"] == "stand-in"


def test_without_a_model_everything_goes_to_people_and_nothing_is_noise(desk: Settings, judged: Judged) -> None:
    asked = chat()
    publish(desk, asked)
    alone = desk.model_copy(update={"openai_api_key": type(desk.openai_api_key)("")})
    with running(alone):
        judges = judged.wait_for(len(asked))
        status = _status(desk, lambda status: "OPENAI_API_KEY" in status.detail)
    assert {judge.detection.label for judge in judges} == {Label.UNDECIDED}
    assert {judge.detection.stage for judge in judges} == {Stage.RULES}
    assert status.status == "degraded"


def test_a_record_that_cannot_be_read_is_a_dead_letter_and_holds_nobody_up(desk: Settings, judged: Judged) -> None:
    publisher = Publisher(desk)
    publisher.publish(Topic.UNDECIDED, "0@g.us", b'{"group": 7}')
    publisher.close()
    publish(desk, [ask(1, "the till beeps", group="0@g.us")])
    with serving(RIGHT) as server, running(desk.model_copy(update={"openai_base_url": server.url})):
        judged.wait_for(1)
    tail = Tail(desk, [Topic.DEAD_LETTER])
    found = [record.value for _ in range(5) for record in tail.poll(1.0)]
    tail.close()
    assert found == [b'{"group": 7}']


def test_an_edited_model_file_is_used_without_a_restart(desk: Settings, judged: Judged) -> None:
    publish(desk, [ask(1, "the till beeps")])
    with serving(RIGHT) as server, running(desk.model_copy(update={"openai_base_url": server.url})):
        judged.wait_for(1)
        (desk.rules_dir / "model.yaml").write_text(MODEL_YAML + "prompt: second\ninstructions: We sell tills.\n")
        _status(desk, lambda status: status.versions.get("prompt", "").startswith("second-"))
        publish(desk, [ask(2, "the printer hums")])
        judges = judged.wait_for(2)
        assert "We sell tills." in server.requests[-1].body["messages"][0]["content"]
    assert judges[0].detection.version != judges[1].detection.version
    assert judges[1].detection.version.startswith("second-")


def _status(settings: Settings, fits: Callable[[PartStatus], bool], timeout_s: float = 30) -> PartStatus:
    tail = Tail(settings, [Topic.STATUS])
    until = datetime.now(UTC).timestamp() + timeout_s
    latest: PartStatus | None = None
    try:
        while datetime.now(UTC).timestamp() < until:
            for record in tail.poll(0.3):
                latest = PartStatus.from_json(record.value or b"")
                if fits(latest):
                    return latest
    finally:
        tail.close()
    raise AssertionError(latest)
