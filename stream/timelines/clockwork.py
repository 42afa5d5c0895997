"""A group under a clock of its own: feeds inputs to the ticket step and lets timers go off as they come due.

It stands in for everything around the step (bridge, timer, sender) as it is when nothing fails: what is due is asked for at
once, what is to be sent is sent and reported. The clock only moves when it is told to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from stream.core.book import Book
from stream.core.commands import Actor, ActorKind, AnyCommand, FollowUpDue, ReportDelivery
from stream.core.group import GroupState
from stream.core.group_facts import facts_of
from stream.core.ids import derived_id
from stream.core.inputs import AnyInput, Echo
from stream.core.outcome import Outbound, Outcome
from stream.core.step import step
from stream.core.ticket import FollowUp, Ticket, TicketState
from stream.core.ticket_life import next_wake
from stream.core.value import Value

_TIMER = Actor(kind=ActorKind.TIMER)
_SENDER = Actor(kind=ActorKind.SENDER)
_MOST_TIMERS = 10_000  # between two moments; more can only be a window that never moves on


class Happening(Value):
    """Something that Groupdesk did by itself. `numbers` tells of each ticket the how-manieth reminder of its turn it was."""

    at: datetime
    what: Literal["reminder", "escalation", "close"]
    numbers: dict[str, int]
    text: str = ""


class Clockwork:
    """One group. `outcomes` are all that the step returned, `happenings` what was said or closed without a person."""

    def __init__(self, book: Book, group: str, instance: str = "timeline", *, does_deliver: bool = True) -> None:
        self.book = book
        self.state = GroupState(group=group, instance=instance)
        self.outcomes: list[Outcome] = []
        self.happenings: list[Happening] = []
        self._does_deliver = does_deliver
        self._asked: set[tuple[str, int, datetime]] = set()

    def feed(self, event: AnyInput | AnyCommand, now: datetime) -> Outcome:
        """Apply one input at `now`, deliver what it says, and return its outcome."""
        before = self.state.tickets
        outcome = step(self.state, event, self.book, now)
        self.state = outcome.state
        self.outcomes.append(outcome)
        self._note_closed(before, outcome, now)
        for message in outcome.outbound:
            if message.kind == "text" and message.purpose in ("follow_up", "escalation"):
                self._deliver(message, now)
        return outcome

    def run_until(self, until: datetime) -> None:
        """Let everything happen that comes due up to and including `until`."""
        for _ in range(_MOST_TIMERS):
            due = self._find_due(until)
            if due is None:
                return
            self._asked.add((due.ticket_id, due.step, due.due_at))
            self.feed(due, due.at)
        raise AssertionError("a window comes due again and again without moving on")

    def restart(self) -> None:
        """Forget everything but what a table keeps."""
        self.state = GroupState.from_json(self.state.to_json())

    def _find_due(self, until: datetime) -> FollowUpDue | None:
        facts = facts_of(self.book.group(self.state.group), self.state)
        found: list[tuple[datetime, str, FollowUpDue]] = []
        for ticket in self.state.tickets.values():
            wake = next_wake(ticket, facts.reopen_within)
            if wake is None or wake.at > until or (ticket.id, wake.step, wake.at) in self._asked:
                continue
            due = FollowUpDue(
                id=derived_id("due", ticket.id, wake.step, wake.at.timestamp()),
                group=self.state.group,
                at=wake.at,
                actor=_TIMER,
                ticket_id=ticket.id,
                step=wake.step,
                due_at=wake.at,
            )
            found.append((wake.at, ticket.id, due))
        return min(found, key=lambda each: each[:2])[2] if found else None

    def _deliver(self, message: Outbound, now: datetime) -> None:
        marks = {ticket_id: self._mark_of(ticket_id, message.id) for ticket_id in message.ticket_ids}
        what: Literal["reminder", "escalation"] = "reminder" if message.purpose == "follow_up" else "escalation"
        numbers = {ticket_id: self._number(ticket_id, mark, what) for ticket_id, mark in marks.items() if mark}
        self.happenings.append(Happening(at=now, what=what, numbers=numbers, text=message.text))
        if not self._does_deliver:
            return
        sent_id = f"sent-{message.id}"
        report = ReportDelivery(
            id=derived_id("sent", message.id),
            group=self.state.group,
            at=now,
            actor=_SENDER,
            outbound_id=message.id,
            status="sent",
            message_id=sent_id,
        )
        self.feed(report, now)
        if message.group == self.state.group:
            echo = Echo(
                instance=message.instance, chat=message.group, received_at=now, id=sent_id, sent_at=now, text=message.text
            )
            self.feed(echo, now)

    def _note_closed(self, before: dict[str, Ticket], outcome: Outcome, now: datetime) -> None:
        for ticket in outcome.tickets:
            was_open = ticket.id in before and before[ticket.id].state is not TicketState.CLOSED
            if was_open and ticket.state is TicketState.CLOSED and any(f.purpose == "close" for f in ticket.follow_ups):
                self.happenings.append(Happening(at=now, what="close", numbers={ticket.id: 1}))

    def _mark_of(self, ticket_id: str, outbound_id: str) -> FollowUp | None:
        ticket = self.state.tickets.get(ticket_id)
        return next((f for f in ticket.follow_ups if f.outbound_id == outbound_id), None) if ticket else None

    def _number(self, ticket_id: str, mark: FollowUp, what: str) -> int:
        """Return the place of the mark's step among those of its kind and party."""
        facts = facts_of(self.book.group(self.state.group), self.state)
        steps = self.book.follow_ups.policy_of(self.state.tickets[ticket_id], facts).steps
        if not 0 <= mark.step < len(steps):
            return 0
        party = steps[mark.step].waiting_for
        alike = [s for s in steps[: mark.step + 1] if s.waiting_for == party and (s.say is not None) is (what == "reminder")]
        return sum(1 for s in alike if not s.close)
