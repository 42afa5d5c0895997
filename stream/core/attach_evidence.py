"""What ties a message to a ticket beyond doubt, and which tickets still take messages."""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core.group import GroupState
from stream.core.ticket import Ticket, TicketState
from stream.core.value import Value

_RESOLVED, _CLOSED = TicketState.RESOLVED, TicketState.CLOSED
_QUOTE_CHAIN = 10  # quotes of quotes that are followed


class Windows(Value):
    """How long things hold together. Burst: published defaults are 2 to 5 minutes; each message extends it, up to the cap."""

    burst: timedelta = timedelta(minutes=3)
    burst_cap: timedelta = timedelta(minutes=15)
    reopen: timedelta = timedelta(hours=48)


DEFAULT_WINDOWS = Windows()


def takes_messages(ticket: Ticket, now: datetime, windows: Windows) -> bool:
    """Whether the ticket is open, or resolved so lately that a message may reopen it."""
    if ticket.state is _RESOLVED:
        reopens_until = ticket.reopens_until or (ticket.resolved_at or now) + windows.reopen
        return now <= reopens_until
    return ticket.state is not _CLOSED


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


def awaits_team(ticket: Ticket) -> bool:
    """Whether the ticket waits for the team to say something."""
    return ticket.state in (TicketState.NEW, TicketState.WAITING_US)
