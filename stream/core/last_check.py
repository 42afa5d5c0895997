"""The last look before a message leaves: is it still right to send it? Pure; the sender asks this just before the call."""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core.followup_policy import FollowUps
from stream.core.outcome import Outbound
from stream.core.sending_rules import SendingFacts, check_escalation, check_sending
from stream.core.value import Value

AUTOMATIC = frozenset({"follow_up", "escalation"})


class LastFacts(Value):
    """What is known at the last second. `mode` is that of the group the tickets are in; times are those of the log.

    `has_open_ticket` is None where no ticket is known yet; `gone_out` says that another message carried the same follow-up.
    """

    mode: str
    has_open_ticket: bool | None = None
    gone_out: bool = False
    last_spoken_at: datetime | None = None
    group_sent_at: tuple[datetime, ...] = ()
    ticket_sent_at: tuple[datetime, ...] = ()


class Answer(Value):
    """`may_send`, or else `wait_until` (ask again then), or else it is never to be sent and `because` says why."""

    may_send: bool = False
    wait_until: datetime | None = None
    because: str = ""


def check_at_last(outbound: Outbound, facts: LastFacts, rules: FollowUps, longest_age: timedelta, now: datetime) -> Answer:
    """Say whether a message may leave now.

    Pauses and quiet hours were weighed when it was decided, and its expiry bounds the delay since; limits, modes, switches
    and whether somebody has answered meanwhile are weighed again.
    """
    if now > (outbound.expires_at or outbound.decided_at + longest_age):
        return Answer(because="it could not be sent in time")
    if outbound.kind == "text" and not outbound.text.strip():
        return Answer(because="it has no text")
    if facts.gone_out:
        return Answer(because="another message carried it already")
    spoken = facts.last_spoken_at
    if outbound.not_if_spoken_since is not None and spoken is not None and spoken > outbound.not_if_spoken_since:
        return Answer(because="somebody has written in the group meanwhile")
    if outbound.purpose not in AUTOMATIC:
        return Answer(may_send=True)
    if facts.has_open_ticket is False:
        return Answer(because="the ticket is no longer open")
    if outbound.purpose == "escalation":
        verdict = check_escalation(facts.mode, rules.sending)
        return Answer(may_send=verdict.may_send, because=verdict.because)
    weighed = SendingFacts(
        mode=facts.mode,
        last_spoken_at=spoken,
        group_sent_at=facts.group_sent_at,
        ticket_sent_at=facts.ticket_sent_at,
        asked_by_person=True,  # passes over pauses, not over limits
    )
    always = rules.talking_hours_of(rules.policies[-1])
    limited = check_sending(weighed, rules.sending, always, now)
    return Answer(may_send=limited.may_send, wait_until=limited.wait_until, because=limited.because)
