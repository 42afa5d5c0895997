"""What people put right becomes labelled examples: found again by its message, once, and gone when its text is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from stream.adapters.kafka import Publisher
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.classifier.corrections import CorrectionsKeeper, corrections_path, read_corrections
from stream.core.book import empty_book
from stream.core.commands import Actor, ActorKind, AnyCommand, Judge, NotATicket, Open, SetCategory, Undo
from stream.core.corrections import Correction, Corrections, latest
from stream.core.detection import Detection, Label, Stage
from stream.core.events import TicketEvent
from stream.core.group import GroupState
from stream.core.outcome import Outcome
from stream.core.step import step
from stream.core.ticket import Ticket
from stream.errors import StateError
from stream.settings import Settings
from tests.classifier.asked import GROUP, ask, recent

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PERSON = Actor(kind=ActorKind.DASHBOARD, name="Ana")


class Group:
    """A group with one message, and what its worker would publish."""

    def __init__(self, text: str = "the till beeps") -> None:
        self.state = GroupState(group=GROUP, recent=(recent(1, text),))
        self.published: list[Ticket | TicketEvent | AnyCommand] = []
        self.count = 0

    def do(self, kind: type[Any], actor: Actor = PERSON, **more: Any) -> Outcome:
        self.count += 1
        command = kind(id=f"C{self.count}", group=GROUP, at=NOW + timedelta(minutes=self.count), actor=actor, **more)
        outcome = step(self.state, command, empty_book(), command.at)
        self.state = outcome.state
        self.published += [*outcome.tickets, *outcome.events]
        return outcome

    def judged_a_ticket(self) -> str:
        detection = Detection(label=Label.TICKET, stage=Stage.MODEL, decided_by="model:m")
        self.do(Judge, Actor(kind=ActorKind.MODEL), message_id="M1", detection=detection)
        (ticket_id,) = self.state.tickets
        return ticket_id


def feed(published: Any, corrections: Corrections | None = None) -> tuple[Correction, ...]:
    corrections = corrections or Corrections()
    for one in published:
        if isinstance(one, Ticket):
            corrections.feed_ticket(one.id, one)
        else:
            corrections.feed_event(one)
    return corrections.all


def test_what_is_no_ticket_is_an_example_of_noise() -> None:
    group = Group()
    group.do(NotATicket, ticket_id=group.judged_a_ticket())
    (found,) = feed(group.published)
    assert (found.label, found.text, found.was, found.message_id) == (Label.NOISE, "the till beeps", "model:m", "M1")


def test_what_people_made_a_ticket_is_an_example_of_one() -> None:
    group = Group()
    group.do(Open, message_id="M1", category="fault")
    (found,) = feed(group.published)
    assert (found.label, found.category, found.text) == (Label.TICKET, "fault", "the till beeps")
    assert found.author == next(iter(group.state.tickets.values())).messages[0].author


def test_a_category_that_was_set_is_an_example_of_it_and_the_last_word_counts() -> None:
    group = Group()
    ticket_id = group.judged_a_ticket()
    group.do(SetCategory, ticket_id=ticket_id, category="billing")
    group.do(SetCategory, ticket_id=ticket_id, category="fault")
    found = feed(group.published)
    assert [one.category for one in found] == ["billing", "fault"]
    assert [one.category for one in latest(found)] == ["fault"]


def test_what_was_taken_back_is_none() -> None:
    group = Group()
    ticket_id = group.judged_a_ticket()
    group.do(SetCategory, ticket_id=ticket_id, category="billing")
    group.do(Undo, command_id="C2")
    assert feed(group.published) == ()


def test_topics_may_come_in_any_order_and_twice() -> None:
    group = Group()
    group.do(NotATicket, ticket_id=group.judged_a_ticket())
    once = feed(group.published)
    tickets = [one for one in group.published if isinstance(one, Ticket)]
    events = [one for one in group.published if isinstance(one, TicketEvent)]
    for first, second, third in permutations([tickets, events, tickets + events]):
        assert feed([*first, *second, *third]) == once


def test_the_model_and_the_timer_correct_nothing() -> None:
    group = Group()
    group.do(SetCategory, Actor(kind=ActorKind.MODEL), ticket_id=group.judged_a_ticket(), category="fault")
    assert feed(group.published) == ()


def test_a_deleted_text_leaves_the_examples() -> None:
    group = Group()
    ticket_id = group.judged_a_ticket()
    group.do(SetCategory, ticket_id=ticket_id, category="fault")
    corrections = Corrections(feed(group.published))
    ticket = group.state.tickets[ticket_id]
    corrections.feed_ticket(ticket_id, ticket.but(messages=(ticket.messages[0].but(text=None),)))
    assert corrections.all == ()


def test_an_erased_ticket_takes_its_examples_along() -> None:
    group = Group()
    group.do(NotATicket, ticket_id=group.judged_a_ticket())
    corrections = Corrections(feed(group.published))
    corrections.feed_ticket(corrections.all[0].ticket_id or "", None)
    assert corrections.all == ()


def test_what_people_say_in_the_review_queue_is_an_example() -> None:
    verdict = Judge(
        id="J", group=GROUP, at=NOW, actor=PERSON, message_id="M1", detection=Detection(label=Label.NOISE, stage=Stage.PERSON)
    )
    for first, second in permutations([ask(1, "lovely weather"), verdict]):
        corrections = Corrections()
        for one in (first, second):
            if isinstance(one, Judge):
                corrections.feed_judge(one)
            else:
                corrections.feed_question(one)
        assert [(one.text, one.label) for one in corrections.all] == [("lovely weather", Label.NOISE)]
        assert corrections.all[0].author == ask(1, "lovely weather").message.author


def test_old_questions_are_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier runs for months, and keeps what people may still judge, not all that was ever asked."""
    monkeypatch.setattr("stream.core.corrections._QUESTIONS_KEPT", 2)
    corrections = Corrections()
    for number in range(1, 4):
        corrections.feed_question(ask(number, f"message {number}"))
    for number in range(1, 4):
        noise = Detection(label=Label.NOISE, stage=Stage.PERSON)
        judge = Judge(id=f"J{number}", group=GROUP, at=NOW, actor=PERSON, message_id=f"M{number}", detection=noise)
        corrections.feed_judge(judge)
    assert [one.text for one in corrections.all] == ["message 2", "message 3"]


def test_a_file_with_a_broken_line_is_not_overwritten(tmp_path: Any) -> None:
    path = tmp_path / "corrections.jsonl"
    path.write_text("{}\n")
    with pytest.raises(StateError, match=r"corrections.jsonl:1 is no correction"):
        read_corrections(path)


@pytest.mark.kafka
def test_the_keeper_writes_what_the_topics_tell_and_keeps_what_they_have_forgotten(settings: Settings) -> None:
    ensure_topics(settings)
    group = Group("lo que escribió la clienta")
    group.do(NotATicket, ticket_id=group.judged_a_ticket())
    old = Correction(id="old", group=GROUP, message_id="M0", label=Label.UPDATE, text="works again", at=NOW)
    path = corrections_path(settings)
    path.parent.mkdir(parents=True)
    path.write_bytes(old.to_json() + b"\n")
    publisher = Publisher(settings)
    for one in group.published:
        if isinstance(one, Ticket):
            publisher.publish(Topic.TICKETS, one.id, one.to_json())
        elif isinstance(one, TicketEvent):
            publisher.publish(Topic.TICKET_EVENTS, one.ticket_id or "", one.to_json())
    keeper = CorrectionsKeeper(settings)
    keeper.start()
    until = time.monotonic() + 30
    while len(read_corrections(path)) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    keeper.close()
    publisher.close()
    assert [(one.text, one.label) for one in read_corrections(path)] == [
        ("works again", Label.UPDATE),
        ("lo que escribió la clienta", Label.NOISE),
    ]
