"""The review queue as a fold: what waits for the model, what is left to people, and what is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from stream.core.book import empty_book
from stream.core.commands import Actor, ActorKind, Judge, Open
from stream.core.detection import Detection, Label, Stage
from stream.core.events import EventKind, TicketEvent
from stream.core.group import GroupState
from stream.core.model_judge import keep_for_review
from stream.core.review import fold
from stream.core.step import step
from tests.classifier.asked import GROUP, ask, recent

NOW = datetime.now(UTC)


def judge(label: Label, kind: ActorKind = ActorKind.MODEL, at: datetime = NOW, number: int = 1, **more: Any) -> Judge:
    detection = Detection(label=label, stage=Stage.MODEL, decided_by="model:m", reason="unsure", **more)
    return Judge(id=f"{kind}-{number}", group=GROUP, at=at, actor=Actor(kind=kind), message_id=f"M{number}", detection=detection)


def event(kind: EventKind, **more: Any) -> TicketEvent:
    return TicketEvent(id="E", kind=kind, group=GROUP, at=NOW, **more)


ASKED = ask(1, "the till beeps", asked_at=NOW - timedelta(minutes=1))


def test_a_message_waits_until_it_is_judged() -> None:
    (item,) = fold([ASKED])
    assert (item.standing, item.because, item.asked.message.text) == ("waiting", "no rule fits", "the till beeps")
    assert fold([ASKED, judge(Label.NOISE)]) == []


def test_what_the_model_is_not_sure_of_is_for_people_with_what_it_thought() -> None:
    (item,) = fold([ASKED, judge(Label.UNDECIDED, category="fault")])
    assert (item.standing, item.because) == ("review", "unsure")
    assert item.thought is not None
    assert item.thought.category == "fault"


def test_without_any_classifier_people_are_told_why() -> None:
    (item,) = fold([ASKED, keep_for_review(ASKED, "no rule fits", NOW)])
    assert (item.standing, item.because, item.thought) == ("review", "no rule fits", None)


@pytest.mark.parametrize(
    "done",
    [
        judge(Label.NOISE, ActorKind.DASHBOARD),
        event(EventKind.OPENED, message_id="M1", ticket_id="T-1"),
        event(EventKind.ATTACHED, message_id="M1", ticket_id="T-1"),
    ],
)
def test_people_take_a_message_off_the_queue_in_any_order_of_the_topics(done: Judge | TicketEvent) -> None:
    for order in permutations([ASKED, judge(Label.UNDECIDED), done, done]):
        assert fold(order) == []


def test_a_judgement_that_came_too_late_brings_the_message_back() -> None:
    refused = event(EventKind.REFUSED, after="judge", command_id="model-1", because="The message is not remembered any more.")
    (item,) = fold([refused, ASKED, judge(Label.TICKET)])
    assert (item.standing, item.because) == ("review", "The message is not remembered any more.")
    other = event(
        EventKind.REFUSED, after="judge", command_id="model-1", because="The message was put on T-1 before it was judged."
    )
    assert fold([ASKED, judge(Label.TICKET), other]) == []


def test_an_edited_message_is_asked_about_anew() -> None:
    again = ask(1, "the till beeps and burns", asked_at=NOW + timedelta(minutes=1))
    (item,) = fold([ASKED, judge(Label.NOISE), again])
    assert (item.standing, item.asked.message.text) == ("waiting", "the till beeps and burns")


def test_the_queue_is_in_the_order_of_asking() -> None:
    asked = [ask(number, "beep", asked_at=NOW - timedelta(minutes=number)) for number in range(4)]
    assert [item.message_id for item in fold(asked)] == ["M3", "M2", "M1", "M0"]


@pytest.mark.parametrize("command_type", [Judge, Open])
def test_a_message_that_the_group_has_talked_past_can_still_be_judged(command_type: type[Judge | Open]) -> None:
    old = recent("old", "the till beeps")
    state = GroupState(group=GROUP, recent=tuple(recent(n, "chat") for n in range(60)))
    common = {"group": GROUP, "at": NOW, "actor": Actor(kind=ActorKind.MODEL), "message_id": old.id, "message": old}
    more: dict[str, Any] = {"detection": Detection(label=Label.TICKET)} if command_type is Judge else {}
    state = step(state, command_type(id="1", **common, **more), empty_book(), NOW).state
    (ticket,) = state.tickets.values()
    assert ticket.title == "the till beeps"
    # Asked for once more under another id, it is known where the message is.
    again = step(state, command_type(id="2", **common, **more), empty_book(), NOW)
    assert [event.kind for event in again.events] == [EventKind.REFUSED]
    assert len(again.state.tickets) == 1
