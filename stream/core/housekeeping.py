"""What time alone does to finished tickets: resolved ones close after their window, closed ones leave the group's value."""

from __future__ import annotations

from datetime import timedelta

from stream.core.progress import set_state
from stream.core.states import wake
from stream.core.ticket import Ticket, TicketState
from stream.core.turn import Turn

# A closed ticket stays long enough for its last snapshot to be surely published (see the worker's outbox).
_CLOSED_KEPT = timedelta(hours=1)
_CHANGED_BY_TIME = (TicketState.ON_HOLD, TicketState.RESOLVED, TicketState.CLOSED)


def retire(turn: Turn) -> None:
    """Close what was resolved for the reopening window, wake what has slept long enough, let go of what closed an hour ago."""
    for ticket in [each for each in turn.tickets.values() if each.state in _CHANGED_BY_TIME]:
        if ticket.state is TicketState.CLOSED and ticket.closed_at and turn.now - ticket.closed_at > _CLOSED_KEPT:
            del turn.tickets[ticket.id]
        elif _has_settled(ticket, turn):
            set_state(turn, ticket, TicketState.CLOSED, because="nobody came back to it in the reopening window")
        elif ticket.snoozed_until is not None and wake(ticket, turn.now) is not ticket:
            with turn.at(ticket.snoozed_until):
                set_state(turn, ticket, TicketState.WAITING_US, because="its snooze is over")


def _has_settled(ticket: Ticket, turn: Turn) -> bool:
    if ticket.state is not TicketState.RESOLVED or ticket.resolved_at is None:
        return False
    return turn.now > (ticket.reopens_until or ticket.resolved_at + turn.facts().reopen_within)
