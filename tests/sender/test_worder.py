"""A follow-up worded by a model: what is sent, what is looked for after a doubt, and what is sent when the model fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.kafka import Record
from stream.adapters.model import Model
from stream.adapters.topics import Topic
from stream.core.followup_policy import FollowUps
from stream.core.model_rules import Calls, ModelRules
from stream.core.outcome import Outbound, Wording
from stream.core.sending import DeliveryReport, DeliveryStatus, SendingLimits
from stream.sender.delivery_log import DeliveryLog
from stream.sender.outbox import Outbox
from stream.sender.reconcile import Reconciler
from stream.sender.reporter import Reporter
from stream.sender.sender import Sender
from stream.sender.stop_switch import StopSwitch
from stream.sender.worder import Worder
from stream.transport import failures
from stream.transport.failures import CallFailed, Retry, Verdict
from stream.transport.interface import OutgoingText, OwnMessage, Sent
from tests.stand_ins.openai_server import OpenAIServer, Reply, Script, serving

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
GROUP = "120363000000000009@g.us"
WORDED = "Hello, our team is still on it and we will write here (T-K7M3-9QXZ)."
MESSAGE = Outbound(
    id="o1",
    purpose="reply",  # so that nothing but the words is at stake
    instance="desk",
    group=GROUP,
    ticket_ids=("T-K7M3-9QXZ",),
    text="We have not forgotten you (T-K7M3-9QXZ).",
    wording=Wording(language="en", longest=300, purpose="still_on_it", facts=({"id": "T-K7M3-9QXZ", "opened": "10:05"},)),
    decided_at=NOW,
)


def says(text: str) -> Script:
    return lambda _request, _number: Reply(content=text)


class Evolution:
    """Takes what it is given, or fails as told first; its store has what arrived."""

    name = "evolution"
    send_timeout_s = 5.0

    def __init__(self, *fails: CallFailed, then_arrives: bool = False) -> None:
        self.fails = list(fails)
        self.then_arrives = then_arrives
        self.arrived: list[OwnMessage] = []

    async def send_text(self, message: OutgoingText) -> Sent:
        problem = self.fails.pop(0) if self.fails else None
        if problem is None or self.then_arrives:
            own = OwnMessage(message_id=f"3EB{len(self.arrived)}", chat=message.chat, sent_at=NOW, text=message.text)
            self.arrived.append(own)
        if problem is not None:
            raise problem
        return Sent(message_id=self.arrived[-1].message_id, sent_at=NOW)

    async def find_own(self, _chat: str, _since: datetime, _until: datetime) -> list[OwnMessage]:
        return self.arrived


class Desk:
    """A sender over a log in memory."""

    def __init__(self, folder: Path, word: Callable[[Outbound], Any], evolution: Any) -> None:
        self.outbox = Outbox()
        self.reports: list[DeliveryReport] = []
        limits = SendingLimits(gap_s=0, retry_s=0, settle_s=0, second_look_s=0)
        log: Any = self  # it publishes, which is all that is asked of the log
        reporter = Reporter(
            identity="s1", outbox=self.outbox, delivery_log=DeliveryLog(log), catch_up=lambda: None, clock=lambda: NOW
        )
        self.sender = Sender(
            outbox=self.outbox,
            reporter=reporter,
            reconciler=Reconciler(outbox=self.outbox, reporter=reporter, transport_of=lambda _: evolution, limits=limits),
            transport_of=lambda _: evolution,
            rules=self,
            switch=StopSwitch(folder),
            limits=limits,
            word=word,
        )
        self.publish(Topic.OUTBOUND, GROUP, MESSAGE.to_json())

    def publish(self, topic: Topic, key: str, value: bytes) -> None:
        if topic is Topic.DELIVERIES:
            self.reports.append(DeliveryReport.from_json(value))
        if topic is not Topic.COMMANDS:
            self.outbox.feed(Record(topic, 0, 0, NOW, key, value, {}), NOW)

    def mode_of(self, group: str) -> str:  # noqa: ARG002 - the same for all
        return "tickets+follow-ups"

    def follow_ups(self) -> FollowUps:
        return FollowUps()

    async def end(self) -> DeliveryReport:
        for _ in range(10):
            if self.reports and self.reports[-1].status.is_final:
                break
            await self.sender.step()
        return self.reports[-1]


async def send(server: OpenAIServer, folder: Path, evolution: Evolution, calls: Calls | None = None) -> DeliveryReport:
    worder = Worder(Model("key", server.url, "m"), lambda: ModelRules(calls=calls or Calls()))
    try:
        return await Desk(folder, worder.word, evolution).end()
    finally:
        await worder.close()


async def test_a_fit_wording_is_sent_and_what_the_model_saw_are_facts(tmp_path: Path) -> None:
    evolution = Evolution()
    with serving(says(WORDED)) as server:
        report = await send(server, tmp_path, evolution)
    assert [message.text for message in evolution.arrived] == [WORDED]
    assert (report.status, report.because) == (DeliveryStatus.SENT, "worded by the model")
    assert "response_format" not in server.requests[0].body
    assert "10:05" in server.requests[0].text


@pytest.mark.parametrize(
    ("script", "because"),
    [
        (says("Pay at https://evil.example (T-K7M3-9QXZ)"), "link"),
        (says("We will pay you 900 dollars (T-K7M3-9QXZ)"), "number 900"),
        (says("Hello!"), "does not name"),
        (lambda _request, _number: Reply(status=500), "gave no wording"),
        (lambda _request, _number: Reply(refusal="no"), "gave no wording"),
        (lambda _request, _number: Reply(content=WORDED, hang_s=1.0), "gave no wording"),
    ],
)
async def test_whatever_else_the_model_does_the_template_is_sent(tmp_path: Path, script: Script, because: str) -> None:
    evolution = Evolution()
    with serving(script) as server:
        report = await send(server, tmp_path, evolution, Calls(timeout_s=0.3))
    assert [message.text for message in evolution.arrived] == [MESSAGE.text]
    assert because in report.because


async def test_after_a_doubt_the_words_that_may_have_left_are_looked_for(tmp_path: Path) -> None:
    evolution = Evolution(CallFailed(failures.NO_ANSWER, call="send"), then_arrives=True)
    with serving(says(WORDED)) as server:
        report = await send(server, tmp_path, evolution)
    assert report.status is DeliveryStatus.SENT
    assert [message.text for message in evolution.arrived] == [WORDED]


async def test_a_second_attempt_says_what_the_first_one_wrote_down(tmp_path: Path) -> None:
    evolution = Evolution(CallFailed(Verdict(Retry.SAFE, "closed"), call="send"))

    def other_words(_request: Any, number: int) -> Reply:
        return Reply(content=WORDED if number == 1 else WORDED.replace("Hello", "Hi"))

    with serving(other_words) as server:
        await send(server, tmp_path, evolution)
    assert [message.text for message in evolution.arrived] == [WORDED]
    assert len(server.requests) == 1


async def test_a_model_that_does_not_answer_is_left_alone_for_a_while() -> None:
    with serving(lambda _request, _number: Reply(status=503)) as server:
        worder = Worder(Model("key", server.url, "m"), ModelRules)
        assert await worder.word(MESSAGE) is None
        assert await worder.word(MESSAGE) is None
        await worder.close()
    assert len(server.requests) == 1


async def test_a_team_that_switched_the_model_off_asks_none() -> None:
    with serving(says(WORDED)) as server:
        off = Worder(Model("key", server.url, "m"), lambda: ModelRules(enabled=False))
        spent = Worder(Model("key", server.url, "m"), lambda: ModelRules(tokens_per_day=0))
        assert await off.word(MESSAGE) is None
        assert await spent.word(MESSAGE) is None
    assert server.requests == []
