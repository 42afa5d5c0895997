"""The clocks of a ticket: first response, next response and resolution, in business time.

A clock runs, stands still or is met by the state of the ticket and by who spoke last, and by nothing else (the model of
Plain): whoever knows two snapshots of a ticket knows its clocks. First response is met once. Next response starts when the
customer waits again after that. Resolution stands still while it is not our turn, is met when the ticket is resolved, and goes
on with what was left when it comes back.
"""

from __future__ import annotations

from datetime import datetime

from stream.core.calendar import BusinessCalendar
from stream.core.followup_policy import Policy, Targets
from stream.core.ticket import Clock, Clocks, Ticket, TicketState

_OUR_TURN = (TicketState.NEW, TicketState.WAITING_US)


def advance(before: Ticket | None, after: Ticket, policy: Policy, calendar: BusinessCalendar, now: datetime) -> Clocks:
    """Return the clocks of `after`, given the snapshot before it (None for a new ticket).

    `after.clocks` are where they stood when it was last kept (or, after an undo, where they stood before what was taken back);
    times come from the ticket: who spoke when, and since when it is in its state.
    """
    clocks = _retarget(after.clocks, after, policy.targets, calendar, is_new=before is None)
    moved_at = after.waiting_since or after.opened_at
    is_response_due = after.state in _OUR_TURN
    first = _answer(clocks.first_response, after, moved_at)
    first = _run(first, calendar, moved_at, is_running=is_response_due)
    upcoming = _answer(clocks.next_response, after, moved_at)
    upcoming = _start_next(upcoming, first, after, policy.targets, calendar, moved_at)
    upcoming = _run(upcoming, calendar, moved_at, is_running=is_response_due)
    resolution = _resolve(clocks.resolution, after, policy, calendar, moved_at)
    return Clocks(
        first_response=mark_breach(first, now),
        next_response=mark_breach(upcoming, now),
        resolution=mark_breach(resolution, now),
    )


def mark_breach(clock: Clock | None, now: datetime) -> Clock | None:
    """Return the clock with the time at which it was missed, once that has happened."""
    if clock is None or clock.breached_at is not None or clock.due_at is None:
        return clock
    if (clock.met_at or now) > clock.due_at:
        return clock.but(breached_at=clock.due_at)
    return clock


def next_due(clocks: Clocks) -> datetime | None:
    """Return when the next running clock will be missed, if nothing happens."""
    running = (clocks.first_response, clocks.next_response, clocks.resolution)
    due = [clock.due_at for clock in running if clock and clock.due_at and not clock.met_at and not clock.breached_at]
    return min(due, default=None)


def _start(at: datetime, target: int, calendar: BusinessCalendar) -> Clock:
    return Clock(started_at=at, target_minutes=target, due_at=calendar.add(at, target))


def _run(clock: Clock | None, calendar: BusinessCalendar, at: datetime, *, is_running: bool) -> Clock | None:
    """Let an unmet clock run on, or stand still, from `at`."""
    if clock is None or clock.met_at is not None:
        return clock
    if is_running and clock.paused_left is not None:
        return clock.but(due_at=calendar.add(at, clock.paused_left / 60), paused_left=None)
    if not is_running and clock.due_at is not None:
        left = min(calendar.between(max(at, clock.started_at), clock.due_at), clock.target_minutes * 60.0)
        missed = clock.breached_at or (clock.due_at if at > clock.due_at else None)
        return clock.but(due_at=None, paused_left=left, breached_at=missed)
    return clock


def _answer(clock: Clock | None, after: Ticket, moved_at: datetime) -> Clock | None:
    """Meet a response clock with what staff said since it started, or with the ticket's being resolved."""
    if clock is None or clock.met_at is not None:
        return clock
    if after.last_staff_at is not None and after.last_staff_at >= clock.started_at:
        return clock.but(met_at=after.last_staff_at)
    if after.state is TicketState.RESOLVED:
        return clock.but(met_at=max(moved_at, clock.started_at))
    return clock


def _start_next(
    clock: Clock | None, first: Clock | None, after: Ticket, targets: Targets, calendar: BusinessCalendar, moved_at: datetime
) -> Clock | None:
    """Start the next-response clock when the customer spoke last, after the first response."""
    if targets.next_response is None or after.state not in _OUR_TURN or (clock is not None and clock.met_at is None):
        return clock
    asked_at, answered_at = after.last_customer_at, after.last_staff_at
    if asked_at is None or answered_at is None or asked_at <= answered_at or (first is not None and first.met_at is None):
        return clock
    return _start(max(asked_at, moved_at), targets.next_response, calendar)


def _resolve(clock: Clock | None, after: Ticket, policy: Policy, calendar: BusinessCalendar, moved_at: datetime) -> Clock | None:
    if clock is None:
        return None
    if after.state is TicketState.RESOLVED:
        return clock if clock.met_at else clock.but(met_at=max(moved_at, clock.started_at))
    if clock.met_at is not None and after.state.is_open:
        clock = _take_up_again(clock, calendar)
    runs = after.state.is_open and after.state not in policy.pause_in
    return _run(clock, calendar, moved_at, is_running=runs)


def _take_up_again(clock: Clock, calendar: BusinessCalendar) -> Clock:
    """Return a clock that was met as one that stands still with what was left then."""
    if clock.due_at is None or clock.met_at is None:
        return clock.but(met_at=None)
    missed = clock.breached_at or (clock.due_at if clock.met_at > clock.due_at else None)
    left = calendar.between(clock.met_at, clock.due_at)
    return clock.but(met_at=None, due_at=None, paused_left=left, breached_at=missed)


def _retarget(clocks: Clocks, after: Ticket, targets: Targets, calendar: BusinessCalendar, *, is_new: bool) -> Clocks:
    """Fit unmet clocks to the targets of the policy that holds now: the time that has run stays run."""
    first, upcoming, resolution = clocks.first_response, clocks.next_response, clocks.resolution
    if is_new and first is None and targets.first_response is not None:
        first = _start(after.opened_at, targets.first_response, calendar)
    if is_new and resolution is None and targets.resolution is not None:
        resolution = _start(after.opened_at, targets.resolution, calendar)
    return Clocks(
        first_response=_stretch(first, targets.first_response, calendar),
        next_response=_stretch(upcoming, targets.next_response, calendar),
        resolution=_stretch(resolution, targets.resolution, calendar),
    )


def _stretch(clock: Clock | None, target: int | None, calendar: BusinessCalendar) -> Clock | None:
    if clock is None or clock.met_at is not None or target == clock.target_minutes:
        return clock
    if target is None:
        return None
    if clock.paused_left is not None:
        gone = clock.target_minutes * 60 - clock.paused_left
        return clock.but(target_minutes=target, paused_left=max(target * 60 - gone, 0.0))
    if clock.due_at is None:
        return clock.but(target_minutes=target)
    stood_still = max(calendar.between(clock.started_at, clock.due_at) / 60 - clock.target_minutes, 0.0)
    return clock.but(target_minutes=target, due_at=calendar.add(clock.started_at, target + stood_still))
