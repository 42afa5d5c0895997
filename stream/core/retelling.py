"""What comes out of order: the talk is told again from there, so that tickets are as if all had come in time.

Told again is what came after the late message or reaction, as far as the group remembers it: where each message belongs and
what it did to its ticket, and what the team did in between. What is out in the world (a follow-up that was sent) or cannot be
done twice (tickets that a person has merged) stands in the way: then everything is left as it is, and what came late is taken
as the newest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from stream.core import on_chat, on_command
from stream.core.attach import attach
from stream.core.commands import COMMAND
from stream.core.deciding import decide
from stream.core.done import Done
from stream.core.events import EventKind, TicketEvent
from stream.core.group import Recent
from stream.core.rehearing import CannotTell, Rehearing, at_its_beginning
from stream.core.states import enter
from stream.core.ticket import Entry, Evidence, Ticket, TicketState
from stream.core.turn import Turn

_NOT_BY_TALK = frozenset({Evidence.COMMAND, Evidence.REACTION, Evidence.MODEL, Evidence.PERSON})
_FARTHEST = timedelta(hours=2)  # the transport's own delays end after 20 minutes; gaps are filled within the hour
_SECOND = timedelta(seconds=1)
_AT_A_DESK = ("command", "wall")
_APART = timedelta(seconds=1)  # where people write faster than this, messages of one second are taken as they come
_WHOLE_MEMORY = 50  # so many messages and none before the late one: what came before it is forgotten

Item = Recent | Done


class Place(Enum):
    """Where something stands among what the group remembers."""

    NEWEST = auto()  # nothing came after it
    TOLD_AGAIN = auto()  # what came after it was told again, and it has been taken in
    OUT_OF_ORDER = auto()  # it is late, and what came after it cannot be told again; nothing has been done


def retell(turn: Turn, late: Item) -> Place:
    """Take in a message, or a reaction of the team, and tell again what came after it, where there is anything and it can be."""
    at = _moment(late, turn.state.done)
    talk = _talk_after(turn.state.recent, late)
    done = [one for one in turn.state.done if one.can_be_done_again and _order(one) > _order(late) and not _is_before(one, at)]
    after: list[Item] = [*talk, *done]
    if not after:
        return Place.NEWEST
    if max(map(_at, after)) - at > _FARTHEST or len(talk) == len(turn.state.recent) > _WHOLE_MEMORY:
        return Place.OUT_OF_ORDER
    go_back = turn.note()
    turn.is_again = True
    try:
        retelling = _Retelling(turn, at, talk, done)
        retelling.forget_after()
        retelling.tell_late(late)
        for item in sorted(after, key=lambda one: _order(one)[:2]):  # those of one second as they stand
            retelling.tell(item)
        retelling.close()
    except CannotTell:
        go_back()
        return Place.OUT_OF_ORDER
    turn.is_again = False
    return Place.TOLD_AGAIN


def _at(item: Item) -> datetime:
    return item.at if isinstance(item, Done) else item.sent_at


def _moment(late: Item, done: tuple[Done, ...]) -> datetime:
    """Return when something late happened, given that it came after all that was done at a desk in its second.

    Messages tell whole seconds: one that came after its ticket was closed must not be lost on it for a fraction of one.
    """
    at = _at(late)
    if isinstance(late, Done):
        return at
    return max([at, *(one.at for one in done if one.form in _AT_A_DESK and at <= one.at < at + _SECOND)])


def _is_before(done: Done, at: datetime) -> bool:
    return done.form in _AT_A_DESK and done.at <= at


def _order(item: Item) -> tuple[datetime, bool, str]:
    """Return what items are told by. Times are whole seconds: of one second, who reacts does so to what is there.

    Of two people who write in one second neither has read the other: any order will do, if only it is always the same.
    """
    return (item.at, True, "") if isinstance(item, Done) else (item.sent_at, False, item.author)


def _talk_after(recent: tuple[Recent, ...], late: Item) -> list[Recent]:
    """Return the messages after it, in order: mostly none, and found by looking at the last one."""
    at, place = _at(late), len(recent)
    while place and recent[place - 1].sent_at > at:
        place -= 1
    later = list(recent[place:])
    if place and recent[place - 1].sent_at == at and _order(recent[place - 1]) > _order(late):
        before = recent[place - 2].sent_at if place > 1 else None
        if before is None or at - before > _APART:
            return [recent[place - 1], *later]
    return later


class _Retelling:
    """One telling; it changes its turn."""

    def __init__(self, turn: Turn, at: datetime, talk: list[Recent], done: list[Done]) -> None:
        self.turn = turn
        self.at = at
        self.done = done
        self.after = {recent.id: recent for recent in talk}
        self.before = dict(turn.tickets)
        self.held: dict[str, list[tuple[str, Entry]]] = {}
        for ticket in turn.tickets.values():
            for entry in ticket.messages:
                if entry.message_id in self.after:
                    self.held.setdefault(entry.message_id, []).append((ticket.id, entry))
        stays = [one for one in turn.state.done if one.at <= at or one.form in ("wall", "verdict")]
        self.done_before = tuple(one for one in stays if one not in done)
        self.hearing = Rehearing(turn, {recent.id: recent for recent in turn.state.recent})
        self.opened_before = turn.state.ledger.tickets_opened
        self.events = list(turn.events)
        self.undecided = list(turn.undecided)
        self.outbound = list(turn.outbound)
        self.late_id = ""

    def forget_after(self) -> None:
        """Take the later messages off their tickets, and those tickets back to where they were before."""
        turn = self.turn
        walls = [one for one in turn.state.done if one.form == "wall" and one.at > self.at]
        touched = {place for held in self.held.values() for place, _ in held} | {key for one in self.done for key in one.left}
        touched |= {key for one in turn.state.done if one.form == "word" and one.at > self.at for key in one.left}
        if any(not touched.isdisjoint(wall.left) for wall in walls):
            raise CannotTell
        for key in touched & turn.tickets.keys():
            ticket = turn.tickets[key]
            self.hearing.check(ticket)
            was = self.hearing.as_it_was(ticket, self.at, self.after, self.done_before)
            if was is None:
                del turn.tickets[key]
            else:
                turn.tickets[key] = was
        if any(recent.ticket_id is not None and recent.ticket_id not in self.before for recent in self.after.values()):
            raise CannotTell  # its ticket is finished and gone
        turn.state = turn.state.but(
            recent=tuple(recent for recent in turn.state.recent if recent.id not in self.after),
            done=self.done_before,
        )

    def tell_late(self, late: Item) -> None:
        """Take in what came late; what is said and asked because of it stands."""
        self.late_id = late.id
        self.tell(late)
        self.events += [event for event in self.turn.events[len(self.events) :] if isinstance(late, Done) or event.command_id]
        self.outbound = list(self.turn.outbound)

    def tell(self, item: Item) -> None:
        """Let one message find its place, as it did or would have done when it was new, or do again what was done."""
        turn, at, was = self.turn, _at(item), dict(self.turn.tickets)
        for key, ticket in was.items():
            turn.tickets[key] = self.hearing.wake(ticket, at)
        was = dict(turn.tickets)
        if isinstance(item, Done):
            self._do(item)
        else:
            self._hear(item)
        changed = []
        for key, ticket in turn.tickets.items():
            if ticket is not was.get(key):
                told = self._as_it_was_known(ticket) if key not in was else ticket
                turn.tickets[key] = self.hearing.keep_time(was.get(key), told, at)
                changed.append(turn.tickets[key])
        if turn.doing is not None:
            turn.note_done(turn.doing, was, changed)
            turn.doing = None

    def _do(self, done: Done) -> None:
        turn, events = self.turn, len(self.turn.events)
        if not done.emoji and done.left and not self._is_undone_again(done):
            raise CannotTell  # what it took back was done before the late message
        with turn.at(done.at):
            if done.form == "reaction":
                on_chat.obey_reaction(turn, done)
            else:
                on_command.apply(turn, COMMAND.validate_python(done.command))
        was_done = turn.doing is not None and not any(event.kind is EventKind.REFUSED for event in turn.events[events:])
        if not was_done and any(
            key not in turn.tickets or turn.tickets[key].state is not standing.state for key, standing in done.left.items()
        ):
            raise CannotTell  # what somebody has done must not be lost
        turn.doing = turn.doing or done.but(left={})

    def _is_undone_again(self, done: Done) -> bool:
        mine = on_chat.reaction_id(done.author, done.target_id, "")
        return done.form != "reaction" or any(kept.command_id.startswith(mine) for kept in self.turn.state.undoable)

    def _hear(self, recent: Recent) -> None:
        turn, held = self.turn, self.held.get(recent.id, [])
        # Who was placed by more than talk, or by words that are deleted, stays there; echoes find their tickets by what was sent.
        is_deleted = recent.edited_at is not None and not recent.text
        if held and (is_deleted or any(entry.attached_because in _NOT_BY_TALK for _, entry in held)):
            for key, entry in held:
                self._put_back(recent, key, entry)
            return
        if recent.author == "self" or is_deleted:
            turn.keep_recent(recent)
            return
        if on_chat.is_word(recent):
            with turn.at(recent.sent_at):
                on_chat.obey_text(turn, recent, late=False)
            return
        detection = self.hearing.verdict_of(recent)
        fresh = recent.but(ticket_id=None, label=detection.label)
        decide(turn, fresh, detection, attach(fresh, turn.state.but(tickets=turn.tickets), detection, recent.sent_at))

    def _put_back(self, recent: Recent, key: str, entry: Entry) -> None:
        turn, opened = self.turn, self.before[key]
        if entry.attached_because is Evidence.OPENED:
            ticket = at_its_beginning(opened, entry)
            turn.tickets[key] = self.hearing.keep_time(None, ticket, entry.sent_at)
        elif key in turn.tickets:
            turn.tickets[key] = self.hearing.hear(turn.tickets[key], entry)
        else:
            raise CannotTell
        turn.keep_recent(recent)

    def close(self) -> None:
        """Put together what has changed by all this, and what is to be told of it."""
        turn = self.turn
        places = {recent.id: recent.ticket_id for recent in turn.state.recent}
        for key in sorted(self.before.keys() - turn.tickets.keys()):
            turn.tickets[key] = self._end(self.before[key], places)
        for key, ticket in list(turn.tickets.items()):
            old = self.before.get(key)
            if ticket is old:
                continue
            in_time = self.hearing.wake(ticket, turn.now)
            if old is not None and old.state is TicketState.CLOSED and in_time.state is not TicketState.CLOSED and old.messages:
                raise CannotTell  # closed is final; what is empty was closed by an earlier retelling
            in_time = in_time.but(window=old.window if old is not None else None)
            turn.save(self.hearing.keep_time(in_time, in_time, turn.now))
            turn.retold.add(key)
        self._tell_of_changes(places)

    def _end(self, ticket: Ticket, places: dict[str, str | None]) -> Ticket:
        """Return a ticket whose first message belongs to another one after all: people may have seen it, so it points there."""
        if not ticket.messages:
            return ticket
        home = places.get(ticket.messages[0].message_id)
        if home is None or ticket.assignee or ticket.note or ticket.follow_ups:
            raise CannotTell
        return enter(ticket, TicketState.CLOSED, self.turn.now).but(merged_into=home, window=None, messages=(), message_count=0)

    def _tell_of_changes(self, places: dict[str, str | None]) -> None:
        turn = self.turn
        moved = {key for key, recent in self.after.items() if places.get(key) != recent.ticket_id} | {self.late_id}
        told = [event for event in turn.events if event.message_id in moved and event not in self.events]
        turn.events, turn.outbound = [], self.outbound
        for event in (*self.events, *told):
            if event in self.events or event.kind in (EventKind.OPENED, EventKind.ATTACHED):
                self._record_again(event)
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
        turn.undecided = [*self.undecided, *(one for one in turn.undecided[len(self.undecided) :] if one.message.id in moved)]
        is_more = len(turn.tickets.keys() - self.before.keys())
        is_less = sum(
            ticket.merged_into is not None and ticket is not self.before.get(key) for key, ticket in turn.tickets.items()
        )
        opened = self.opened_before + is_more - is_less
        turn.state = turn.state.but(ledger=turn.state.ledger.but(tickets_opened=opened))

    def _record_again(self, event: TicketEvent) -> None:
        self.turn.events.append(event.but(id=f"{self.turn.cause}:{len(self.turn.events)}"))

    def _as_it_was_known(self, opened: Ticket) -> Ticket:
        """Return a ticket that is opened again by the same message, with what people and time have added to it meanwhile."""
        known = self.before.get(opened.id)
        return opened if known is None else at_its_beginning(known, opened.messages[0])
