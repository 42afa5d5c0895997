"""Edits and deletions, in every order in which the transport may bring them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.core.calendar import BusinessCalendar
from stream.core.commands import Actor, ActorKind, Reply
from stream.core.followup_texts import compose, facts_of
from stream.core.group import GroupState
from stream.core.group_facts import GroupFacts
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.inputs import AnyInput, Deletion, Edit, Message
from stream.core.people import Sender
from stream.core.step import step
from stream.core.ticket import TicketState

GROUP = "120363041234567890@g.us"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE = {"instance": "cs", "chat": GROUP, "received_at": NOW}
BOOK = load_book(Path(__file__).parents[2] / "rules")
CLIENT = Sender(lid="180011112222333@lid", name="Rosa")
ASK = Message(**BASE, id="ASK", sender=CLIENT, sent_at=NOW, text="order 1037 has not arrived, where is it?")
MORE = Message(**BASE, id="MORE", sender=CLIENT, sent_at=NOW + timedelta(seconds=3), text="it was due on Monday", quoted_id="ASK")
FIRST = Edit(**BASE, target_id="ASK", text="order 9876 has not arrived, where is it?", edited_at=NOW + timedelta(seconds=5))
SECOND = Edit(**BASE, target_id="ASK", text="order 3737 has not arrived, where is it?", edited_at=NOW + timedelta(seconds=9))
DELETION = Deletion(**BASE, target_id="ASK", deleted_at=NOW + timedelta(seconds=20))


def run(*events: AnyInput) -> GroupState:
    state = GroupState(group=GROUP)
    for event in events:
        state = step(state, event, BOOK, NOW).state
    ledger = state.ledger
    assert ledger.seen == ledger.applied + ledger.duplicates + ledger.dead + sum(ledger.ignored.values()) == len(events)
    return state


@pytest.mark.parametrize("order", list(itertools.permutations([ASK, FIRST, SECOND])))
def test_the_last_edit_stands_whatever_came_first(order: tuple[AnyInput, ...]) -> None:
    (ticket,) = run(*order).tickets.values()
    assert ticket.messages[0].text == SECOND.text
    assert "3737" in ticket.title


@pytest.mark.parametrize("order", list(itertools.permutations([ASK, FIRST, DELETION])))
def test_a_deleted_text_is_nowhere_whatever_came_first(order: tuple[AnyInput, ...]) -> None:
    state = run(*order)
    stored = state.to_json().decode()
    assert "1037" not in stored
    assert "9876" not in stored
    assert not [ticket for ticket in state.tickets.values() if ticket.state.is_open]


def test_a_ticket_with_an_answer_is_not_withdrawn_by_a_deletion() -> None:
    answer = Message(
        **BASE,
        id="ANS",
        sender=Sender(phone="6281200000011@s.whatsapp.net"),
        sent_at=NOW + timedelta(seconds=9),
        text="let me look",
        quoted_id="ASK",
    )
    (ticket,) = run(ASK, answer, DELETION).tickets.values()
    assert ticket.state is not TicketState.CLOSED
    assert ticket.title == "(deleted by its author)"
    assert facts_of(ticket, BusinessCalendar(), NOW).title == ticket.id, (
        "clients are told of the ticket, not of what was taken back"
    )


def test_a_follow_up_quotes_no_message_that_was_deleted() -> None:
    (asked,) = run(ASK, MORE).tickets.values()
    (redacted,) = run(ASK, MORE, DELETION).tickets.values()
    quoted = [compose([ticket], BOOK.follow_ups, GroupFacts(), NOW)[0].quoted_id for ticket in (asked, redacted)]
    assert quoted == ["ASK", None]


def test_a_reply_quotes_the_last_message_that_still_stands() -> None:
    more = Message(
        **BASE, id="MORE", sender=CLIENT, sent_at=NOW + timedelta(seconds=3), text="it was due on Monday", quoted_id="ASK"
    )
    state = run(ASK, more, Deletion(**BASE, target_id="MORE", deleted_at=NOW + timedelta(seconds=20)))
    (ticket,) = state.tickets.values()
    assert [entry.message_id for entry in ticket.messages] == ["ASK", "MORE"]
    speaking = replace(BOOK, groups=GroupsFile(version=1, groups=(GroupConfig(jid=GROUP, mode=GroupMode.TICKETS),)))
    actor = Actor(kind=ActorKind.DASHBOARD, name="Ana")
    reply = Reply(id="c1", group=GROUP, at=NOW, actor=actor, ticket_id=ticket.id, text="we are looking", quote=True)
    (outbound,) = step(state, reply, speaking, NOW).outbound
    assert outbound.quoted_id == "ASK"


def test_an_edit_of_a_message_that_is_long_gone_is_not_waited_for() -> None:
    state = run(ASK)
    assert run(ASK, SECOND).early == {}
    assert step(state.but(recent=()), FIRST, BOOK, NOW).state.early == {}
