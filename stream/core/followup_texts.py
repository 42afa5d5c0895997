"""From due tickets to one message: the texts of their steps, filled in, put together and checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from stream.core.calendar import BusinessCalendar
from stream.core.followup_policy import FollowUps
from stream.core.group_facts import GroupFacts
from stream.core.outcome import Outbound, Wording
from stream.core.templates import TicketFacts, clean, find_faults, render
from stream.core.ticket import DELETED_TITLE, Ticket
from stream.core.windows import step_of, turn_began

_LEAST_OF_EACH = 16  # characters: no text can name a ticket in fewer


class Unfit(ValueError):
    """The text cannot be sent as it is; the message says why, for the audit trail."""


def compose(tickets: Sequence[Ticket], rules: FollowUps, group: GroupFacts, now: datetime) -> tuple[Outbound, tuple[Ticket, ...]]:
    """Return one message for the due steps of these tickets, all said or all escalated, and the tickets that it carries.

    The first ticket is the one whose time has come; when the text for all is too long, it carries fewer. Raises `Unfit` when
    not even the first alone can be sent. The message has no id yet.
    """
    carried = tickets[: max(rules.sending.longest_text // _LEAST_OF_EACH, 1)]
    while True:
        try:
            return _compose(carried, rules, group, now), tuple(carried)
        except Unfit:
            if len(carried) == 1:
                raise
            carried = carried[: len(carried) // 2]


def facts_of(ticket: Ticket, calendar: BusinessCalendar, now: datetime) -> TicketFacts:
    """Return what a text may say of a ticket, in local time; whatever people wrote is made harmless."""
    return TicketFacts(
        id=ticket.id,
        title=ticket.id if ticket.title == DELETED_TITLE else clean(ticket.title),
        name=clean((ticket.opened_by_name or "").split(" ")[0], 30),
        assignee=clean(ticket.assignee, 30),
        category=clean(ticket.category, 30),
        priority=ticket.priority.value,
        state=ticket.state.value,
        group=clean(ticket.group_name),
        opened=_local(ticket.opened_at, calendar, now),
        promised=_local(ticket.promised_until, calendar, now) if ticket.promised_until else "",
        waiting_minutes=max(int((now - turn_began(ticket)).total_seconds() // 60), 0),
    )


def _compose(tickets: Sequence[Ticket], rules: FollowUps, group: GroupFacts, now: datetime) -> Outbound:
    by_text: dict[str, list[TicketFacts]] = {}
    first, is_escalation, is_worded = tickets[0], False, False
    for ticket in tickets:
        policy = rules.policy_of(ticket, group)
        step = step_of(ticket, policy)
        key = (step.say or step.escalate) if step else None
        if step is None or key not in rules.texts:
            raise Unfit(f"there is no text {key!r} in followups.yaml")
        is_escalation = step.escalate is not None
        is_worded = is_worded or step.wording == "model"
        by_text.setdefault(key, []).append(facts_of(ticket, rules.calendar_of(policy), now))
    language = rules.sending.ops_language if is_escalation else (first.language or group.language)
    text = "\n\n".join(render(rules.texts[key], facts, language, rules.language) for key, facts in by_text.items())
    faults = find_faults(text, [ticket.id for ticket in tickets], rules.sending.longest_text)
    if faults:
        raise Unfit(f"the text is not fit to be sent: {'; '.join(faults)}")
    return Outbound(
        id="",
        purpose="escalation" if is_escalation else "follow_up",
        instance=first.instance,
        group=rules.sending.ops_group or "" if is_escalation else first.group,
        ticket_ids=tuple(ticket.id for ticket in tickets),
        text=text,
        wording=_wording(by_text, language or rules.language, rules) if is_worded and len(tickets) == 1 else None,
        quoted_id=None if is_escalation or len(tickets) > 1 else _quotable(first),
        decided_at=now,
    )


def _quotable(ticket: Ticket) -> str | None:
    opener = next(iter(ticket.messages), None)
    return None if opener is None or opener.text is None else opener.message_id  # what was deleted cannot be quoted


def _wording(by_text: dict[str, list[TicketFacts]], language: str, rules: FollowUps) -> Wording:
    (purpose, facts), *_ = by_text.items()
    return Wording(
        language=language.split("-", maxsplit=1)[0].lower(),
        longest=rules.sending.longest_text,
        purpose=purpose,
        facts=tuple({name: str(value) for name, value in each.model_dump().items() if value} for each in facts),
    )


def _local(at: datetime, calendar: BusinessCalendar, now: datetime) -> str:
    local = at.astimezone(calendar.zone)
    is_today = local.date() == now.astimezone(calendar.zone).date()
    return local.strftime("%H:%M" if is_today else "%d/%m %H:%M")
