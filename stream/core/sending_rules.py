"""Whether something may be said in a group now: the one check used before sending, by the sender, and by the due list.

Everything that it weighs is in its arguments, so that "would be sent" and "is sent" can never differ.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from stream.core.calendar import DAY_MINUTES, BusinessCalendar, Hours
from stream.core.days_off import DaysOff
from stream.core.durations import Minutes, parse_range, split_at_midnight
from stream.core.value import Value
from stream.core.written import Written

SPEAKING_MODE = "tickets+follow-ups"
_ONE_DAY = timedelta(days=1)


def _to_ranges(value: object) -> object:
    """Read `"20:00-08:00"`, or a list of such, as ranges within one day."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return value
    ranges = [part for text in value for side in split_at_midnight(*parse_range(text)) for part in side]
    return tuple(sorted(ranges, key=lambda hours: hours.start))


_RANGE_SCHEMA = {"type": "string", "examples": ["20:00-08:00"]}
QuietHours = Annotated[
    tuple[Hours, ...],
    BeforeValidator(_to_ranges),
    WithJsonSchema({"anyOf": [_RANGE_SCHEMA, {"type": "array", "items": _RANGE_SCHEMA}]}),
]


class SendingRules(Written):
    """What holds for all that Groupdesk says by itself. `enabled: false` is the kill switch.

    The defaults follow reports of banned numbers: few messages, spaced out, never into a running talk or into silence.
    """

    enabled: bool = True
    quiet_hours: QuietHours = (Hours(start=0, end=480), Hours(start=1200, end=DAY_MINUTES))
    quiet_days: bool = True  # nothing on days without business hours
    after_talk: Minutes = 3  # let people finish
    group_gap: Minutes = 10
    ticket_gap: Minutes = 30
    per_ticket: int = Field(4, ge=0, le=50)
    per_group_and_day: int = Field(3, ge=0, le=50)
    unanswered: int = Field(3, ge=1, le=50)  # in a row, without a word from a person: then we fall silent
    silent_group: Minutes = 7 * DAY_MINUTES  # nobody wrote for so long: writing first is what gets numbers banned
    together_within: Minutes = 5  # follow-ups due so close to each other become one message
    expires_after: Minutes = 30  # what could not be delivered by then is not sent any more
    longest_text: int = Field(600, ge=80, le=4000)
    ops_group: str | None = None
    ops_language: str | None = None


class SendingFacts(Value):
    """What is known just before sending. `group_sent_at` and `ticket_sent_at` are the times of our own automatic messages."""

    mode: str
    last_spoken_at: datetime | None = None  # by a person, in the group
    group_sent_at: tuple[datetime, ...] = ()
    ticket_sent_at: tuple[datetime, ...] = ()
    asked_by_person: bool = False  # "send it now": pauses are passed over, limits are not


class Verdict(Value):
    """May it be sent? If not now, `wait_until` is when to ask again; None with `may_send` false means never."""

    may_send: bool
    wait_until: datetime | None = None
    because: str = ""


def check_sending(facts: SendingFacts, rules: SendingRules, talking: BusinessCalendar, now: datetime) -> Verdict:
    """Say whether an automatic message may go into a customer's group at `now`, and why not."""
    refusal = _find_refusal(facts, rules, now)
    if refusal:
        return Verdict(may_send=False, because=refusal)
    pause = _find_pause(facts, rules, talking, now)
    if pause is not None:
        return pause
    return Verdict(may_send=True)


def check_escalation(mode: str, rules: SendingRules) -> Verdict:
    """Say whether the team's own group may be told: not for groups that are only observed, and not without such a group."""
    if not rules.enabled:
        return Verdict(may_send=False, because="sending is switched off for all groups")
    if mode not in (SPEAKING_MODE, "tickets"):
        return Verdict(may_send=False, because=f"the group's mode is {mode}")
    if not rules.ops_group:
        return Verdict(may_send=False, because="no ops_group is named in followups.yaml")
    return Verdict(may_send=True)


def talking_hours(rules: SendingRules, calendar: BusinessCalendar) -> BusinessCalendar:
    """Return the times outside of the quiet hours, in the time zone of a business calendar and on its days."""
    loud = _complement(rules.quiet_hours)
    return BusinessCalendar(
        name=f"talking hours of {calendar.name}",
        time_zone=calendar.time_zone,
        week=tuple(loud if hours or not rules.quiet_days else () for hours in calendar.week),
        days_off=calendar.days_off if rules.quiet_days else DaysOff(),
    )


def _find_refusal(facts: SendingFacts, rules: SendingRules, now: datetime) -> str:
    if not rules.enabled:
        return "sending is switched off for all groups"
    if facts.mode != SPEAKING_MODE:
        return f"the group's mode is {facts.mode}"
    if rules.per_group_and_day == 0:
        return "no messages are allowed per group and day"
    if len(facts.ticket_sent_at) >= rules.per_ticket:
        return f"{rules.per_ticket} messages were sent for this ticket already"
    spoken = facts.last_spoken_at
    in_a_row = [at for at in facts.group_sent_at if spoken is None or at > spoken]
    if len(in_a_row) >= rules.unanswered:
        return f"the last {len(in_a_row)} messages in the group were all ours"
    if spoken is None or now - spoken > timedelta(minutes=rules.silent_group):
        return "nobody has written in the group for too long"
    return ""


def _find_pause(facts: SendingFacts, rules: SendingRules, talking: BusinessCalendar, now: datetime) -> Verdict | None:
    """Return the longest of the pauses to be kept, or None."""
    waits: list[tuple[datetime, str]] = []
    if not facts.asked_by_person:
        if facts.last_spoken_at:
            waits.append((facts.last_spoken_at + timedelta(minutes=rules.after_talk), "people are talking in the group"))
        if facts.group_sent_at:
            waits.append((max(facts.group_sent_at) + timedelta(minutes=rules.group_gap), "something was just sent to the group"))
        if facts.ticket_sent_at:
            waits.append((max(facts.ticket_sent_at) + timedelta(minutes=rules.ticket_gap), "something was just sent for it"))
    today = sorted(at for at in facts.group_sent_at if now - at < _ONE_DAY)
    if len(today) >= rules.per_group_and_day:
        waits.append((today[-rules.per_group_and_day] + _ONE_DAY, f"{len(today)} messages were sent to the group within a day"))
    until, because = max(waits, default=(now, ""))
    if facts.asked_by_person:
        return Verdict(may_send=False, wait_until=until, because=because) if until > now else None
    opens = talking.next_open(max(until, now))
    if opens > max(until, now):
        until, because = opens, "quiet hours"
    return Verdict(may_send=False, wait_until=until, because=because) if until > now else None


def _complement(quiet: tuple[Hours, ...]) -> tuple[Hours, ...]:
    loud: list[Hours] = []
    minute = 0
    for hours in quiet:
        if hours.start > minute:
            loud.append(Hours(start=minute, end=hours.start))
        minute = max(minute, hours.end)
    if minute < DAY_MINUTES:
        loud.append(Hours(start=minute, end=DAY_MINUTES))
    return tuple(loud)
