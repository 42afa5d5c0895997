"""Follow-up windows: which step comes next for a ticket, and when.

A window stands on its ticket and is planned anew from the ticket alone whenever that changes; so it survives whatever happens to
processes. A turn is the time in which one party is waited for; each step of a policy happens once in a turn at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from stream.core.calendar import BusinessCalendar
from stream.core.followup_policy import Policy, Step
from stream.core.ids import derived_id
from stream.core.ticket import FollowUpStatus, Ticket, TicketState, Window

BEFORE_PROMISE = -1  # the step number of the warning that a promise is about to be due


def plan(ticket: Ticket, policy: Policy, calendar: BusinessCalendar, now: datetime) -> Window | None:
    """Return the next follow-up of the ticket, or None when its turn has none left.

    A step whose time had passed before it could be planned (a late message, an outage) counts its delay from `now`: nobody is
    reminded of what has only just been learned.
    """
    party = party_of(ticket)
    if party is None:
        return None
    since = turn_began(ticket)
    done = done_steps(ticket)
    warning = _plan_warning(ticket, policy, calendar, now) if BEFORE_PROMISE not in done else None
    if warning is not None:
        return warning
    following = _following(policy, party, max(done, default=-1))
    if following is None:
        return None
    number, step, gone = following
    start = max(since, ticket.promised_until or since)
    due_at = _delay(calendar, start, step, step.after)
    if due_at <= now:
        due_at = _delay(calendar, now, step, step.after - gone)
    because = f"{_describe(party)}; {step.does}"
    if ticket.promised_until is not None:
        because = f"promised for {_local(ticket.promised_until, calendar)}; {because}"
    return Window(
        policy=policy.id,
        step=number,
        due_at=due_at,
        opened_at=since,
        because=because,
        promised_until=ticket.promised_until,
    )


def replan(ticket: Ticket, policy: Policy, calendar: BusinessCalendar, now: datetime) -> Window | None:
    """Return the window that the ticket should have: the one it has, postponed or not, while that is still the next step."""
    fresh, old = plan(ticket, policy, calendar, now), ticket.window
    if fresh is None or old is None:
        return fresh
    is_same = all(getattr(old, name) == getattr(fresh, name) for name in ("policy", "step", "opened_at", "promised_until"))
    return old if is_same else fresh


def party_of(ticket: Ticket) -> str | None:
    """Return whose turn it is: `us`, `customer`, or None when the ticket waits for nobody."""
    if ticket.state in (TicketState.NEW, TicketState.WAITING_US):
        return "us"
    return "customer" if ticket.state is TicketState.WAITING_CUSTOMER else None


def turn_began(ticket: Ticket) -> datetime:
    """Return since when the party whose turn it is has been waited for."""
    return ticket.waiting_since or ticket.opened_at


def follow_up_id(ticket: Ticket, step: int) -> str:
    """Return the id of this step in the present turn: the same on every replay, after every postponement."""
    moment = ticket.promised_until if step == BEFORE_PROMISE else None
    return _id_of(ticket.id, step, (moment or turn_began(ticket)).timestamp())


@lru_cache(maxsize=16_384)
def _id_of(ticket_id: str, step: int, turn: float) -> str:
    return derived_id("follow-up", ticket_id, step, turn)


def done_steps(ticket: Ticket) -> set[int]:
    """Return the numbers of the steps that were acted on, or let go, in the present turn."""
    return {f.step for f in ticket.follow_ups if f.id == follow_up_id(ticket, f.step)}


def step_of(ticket: Ticket, policy: Policy) -> Step | None:
    """Return the step that the ticket's window is about."""
    if ticket.window is None:
        return None
    number = ticket.window.step
    if number == BEFORE_PROMISE and policy.promises.warn is not None:
        return Step(waiting_for="us", after=0, escalate=policy.promises.warn)
    return policy.steps[number] if 0 <= number < len(policy.steps) else None


def may_be_overtaken(ticket: Ticket, policy: Policy, now: datetime) -> bool:
    """Tell whether the step after that of the window could be due too, and speaks to the same people.

    Business time never passes faster than the wall's, so this is enough to know that there is nothing to find out.
    """
    party, step = party_of(ticket), step_of(ticket, policy)
    following = _following(policy, party, ticket.window.step if ticket.window else -1)
    if step is None or following is None or step.close or following[1].close or step.waiting_for != party:
        return False
    if (step.say is None) is not (following[1].say is None):
        return False
    since = turn_began(ticket)
    return now - max(since, ticket.promised_until or since) >= timedelta(minutes=following[1].after)


def may_close(ticket: Ticket) -> bool:
    """Tell whether the customer, whose turn it is, was asked in this turn: only then may a stale ticket be closed."""
    ids = {follow_up_id(ticket, number) for number in done_steps(ticket)}
    nudges = [f for f in ticket.follow_ups if f.id in ids and f.purpose == "follow_up"]
    return ticket.state is TicketState.WAITING_CUSTOMER and any(f.status is FollowUpStatus.SENT for f in nudges)


def _plan_warning(ticket: Ticket, policy: Policy, calendar: BusinessCalendar, now: datetime) -> Window | None:
    promises, promised = policy.promises, ticket.promised_until
    if promised is None or promises.warn_before is None or party_of(ticket) != "us":
        return None
    due_at = promised - timedelta(minutes=promises.warn_before)
    if due_at <= max(now, turn_began(ticket)):
        return None  # promised for so soon that nobody needs to be told
    return Window(
        policy=policy.id,
        step=BEFORE_PROMISE,
        due_at=due_at,
        opened_at=turn_began(ticket),
        because=f"promised for {_local(promised, calendar)}; tell the team before",
        promised_until=promised,
    )


def _following(policy: Policy, party: str | None, reached: int) -> tuple[int, Step, int] | None:
    """Return the first step of a party after step number `reached`: its number, itself, and the delay of the one before it."""
    gone = 0
    for number, step in enumerate(policy.steps):
        if step.waiting_for != party:
            continue
        if number > reached:
            return number, step, gone
        gone = step.after
    return None


def _delay(calendar: BusinessCalendar, start: datetime, step: Step, minutes: int) -> datetime:
    return calendar.add(start, minutes) if step.time == "business" else start + timedelta(minutes=minutes)


def _describe(party: str) -> str:
    return "waiting for us" if party == "us" else "waiting for the customer"


def _local(at: datetime, calendar: BusinessCalendar) -> str:
    return at.astimezone(calendar.zone).strftime("%Y-%m-%d %H:%M")
