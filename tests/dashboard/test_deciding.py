"""What people decide on the pages: the review queue, the pause of all sending, and dead letters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import showroom
from still import Posts, drawn, press, record, snapshot_of, text_of
from streamlit.testing.v1 import AppTest

from dashboard import letters, pause, story
from dashboard.desk import Desk, Snapshot
from stream.adapters.dead_letters import error_headers
from stream.adapters.kafka import Publisher, Record, Tail
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.core.commands import COMMAND, Actor, ActorKind, Judge, Open
from stream.core.detection import Detection, Label, Stage
from stream.core.events import EventKind, TicketEvent
from stream.core.group import Recent
from stream.core.inputs import Form
from stream.core.outcome import Undecided
from stream.core.people import Role
from stream.core.ticket import Entry, Evidence
from stream.sender.stop_switch import StopSwitch
from stream.settings import Settings

Page = Callable[..., AppTest]
NOW = datetime.now(UTC)
OPEN = Detection(label=Label.UNDECIDED, reason="no rule fits")


def undecided(message_id: str, text: str = "could somebody look at +44 7700 900022") -> Undecided:
    message = Recent(id=message_id, author="80000000000099@lid", author_name="Tom", role=Role.CUSTOMER, sent_at=NOW, text=text)
    return Undecided(group=showroom.PT, instance="test", message=message, detection=OPEN, asked_at=NOW)


def judge(message_id: str, label: Label = Label.NOISE) -> Judge:
    detection = Detection(label=label, stage=Stage.MODEL)
    return Judge(
        id=f"j-{message_id}",
        group=showroom.PT,
        at=NOW,
        actor=Actor(kind=ActorKind.MODEL),
        message_id=message_id,
        detection=detection,
    )


def on(topic: Topic, value: Any) -> Record:
    return Record(topic, 0, 0, NOW, showroom.PT, value.to_json(), {})


def desk_of(*records: Record) -> Snapshot:
    desk = Desk()
    for one in records:
        desk.take(one)
    return desk.snapshot(is_caught_up=True)


def test_the_queue_holds_what_nobody_decided() -> None:
    opened = TicketEvent(id="e", kind=EventKind.OPENED, group=showroom.PT, ticket_id="T-AAAA-AAAA", at=NOW, message_id="M3")
    shown = desk_of(
        on(Topic.UNDECIDED, undecided("M1")),
        on(Topic.UNDECIDED, undecided("M2")),
        on(Topic.UNDECIDED, undecided("M3")),
        on(Topic.COMMANDS, judge("M2")),
        record(opened),
    )
    assert [one.message_id for one in shown.review] == ["M1"]
    assert not shown.unreadable


@pytest.mark.parametrize(("does", "kind"), [("open", Open), ("dismiss", Judge)])
def test_a_person_has_the_last_word(page: Page, posts: Posts, monkeypatch: pytest.MonkeyPatch, does: str, kind: type) -> None:
    snapshot = desk_of(on(Topic.UNDECIDED, undecided("M1")), on(Topic.UNDECIDED, undecided("M2")))
    press(monkeypatch, "review_queue", f"{does} M1")
    app = page("review", snapshot)
    command = COMMAND.validate_json(posts.sent[0][2])
    assert isinstance(command, kind)
    assert (command.group, command.message_id, command.actor.name) == (showroom.PT, "M1", "local")
    assert len(posts.sent) == 1
    if isinstance(command, Judge):
        assert (command.detection.label, command.detection.stage) == (Label.NOISE, Stage.PERSON)
    app.run()
    assert [row["who"] for row in drawn(app, "review_queue")["rows"]] == ["Tom"], "the decided one is gone"
    assert "900022" not in str(drawn(app, "review_queue")["rows"][0]["text"]).replace(" ", "")


def test_an_empty_queue_says_so(page: Page) -> None:
    assert "Nothing waits for a decision" in text_of(page("review", snapshot_of()))


def test_the_dashboard_and_the_sender_mean_the_same_switch(tmp_path: Path) -> None:
    switch = StopSwitch(tmp_path)
    pause.pause(tmp_path, "Ana\nLima", NOW)
    assert switch.reason() == pause.reason(tmp_path)
    assert (switch.reason() or "").startswith("Ana Lima stopped it on the dashboard")
    pause.resume(tmp_path)
    assert switch.reason() is None
    switch.stop("WhatsApp refused")
    assert "WhatsApp refused" in (pause.reason(tmp_path) or "")


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def test_pausing_takes_a_second_look_and_only_an_admin_resumes(page: Page, tmp_path: Path) -> None:
    app = page("followups", snapshot_of())
    button(app, "Pause all sending").click().run()
    assert "no follow-up, no reply, no reaction" in text_of(app)
    assert pause.reason(tmp_path) is None, "nothing happens before the second look"
    pause.pause(tmp_path, "Ana", NOW)
    app = page("followups", snapshot_of())
    assert "All sending is paused" in text_of(app)
    assert "Ana stopped it" in text_of(app)
    assert not button(app, "Resume sending").disabled


def test_a_dead_letter_takes_its_way_again(settings: Settings) -> None:
    ensure_topics(settings)
    publisher = Publisher(settings)
    command = judge("M1").to_json()
    headers = error_headers(topic=Topic.COMMANDS, stage="worker", reason="step_failed")
    publisher.publish(Topic.DEAD_LETTER, showroom.PT, command, headers)
    tail = Tail(settings, [Topic.DEAD_LETTER, Topic.COMMANDS])
    found: list[Record] = []
    while not found:
        found = tail.poll(0.5)
    shown = desk_of(*found)
    row = letters.rows(shown.letters, "en", may_act=True)[0]
    assert "Groupdesk itself failed" in row["why"]
    assert letters.rows(shown.letters, "en", may_act=False)[0]["act"] is None
    assert letters.replay(settings, publisher, row["act"][0]["press"]).records
    again = [one for one in tail.poll(5) if one.topic is Topic.COMMANDS]
    assert [one.value for one in again] == [command]
    assert "does not hold it" in letters.replay(settings, publisher, "9@9").because
    tail.close()
    publisher.close()


def test_dead_letters_stand_on_the_health_page(page: Page) -> None:
    headers = error_headers(topic="http", stage="bridge", reason="not_json")
    app = page("health", desk_of(Record(Topic.DEAD_LETTER, 1, 7, NOW, "", b"x", headers)))
    rows = drawn(app, "dead_letters")["rows"]
    assert (rows[0]["stage"], rows[0]["act"][0]["press"]) == ("bridge", "1@7")


def test_a_voice_message_is_not_called_deleted_and_mentions_have_names() -> None:
    def entry(message_id: str, **more: Any) -> Entry:
        told = {"author": "80000000000023@lid", "author_name": "Budi", "role": Role.CUSTOMER, "attached_because": Evidence.BURST}
        return Entry(message_id=message_id, sent_at=NOW, **(told | more))

    one = showroom.ticket(NOW, "x").but(
        messages=(
            entry("A", text="hi"),
            entry("B", form=Form.AUDIO),
            entry("C", text=None),
            entry("D", text="@80000000000023 and @81111111111111 look"),
            entry("E", form=Form.IMAGE),
        )
    )
    told = {m["id"]: m["text"] for m in story.messages(one, "en", reveal=False, deleted={"E"})}
    assert told == {"A": "hi", "B": "", "C": None, "D": "@Budi and @•••• 1111 look", "E": None}
