"""What the team does between the messages is told again with them: late messages, reactions and words find the same tickets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.commands import Actor, ActorKind, AnyCommand, Claim, FollowUpDue, Judge, Merge, SetState, Snooze
from stream.core.detection import Detection, Label, Stage, UpdateStatus
from stream.core.group import GroupState
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.ids import ticket_id
from stream.core.inputs import AnyInput, Message, Reaction
from stream.core.outcome import Outcome
from stream.core.people import Sender
from stream.core.step import step
from stream.core.team import Member, Team
from stream.core.ticket import Ticket, TicketState

GROUP = "120363000000000001@g.us"
NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
DESK = Actor(kind=ActorKind.DASHBOARD, name="Ana")
BEA, CARL = ticket_id(GROUP, "BEA"), ticket_id(GROUP, "CARL")


def person(name: str) -> Sender:
    return Sender(lid=f"{900_000 + sum(map(ord, name))}@lid", name=name.title())


def base(seconds: float) -> dict[str, Any]:
    at = NOON + timedelta(seconds=seconds)
    return {"instance": "desk", "chat": GROUP, "sent_at": at, "received_at": at + timedelta(seconds=1)}


def says(seconds: float, who: str, text: str, quoted: str | None = None, name: str = "") -> Message:
    return Message(**base(seconds), id=name or f"M{seconds}", sender=person(who), text=text, quoted_id=quoted)


def reacts(seconds: float, who: str, emoji: str, target: str) -> Reaction:
    return Reaction(**base(seconds), id=f"R{seconds}", sender=person(who), target_id=target, emoji=emoji)


def asks(seconds: float) -> dict[str, Any]:
    return {"id": f"C{seconds}", "group": GROUP, "at": NOON + timedelta(seconds=seconds), "actor": DESK}


DAY: tuple[AnyInput | AnyCommand, ...] = (
    says(0, "bea", "My order 48213 has not arrived", name="BEA"),
    reacts(15, "ana", "👀", "BEA"),
    says(20, "bea", "it was due on Monday"),
    says(60, "carl", "I was charged twice for invoice 7731, please refund one of them", name="CARL"),
    Claim(**asks(90), ticket_id=CARL, assignee="Ivo"),
    says(200, "ana", "Bea, I am checking with the courier", "BEA"),
    SetState(**asks(230), ticket_id=CARL, state=TicketState.ON_HOLD),
    says(260, "bea", "thanks!"),
    says(300, "carl", "here is the invoice, number 7731", "CARL"),
    reacts(420, "ana", "✅", "BEA"),
    says(500, "bea", "it still has not arrived, this is not solved", "BEA"),
    says(540, "dora", "good morning everyone", name="DORA"),
    reacts(560, "ana", "🎫", "DORA"),
    says(600, "dora", "the app shows an error when I log in", name="ERROR"),
    reacts(640, "ana", "❌", "DORA"),
    says(700, "ana", "#resolve", "CARL"),
    Snooze(**asks(730), ticket_id=BEA, until=NOON + timedelta(seconds=900)),
    says(760, "ana", "Dora, we are looking into it", "ERROR"),
    reacts(800, "ana", "✅", "ERROR"),
    reacts(830, "ana", "", "ERROR"),
    says(1000, "bea", "any news?"),
)


@pytest.fixture(scope="module")
def book() -> Book:
    groups = GroupsFile(version=1, groups=(GroupConfig(jid=GROUP, mode=GroupMode.TICKETS_AND_FOLLOW_UPS),))
    team = Team(team=(Member(name="Ana", lids=((person("ana").lid or "").removesuffix("@lid"),)),))
    return replace(load_book(Path(__file__).parents[2] / "rules"), groups=groups, team=team)


def play(events: list[AnyInput | AnyCommand], book: Book) -> tuple[GroupState, list[Outcome]]:
    state, outcomes = GroupState(group=GROUP), []
    for event in sorted(events, key=when):
        outcomes.append(step(state, event, book, when(event)))
        state = outcomes[-1].state
    return state, outcomes


def when(event: AnyInput | AnyCommand) -> datetime:
    return event.received_at if isinstance(event, Message | Reaction) else getattr(event, "at", NOON)


def late(event: AnyInput | AnyCommand, seconds: float) -> AnyInput | AnyCommand:
    return event.but(received_at=when(event) + timedelta(seconds=seconds))


def outline(state: GroupState) -> dict[str, tuple[Any, ...]]:
    return {key: told(ticket) for key, ticket in state.tickets.items() if ticket.merged_into is None}


def told(ticket: Ticket) -> tuple[Any, ...]:
    entries = tuple((entry.message_id, entry.attached_because) for entry in ticket.messages)
    clocks = (ticket.clocks.first_response, ticket.clocks.next_response, ticket.clocks.resolution)
    times = (ticket.waiting_since, ticket.last_customer_at, ticket.last_staff_at, ticket.resolved_at, ticket.snoozed_until)
    who = (ticket.assignee, ticket.category, ticket.priority, ticket.title)
    return (ticket.state, entries, times, who, tuple(clock and clock.met_at for clock in clocks), ticket.reopened)


@pytest.mark.parametrize("place", [place for place, event in enumerate(DAY) if isinstance(event, Message | Reaction)])
def test_whatever_comes_late_the_tickets_are_the_same(place: int, book: Book) -> None:
    clean, _ = play(list(DAY), book)
    assert len(outline(clean)) == 4
    # Nobody presses a button on a ticket before there is one.
    soonest = {"BEA": 700, "CARL": 25}.get(getattr(DAY[place], "id", ""), 1200)
    for seconds in (each for each in (4, 100, 290, 1199) if each < soonest):
        events = [late(event, seconds) if number == place else event for number, event in enumerate(DAY)]
        state, _ = play(events, book)
        assert outline(state) == outline(clean), seconds


def test_two_who_write_in_one_second_are_told_alike_whoever_comes_first(book: Book) -> None:
    ask, talk = says(0, "bea", "My order 48213 has not arrived"), says(0, "carl", "haha", name="T")
    later = says(40, "carl", "has it come?", name="L")
    one, _ = play([ask, talk, later], book)
    other, _ = play([late(ask, 300), talk, later], book)
    third, _ = play([ask, late(talk, 300), later], book)
    assert outline(one) == outline(other) == outline(third)


def test_of_two_messages_of_one_person_in_one_second_none_can_be_put_first(book: Book) -> None:
    """Nothing tells which was written first: the one that comes later is taken as the later one, and both are kept."""
    ask, detail = says(0, "bea", "My order 48213 has not arrived", name="BEA"), says(0, "bea", "it was due on Monday", name="D")
    others = [says(90, "carl", "I was charged twice for invoice 7731, please refund one of them", name="CARL")]
    clean, _ = play([ask, detail, *others], book)
    assert [entry.message_id for entry in clean.tickets[BEA].messages] == ["BEA", "D"]
    state, _ = play([late(ask, 300), detail, *others], book)
    assert [recent.id for recent in state.recent] == ["D", "BEA", "CARL"]
    assert {ticket.state for ticket in state.tickets.values()} == {TicketState.NEW}
    assert state.tickets.keys() == clean.tickets.keys()


def test_a_follow_up_that_was_sent_has_been_sent(book: Book) -> None:
    """What is out in the world stays on its ticket; all else is as if the answer had come in time."""
    ask = says(0, "bea", "My order 48213 has not arrived", name="BEA")
    window = step(GroupState(group=GROUP), ask, book, when(ask)).state.tickets[BEA].window
    assert window is not None
    due = (window.due_at - NOON).total_seconds()
    solved = says(due - 600, "bea", "it has arrived, problem solved", "BEA", name="END")
    talk = says(due + 60, "carl", "good morning everyone")
    reminder = FollowUpDue(**asks(due), ticket_id=BEA, step=window.step, due_at=window.due_at)
    clean, _ = play([ask, solved, talk], book)
    state, outcomes = play([ask, reminder, talk, late(solved, 900)], book)
    assert outline(state) == outline(clean)
    assert clean.tickets[BEA].follow_ups == ()
    assert len(state.tickets[BEA].follow_ups) == 1
    assert outcomes[-1].outbound == ()


def test_what_is_answered_and_solved_in_one_second_is_solved_then(book: Book) -> None:
    ask, answer = says(0, "bea", "My order 48213 has not arrived", name="BEA"), says(200, "ana", "I am checking it", "BEA")
    solved = says(200, "bea", "it has arrived, problem solved", "BEA", name="END")
    state, _ = play([ask, answer, late(solved, 9)], book)
    resolution = state.tickets[BEA].clocks.resolution
    assert resolution is not None
    assert (state.tickets[BEA].waiting_since, resolution.met_at) == (solved.sent_at, solved.sent_at)


def test_what_the_model_said_of_a_message_is_told_again(book: Book) -> None:
    verdict = Detection(label=Label.UPDATE, stage=Stage.MODEL, status=UpdateStatus.RESOLVED, decided_by="model:x", confidence=0.9)
    asked = asks(32) | {"actor": Actor(kind=ActorKind.MODEL)}
    events: list[AnyInput | AnyCommand] = [
        says(0, "bea", "My order 48213 has not arrived", name="BEA"),
        says(10, "ana", "let me look", "BEA"),
        says(30, "dora", "the blue ones again", name="BLUE"),
        Judge(**asked, message_id="BLUE", detection=verdict, ticket_id=BEA),
        says(400, "carl", "I was charged twice for invoice 7731"),
    ]
    clean, _ = play(events, book)
    assert clean.tickets[BEA].state is TicketState.RESOLVED
    state, _ = play([events[0], late(events[1], 500), *events[2:]], book)
    assert outline(state) == outline(clean)


def test_what_a_person_has_merged_is_not_taken_apart(book: Book) -> None:
    merged = Merge(**asks(120), ticket_id=CARL, into=BEA)
    events: list[AnyInput | AnyCommand] = [DAY[0], DAY[3], merged, says(200, "bea", "thanks!")]
    before, _ = play(events, book)
    state, _ = play([*events, late(says(20, "bea", "it was due on Monday", name="L"), 600)], book)
    assert state.tickets[CARL].merged_into == BEA
    assert {entry.message_id for entry in state.tickets[BEA].messages} >= {
        entry.message_id for entry in before.tickets[BEA].messages
    }
    assert "L" in [entry.message_id for ticket in state.tickets.values() for entry in ticket.messages]


def test_in_a_busy_group_too_there_is_enough_remembered(book: Book) -> None:
    """A hundred messages in twenty minutes, and one of the first comes when they are over."""
    events: list[AnyInput | AnyCommand] = [
        says(12 * number, f"guest{number % 7}", f"the cart {4000 + number} shows an error, order {4000 + number} is stuck")
        for number in range(100)
    ]
    clean, _ = play(events, book)
    state, _ = play([late(event, 1190) if number == 3 else event for number, event in enumerate(events)], book)
    assert outline(state) == outline(clean)


def test_what_was_done_is_not_kept_for_ever(book: Book) -> None:
    state = GroupState(group=GROUP)
    for number in range(120):
        ask = says(600 * number, f"guest{number % 50}", f"order {5000 + number} has not arrived", name=f"A{number}")
        state = step(state, ask, book, when(ask)).state
        done = reacts(600 * number + 60, "ana", "✅", f"A{number}")
        state = step(state, done, book, when(done)).state
    assert len(state.done) <= 100
    assert len(state.recent) <= 60
