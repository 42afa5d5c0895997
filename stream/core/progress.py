"""What a further message does to its ticket."""

from __future__ import annotations

from datetime import datetime

from stream.core.detection import Detection, Label, UpdateStatus
from stream.core.events import EventKind
from stream.core.group import Recent
from stream.core.opening import to_entry
from stream.core.people import Role
from stream.core.ticket import Evidence, Ticket, TicketState
from stream.core.turn import Turn

# A ticket keeps its first messages and its latest; `message_count` tells how many there were.
_FIRST_KEPT = 20
_LATEST_KEPT = 180


def add_message(turn: Turn, ticket: Ticket, recent: Recent, detection: Detection, because: Evidence) -> Ticket:
    """Put the message on the ticket, in the order of writing, and let it change the ticket's state."""
    if any(entry.message_id == recent.id for entry in ticket.messages):
        return ticket
    entries = sorted([*ticket.messages, to_entry(recent, because)], key=lambda entry: entry.sent_at)
    if len(entries) > _FIRST_KEPT + _LATEST_KEPT:
        entries = entries[:_FIRST_KEPT] + entries[-_LATEST_KEPT:]
    is_latest = all(at is None or recent.sent_at >= at for at in (ticket.last_customer_at, ticket.last_staff_at))
    from_customer = recent.role is Role.CUSTOMER
    ticket = ticket.but(
        messages=tuple(entries),
        message_count=ticket.message_count + 1,
        last_customer_at=_later(ticket.last_customer_at, recent) if from_customer else ticket.last_customer_at,
        last_staff_at=ticket.last_staff_at if from_customer else _later(ticket.last_staff_at, recent),
    )
    turn.record(EventKind.ATTACHED, ticket.id, message_id=recent.id, because=because)
    if not is_latest:
        return turn.save(ticket)
    return change_state(turn, ticket, _next_state(ticket, recent, detection), because=detection.decided_by or recent.role)


def change_state(turn: Turn, ticket: Ticket, state: TicketState, *, because: str) -> Ticket:
    """Move the ticket to a state, with its times and its event."""
    if state is ticket.state:
        return turn.save(ticket)
    turn.record(EventKind.STATE_CHANGED, ticket.id, before=ticket.state, after=state, because=because)
    return turn.save(
        ticket.but(
            state=state,
            resolved_at=turn.now
            if state is TicketState.RESOLVED
            else (ticket.resolved_at if state is TicketState.CLOSED else None),
            closed_at=turn.now if state is TicketState.CLOSED else None,
            reopened=ticket.reopened + (1 if not ticket.state.is_open and state.is_open else 0),
            window=ticket.window if state.is_open else None,
        )
    )


def _next_state(ticket: Ticket, recent: Recent, detection: Detection) -> TicketState:
    if ticket.state is TicketState.CLOSED or detection.label is Label.NOISE:
        return ticket.state
    if detection.status is UpdateStatus.RESOLVED:
        return TicketState.RESOLVED
    if recent.role is Role.CUSTOMER:
        return ticket.state if ticket.state is TicketState.NEW else TicketState.WAITING_US
    if ticket.state is TicketState.RESOLVED:
        return ticket.state
    return TicketState.WAITING_US if detection.status is UpdateStatus.IN_PROGRESS else TicketState.WAITING_CUSTOMER


def _later(known: datetime | None, recent: Recent) -> datetime:
    return recent.sent_at if known is None else max(known, recent.sent_at)
