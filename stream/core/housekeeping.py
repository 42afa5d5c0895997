"""What time alone does to finished tickets: resolved ones close after their window, closed ones leave the group's value."""

from __future__ import annotations

from datetime import timedelta

from stream.core.events import EventKind
from stream.core.ticket import Ticket, TicketState
from stream.core.turn import Turn

# A closed ticket stays long enough for its last snapshot to be surely published (see the worker's outbox).
_CLOSED_KEPT = timedelta(hours=1)
_REOPENS_FOR = timedelta(hours=48)  # the window that helpdesks publish most often


def retire(turn: Turn) -> None:
    """Close what has been resolved for the group's reopening window, and let go of what was closed an hour ago."""
    for ticket in list(turn.tickets.values()):
        if ticket.state is TicketState.CLOSED and ticket.closed_at and turn.now - ticket.closed_at > _CLOSED_KEPT:
            del turn.tickets[ticket.id]
        elif _has_settled(ticket, turn):
            turn.save(ticket.but(state=TicketState.CLOSED, closed_at=turn.now, window=None))
            turn.record(
                EventKind.STATE_CHANGED,
                ticket.id,
                before=ticket.state,
                after=TicketState.CLOSED,
                because="nobody came back to it in the reopening window",
            )


def _has_settled(ticket: Ticket, turn: Turn) -> bool:
    if ticket.state is not TicketState.RESOLVED or ticket.resolved_at is None:
        return False
    return turn.now - ticket.resolved_at > _REOPENS_FOR
