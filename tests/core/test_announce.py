"""What a person lets the team's own group be told, and what the Sheet is asked to write: through the step as it runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from stream.core.book import Book, empty_book
from stream.core.chat_commands import read_reaction
from stream.core.commands import Actor, ActorKind, Announce, AnyCommand, PushRow, SetState
from stream.core.detection import Detection, Label, Stage
from stream.core.events import EventKind
from stream.core.group import GroupState
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.last_check import LastFacts, check_at_last
from stream.core.outcome import Outcome
from stream.core.people import Role
from stream.core.step import step
from stream.core.ticket import Entry, Evidence, Ticket, TicketState

OPS, OTHER = "120363000000000009@g.us", "120363000000000001@g.us"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE = {"id": "c1", "at": NOW, "actor": Actor(kind=ActorKind.DASHBOARD, name="Ana")}


def book() -> Book:
    plain = empty_book()
    follow_ups = plain.follow_ups
    return replace(plain, follow_ups=follow_ups.but(sending=follow_ups.sending.but(ops_group=OPS)))


def late_parcel(*messages: Entry) -> Ticket:
    return Ticket(
        id="T-K7M3-9QXZ",
        instance="cs",
        group=OTHER,
        title="Late",
        opened_by="1@lid",
        detected_by=Detection(label=Label.TICKET, stage=Stage.RULES),
        opened_at=NOW,
        updated_at=NOW,
        messages=messages,
    )


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
    ticket = late_parcel()
    state = GroupState(group=ticket.group, tickets={ticket.id: ticket})
    outcome = ask(PushRow(**BASE, group=ticket.group, ticket_id=ticket.id), state)
    assert [(event.kind, event.ticket_id, event.command_id) for event in outcome.events] == [
        (EventKind.ROW_PUSHED, ticket.id, "c1")
    ]
    assert outcome.tickets == ()
    unknown = ask(PushRow(**BASE, group=ticket.group, ticket_id="T-0000-0000"), state)
    assert [event.kind for event in unknown.events] == [EventKind.REFUSED]


def test_what_is_resolved_on_the_dashboard_is_seen_on_the_request_once_where_we_may_speak() -> None:
    asked = Entry(message_id="M1", author="1@lid", role=Role.CUSTOMER, sent_at=NOW, text="late", attached_because=Evidence.OPENED)
    ticket = late_parcel(asked)
    state = GroupState(group=OTHER, instance="cs", tickets={ticket.id: ticket})
    speaking = replace(book(), groups=GroupsFile(version=1, groups=(GroupConfig(jid=OTHER, mode=GroupMode.TICKETS),)))
    resolve = SetState(**BASE, group=OTHER, ticket_id=ticket.id, state=TicketState.RESOLVED)
    [reaction] = step(state, resolve, speaking, NOW).outbound
    assert (reaction.kind, reaction.target_id, read_reaction(reaction.emoji)) == ("reaction", "M1", None)
    again = resolve.but(id="c2")
    assert step(state, again, speaking, NOW).outbound[0].id == reaction.id, "the sender acts on each id once"
    assert not step(state, resolve, book(), NOW).outbound, "a group that is only observed hears nothing"
    sheet = resolve.but(actor=Actor(kind=ActorKind.SHEET))
    assert not step(state, sheet, speaking, NOW).outbound
