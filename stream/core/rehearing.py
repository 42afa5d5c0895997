"""A ticket as it was at an earlier moment: from what was last done to it, or from its beginning, its messages are heard again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from stream.core.deciding import detect_recent
from stream.core.detection import Detection, Label, Stage, UpdateStatus
from stream.core.done import Done, as_it_stood
from stream.core.group import Recent
from stream.core.people import Role
from stream.core.states import wake
from stream.core.ticket import Clocks, Entry, Evidence, Ticket, TicketState
from stream.core.ticket_life import keep_time, take_in
from stream.core.turn import Turn

# What a ticket is by its messages and what was done to it; its words and its follow-ups are never told again.
_STANDS_BY = ("state", "waiting_since", "last_customer_at", "last_staff_at", "resolved_at", "promised_until", "reopened")


class CannotTell(Exception):
    """Something is in the way that cannot be told again."""


class Rehearing:
    """Hears the messages of tickets again as they were before this turn. `known` are the recent messages by their ids."""

    def __init__(self, turn: Turn, known: Mapping[str, Recent]) -> None:
        self._turn = turn
        self._known = known
        self._before = dict(turn.tickets)
        self._done = turn.state.done
        self._verdicts: dict[str, Detection] = {}

    def check(self, ticket: Ticket) -> None:
        """Raise `CannotTell` unless the ticket stands as its messages and what was done to it explain."""
        told = self._rehear(ticket, ticket.messages, self._turn.now, self._turn.state.done)
        if any(getattr(told, name) != getattr(ticket, name) for name in _STANDS_BY):
            raise CannotTell

    def as_it_was(self, ticket: Ticket, at: datetime, gone: Mapping[str, Recent], done: Sequence[Done]) -> Ticket | None:
        """Return the ticket as it was at a moment, when `done` was done and `gone` not said; None when it was not there yet."""
        left = tuple(entry for entry in ticket.messages if entry.message_id not in gone)
        if any(entry.sent_at > at for entry in left):
            raise CannotTell  # a message of it that the group does not remember
        # What a person has made a ticket was none before, though its first message is older.
        if not left or (ticket.detected_by.stage is Stage.PERSON and _last_done(ticket, done, at) is None):
            return None
        return self._rehear(ticket, left, at, done)

    def hear(self, ticket: Ticket, entry: Entry) -> Ticket:
        """Return the ticket with one more of its messages."""
        turn = self._turn
        ticket = self.wake(ticket, entry.sent_at)
        longer = ticket.but(messages=(*ticket.messages, entry), message_count=ticket.message_count + 1)
        recent = self._known.get(entry.message_id) or _as_recent(entry)
        if entry.role is Role.SELF and entry.attached_because is Evidence.COMMAND:
            said = next((one for one in turn.state.said if one.message_id == entry.message_id), None)
            if said is None or said.purpose != "reply":
                return longer
            verdict = Detection(label=Label.UPDATE, stage=Stage.PERSON, status=UpdateStatus.WAITING)
        else:
            verdict = self.verdict_of(recent)
        heard = take_in(longer, recent, verdict, turn.book.follow_ups, turn.facts())
        return self.keep_time(ticket, heard, entry.sent_at)

    def wake(self, ticket: Ticket, at: datetime) -> Ticket:
        """Return a snoozed ticket as awake, where its time has come by then."""
        awake = wake(ticket, at)
        return ticket if awake is ticket else self.keep_time(ticket, awake, awake.waiting_since or at)

    def keep_time(self, before: Ticket | None, after: Ticket, at: datetime) -> Ticket:
        """Return the ticket with its clocks as they were at that moment."""
        return keep_time(before, after, self._turn.book.follow_ups, self._turn.facts(), at)

    def verdict_of(self, recent: Recent) -> Detection:
        """Return what the rules say of a message, or what somebody else has said of it since they left it open."""
        found = self._verdicts.get(recent.id)
        if found is None:
            found = self._verdicts[recent.id] = self._find_verdict(recent)
        return found

    def _find_verdict(self, recent: Recent) -> Detection:
        found = detect_recent(self._turn, recent)
        if found.label is not Label.UNDECIDED or recent.label is Label.UNDECIDED:
            return found
        opened = next((ticket for ticket in self._before.values() if _opener(ticket) == recent.id), None)
        if opened is not None:
            return opened.detected_by
        judged = (done for done in reversed(self._done) if done.form == "verdict" and done.target_id == recent.id)
        verdict = next(judged, None)
        return Detection.model_validate(verdict.command) if verdict else found.but(label=recent.label, stage=Stage.MODEL)

    def _rehear(self, ticket: Ticket, entries: tuple[Entry, ...], at: datetime, done: Sequence[Done]) -> Ticket:
        """Return the ticket at a moment, when these had come of its messages, which are its first ones."""
        base = _last_done(ticket, done, at)
        if base is not None:
            told = as_it_stood(ticket, base.left[ticket.id])
            heard = [entry for entry in entries if entry.sent_at <= base.at]
            forgotten = ticket.message_count - len(ticket.messages)
            told = told.but(messages=tuple(heard), message_count=len(heard) + forgotten)
        elif entries and _is_whole(ticket) and entries[0].attached_because is Evidence.OPENED:
            heard = [entries[0]]
            told = self.keep_time(None, at_its_beginning(ticket, entries[0]), entries[0].sent_at)
        else:
            raise CannotTell
        for entry in entries[len(heard) :]:
            told = self.hear(told, entry)
        return self.wake(told, at)


def at_its_beginning(ticket: Ticket, first: Entry) -> Ticket:
    """Return the ticket as it was when its first message opened it, with what people have added to it since."""
    return ticket.but(
        state=TicketState.NEW,
        waiting_since=None,
        last_customer_at=first.sent_at,
        last_staff_at=None,
        resolved_at=None,
        closed_at=None,
        snoozed_until=None,
        reopens_until=None,
        promised_until=None,
        reopened=0,
        merged_into=None,
        clocks=Clocks(),
        window=None,
        message_count=1,
        messages=(first,),
    )


def _last_done(ticket: Ticket, done: Sequence[Done], at: datetime) -> Done | None:
    """Return what was last done to the ticket up to a moment."""
    return next((one for one in reversed(done) if one.at <= at and ticket.id in one.left), None)


def _is_whole(ticket: Ticket) -> bool:
    return ticket.message_count == len(ticket.messages)


def _opener(ticket: Ticket) -> str | None:
    return ticket.messages[0].message_id if ticket.messages else None


def _as_recent(entry: Entry) -> Recent:
    return Recent(
        id=entry.message_id,
        author=entry.author,
        author_name=entry.author_name,
        role=entry.role,
        sent_at=entry.sent_at,
        form=entry.form,
        text=entry.text or "",
    )
