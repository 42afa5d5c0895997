"""What staff can do from their phones, through the step as it runs."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.chat_commands import Wish, read_reaction, read_text, snooze_until
from stream.core.commands import Actor, ActorKind, AnyCommand, Reply, ReportDelivery
from stream.core.detection import Priority
from stream.core.events import EventKind
from stream.core.group import GroupState
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.inputs import AnyInput, Echo, Message, Reaction
from stream.core.outcome import Outcome
from stream.core.people import Sender
from stream.core.step import step
from stream.core.team import Member, Team
from stream.core.ticket import Ticket, TicketState
from stream.errors import CommandRefused

GROUP = "120363041234567890@g.us"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLIENT = Sender(lid="180011112222333@lid", name="Rosa")
OTHER = Sender(lid="180044445555666@lid", name="Ivo")
STAFF = Sender(phone="6281200000011@s.whatsapp.net", name="Dewi")
COMPLAINT = "my order 4417 has not arrived, where is it?"


@pytest.fixture(scope="module")
def book() -> Book:
    shipped = load_book(Path(__file__).parents[2] / "rules")
    return replace(
        shipped,
        groups=GroupsFile(version=1, groups=(GroupConfig(jid=GROUP, mode=GroupMode.TICKETS),)),
        team=Team(version=1, team=(Member(name="Dewi", phones=("+62 812 0000 0011",)),)),
    )


class Group:
    """A group in which things happen, a minute apart."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.state = GroupState(group=GROUP)
        self.now = START
        self.ids = itertools.count(1)
        self.last: Outcome | None = None

    def _step(self, event: AnyInput | AnyCommand) -> Outcome:
        self.last = step(self.state, event, self.book, self.now)
        self.state = self.last.state
        return self.last

    def _base(self, minutes: float) -> dict[str, Any]:
        self.now += timedelta(minutes=minutes)
        return {"instance": "cs", "chat": GROUP, "received_at": self.now}

    def says(self, who: Sender, text: str, minutes: float = 1, quote: str | None = None, message_id: str = "") -> Outcome:
        base = self._base(minutes)
        message_id = message_id or f"M{next(self.ids)}"
        return self._step(Message(**base, id=message_id, sender=who, sent_at=self.now, text=text, quoted_id=quote))

    def reacts(self, who: Sender, emoji: str, target: str, minutes: float = 0.2) -> Outcome:
        base = self._base(minutes)
        return self._step(Reaction(**base, id=f"R{next(self.ids)}", sender=who, sent_at=self.now, target_id=target, emoji=emoji))

    def echoes(self, message_id: str, text: str) -> Outcome:
        return self._step(Echo(**self._base(0.1), id=message_id, sent_at=self.now, text=text))

    def command(self, command: AnyCommand) -> Outcome:
        return self._step(command)

    @property
    def ticket(self) -> Ticket:
        (ticket,) = self.state.tickets.values()
        return ticket


@pytest.fixture
def group(book: Book) -> Group:
    group = Group(book)
    group.says(CLIENT, COMPLAINT, message_id="ASK")
    assert group.ticket.state is TicketState.NEW
    return group


@pytest.mark.parametrize(
    ("emoji", "field", "value"),
    [
        ("👀", "assignee", "Dewi"),
        ("⏳", "state", TicketState.WAITING_US),
        ("✅", "state", TicketState.RESOLVED),
        ("🚨", "priority", Priority.URGENT),
        ("😴", "state", TicketState.ON_HOLD),
        ("❌", "state", TicketState.CLOSED),
    ],
)
def test_a_reaction_of_staff_is_a_command_and_taking_it_back_undoes_it(
    group: Group, emoji: str, field: str, value: object
) -> None:
    before = group.ticket
    group.reacts(STAFF, emoji, "ASK")
    assert getattr(group.ticket, field) == value
    group.reacts(STAFF, "", "ASK")
    assert getattr(group.ticket, field) == getattr(before, field)


def test_a_reaction_taken_back_after_a_minute_changes_nothing(group: Group) -> None:
    group.reacts(STAFF, "✅", "ASK")
    group.reacts(STAFF, "", "ASK", minutes=1.5)
    assert group.ticket.state is TicketState.RESOLVED


@pytest.mark.parametrize("emoji", ["👍", "❤️", "😂", "🙏"])
def test_friendly_reactions_mean_nothing(group: Group, emoji: str) -> None:
    before = group.ticket
    group.reacts(STAFF, emoji, "ASK")
    assert group.ticket == before


def test_a_reaction_of_a_customer_is_no_command(group: Group) -> None:
    before = group.ticket
    group.reacts(OTHER, "✅", "ASK")
    group.says(CLIENT, "#resolve")
    assert group.ticket.state is before.state


def test_a_ticket_reaction_makes_a_ticket_of_small_talk(group: Group) -> None:
    group.says(OTHER, "the blue ones again", message_id="BLUE")
    group.reacts(STAFF, "🎫", "BLUE")
    assert [t.messages[0].message_id for t in group.state.tickets.values()] == ["ASK", "BLUE"]


def test_words_work_like_reactions_and_get_a_receipt(group: Group) -> None:
    said = group.says(STAFF, "#resolve", quote="ASK")
    assert group.ticket.state is TicketState.RESOLVED
    (receipt,) = said.outbound
    assert (receipt.kind, receipt.emoji) == ("reaction", "👌")
    assert said.events[-1].actor == Actor(kind=ActorKind.CHAT, name="Dewi")


def test_a_command_that_does_not_say_which_ticket_is_refused_with_a_question_mark(group: Group) -> None:
    group.says(OTHER, "I cannot log in since this morning, error 500")
    assert len(group.state.tickets) == 2
    said = group.says(STAFF, "#claim")
    assert said.events[-1].kind is EventKind.REFUSED
    assert said.outbound[0].emoji == "❓"


def test_merge_from_the_chat_moves_everything_and_can_be_undone(group: Group) -> None:
    group.says(OTHER, "I cannot log in since this morning, error 500", message_id="LOGIN")
    first, second = group.state.tickets.values()
    group.says(STAFF, f"#merge {first.id[2:6].lower()}", quote="LOGIN")
    assert group.state.tickets[second.id].merged_into == first.id
    assert [entry.message_id for entry in group.state.tickets[first.id].messages] == ["ASK", "LOGIN"]


def test_why_is_answered_in_the_teams_own_group_only(book: Book, group: Group) -> None:
    assert group.says(STAFF, "#why", quote="ASK").events[-1].kind is EventKind.REFUSED
    sending = book.follow_ups.sending.but(ops_group="120363049999999999@g.us")
    group.book = replace(group.book, follow_ups=book.follow_ups.but(sending=sending))
    answer = group.says(STAFF, "#why", quote="ASK").outbound[0]
    assert answer.group == "120363049999999999@g.us"
    assert group.ticket.detected_by.decided_by in answer.text


def test_status_tells_what_comes_next_and_in_how_long(book: Book, group: Group) -> None:
    sending = book.follow_ups.sending.but(ops_group="120363049999999999@g.us")
    group.book = replace(group.book, follow_ups=book.follow_ups.but(sending=sending))
    text = group.says(STAFF, "#status").outbound[0].text
    assert re.search(r"\(\d+ (min|h) left: waiting for us; say still_on_it\)", text), text
    group.says(STAFF, "#snooze 3h")
    assert "on hold" in (asked := group.says(STAFF, "#status").outbound[0].text)
    assert "(wakes in " in asked


def test_an_old_command_is_not_obeyed(group: Group) -> None:
    base = group._base(60)
    group._step(Message(**base, id="OLD", sender=STAFF, sent_at=group.now - timedelta(hours=1), text="#resolve", quoted_id="ASK"))
    assert group.ticket.state is TicketState.NEW


def test_a_confirmed_reply_counts_as_an_answer_once_it_has_come_back(group: Group) -> None:
    reply = Reply(
        id="c1",
        group=GROUP,
        at=group.now,
        actor=Actor(kind=ActorKind.DASHBOARD, name="Ana"),
        ticket_id=group.ticket.id,
        text="On it",
    )
    (said,) = group.command(reply).outbound
    assert said.quoted_id == "ASK"
    assert group.ticket.state is TicketState.NEW
    sender = Actor(kind=ActorKind.SENDER)
    group.command(
        ReportDelivery(id="d1", group=GROUP, at=group.now, actor=sender, outbound_id=said.id, status="sent", message_id="OURS")
    )
    group.echoes("OURS", "On it")
    assert group.ticket.state is TicketState.WAITING_CUSTOMER
    assert group.ticket.messages[-1].text == "On it"
    assert group.ticket.clocks.first_response is None or group.ticket.clocks.first_response.met_at is not None


def test_a_thousand_echoes_make_no_ticket_and_no_answer(group: Group) -> None:
    sent = 0
    for number in range(1000):
        outcome = group.echoes(f"ECHO{number}", COMPLAINT)
        sent += len(outcome.outbound) + len(outcome.undecided)
    assert sent == 0
    assert len(group.state.tickets) == 1


def test_nothing_is_said_in_a_group_that_is_only_observed(book: Book) -> None:
    quiet = Group(replace(book, groups=GroupsFile(version=1)))
    quiet.says(CLIENT, COMPLAINT, message_id="ASK")
    assert quiet.says(STAFF, "#claim", quote="ASK").outbound == ()
    assert quiet.ticket.assignee == "Dewi"


def test_reading_of_commands() -> None:
    assert read_reaction("❤️") is None
    assert read_reaction("✅") is Wish.RESOLVE
    assert read_text("please see #resolve in the manual") is None
    asked = read_text(" #Snooze 2h")
    assert asked is not None
    assert snooze_until(asked.rest, START) == START + timedelta(hours=2)
    assert snooze_until("9999w", START) == START + timedelta(days=90)


@pytest.mark.parametrize(
    ("rest", "length"),
    [
        ("", timedelta(hours=16)),
        ("T-K7M3-9QXZ", timedelta(hours=16)),
        ("T-K7M3-9QXZ 2h", timedelta(hours=2)),
        ("3 days k7m3", timedelta(days=3)),
        ("2 horas", timedelta(hours=2)),
        ("3 hari ya", timedelta(days=3)),
        ("K7M3 4HAB", timedelta(hours=16)),
    ],
)
def test_a_snooze_is_as_long_as_it_says_wherever_the_ticket_is_named(rest: str, length: timedelta) -> None:
    assert snooze_until(rest, START) == START + length


@pytest.mark.parametrize("rest", ["friday", "until 10", "tomorrow"])
def test_a_snooze_of_no_known_length_is_refused(rest: str) -> None:
    with pytest.raises(CommandRefused):
        snooze_until(rest, START)
