"""A timer asks, and the step decides: what was asked for before somebody spoke is not said after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.core.commands import Actor, ActorKind, FollowUpDue
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.inputs import Message
from stream.core.people import Sender
from stream.core.team import Member, Team
from stream.timelines.clockwork import Clockwork

GROUP = "120363000000000001@g.us"
ASKED_AT = datetime(2026, 3, 2, 14, tzinfo=UTC)  # eleven in the morning where the office is


@pytest.fixture
def clockwork() -> Clockwork:
    book = load_book(Path(__file__).parents[2] / "rules")
    groups = GroupsFile(version=1, groups=(GroupConfig(jid=GROUP, mode=GroupMode.TICKETS_AND_FOLLOW_UPS),))
    found = Clockwork(replace(book, groups=groups, team=Team(team=(Member(name="Ana", lids=("900000",)),))), GROUP)
    found.feed(said("m1", "100001@lid", "Hi, my order 4512 has not arrived yet, can you check?", ASKED_AT), ASKED_AT)
    return found


def said(message_id: str, who: str, text: str, at: datetime, quoting: str | None = None) -> Message:
    sender = Sender(lid=who, name="P")
    return Message(
        instance="i", chat=GROUP, received_at=at, id=message_id, sender=sender, sent_at=at, text=text, quoted_id=quoting
    )


def due(clockwork: Clockwork) -> FollowUpDue:
    """Return what the timer asks for once the window of the only ticket has passed."""
    (ticket,) = clockwork.state.tickets.values()
    assert ticket.window is not None
    at = ticket.window.due_at + timedelta(seconds=1)
    return FollowUpDue(
        id="due",
        group=GROUP,
        at=at,
        actor=Actor(kind=ActorKind.TIMER),
        ticket_id=ticket.id,
        step=ticket.window.step,
        due_at=ticket.window.due_at,
    )


def test_what_is_due_is_said_once_however_often_it_is_asked_for(clockwork: Clockwork) -> None:
    asked = due(clockwork)
    assert len(clockwork.feed(asked, asked.at).outbound) == 1
    for again in (asked, asked.but(id="due again", at=asked.at + timedelta(seconds=30))):
        before = clockwork.state
        assert clockwork.feed(again, again.at).outbound == ()
        assert clockwork.state.tickets == before.tickets


def test_an_answer_that_came_before_the_timer_was_heard_lets_nothing_be_said(clockwork: Clockwork) -> None:
    asked = due(clockwork)
    at = asked.at - timedelta(seconds=2)
    clockwork.feed(said("m2", "900000@lid", "It is at the front desk, please look there", at, "m1"), at)
    before = clockwork.state.tickets
    assert clockwork.feed(asked, asked.at).outbound == ()
    assert clockwork.state.tickets == before
