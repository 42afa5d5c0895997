"""Single pieces of evidence that tie a message to a ticket; each answers with the ticket, or with nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from stream.core.group import GroupState, Recent
from stream.core.people import Role
from stream.core.ticket import Ticket, TicketState
from stream.core.value import Value

_LOOK_BACK = 60  # messages; what lies further back is reached by a quote or an id only
_QUOTE_CHAIN = 10  # quotes of quotes that are followed


class Windows(Value):
    """How long things hold together. Burst: published defaults are 2 to 5 minutes; each message extends it, up to the cap."""

    burst: timedelta = timedelta(minutes=3)
    burst_cap: timedelta = timedelta(minutes=15)
    reopen: timedelta = timedelta(hours=48)


DEFAULT_WINDOWS = Windows()


def takes_messages(ticket: Ticket, now: datetime, windows: Windows) -> bool:
    """Whether the ticket is open, or resolved so lately that a message may reopen it."""
    if ticket.state is TicketState.RESOLVED:
        return ticket.resolved_at is None or now - ticket.resolved_at <= windows.reopen
    return ticket.state.is_open


def surviving(ticket_id: str, state: GroupState) -> str:
    """Return the ticket that this one was merged into, if it was, and is still here."""
    seen = {ticket_id}
    while (into := state.tickets[ticket_id].merged_into) is not None and into in state.tickets and into not in seen:
        seen.add(into)
        ticket_id = into
    return ticket_id


def ticket_of_message(message_id: str, state: GroupState) -> str | None:
    """Return the ticket of a message, or of the first one in its chain of quotes that has one."""
    recent = {message.id: message for message in state.recent}
    for _ in range(_QUOTE_CHAIN):
        message = recent.get(message_id)
        found = message.ticket_id if message is not None else None
        if found is None or found not in state.tickets:
            found = _ticket_holding(message_id, state)
        if found is not None:
            return surviving(found, state)
        if message is None or message.quoted_id is None:
            return None
        message_id = message.quoted_id
    return None


def _ticket_holding(message_id: str, state: GroupState) -> str | None:
    """Look through the tickets themselves: for messages that are no longer recent, and for our own follow-ups."""
    for ticket in state.tickets.values():
        if any(entry.message_id == message_id for entry in reversed(ticket.messages)):
            return ticket.id
        if any(follow_up.message_id == message_id for follow_up in ticket.follow_ups):
            return ticket.id
    return None


def ticket_of_burst(message: Recent, state: GroupState, now: datetime, windows: Windows) -> Ticket | None:
    """Return the ticket of the author's run of messages that this one extends."""
    found, until = None, message.sent_at
    for before in _latest_first(state):
        if before.author != message.author:
            continue
        if until - before.sent_at > windows.burst or message.sent_at - before.sent_at > windows.burst_cap:
            break
        found = found or _living(before.ticket_id, state, now, windows)
        until = before.sent_at
    return found


def ticket_of_mentioned(message: Recent, state: GroupState, now: datetime, windows: Windows) -> Ticket | None:
    """Return the ticket that a mentioned person wrote on last."""
    others = set(message.mentions) - {message.author}
    return _latest_of(others, state, now, windows) if others else None


def ticket_of_partner(message: Recent, state: GroupState, now: datetime, windows: Windows) -> Ticket | None:
    """Return the ticket on which the author is talking with somebody, or, for staff, the one that waits for an answer."""
    if message.role is Role.STAFF:
        waiting = [t for t in state.tickets.values() if t.state in (TicketState.NEW, TicketState.WAITING_US)]
        if len(waiting) == 1:
            return waiting[0]
    for before in _latest_first(state):
        if before.author == message.author or message.author in before.mentions:
            return _living(before.ticket_id, state, now, windows)
    return None


def _latest_of(authors: set[str], state: GroupState, now: datetime, windows: Windows) -> Ticket | None:
    for before in _latest_first(state):
        if before.author in authors and (found := _living(before.ticket_id, state, now, windows)) is not None:
            return found
    own = [t for t in state.tickets.values() if t.opened_by in authors and takes_messages(t, now, windows)]
    return max(own, key=lambda ticket: ticket.updated_at, default=None)


def _living(ticket_id: str | None, state: GroupState, now: datetime, windows: Windows) -> Ticket | None:
    ticket = state.tickets.get(ticket_id) if ticket_id is not None else None
    return ticket if ticket is not None and takes_messages(ticket, now, windows) else None


def _latest_first(state: GroupState) -> Iterator[Recent]:
    return islice(reversed(state.recent), _LOOK_BACK)
