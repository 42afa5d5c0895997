"""What a person lets the team's own group be told, and what the Sheet is asked to write: through the step as it runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from stream.core.book import Book, empty_book
from stream.core.commands import Actor, ActorKind, Announce, AnyCommand, PushRow
from stream.core.detection import Detection, Label, Stage
from stream.core.events import EventKind
from stream.core.group import GroupState
from stream.core.last_check import LastFacts, check_at_last
from stream.core.outcome import Outcome
from stream.core.step import step
from stream.core.ticket import Ticket

OPS, OTHER = "120363000000000009@g.us", "120363000000000001@g.us"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE = {"id": "c1", "at": NOW, "actor": Actor(kind=ActorKind.DASHBOARD, name="Ana")}


def book() -> Book:
    plain = empty_book()
    follow_ups = plain.follow_ups
    return replace(plain, follow_ups=follow_ups.but(sending=follow_ups.sending.but(ops_group=OPS)))


def ask(command: AnyCommand, state: GroupState | None = None) -> Outcome:
    return step(state or GroupState(group=command.group), command, book(), NOW)


def test_the_teams_own_group_is_told_once_and_the_audit_trail_names_the_person() -> None:
    command = Announce(**BASE, group=OPS, text="  The week: 12 tickets. ", instance="cs")
    outcome = ask(command)
    [message] = outcome.outbound
    assert (message.group, message.instance, message.purpose, message.text) == (OPS, "cs", "alert", "The week: 12 tickets.")
    assert check_at_last(message, LastFacts(mode="observe"), book().follow_ups, NOW - NOW, NOW).may_send
    [event] = outcome.events
    assert (event.kind, event.command_id, event.actor) == (EventKind.ANNOUNCED, "c1", BASE["actor"])
    assert not ask(command, outcome.state).outbound, "a second delivery says nothing"


def test_no_other_group_is_told_and_nothing_empty_or_endless() -> None:
    for command in (
        Announce(**BASE, group=OTHER, text="The week"),
        Announce(**BASE, group=OPS, text=" "),
        Announce(**BASE, group=OPS, text="x" * 5_000),
    ):
        outcome = ask(command)
        assert not outcome.outbound
        assert [event.kind for event in outcome.events] == [EventKind.REFUSED]


def test_asking_for_a_row_changes_no_ticket_and_is_told_to_the_sheet() -> None:
    ticket = Ticket(
        id="T-K7M3-9QXZ",
        instance="cs",
        group=OTHER,
        title="Late",
        opened_by="1@lid",
        detected_by=Detection(label=Label.TICKET, stage=Stage.RULES),
        opened_at=NOW,
        updated_at=NOW,
    )
    state = GroupState(group=ticket.group, tickets={ticket.id: ticket})
    outcome = ask(PushRow(**BASE, group=ticket.group, ticket_id=ticket.id), state)
    assert [(event.kind, event.ticket_id, event.command_id) for event in outcome.events] == [
        (EventKind.ROW_PUSHED, ticket.id, "c1")
    ]
    assert outcome.tickets == ()
    unknown = ask(PushRow(**BASE, group=ticket.group, ticket_id="T-0000-0000"), state)
    assert [event.kind for event in unknown.events] == [EventKind.REFUSED]
