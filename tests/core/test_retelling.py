"""Messages that come out of order: the tickets are those of a day on which all came in time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.commands import Actor, ActorKind, Claim, SetState
from stream.core.events import EventKind
from stream.core.group import GroupState
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.inputs import Message, Source
from stream.core.outcome import Outcome
from stream.core.people import Sender
from stream.core.step import step
from stream.core.team import Member, Team
from stream.core.ticket import Ticket, TicketState

GROUP = "120363000000000001@g.us"
NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
ANA = Actor(kind=ActorKind.DASHBOARD, name="Ana")
# Who, after how many seconds, what, and which message it quotes.
DAY = (
    ("bea", 0, "My order 48213 has not arrived", None),
    ("bea", 20, "it was due on Monday", None),
    ("carl", 60, "I was charged twice for invoice 7731, please refund one of them", None),
    ("ana", 200, "Bea, I am checking with the courier", 0),
    ("bea", 260, "thanks!", None),
    ("ana", 400, "Carl, could you send me the invoice?", 2),
    ("carl", 460, "here it is, invoice 7731", None),
    ("dora", 600, "The app shows an error when I log in", None),
    ("ana", 900, "Bea, the courier found it, it comes today", 0),
    ("bea", 1500, "it has arrived, problem solved", 8),
    ("ana", 1600, "Dora, we are looking into the login error", 7),
    ("dora", 1900, "still not working", None),
)


@pytest.fixture(scope="module")
def book() -> Book:
    groups = GroupsFile(version=1, groups=(GroupConfig(jid=GROUP, mode=GroupMode.TICKETS_AND_FOLLOW_UPS),))
    team = Team(team=(Member(name="Ana", lids=(lid("ana").removesuffix("@lid"),)),))
    return replace(load_book(Path(__file__).parents[2] / "rules"), groups=groups, team=team)


def lid(who: str) -> str:
    return f"{900_000 + sum(map(ord, who))}@lid"


def message(place: int, after: float = 0.0, source: Source = Source.WEBHOOK) -> Message:
    who, at, text, quoted = DAY[place]
    sent_at = NOON + timedelta(seconds=at)
    return Message(
        instance="desk",
        chat=GROUP,
        received_at=sent_at + timedelta(seconds=1 + after),
        source=source,
        id=f"M{place}",
        sender=Sender(lid=lid(who), name=who.title()),
        sent_at=sent_at,
        text=text,
        quoted_id=None if quoted is None else f"M{quoted}",
    )


def play(messages: list[Message], book: Book) -> tuple[GroupState, list[Outcome]]:
    state, outcomes = GroupState(group=GROUP), []
    for each in sorted(messages, key=lambda one: one.received_at):
        outcome = step(state, each, book, each.received_at)
        state = outcome.state
        outcomes.append(outcome)
    return state, outcomes


def outline(state: GroupState) -> dict[str, Any]:
    """Return what must not depend on how the messages came; what went into another ticket is told there."""
    return {key: told(ticket) for key, ticket in state.tickets.items() if ticket.merged_into is None}


def told(ticket: Ticket) -> tuple[Any, ...]:
    entries = tuple((entry.message_id, entry.attached_because, entry.text) for entry in ticket.messages)
    clocks = ticket.clocks
    met = tuple(clock.met_at if clock else None for clock in (clocks.first_response, clocks.next_response, clocks.resolution))
    since = (ticket.waiting_since, ticket.last_customer_at, ticket.last_staff_at, ticket.resolved_at)
    return (ticket.state, ticket.title, ticket.category, entries, since, met, ticket.message_count)


@pytest.mark.parametrize("late", range(len(DAY)))
def test_whichever_message_comes_late_the_tickets_are_the_same(late: int, book: Book) -> None:
    clean, _ = play([message(place) for place in range(len(DAY))], book)
    assert len(outline(clean)) == 3
    for after in (90.0, 300.0, 1200.0):
        state, _ = play([message(place, after if place == late else 0) for place in range(len(DAY))], book)
        assert outline(state) == outline(clean), after
        assert state.ledger.tickets_opened == clean.ledger.tickets_opened


def test_a_transport_that_doubles_delays_and_drops_gives_the_same_tickets(book: Book) -> None:
    clean, _ = play([message(place) for place in range(len(DAY))], book)
    for seed in range(30):
        dice = random.Random(seed)
        arriving = []
        for place in range(len(DAY)):
            kind = dice.random()
            if kind < 0.1:
                arriving.append(message(place, 300, Source.BACKFILL))
                continue
            arriving.append(message(place, 1200 * dice.random() if kind < 0.3 else 0))
            if dice.random() < 0.1:
                arriving.append(message(place, 1300 * dice.random()))
        state, _ = play(arriving, book)
        assert outline(state) == outline(clean), seed


def test_a_request_that_comes_after_its_own_follow_up_takes_it_in(book: Book) -> None:
    """What opened a ticket for want of the one before it belongs to that one, and people who saw it are led there."""
    messages = [
        message(0, after=600),
        message(9).but(quoted_id=None, text="My order 48213 still has not arrived, please refund me"),
    ]
    early = messages[1].but(sent_at=NOON + timedelta(seconds=30), received_at=NOON + timedelta(seconds=31))
    state, outcomes = play([messages[0], early], book)
    first, second = sorted(state.tickets.values(), key=lambda ticket: ticket.opened_at)
    assert [entry.message_id for entry in first.messages] == ["M0", "M9"]
    assert (second.state, second.merged_into, second.messages) == (TicketState.CLOSED, first.id, ())
    assert EventKind.MERGED in [event.kind for event in outcomes[-1].events]
    assert outcomes[-1].outbound == ()


def test_what_a_person_did_in_between_stands_when_the_talk_is_told_again(book: Book) -> None:
    in_time = [message(place) for place in (0, 2, 3)]
    state, _ = play(in_time, book)
    ticket_id = next(key for key, ticket in state.tickets.items() if ticket.messages[0].message_id == "M0")
    at = NOON + timedelta(seconds=230)
    held = SetState(id="c1", group=GROUP, at=at, actor=ANA, ticket_id=ticket_id, state=TicketState.ON_HOLD)
    state = step(state, held, book, at).state
    spoken = message(4)
    state = step(state, spoken, book, spoken.received_at).state
    late = message(1, after=500)
    after = step(state, late, book, late.received_at).state
    assert after.tickets[ticket_id].state is state.tickets[ticket_id].state
    assert [entry.message_id for entry in after.tickets[ticket_id].messages] == ["M0", "M1", "M3", "M4"]


def test_who_took_a_ticket_keeps_it_when_it_is_told_again(book: Book) -> None:
    state, _ = play([message(place) for place in (0, 2, 3, 4)], book)
    ticket_id = next(key for key, ticket in state.tickets.items() if ticket.messages[0].message_id == "M0")
    at = NOON + timedelta(seconds=300)
    claim = Claim(id="c1", group=GROUP, at=at, actor=ANA, ticket_id=ticket_id, assignee="Ana")
    state = step(state, claim, book, at).state
    late = message(1, after=500)
    ticket = step(state, late, book, late.received_at).state.tickets[ticket_id]
    assert ticket.assignee == "Ana"
    assert [entry.message_id for entry in ticket.messages] == ["M0", "M1", "M3", "M4"]
