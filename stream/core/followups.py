"""Follow-ups: what becomes of a window when its time has come.

Everything is looked at again then: `follow_up` says something in the group, tells the team's own group, closes the ticket, waits
or lets go, and always with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from stream.core.followup_policy import FollowUps
from stream.core.followup_texts import Unfit, compose
from stream.core.group_facts import GroupFacts
from stream.core.outcome import Outbound
from stream.core.sending_rules import SendingFacts, Verdict, check_escalation, check_sending
from stream.core.states import enter
from stream.core.ticket import FollowUp, FollowUpStatus, Ticket, TicketState
from stream.core.value import Value
from stream.core.windows import (
    BEFORE_PROMISE,
    follow_up_id,
    may_be_overtaken,
    may_close,
    party_of,
    plan,
    step_of,
    turn_began,
)

_KEPT = 40  # follow-ups that a ticket remembers
_NO_SUCH_STEP = "the policy has no such step any more"


class Followed(Value):
    """What came of a due window: the tickets that changed, what is to be sent, and a sentence for each ticket concerned."""

    tickets: tuple[Ticket, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    reasons: dict[str, str] = {}

    @property
    def has_spoken(self) -> bool:
        """Tell whether something is said in the customer's group: the caller adds its time to `GroupState.said_at`."""
        return any(message.purpose == "follow_up" for message in self.outbound)


def follow_up(
    tickets: Mapping[str, Ticket],
    ticket_id: str,
    rules: FollowUps,
    group: GroupFacts,
    now: datetime,
    *,
    by_person: bool = False,
) -> Followed:
    """Act on the due window of a ticket, together with the others of its group that are due about now.

    The caller has made sure that the window is the one that was found due. With `by_person` (somebody pressed "send now")
    pauses and quiet hours are passed over; caps, modes and the kill switch are not.
    """
    ticket = tickets[ticket_id]
    if ticket.window is None:
        return Followed(reasons={ticket_id: "there is nothing to follow up"})
    if not by_person:
        now = max(now, ticket.window.due_at)
        ticket = _skip_overtaken(ticket, rules, group, now)
    step = step_of(ticket, rules.policy_of(ticket, group))
    if step is None or party_of(ticket) != step.waiting_for:
        return _let_go(ticket, rules, group, now, _NO_SUCH_STEP)
    if step.close:
        return _close(ticket, rules, group, now, is_unasked=step.unasked)
    is_said = step.say is not None
    verdict = _check(ticket, rules, group, now, by_person=by_person) if is_said else check_escalation(group.mode, rules.sending)
    if not verdict.may_send:
        return _hold_back(ticket, rules, group, now, verdict)
    together = [ticket] if by_person else [ticket, *_others_due(tickets, ticket, rules, group, now)]
    return _send(together, rules, group, now, by_person=by_person)


def cancel(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime, because: str) -> Ticket:
    """Let go of the follow-up that would come next and plan the one after it."""
    return ticket if ticket.window is None else _drop(ticket, rules, group, now, because)


def sending_facts(ticket: Ticket, group: GroupFacts, *, by_person: bool = False) -> SendingFacts:
    """Return what the sending check needs to know of a ticket and its group."""
    said = [f.changed_at for f in ticket.follow_ups if f.purpose == "follow_up" and f.status is not FollowUpStatus.CANCELLED]
    return SendingFacts(
        mode=group.mode,
        last_spoken_at=group.last_spoken_at,
        group_sent_at=group.said_at,
        ticket_sent_at=tuple(said),
        asked_by_person=by_person,
    )


def _send(together: Sequence[Ticket], rules: FollowUps, group: GroupFacts, now: datetime, *, by_person: bool) -> Followed:
    first = together[0]
    try:
        message, carried = compose(together, rules, group, now)
    except Unfit as unfit:
        return _let_go(first, rules, group, now, str(unfit))
    message = message.but(
        id=_own_id(first),
        covers=tuple(_own_id(ticket) for ticket in carried),
        expires_at=now + timedelta(minutes=rules.sending.expires_after),
        not_if_spoken_since=group.last_spoken_at if message.purpose == "follow_up" else None,
        policies=tuple(dict.fromkeys(rules.policy_of(ticket, group).id for ticket in carried)),
        asked_by_person=by_person,
    )
    purpose: Literal["follow_up", "escalation"] = "follow_up" if message.purpose == "follow_up" else "escalation"
    changed, reasons = [], {}
    for ticket in carried:
        reasons[ticket.id] = ticket.window.because if ticket.window else ""
        mark = _mark(ticket, FollowUpStatus.PLANNED, now, reasons[ticket.id]).but(outbound_id=message.id, purpose=purpose)
        changed.append(_plan_next(_with_mark(ticket, mark), rules, group, now))
    return Followed(tickets=tuple(changed), outbound=(message,), reasons=reasons)


def _close(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime, *, is_unasked: bool) -> Followed:
    if not is_unasked and not may_close(ticket):
        return _let_go(ticket, rules, group, now, "no question of ours has reached the customer in this turn, so it stays open")
    because = "the customer did not come back after our question" if may_close(ticket) else "nobody came back to it"
    marked = _with_mark(ticket, _mark(ticket, FollowUpStatus.SENT, now, because).but(purpose="close"))
    closed = enter(marked, TicketState.CLOSED, now).but(window=None)
    return Followed(tickets=(closed,), reasons={ticket.id: because})


def _hold_back(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime, verdict: Verdict) -> Followed:
    if verdict.wait_until is None or ticket.window is None:
        return _let_go(ticket, rules, group, now, verdict.because)
    waiting = ticket.but(window=ticket.window.but(due_at=verdict.wait_until, because=f"waits: {verdict.because}"))
    return Followed(tickets=(waiting,), reasons={ticket.id: verdict.because})


def _others_due(tickets: Mapping[str, Ticket], first: Ticket, rules: FollowUps, group: GroupFacts, now: datetime) -> list[Ticket]:
    """Return the other tickets that are due about now with a step of the same kind, and may go too; oldest due first."""
    soon = now + timedelta(minutes=rules.sending.together_within)
    is_said = _is_said(first, rules, group)
    found: list[tuple[datetime, str, Ticket]] = []
    for other in tickets.values():
        if other.id == first.id or other.window is None or other.window.due_at > soon:
            continue
        ticket = _skip_overtaken(other, rules, group, now)
        if ticket.window is None or _is_said(ticket, rules, group) is not is_said:
            continue
        if not is_said or _check(ticket, rules, group, now).may_send:
            found.append((ticket.window.due_at, ticket.id, ticket))
    return [ticket for _, _, ticket in sorted(found, key=lambda each: each[:2])]


def _is_said(ticket: Ticket, rules: FollowUps, group: GroupFacts) -> bool | None:
    """Tell whether the due step is said to the customer (True), to the team (False), or neither (None)."""
    step = step_of(ticket, rules.policy_of(ticket, group))
    if step is None or step.close or step.waiting_for != party_of(ticket):
        return None
    return step.say is not None


def _check(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime, *, by_person: bool = False) -> Verdict:
    talking = rules.talking_hours_of(rules.policy_of(ticket, group))
    return check_sending(sending_facts(ticket, group, by_person=by_person), rules.sending, talking, now)


def _skip_overtaken(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime) -> Ticket:
    """Let go of a step when the one after it says something to the same people and is due too: the latest is enough."""
    policy = rules.policy_of(ticket, group)
    calendar = rules.calendar_of(policy)
    while ticket.window is not None and ticket.window.step != BEFORE_PROMISE and may_be_overtaken(ticket, policy, now):
        mark = _mark(ticket, FollowUpStatus.CANCELLED, now, "overtaken by the next step")
        ahead = _with_mark(ticket, mark)
        ahead = ahead.but(window=plan(ahead, policy, calendar, turn_began(ticket)))
        is_due = ahead.window is not None and ahead.window.due_at <= now
        said = _is_said(ahead, rules, group)
        if not is_due or said is None or said is not _is_said(ticket, rules, group):
            return ticket
        ticket = ahead
    return ticket


def _let_go(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime, because: str) -> Followed:
    return Followed(tickets=(_drop(ticket, rules, group, now, because),), reasons={ticket.id: because})


def _drop(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime, because: str) -> Ticket:
    return _plan_next(_with_mark(ticket, _mark(ticket, FollowUpStatus.CANCELLED, now, because)), rules, group, now)


def _plan_next(ticket: Ticket, rules: FollowUps, group: GroupFacts, now: datetime) -> Ticket:
    policy = rules.policy_of(ticket, group)
    return ticket.but(window=plan(ticket, policy, rules.calendar_of(policy), now))


def _own_id(ticket: Ticket) -> str:
    return follow_up_id(ticket, ticket.window.step if ticket.window else 0)


def _mark(ticket: Ticket, status: FollowUpStatus, now: datetime, because: str) -> FollowUp:
    return FollowUp(
        id=_own_id(ticket),
        step=ticket.window.step if ticket.window else 0,
        status=status,
        due_at=ticket.window.due_at if ticket.window else now,
        changed_at=now,
        because=because,
    )


def _with_mark(ticket: Ticket, mark: FollowUp) -> Ticket:
    others = tuple(f for f in ticket.follow_ups if f.id != mark.id)
    return ticket.but(follow_ups=(*others, mark)[-_KEPT:])
