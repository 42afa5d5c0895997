"""What people put right, as labelled examples: folded from events, tickets and judgements, found again by message.

A person says that a ticket is none, that a message is one, which category is right, or what a message of the review queue is.
The text stands in the ticket's snapshot, or in the question of the review queue; where it is deleted there, it goes here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from stream.core.commands import ActorKind, Judge
from stream.core.detection import Label
from stream.core.events import EventKind, TicketEvent
from stream.core.group import Recent
from stream.core.outcome import Undecided
from stream.core.ticket import Ticket
from stream.core.value import Value

_PEOPLE = (ActorKind.CHAT, ActorKind.DASHBOARD, ActorKind.SHEET, ActorKind.CLI)
_QUESTIONS_KEPT = 20_000  # more than any review queue holds, and no more than some 40 MB


class Correction(Value):
    """One thing that a person put right. `id` is that of their command; `was` is who had decided before.

    `author` wrote the message: whoever asks to be forgotten is found by it, long after the topics have let go of the message.
    """

    id: str
    group: str
    message_id: str
    ticket_id: str | None = None
    label: Label
    category: str | None = None
    text: str
    author: str | None = None
    was: str = ""
    at: datetime


class _Opener(Value):
    """The message that a ticket began with."""

    ticket_id: str
    group: str
    message_id: str
    text: str | None
    author: str
    category: str
    decided_by: str


class _Asked(Value):
    """What a person said, whose text may not have come yet."""

    event: TicketEvent
    label: Label


class Corrections:
    """The fold. Everything may come twice and in any order between topics; the result is the same."""

    def __init__(self, kept: Iterable[Correction] = ()) -> None:
        self._found: dict[str, Correction] = {correction.id: correction for correction in kept}
        self._openers: dict[str, _Opener] = {}
        self._questions: dict[tuple[str, str], Recent] = {}
        self._waiting: dict[str, list[_Asked]] = {}
        self._judges: dict[tuple[str, str], list[Judge]] = {}
        self._undone: set[str] = set()
        self._redacted: set[tuple[str, str]] = set()

    @property
    def all(self) -> tuple[Correction, ...]:
        """Every correction, in the order in which they were made."""
        kept = [one for one in self._found.values() if (one.group, one.message_id) not in self._redacted]
        return tuple(sorted(kept, key=lambda one: (one.at, one.id)))

    def feed_ticket(self, ticket_id: str, ticket: Ticket | None) -> None:
        """Take a snapshot; None is an erased ticket, whose examples go with it."""
        if ticket is None:
            self._openers.pop(ticket_id, None)
            self._drop(lambda one: one.ticket_id == ticket_id)
            return
        if not ticket.messages:
            return
        first = ticket.messages[0]
        opener = _Opener(
            ticket_id=ticket.id,
            group=ticket.group,
            message_id=first.message_id,
            text=first.text,
            author=first.author,
            category=ticket.category,
            decided_by=ticket.detected_by.decided_by,
        )
        self._openers[ticket.id] = opener
        if first.text is None:
            self._drop(lambda one: one.group == ticket.group and one.message_id == first.message_id)
        for asked in self._waiting.pop(ticket.id, ()):
            self._keep(asked, opener)

    def feed_event(self, event: TicketEvent) -> None:
        """Take an event; those that correct nothing change nothing. What was redacted is no example, and becomes none again."""
        if event.kind is EventKind.REDACTED and event.message_id:
            self._redacted.add((event.group, event.message_id))
        if event.kind is EventKind.UNDONE and event.before:
            self._undone.add(event.before)
            self._found.pop(event.before, None)
        label = _label(event)
        if label is None or event.ticket_id is None or event.command_id is None:
            return
        if event.actor is None or event.actor.kind not in _PEOPLE:
            return
        asked = _Asked(event=event, label=label)
        opener = self._openers.get(event.ticket_id)
        if opener is None:
            self._waiting.setdefault(event.ticket_id, []).append(asked)
        else:
            self._keep(asked, opener)

    def feed_question(self, asked: Undecided) -> None:
        """Take a message that was left undecided: a person may judge it, while it is one of the latest."""
        key = (asked.group, asked.message.id)
        self._questions[key] = asked.message
        if len(self._questions) > _QUESTIONS_KEPT:
            del self._questions[next(iter(self._questions))]
        for judge in self._judges.pop(key, ()):
            self.feed_judge(judge)

    def feed_judge(self, judge: Judge) -> None:
        """Take a judgement; only those of people are examples."""
        if judge.actor.kind not in _PEOPLE or judge.detection.label is Label.UNDECIDED:
            return
        key = (judge.group, judge.message_id)
        asked = self._questions.get(key)
        if asked is None:
            self._judges.setdefault(key, []).append(judge)
        elif asked.text.strip() and judge.id not in self._undone:
            self._found[judge.id] = Correction(
                id=judge.id,
                group=judge.group,
                message_id=judge.message_id,
                ticket_id=judge.ticket_id,
                label=judge.detection.label,
                category=judge.detection.category,
                text=asked.text,
                author=asked.author,
                was="undecided",
                at=judge.at,
            )

    def _keep(self, asked: _Asked, opener: _Opener) -> None:
        event = asked.event
        if event.command_id is None or event.command_id in self._undone or not (opener.text or "").strip():
            return
        self._found[event.command_id] = Correction(
            id=event.command_id,
            group=event.group,
            message_id=opener.message_id,
            ticket_id=opener.ticket_id,
            label=asked.label,
            category=_category(event, opener) if asked.label is Label.TICKET else None,
            text=opener.text or "",
            author=opener.author,
            was=opener.decided_by,
            at=event.at,
        )

    def _drop(self, is_gone: Callable[[Correction], bool]) -> None:
        self._found = {key: one for key, one in self._found.items() if not is_gone(one)}


def latest(corrections: Iterable[Correction]) -> list[Correction]:
    """Return one example a message: what was said of it last."""
    by_message = {(one.group, one.message_id): one for one in sorted(corrections, key=lambda one: (one.at, one.id))}
    return list(by_message.values())


def _label(event: TicketEvent) -> Label | None:
    if event.kind is EventKind.CATEGORY_CHANGED:
        return Label.TICKET
    if event.kind is EventKind.CORRECTED and event.after in (Label.TICKET, Label.NOISE):
        return Label(event.after)
    return None


def _category(event: TicketEvent, opener: _Opener) -> str | None:
    named = event.after if event.kind is EventKind.CATEGORY_CHANGED else opener.category
    return None if named == "general" else named
