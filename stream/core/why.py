"""Why a ticket is a ticket, and how it stands, in words: for `#why`, `#status` and whoever else asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from stream.core.detection import Stage
from stream.core.ticket import Ticket

_SHOWN = 10


def explain_ticket(ticket: Ticket) -> str:
    """Return two or three lines on who decided, by what version, and why each kind of message is on the ticket."""
    found = ticket.detected_by
    by = {
        Stage.RULES: f"rule {found.decided_by} (rules {found.version[:8]})",
        Stage.MODEL: f"the model {found.decided_by} ({found.version}), {found.confidence:.0%} sure",
        Stage.LOCAL: f"the local classifier, {found.confidence:.0%} sure",
        Stage.PERSON: f"{found.decided_by}, by hand",
    }[found.stage]
    reasons: dict[str, int] = {}
    for entry in ticket.messages:
        reasons[entry.attached_because] = reasons.get(entry.attached_because, 0) + 1
    messages = ", ".join(f"{number} by {because.replace('_', ' ')}" for because, number in reasons.items())
    return f"{ticket.id}: decided by {by}.\nMessages: {messages}.\nState {ticket.state}, category {ticket.category}."


def describe_status(tickets: Sequence[Ticket], now: datetime) -> str:
    """Return a line for each ticket: id, state, who has it, how old it is, what comes next and in how long."""
    if not tickets:
        return "No open tickets."
    lines = [
        f"{ticket.id} {ticket.state.replace('_', ' ')}, {ticket.assignee or 'nobody has it'}, "
        f"{_age(now - ticket.opened_at)}: {ticket.title[:60]}{_next(ticket, now)}"
        for ticket in tickets[:_SHOWN]
    ]
    if len(tickets) > _SHOWN:
        lines.append(f"and {len(tickets) - _SHOWN} more")
    return "\n".join(lines)


def _next(ticket: Ticket, now: datetime) -> str:
    """Return what happens next if nobody acts, and in how long."""
    if ticket.window is not None:
        return f" ({_age(ticket.window.due_at - now)} left: {ticket.window.because})"
    return f" (wakes in {_age(ticket.snoozed_until - now)})" if ticket.snoozed_until is not None else ""


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
