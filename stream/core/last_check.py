"""The last look before a message leaves: is it still right to send it? Pure; the sender asks this just before the call."""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core.followup_policy import FollowUps
from stream.core.outcome import Outbound
from stream.core.sending_rules import SendingFacts, Verdict, check_escalation, check_sending
from stream.core.value import Value

AUTOMATIC = frozenset({"follow_up", "escalation"})


class LastFacts(Value):
    """What is known at the last second. `mode` is that of the group the tickets are in; times are those of the log.

    `group_sent_at` and `ticket_sent_at` are the times of other follow-ups than this one, in the group and for its tickets.
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
    """Say whether a message may leave now: all that was weighed when it was decided is weighed again, by the same check."""
    expires_at = outbound.expires_at or outbound.decided_at + longest_age
    if now > expires_at:
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
    verdict = _check_follow_up(outbound, facts, rules, now)
    if verdict.wait_until is not None and verdict.wait_until > expires_at:
        return Answer(because=f"it could not be sent in time: {verdict.because}")
    return Answer(may_send=verdict.may_send, wait_until=verdict.wait_until, because=verdict.because)


def _check_follow_up(outbound: Outbound, facts: LastFacts, rules: FollowUps, now: datetime) -> Verdict:
    """Return the verdict that keeps it back the longest, by the hours of each policy of its tickets."""
    weighed = SendingFacts(
        mode=facts.mode,
        last_spoken_at=facts.last_spoken_at,
        group_sent_at=facts.group_sent_at,
        ticket_sent_at=facts.ticket_sent_at,
        asked_by_person=outbound.asked_by_person,
    )
    verdicts = [
        check_sending(weighed, rules.sending, rules.talking_hours_of(policy), now)
        for policy in rules.policies_named(outbound.policies)
    ]
    refusal = next((verdict for verdict in verdicts if not verdict.may_send and verdict.wait_until is None), None)
    return refusal or max(verdicts, key=lambda verdict: verdict.wait_until or now)
