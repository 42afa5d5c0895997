"""Whose turn it is: what a message does to the state of its ticket, by who wrote it and what it says.

Staff who answer on the phone count like any others. Noise ("thanks!") moves nothing; from staff it still counts as an answer.
A message that was written before the ticket came into its state changes nothing of it: late messages do not turn back time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core.detection import Label, UpdateStatus
from stream.core.people import Role
from stream.core.ticket import Ticket, TicketState
from stream.core.value import Value

_NEW, _US, _CUSTOMER = TicketState.NEW, TicketState.WAITING_US, TicketState.WAITING_CUSTOMER
_HOLD, _RESOLVED, _CLOSED = TicketState.ON_HOLD, TicketState.RESOLVED, TicketState.CLOSED
_STILL_A_PROBLEM = (UpdateStatus.STILL_OPEN, UpdateStatus.CHASING)


class Spoken(Value):
    """A message of a ticket as far as its state is concerned. `promised_until` is when its author promised to be back."""

    role: Role
    at: datetime
    label: Label
    status: UpdateStatus | None = None
    promised_until: datetime | None = None

    @property
    def is_by_staff(self) -> bool:
        return self.role is not Role.CUSTOMER


class Manners(Value):
    """The team's choices that bear on states; `reopen_within` counts from when the ticket was resolved."""

    reopen_within: timedelta = timedelta(hours=48)
    customer_may_resolve: bool = True
    wake_on_reply: bool = True


def hear(ticket: Ticket, spoken: Spoken, manners: Manners) -> Ticket:
    """Return the ticket after a message of it: state, turn, who spoke last, and a promise if one was made.

    A ticket that is closed, or resolved for longer than its reopening window, is returned as it is.
    """
    if ticket.state is _CLOSED:
        return ticket
    is_in_order = spoken.at >= (ticket.waiting_since or ticket.opened_at).replace(microsecond=0)  # messages tell whole seconds
    heard = _remember_speaker(ticket, spoken)
    if not is_in_order:
        return heard
    others_at = ticket.last_customer_at if spoken.is_by_staff else ticket.last_staff_at
    if others_at is not None and others_at > spoken.at:  # it came late: the other side has spoken since
        return enter(heard, _US, others_at) if ticket.state is _NEW and spoken.is_by_staff else heard
    state = _next_state(ticket, spoken, manners)
    if state is not ticket.state:
        return enter(heard, state, spoken.at).but(promised_until=spoken.promised_until)
    if spoken.promised_until is not None:
        return heard.but(waiting_since=spoken.at, promised_until=spoken.promised_until)
    if state is _US and spoken.is_by_staff and spoken.label is not Label.NOISE:
        return heard.but(waiting_since=spoken.at, promised_until=None)  # "we are on it": the turn stays ours and begins again
    return heard


def enter(ticket: Ticket, state: TicketState, at: datetime) -> Ticket:
    """Return the ticket in a state since `at`, whoever brought it there; nothing else changes."""
    if state is ticket.state:
        return ticket
    return ticket.but(
        state=state,
        waiting_since=at,
        resolved_at=at if state is _RESOLVED else (ticket.resolved_at if state is _CLOSED else None),
        closed_at=at if state is _CLOSED else None,
        reopened=ticket.reopened + (1 if state.is_open and not ticket.state.is_open else 0),
        snoozed_until=ticket.snoozed_until if state is _HOLD else None,
        promised_until=None,
    )


def snooze(ticket: Ticket, until: datetime, at: datetime) -> Ticket:
    """Put the ticket aside until a time; it wakes by itself, or when the customer writes."""
    return enter(ticket, _HOLD, at).but(snoozed_until=until)


def wake(ticket: Ticket, now: datetime) -> Ticket:
    """Return a snoozed ticket to the team's hands once its time has come."""
    if ticket.state is _HOLD and ticket.snoozed_until is not None and ticket.snoozed_until <= now:
        return enter(ticket, _US, ticket.snoozed_until)
    return ticket


def may_reopen(ticket: Ticket, at: datetime, reopen_within: timedelta) -> bool:
    """Tell whether something written at `at` may still bring a resolved ticket back; else it makes a new, linked ticket."""
    if ticket.state is not _RESOLVED or ticket.resolved_at is None:
        return False
    # Messages tell whole seconds; one of the second in which a button resolved the ticket has come after it.
    resolved_at = ticket.resolved_at.replace(microsecond=0)
    is_after = resolved_at <= at if ticket.resolved_at.microsecond else resolved_at < at
    return is_after and at <= ticket.resolved_at + reopen_within


def _remember_speaker(ticket: Ticket, spoken: Spoken) -> Ticket:
    if spoken.is_by_staff:
        return ticket.but(last_staff_at=_later(ticket.last_staff_at, spoken.at))
    if spoken.label is Label.NOISE:
        return ticket  # a "thanks" waits for no answer
    return ticket.but(last_customer_at=_later(ticket.last_customer_at, spoken.at))


def _next_state(ticket: Ticket, spoken: Spoken, manners: Manners) -> TicketState:
    if spoken.label is Label.NOISE:
        return _US if ticket.state is _NEW and spoken.is_by_staff else ticket.state
    if ticket.state is _RESOLVED:
        return _after_resolved(ticket, spoken, manners)
    return _after_staff(ticket, spoken) if spoken.is_by_staff else _after_customer(ticket, spoken, manners)


def _after_staff(ticket: Ticket, spoken: Spoken) -> TicketState:
    if spoken.status is UpdateStatus.RESOLVED:
        return _RESOLVED
    if ticket.state is _HOLD:
        return _HOLD  # who put it aside decides when it comes back
    if spoken.promised_until is not None or spoken.status in (UpdateStatus.IN_PROGRESS, UpdateStatus.STILL_OPEN):
        return _US
    return _CUSTOMER


def _after_customer(ticket: Ticket, spoken: Spoken, manners: Manners) -> TicketState:
    if spoken.status is UpdateStatus.RESOLVED and manners.customer_may_resolve:
        return _RESOLVED
    if ticket.state is _NEW:
        return _NEW
    if ticket.state is _HOLD and not manners.wake_on_reply:
        return _HOLD
    if ticket.state is _CUSTOMER and spoken.status in (UpdateStatus.WAITING, UpdateStatus.IN_PROGRESS):
        return _CUSTOMER  # "I will look and tell you": still their turn
    return _US


def _after_resolved(ticket: Ticket, spoken: Spoken, manners: Manners) -> TicketState:
    if not may_reopen(ticket, spoken.at, manners.reopen_within):
        return _RESOLVED
    if spoken.is_by_staff:
        return _US if spoken.status in (UpdateStatus.STILL_OPEN, UpdateStatus.IN_PROGRESS) else _RESOLVED
    if spoken.label is Label.TICKET or spoken.status in _STILL_A_PROBLEM:
        return _US
    return _RESOLVED


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
