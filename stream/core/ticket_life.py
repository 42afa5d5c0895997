"""What keeps a ticket alive: the calls by which the step lets messages and time bear on it.

`take_in` when a message was put on a ticket, `keep_time` once a step for each ticket that changed, `pass_time` when a timer says
that something about the ticket is due, `record_delivery` when the sender tells what became of a follow-up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core.clocks import advance, mark_breach, next_due
from stream.core.commands import ReportDelivery
from stream.core.detection import Detection, Label, UpdateStatus
from stream.core.followup_policy import FollowUps, Policy
from stream.core.group import Recent
from stream.core.group_facts import GroupFacts
from stream.core.people import Role
from stream.core.promises import find_promise
from stream.core.states import Manners, Spoken, hear, wake
from stream.core.ticket import Clocks, FollowUp, FollowUpStatus, Ticket, TicketState
from stream.core.value import Value
from stream.core.windows import replan

TIME_PASSED = -2  # the step number of a timer that is about a clock, a snooze or a reopening window, not about a follow-up
_A_MOMENT = timedelta(seconds=1)
_RANK = {
    FollowUpStatus.PLANNED: 0,
    FollowUpStatus.INTENT: 1,
    FollowUpStatus.UNKNOWN: 2,
    FollowUpStatus.CANCELLED: 2,
    FollowUpStatus.SENT: 3,
}


class Wake(Value):
    """When a timer has to look at the ticket again, and for which step (`TIME_PASSED` when it is for no follow-up)."""

    at: datetime
    step: int


def take_in(ticket: Ticket, recent: Recent, detection: Detection, rules: FollowUps, group: GroupFacts) -> Ticket:
    """Return the ticket after one of its messages: its state, whose turn it is since when, and a promise if one was made."""
    policy = rules.policy_of(ticket, group)
    promised_until = None
    may_promise = recent.role is not Role.CUSTOMER or detection.status is UpdateStatus.WAITING
    if policy.promises.enabled and may_promise and detection.label is not Label.NOISE:
        promise = find_promise(recent.text, recent.sent_at, rules.calendar_of(policy))
        longest = recent.sent_at + timedelta(minutes=policy.promises.longest)
        promised_until = promise if promise is not None and promise <= longest else None
    spoken = Spoken(
        role=recent.role,
        at=recent.sent_at,
        label=detection.label,
        status=detection.status,
        promised_until=promised_until,
    )
    return hear(ticket, spoken, manners_of(policy))


def manners_of(policy: Policy) -> Manners:
    """Return the choices of a policy that bear on states."""
    return Manners(
        reopen_within=timedelta(minutes=policy.reopen_within),
        customer_may_resolve=policy.customer_may_resolve,
        wake_on_reply=policy.wake_on_reply,
    )


def keep_time(before: Ticket | None, after: Ticket, rules: FollowUps, group: GroupFacts, now: datetime) -> Ticket:
    """Return `after` with its clocks and its window as they must be, given what it was before this step (None: it is new)."""
    has_moved = before is not None and before.state is not after.state
    if has_moved and after.waiting_since is None and after.state is not TicketState.NEW:
        after = after.but(waiting_since=now, promised_until=None)  # moved by something that has no message's time
    if after.state is not TicketState.ON_HOLD and after.snoozed_until is not None:
        after = after.but(snoozed_until=None)
    policy = rules.policy_of(after, group)
    calendar = rules.calendar_of(policy)
    return after.but(
        reopens_until=_reopens_until(after, policy),
        clocks=advance(before, after, policy, calendar, now),
        window=replan(after, policy, calendar, now),
    )


def pass_time(ticket: Ticket, now: datetime) -> Ticket:
    """Return the ticket as time alone has changed it: snoozed ones wake, missed clocks are marked."""
    clocks = ticket.clocks
    marked = Clocks(
        first_response=mark_breach(clocks.first_response, now),
        next_response=mark_breach(clocks.next_response, now),
        resolution=mark_breach(clocks.resolution, now),
    )
    return wake(ticket.but(clocks=marked) if marked != clocks else ticket, now)


def next_wake(ticket: Ticket, reopen_within: timedelta) -> Wake | None:
    """Return when a timer must look at this ticket next, or None when nothing about it is due by itself.

    A clock is missed just after its time, and a reopening window is over just after its end: hence a second more.
    """
    wakes: list[Wake] = []
    if ticket.window is not None:
        wakes.append(Wake(at=ticket.window.due_at, step=ticket.window.step))
    clock_at = next_due(ticket.clocks)
    if clock_at is not None:
        wakes.append(Wake(at=clock_at + _A_MOMENT, step=TIME_PASSED))
    if ticket.state is TicketState.ON_HOLD and ticket.snoozed_until is not None:
        wakes.append(Wake(at=ticket.snoozed_until, step=TIME_PASSED))
    if ticket.state is TicketState.RESOLVED and ticket.resolved_at is not None:
        over_at = ticket.reopens_until or ticket.resolved_at + reopen_within
        wakes.append(Wake(at=over_at + _A_MOMENT, step=TIME_PASSED))
    return min(wakes, key=lambda wake: (wake.at, -wake.step), default=None)


def record_delivery(ticket: Ticket, report: ReportDelivery) -> Ticket:
    """Return the ticket after the sender's report; a report that comes late never takes a later one back."""
    status = FollowUpStatus(report.status)

    def updated(entry: FollowUp) -> FollowUp:
        if entry.outbound_id != report.outbound_id or _RANK[status] <= _RANK[entry.status]:
            return entry
        return entry.but(
            status=status,
            changed_at=report.at,
            because=report.because or entry.because,
            message_id=report.message_id or entry.message_id,
        )

    return ticket.but(follow_ups=tuple(updated(entry) for entry in ticket.follow_ups))


def _reopens_until(ticket: Ticket, policy: Policy) -> datetime | None:
    if ticket.state is not TicketState.RESOLVED or ticket.resolved_at is None:
        return None
    return ticket.resolved_at + timedelta(minutes=policy.reopen_within)
