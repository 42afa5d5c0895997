"""A message tells whole seconds, a button finer ones: what comes after a ticket was closed is never lost on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.core.commands import Actor, ActorKind, SetState
from stream.core.group import GroupState
from stream.core.inputs import Message
from stream.core.people import Sender
from stream.core.step import step
from stream.core.ticket import TicketState

GROUP = "120363041234567890@g.us"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOOK = load_book(Path(__file__).parents[2] / "rules")


def ask(state: GroupState, message_id: str, sent_at: datetime, came_at: datetime) -> GroupState:
    asked = Message(
        instance="cs",
        chat=GROUP,
        received_at=came_at,
        id=message_id,
        sender=Sender(lid="180011112222333@lid", name="Rosa"),
        sent_at=sent_at,
        text=f"order {message_id} has not arrived, where is it?",
    )
    return step(state, asked, BOOK, came_at).state


@pytest.mark.parametrize("state", [TicketState.CLOSED, TicketState.RESOLVED])
@pytest.mark.parametrize("second", [5, 6])
def test_a_request_of_the_second_in_which_the_last_one_was_ended_is_a_ticket_of_its_own(state: TicketState, second: int) -> None:
    asked = ask(GroupState(group=GROUP), "1037", NOW, NOW)
    (first,) = asked.tickets.values()
    ended_at = NOW + timedelta(seconds=5.4)
    actor = Actor(kind=ActorKind.DASHBOARD, name="Ana")
    end = SetState(id="c1", group=GROUP, at=ended_at, actor=actor, ticket_id=first.id, state=state)
    ended = step(asked, end, BOOK, ended_at).state

    after = ask(ended, "9999", NOW + timedelta(seconds=second), NOW + timedelta(seconds=second + 0.6))

    seen = [ticket for ticket in after.tickets.values() if ticket.state.is_open and ticket.messages[-1].message_id == "9999"]
    assert len(seen) == 1
    assert seen[0].window is not None
