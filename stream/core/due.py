"""The due list: what would be said in the next hours, and why not the rest.

It is found by letting the same function that sends (`follow_up`) act on copies of the tickets, as if nobody spoke meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heapify, heappop, heappush

from stream.core.book import Book
from stream.core.followup_policy import FollowUps
from stream.core.followups import Followed, follow_up
from stream.core.group import GroupState
from stream.core.group_facts import GroupFacts, facts_of
from stream.core.ticket import FollowUp, FollowUpStatus, Ticket, TicketState
from stream.core.value import Value

_MOST_TURNS = 200  # of one ticket within the hours looked at; more can only be a window that never moves on


class Expected(StrEnum):
    """What will become of a ticket's follow-up if nobody speaks."""

    SAID = "said"  # to the customer
    ESCALATED = "escalated"  # told to the team's own group
    CLOSED = "closed"
    NOT_SENT = "not_sent"  # its time comes, and it is let go
    NOTHING = "nothing"  # nothing is due within the hours looked at


class DueItem(Value):
    """One line of the due list. `at` is when it happens, after all pauses; `due_at` when it first comes due."""

    group: str
    group_name: str | None = None
    ticket_id: str
    title: str = ""
    state: TicketState
    expected: Expected
    at: datetime | None = None
    due_at: datetime | None = None
    step: int | None = None
    because: str = ""
    text: str = ""
    together_with: tuple[str, ...] = ()


def due_list(states: Iterable[GroupState], book: Book, now: datetime, hours: float = 24) -> list[DueItem]:
    """Return what would happen to every open ticket from `now` on, in order of time; what never happens comes last."""
    until = now + timedelta(hours=hours)
    items: list[DueItem] = []
    for state in states:
        if any(ticket.state.is_open for ticket in state.tickets.values()):
            items += _look_ahead(state, book.follow_ups, facts_of(book.group(state.group), state), now, until)
    return sorted(items, key=lambda item: (item.at is None, item.at or now, item.group, item.ticket_id, item.step or 0))


def states_of(tickets: Iterable[Ticket]) -> list[GroupState]:
    """Return the groups of these tickets as far as their snapshots tell: who spoke last on a ticket, and what was sent."""
    by_group: dict[str, dict[str, Ticket]] = {}
    for ticket in tickets:
        by_group.setdefault(ticket.group, {})[ticket.id] = ticket
    states = []
    for group, found in by_group.items():
        spoken = [at for ticket in found.values() for at in (ticket.last_customer_at, ticket.last_staff_at) if at]
        said = {
            mark.outbound_id: mark.changed_at
            for ticket in found.values()
            for mark in ticket.follow_ups
            if mark.outbound_id and mark.purpose == "follow_up" and mark.status is not FollowUpStatus.CANCELLED
        }
        states.append(
            GroupState(
                group=group,
                tickets=found,
                last_message_at=max(spoken, default=None),
                said_at=tuple(sorted(said.values())),
            )
        )
    return states


def _look_ahead(state: GroupState, rules: FollowUps, facts: GroupFacts, now: datetime, until: datetime) -> list[DueItem]:
    tickets = {key: ticket for key, ticket in state.tickets.items() if ticket.state.is_open}
    items: list[DueItem] = []
    upcoming = [(ticket.window.due_at, key) for key, ticket in tickets.items() if ticket.window is not None]
    heapify(upcoming)
    for _ in range(_MOST_TURNS * max(len(tickets), 1)):
        if not upcoming or upcoming[0][0] > until:
            break
        due_at, ticket_id = heappop(upcoming)
        window = tickets[ticket_id].window
        if window is None or window.due_at != due_at:
            continue  # it went with another one
        moment = max(due_at, now)
        followed = follow_up(tickets, ticket_id, rules, facts, moment)
        items += _items_of(tickets, followed, moment)
        for ticket in followed.tickets:
            tickets[ticket.id] = _as_sent(ticket)
            if ticket.window is not None:
                heappush(upcoming, (ticket.window.due_at, ticket.id))
        if followed.has_spoken:
            facts = facts.but(said_at=(*facts.said_at, moment))
    told = {item.ticket_id for item in items}
    return items + [_nothing(ticket, until) for ticket in tickets.values() if ticket.id not in told]


def _items_of(tickets: dict[str, Ticket], followed: Followed, moment: datetime) -> list[DueItem]:
    """Return a line for each follow-up that was acted on; a window that only moved has none."""
    texts = {message.id: message for message in followed.outbound}
    items = []
    for ticket in followed.tickets:
        before = tickets[ticket.id]
        for mark in ticket.follow_ups:
            if any(mark is known for known in before.follow_ups):
                continue
            message = texts.get(mark.outbound_id or "")
            items.append(
                _item(ticket, _expected(mark)).but(
                    at=moment,
                    due_at=mark.due_at,
                    step=mark.step,
                    because=followed.reasons.get(ticket.id, mark.because) if message is None else _kept_waiting(before, mark),
                    text=message.text if message else "",
                    together_with=tuple(other for other in (message.ticket_ids if message else ()) if other != ticket.id),
                )
            )
    return items


def _expected(mark: FollowUp) -> Expected:
    if mark.purpose == "close":
        return Expected.CLOSED
    if mark.status is FollowUpStatus.CANCELLED:
        return Expected.NOT_SENT
    return Expected.SAID if mark.purpose == "follow_up" else Expected.ESCALATED


def _kept_waiting(before: Ticket, mark: FollowUp) -> str:
    return before.window.because if before.window is not None and before.window.step == mark.step else mark.because


def _as_sent(ticket: Ticket) -> Ticket:
    marks = tuple(
        mark.but(status=FollowUpStatus.SENT) if mark.status is FollowUpStatus.PLANNED else mark for mark in ticket.follow_ups
    )
    return ticket.but(follow_ups=marks)


def _nothing(ticket: Ticket, until: datetime) -> DueItem:
    if ticket.window is not None and ticket.window.due_at > until:
        because = ticket.window.because
    elif ticket.state is TicketState.ON_HOLD:
        because = "put aside" if ticket.snoozed_until is None else f"put aside until {ticket.snoozed_until.isoformat()}"
    else:
        because = "its policy has no step left for this turn"
    return _item(ticket, Expected.NOTHING).but(due_at=ticket.window.due_at if ticket.window else None, because=because)


def _item(ticket: Ticket, expected: Expected) -> DueItem:
    return DueItem(
        group=ticket.group,
        group_name=ticket.group_name,
        ticket_id=ticket.id,
        title=ticket.title,
        state=ticket.state,
        expected=expected,
    )
