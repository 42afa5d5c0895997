"""A message that comes out of order: the talk is told again from there, so that tickets are as if all had come in time.

What is told again are the messages after the late one, as far as the group remembers them: where each belongs, and what it
did to its ticket. A ticket on which more than talk has worked (a person, a timer, the model) cannot be told again from its
messages; where one is involved, everything is left as it is and the late message is taken as the newest.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core.attach import attach
from stream.core.chat_commands import read_text
from stream.core.deciding import decide, detect_recent
from stream.core.detection import Detection, Label, Stage, UpdateStatus
from stream.core.events import EventKind
from stream.core.group import Recent
from stream.core.people import Role
from stream.core.states import enter
from stream.core.ticket import Clocks, Entry, Evidence, Ticket, TicketState
from stream.core.ticket_life import keep_time, take_in
from stream.core.turn import Turn

# What a ticket is by its messages alone; who works on it, its words and its follow-ups are never told again.
_BY_TALK = ("state", "waiting_since", "last_customer_at", "last_staff_at", "resolved_at", "promised_until", "reopened")
_NOT_BY_TALK = frozenset({Evidence.COMMAND, Evidence.REACTION, Evidence.MODEL, Evidence.PERSON})
_FARTHEST = timedelta(hours=2)  # the transport's own delays end after 20 minutes; gaps are filled within the hour


class _CannotTell(Exception):
    """Something other than talk is in the way."""


def retell(turn: Turn, late: Recent) -> bool:
    """Take in a message and tell again what was said after it; False, and nothing done, where it is newest or that cannot be."""
    if not turn.state.recent or turn.state.recent[-1].sent_at <= late.sent_at:  # they stand in the order of their times
        return False
    after = [recent for recent in turn.state.recent if recent.sent_at > late.sent_at]
    if after[-1].sent_at - late.sent_at > _FARTHEST or len(after) == len(turn.state.recent) > _WHOLE_MEMORY:
        return False
    go_back = turn.note()
    retelling = _Retelling(turn, after)
    try:
        retelling.forget_after()
        for recent in (late, *after):
            retelling.tell(recent)
        retelling.close(late)
    except _CannotTell:
        go_back()
        return False
    return True


_WHOLE_MEMORY = 50  # so many messages and none before the late one: what came before it is forgotten


class _Retelling:
    """One telling; it changes its turn."""

    def __init__(self, turn: Turn, after: list[Recent]) -> None:
        self.turn = turn
        self.after = {recent.id: recent for recent in after}
        self.before = dict(turn.tickets)
        self.entries = {entry.message_id: entry for ticket in turn.tickets.values() for entry in ticket.messages}
        self.touched = {recent.ticket_id for recent in after if recent.ticket_id in turn.tickets} - {None}
        self.set_since: dict[str, tuple[TicketState, datetime]] = {}  # by a command, after all that was said
        self._kept = (turn.state, list(turn.events), list(turn.undecided))

    def forget_after(self) -> None:
        """Take the later messages off their tickets, and those tickets back to where they were before."""
        turn = self.turn
        for key in self.touched:
            ticket = self.before[key or ""]
            told = self._rehear(ticket, ticket.messages)
            if not _is_by_talk(told, ticket):
                self._note_command(told, ticket)
            left = tuple(entry for entry in ticket.messages if entry.message_id not in self.after)
            if left:
                turn.tickets[ticket.id] = self._rehear(ticket, left)
            else:
                del turn.tickets[ticket.id]
        turn.state = turn.state.but(recent=tuple(recent for recent in turn.state.recent if recent.id not in self.after))

    def _note_command(self, told: Ticket, ticket: Ticket) -> None:
        """Note that somebody has set the state since the last message; whatever else it was cannot be told again."""
        set_at = ticket.waiting_since
        is_last = set_at is not None and all(entry.sent_at <= set_at for entry in ticket.messages)
        if set_at is None or not is_last or not _is_by_talk(enter(told, ticket.state, set_at), ticket):
            raise _CannotTell
        self.set_since[ticket.id] = (ticket.state, set_at)

    def tell(self, recent: Recent) -> None:
        """Let one message find its place, as it did or would have done when it was new."""
        turn, entry, was = self.turn, self.entries.get(recent.id), dict(self.turn.tickets)
        # Who was placed by more than talk, or by words that are deleted, stays there; commands and echoes are on no ticket.
        is_ours = recent.author == "self" or (recent.role is not Role.CUSTOMER and read_text(recent.text) is not None)
        is_deleted = recent.edited_at is not None and not recent.text
        if entry is not None and (is_deleted or entry.attached_because in _NOT_BY_TALK):
            self._put_back(recent, entry)
            return
        if is_ours or is_deleted:
            turn.keep_recent(recent)
            return
        detection = self._verdict_of(recent)
        fresh = recent.but(ticket_id=None, label=detection.label)
        decide(turn, fresh, detection, attach(fresh, turn.state.but(tickets=turn.tickets), detection, recent.sent_at))
        for key, ticket in turn.tickets.items():
            if ticket is not was.get(key):
                told = self._as_it_was_known(ticket) if key not in was else ticket
                turn.tickets[key] = keep_time(was.get(key), told, turn.book.follow_ups, turn.facts(), recent.sent_at)

    def _put_back(self, recent: Recent, entry: Entry) -> None:
        turn = self.turn
        opened = self.before.get(recent.ticket_id or "")
        if entry.attached_because is Evidence.OPENED and opened is not None:
            ticket = _at_its_beginning(opened, entry)
            turn.tickets[ticket.id] = keep_time(None, ticket, turn.book.follow_ups, turn.facts(), entry.sent_at)
        elif recent.ticket_id in turn.tickets:
            turn.tickets[recent.ticket_id or ""] = self._hear(turn.tickets[recent.ticket_id or ""], entry)
        else:
            raise _CannotTell
        turn.keep_recent(recent)

    def close(self, late: Recent) -> None:
        """Put together what has changed by all this, and what is to be told of it."""
        turn = self.turn
        places = {recent.id: recent.ticket_id for recent in turn.state.recent}
        for key, (state, since) in self.set_since.items():
            ticket = turn.tickets.get(key)
            if ticket is None or any(entry.sent_at > since for entry in ticket.messages):
                raise _CannotTell
            turn.tickets[key] = keep_time(ticket, enter(ticket, state, since), turn.book.follow_ups, turn.facts(), since)
        for key in sorted(self.before.keys() - turn.tickets.keys()):
            turn.tickets[key] = self._end(self.before[key], places)
        for key, ticket in turn.tickets.items():
            old = self.before.get(key)
            if ticket is old:
                continue
            if old is not None and old.state is TicketState.CLOSED:
                raise _CannotTell  # closed is final
            in_time = ticket.but(window=old.window if old is not None else None)
            turn.save(keep_time(ticket, in_time, turn.book.follow_ups, turn.facts(), turn.now))
            turn.retold.add(key)
        self._tell_of_changes(late, places)

    def _end(self, ticket: Ticket, places: dict[str, str | None]) -> Ticket:
        """Return a ticket whose first message belongs to another one after all: people may have seen it, so it points there."""
        home = places.get(ticket.messages[0].message_id)
        if home is None or ticket.assignee or ticket.note or ticket.follow_ups:
            raise _CannotTell
        return enter(ticket, TicketState.CLOSED, self.turn.now).but(merged_into=home, window=None, messages=(), message_count=0)

    def _tell_of_changes(self, late: Recent, places: dict[str, str | None]) -> None:
        turn, (state, events, undecided) = self.turn, self._kept
        moved = {key for key, recent in self.after.items() if places.get(key) != recent.ticket_id} | {late.id}
        told = [event for event in turn.events[len(events) :] if event.message_id in moved]
        turn.events = list(events)
        for event in told:
            if event.kind in (EventKind.OPENED, EventKind.ATTACHED):
                turn.record(event.kind, event.ticket_id, message_id=event.message_id, after=event.after, because=event.because)
        for key, ticket in turn.tickets.items():
            old = self.before.get(key)
            if old is not None and old.state is not ticket.state:
                turn.record(
                    EventKind.MERGED if ticket.merged_into else EventKind.STATE_CHANGED,
                    key,
                    before=old.state,
                    after=ticket.merged_into or ticket.state,
                    because="a message came late",
                )
        turn.undecided = [*undecided, *(one for one in turn.undecided[len(undecided) :] if one.message.id in moved)]
        is_more = len(turn.tickets.keys() - self.before.keys())
        is_less = sum(
            ticket.merged_into is not None and ticket is not self.before.get(key) for key, ticket in turn.tickets.items()
        )
        opened = state.ledger.tickets_opened + is_more - is_less
        turn.state = turn.state.but(ledger=turn.state.ledger.but(tickets_opened=opened))

    def _as_it_was_known(self, opened: Ticket) -> Ticket:
        """Return a ticket that is opened again by the same message, with what people and time have added to it meanwhile."""
        known = self.before.get(opened.id)
        if known is None:
            return opened
        if known.state is TicketState.CLOSED:
            raise _CannotTell
        return _at_its_beginning(known, opened.messages[0])

    def _rehear(self, ticket: Ticket, entries: tuple[Entry, ...]) -> Ticket:
        if not entries or entries[0].attached_because is not Evidence.OPENED or ticket.message_count != len(ticket.messages):
            raise _CannotTell
        turn, first = self.turn, entries[0]
        told = keep_time(None, _at_its_beginning(ticket, first), turn.book.follow_ups, turn.facts(), first.sent_at)
        for entry in entries[1:]:
            told = self._hear(told, entry)
        return told

    def _hear(self, ticket: Ticket, entry: Entry) -> Ticket:
        turn = self.turn
        longer = ticket.but(messages=(*ticket.messages, entry), message_count=ticket.message_count + 1)
        recent = turn.find_recent(entry.message_id) or self.after.get(entry.message_id) or _as_recent(entry)
        if entry.role is Role.SELF and entry.attached_because is Evidence.COMMAND:
            said = next((one for one in turn.state.said if one.message_id == entry.message_id), None)
            if said is None or said.purpose != "reply":
                return longer
            verdict = Detection(label=Label.UPDATE, stage=Stage.PERSON, status=UpdateStatus.WAITING)
        else:
            verdict = self._verdict_of(recent)
        heard = take_in(longer, recent, verdict, turn.book.follow_ups, turn.facts())
        return keep_time(ticket, heard, turn.book.follow_ups, turn.facts(), entry.sent_at)

    def _verdict_of(self, recent: Recent) -> Detection:
        """Return what the rules say of a message, or what somebody else has said of it since they left it open."""
        found = detect_recent(self.turn, recent)
        if found.label is not Label.UNDECIDED or recent.label is Label.UNDECIDED:
            return found
        opened = next((ticket for ticket in self.before.values() if _opener(ticket) == recent.id), None)
        return opened.detected_by if opened is not None else found.but(label=recent.label, stage=Stage.MODEL)


def _at_its_beginning(ticket: Ticket, first: Entry) -> Ticket:
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
        clocks=Clocks(),
        window=None,
        message_count=1,
        messages=(first,),
    )


def _is_by_talk(told: Ticket, ticket: Ticket) -> bool:
    return all(getattr(told, name) == getattr(ticket, name) for name in _BY_TALK)


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
