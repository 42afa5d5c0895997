"""What the step leaves of a person who is erased."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.core.book import Book
from stream.core.commands import Actor, ActorKind, Erase, SetNote, SetPriority
from stream.core.detection import Detection, Label, Priority
from stream.core.erasing import ERASED_TITLE, Eraser, digits_of, mark_of
from stream.core.events import EventKind
from stream.core.group import GroupState
from stream.core.inputs import Message
from stream.core.outcome import Outcome, Undecided
from stream.core.people import Sender
from stream.core.step import step
from stream.erasure.person import meant
from stream.errors import SettingsError
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord, Outputs

GROUP = "120363041234567890@g.us"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROSA = Sender(lid="180011112222333@lid", phone="5521990001111@s.whatsapp.net", name="Rosa Quintal")
IVO = Sender(lid="180044445555666@lid", name="Ivo")
COMPLAINT = "my order 4417 has not arrived, where is it? call 55 21 99000-1111"


@pytest.fixture(scope="module")
def book() -> Book:
    return load_book(Path(__file__).parents[2] / "rules")


class Group:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.state = GroupState(group=GROUP)
        self.now = START
        self.ids = itertools.count(1)

    def _step(self, event: object) -> Outcome:
        outcome = step(self.state, event, self.book, self.now)  # type: ignore[arg-type] # inputs and commands alike
        self.state = outcome.state
        return outcome

    def says(self, sender: Sender, text: str, mentions: tuple[str, ...] = ()) -> Outcome:
        self.now += timedelta(minutes=1)
        return self._step(
            Message(
                instance="cs",
                chat=GROUP,
                received_at=self.now,
                id=f"M{next(self.ids)}",
                sender=sender,
                sent_at=self.now,
                text=text,
                mentions=mentions,
            )
        )

    def asks(self, command: type, **fields: object) -> Outcome:
        actor = Actor(kind=ActorKind.CLI)
        return self._step(command(id=f"c{next(self.ids)}", group=GROUP, at=self.now, actor=actor, **fields))

    def erases(self, *written: str) -> Outcome:
        eraser = meant(written)
        return self.asks(Erase, salt=eraser.salt, marks=tuple(eraser.marks), pseudonym=eraser.pseudonym)


@pytest.fixture
def group(book: Book) -> Group:
    group = Group(book)
    group.says(ROSA, COMPLAINT)
    group.says(IVO, "the site shows an error since yesterday, please help")
    group.says(IVO, "@180011112222333 do you see it too?", mentions=("180011112222333@lid",))
    (ticket, *_) = group.state.tickets.values()
    group.asks(SetNote, ticket_id=ticket.id, note="Rosa Quintal calls from +55 (21) 99000-1111")
    group.asks(SetPriority, ticket_id=ticket.id, priority=Priority.HIGH)
    return group


@pytest.mark.parametrize("written", ["+55 21 99000-1111", "5521990001111", "552190001111", "180011112222333@lid"])
def test_nothing_of_the_person_is_left_in_the_state(group: Group, written: str) -> None:
    before = group.state.to_json().decode()
    assert "Rosa" in before
    outcome = group.erases(written)

    left = group.state.to_json().decode() + "".join(ticket.to_json().decode() for ticket in outcome.tickets)
    for trace in ("Rosa", "180011112222333", "5521990001111", "99000-1111", "my order 4417"):
        assert trace not in left
    assert "the site shows an error" in left
    (erased, *_) = outcome.tickets
    assert erased.title == ERASED_TITLE
    assert erased.priority is Priority.HIGH
    assert erased.messages[0].text is None
    assert EventKind.REDACTED in {event.kind for event in outcome.events}


def test_others_keep_what_they_wrote(group: Group) -> None:
    others = [ticket for ticket in group.state.tickets.values() if ticket.opened_by == IVO.lid]
    assert others
    group.erases(ROSA.phone or "")

    kept = [entry for ticket in others for entry in group.state.tickets[ticket.id].messages if entry.author == IVO.lid]
    assert kept[0].text == "the site shows an error since yesterday, please help"


def test_erasing_somebody_who_is_not_there_changes_no_ticket(group: Group) -> None:
    outcome = group.erases("+49 151 0000000")

    assert (outcome.tickets, outcome.events) == ((), ())


def test_the_command_tells_nobody_who_is_meant(group: Group) -> None:
    eraser = meant([ROSA.phone or ""])
    command = Erase(
        id="c",
        group=GROUP,
        at=START,
        actor=Actor(kind=ActorKind.CLI),
        salt=eraser.salt,
        marks=tuple(eraser.marks),
        pseudonym=eraser.pseudonym,
    )
    assert "5521990001111" not in command.to_json().decode()
    assert meant([ROSA.phone or ""]).pseudonym != eraser.pseudonym
    assert group.state.tickets


def test_what_waits_to_be_published_is_erased_too(group: Group, book: Book) -> None:
    mine = group.state.recent[0]
    asked = Undecided(group=GROUP, instance="cs", message=mine, detection=Detection(label=Label.UNDECIDED), asked_at=START)
    record = GroupRecord(state=group.state, outbox={"inbound@7": Outputs(undecided=(asked,))})
    eraser = meant([ROSA.phone or ""])
    command = Erase(
        id="c",
        group=GROUP,
        at=group.now,
        actor=Actor(kind=ActorKind.CLI),
        salt=eraser.salt,
        marks=tuple(eraser.marks),
        pseudonym=eraser.pseudonym,
    )

    handled = handle(Arrival(Topic.COMMANDS, 0, 3, GROUP, command.to_json()), record, book, lambda _: False)

    assert handled.record is not None
    left = handled.record.to_json().decode()
    assert "inbound@7" in left
    for trace in ("Rosa", "180011112222333", "5521990001111", "my order 4417"):
        assert trace not in left


@pytest.mark.parametrize("written", ["Rosa", "12345", ""])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(SettingsError, match="no phone number"):
        meant([written])


@given(st.text(), st.sampled_from(["5521990001111", "@5521990001111", "+55 21 99000-1111", "5521990001111:12@s.whatsapp.net"]))
def test_an_address_is_found_in_any_text_that_does_not_run_into_it(text: str, address: str) -> None:
    eraser = Eraser("s", frozenset({mark_of("s", "5521990001111")}), "gone")
    text = "".join(c for c in text if not c.isdigit())

    assert digits_of(address) == "5521990001111"
    assert eraser.scrub(f"{text}\n{address}\n{text}") == f"{text}\ngone\n{text}"
    assert eraser.scrub(text) == text
