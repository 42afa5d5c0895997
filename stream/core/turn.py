"""One step in the making: collects what changes in a group, and closes it into an Outcome.

A Turn lives for one call of `step` and is seen by nobody else, so its being mutable changes nothing of the core's purity.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from stream.core.book import Book
from stream.core.commands import Actor, Command
from stream.core.detection import Detection
from stream.core.done import Done, note_done
from stream.core.events import EventKind, TicketEvent
from stream.core.group import GroupState, Recent
from stream.core.group_facts import GroupFacts
from stream.core.outcome import OpenTicket, Outbound, Outcome, Undecided
from stream.core.ticket import Ticket
from stream.core.ticket_life import keep_time

_RECENT_KEPT = 60  # enough for quotes and bursts of an hour of busy chat
# In a busier one: what a message may come before that is twenty minutes late, and as much again as belongs to it.
_BUSY_KEPT, _BUSY_FOR, _BUSY_MOST = 30, timedelta(minutes=25), 160
_CONTEXT = 8  # messages that a classifier is shown besides the one it judges
_OPEN_SHOWN = 20


class Turn:
    """The state of a group while one input is applied to it. `cause` is the input's id: event ids are made from it."""

    def __init__(self, state: GroupState, book: Book, now: datetime, cause: str) -> None:
        self.book = book
        self.now = now
        self.cause = cause
        self.config = book.group(state.group)
        self.before = state
        self.state = state
        self.tickets = dict(state.tickets)
        self.events: list[TicketEvent] = []
        self.undecided: list[Undecided] = []
        self.outbound: list[Outbound] = []
        self.retold: set[str] = set()  # tickets whose clocks and windows were told again with their messages
        self.new_id = ""  # of the message that has come, until it is among the recent ones
        self.doing: Done | None = None  # what is done in this turn besides talking, to be noted when it is closed
        self.is_again = False  # whether something is done again around a message that came late
        self._changed: dict[str, None] = {}

    def note(self) -> Callable[[], None]:
        """Return what takes this turn back to where it is now."""
        kept = {name: value.copy() if isinstance(value, dict | list | set) else value for name, value in vars(self).items()}
        return lambda: vars(self).update(kept)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let things happen when they were done, which is before they have come to be known."""
        now, self.now = self.now, min(moment, self.now)
        try:
            yield
        finally:
            self.now = now

    @property
    def state_now(self) -> GroupState:
        """The state with the tickets as they are at this moment of the turn."""
        return self.state.but(tickets=dict(self.tickets))

    def count(self, **changes: int) -> None:
        """Add to the ledger's numbers."""
        ledger = self.state.ledger
        self.state = self.state.but(ledger=ledger.but(**{name: getattr(ledger, name) + more for name, more in changes.items()}))

    def count_ignored(self, reason: str) -> None:
        ledger = self.state.ledger
        ignored = {**ledger.ignored, reason: ledger.ignored.get(reason, 0) + 1}
        self.state = self.state.but(ledger=ledger.but(ignored=ignored))

    def save(self, ticket: Ticket) -> Ticket:
        """Put a ticket, new or changed, into the state; its version is raised once a turn, at the end."""
        self.tickets[ticket.id] = ticket
        self._changed[ticket.id] = None
        return ticket

    def record(
        self,
        kind: EventKind,
        ticket_id: str | None,
        *,
        actor: Actor | None = None,
        message_id: str | None = None,
        command_id: str | None = None,
        before: str | None = None,
        after: str | None = None,
        because: str = "",
    ) -> None:
        """Add an event to the audit trail."""
        self.events.append(
            TicketEvent(
                id=f"{self.cause}:{len(self.events)}",
                kind=kind,
                group=self.state.group,
                ticket_id=ticket_id,
                at=self.now,
                actor=actor,
                message_id=message_id,
                command_id=command_id,
                before=before,
                after=after,
                because=because,
            )
        )

    def record_asked(self, command: Command, kind: EventKind, ticket_id: str | None, **more: str | None) -> None:
        """Add an event to the audit trail with who asked for it."""
        because = more.pop("because", None) or ""
        self.record(kind, ticket_id, actor=command.actor, command_id=command.id, because=because, **more)

    def name_of(self, person_key: str) -> str | None:
        """Return the name that team.yaml gives to somebody, whatever they call themselves on WhatsApp."""
        person = self.state.people.get(person_key)
        addresses = (person.lid, person.phone) if person else (person_key,)
        member = self.book.member(address for address in addresses if address)
        return member.name if member else None

    def facts(self) -> GroupFacts:
        """Return what clocks and follow-ups need to know of this group."""
        return GroupFacts(
            mode=self.config.mode,
            policy=self.config.policy,
            tags=self.config.tags,
            language=self.config.language,
            last_spoken_at=self.state.last_message_at,
            said_at=self.state.said_at,
        )

    def find_recent(self, message_id: str) -> Recent | None:
        return next((recent for recent in reversed(self.state.recent) if recent.id == message_id), None)

    def keep_recent(self, recent: Recent) -> None:
        """Add a message to those remembered, or replace it, in the order in which they were written."""
        others = list(self.state.recent)
        if recent.id != self.new_id:  # looking for one that is there, mostly among the last
            known = next((place for place in range(len(others) - 1, -1, -1) if others[place].id == recent.id), None)
            if known is not None:
                del others[known]
        self.new_id = ""
        place = len(others)
        while place and others[place - 1].sent_at > recent.sent_at:  # those of one second stand as they were told
            place -= 1
        others.insert(place, recent)
        self.state = self.state.but(recent=tuple(others[_first_kept(others) :]))

    def note_done(self, done: Done, before: Mapping[str, Ticket], changed: Iterable[Ticket]) -> None:
        """Keep what was done, with how the tickets stand that it changed."""
        self.state = self.state.but(done=note_done(self.state.done, done, before, changed, self.tickets))

    def ask(self, recent: Recent, detection: Detection) -> None:
        """Leave a message to the classifier, with the context it needs."""
        earlier = [other for other in self.state.recent if other.sent_at <= recent.sent_at and other.id != recent.id]
        still_open = sorted((t for t in self.tickets.values() if t.state.is_open), key=lambda t: t.opened_at, reverse=True)
        self.undecided.append(
            Undecided(
                group=self.state.group,
                instance=self.state.instance,
                message=recent,
                detection=detection,
                asked_at=self.now,
                open_tickets=tuple(
                    OpenTicket(id=t.id, title=t.title, state=t.state, opened_by=t.opened_by, opened_at=t.opened_at)
                    for t in still_open[:_OPEN_SHOWN]
                ),
                context=tuple(earlier[-_CONTEXT:]),
            )
        )

    def finish(self, dead: str | None = None) -> Outcome:
        """Close the turn: clocks, windows, versions and times of what changed are set here, once."""
        changed = [
            ticket
            for ticket_id in self._changed
            if (ticket := self._settle(self.before.tickets.get(ticket_id), self.tickets[ticket_id])) is not None
        ]
        self.tickets.update({ticket.id: ticket for ticket in changed})
        if self.doing is not None:
            self.note_done(self.doing, self.before.tickets, changed)
        return Outcome(
            state=self.state.but(tickets=self.tickets),
            tickets=tuple(changed),
            events=tuple(self.events),
            undecided=tuple(self.undecided),
            outbound=tuple(self.outbound),
            dead=dead,
        )

    def _settle(self, old: Ticket | None, ticket: Ticket) -> Ticket | None:
        """Return the ticket with what follows from its change, or None when it did not change after all."""
        if ticket == old:
            return None
        if ticket.id not in self.retold:
            ticket = keep_time(old, ticket, self.book.follow_ups, self.facts(), self.now)
        return ticket.but(version=old.version + 1 if old else 1, updated_at=self.now)


def _first_kept(messages: list[Recent]) -> int:
    """Return the place of the first message that is still remembered."""
    if len(messages) <= _RECENT_KEPT:
        return 0
    first = len(messages) - _RECENT_KEPT
    since = messages[-1].sent_at - _BUSY_FOR
    if messages[first + _BUSY_KEPT].sent_at < since:
        return first
    least = max(0, len(messages) - _BUSY_MOST)
    return max(least, min(first, bisect_left(messages, since, key=lambda message: message.sent_at) - _BUSY_KEPT))
