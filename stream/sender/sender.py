"""Sends what is due, one message at a time: claim, read the log, look once more, say that a call is made, read again, call.

What a crash leaves behind after each step, and who mends it:

    claimed           nothing has left; the claim runs out and the next attempt begins
    calling           it may have left: it is looked for, and never sent again
    result written    final; the ticket is told again at the next start, which changes nothing if it had heard
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from stream import logs
from stream.core.followup_policy import FollowUps
from stream.core.last_check import Answer, LastFacts, check_at_last
from stream.core.outcome import Outbound
from stream.core.sending import (
    DeliveryStatus,
    SendingLimits,
    Standing,
    next_slot,
    retry_time,
)
from stream.core.wording import choose_wording
from stream.sender.outbox import Outbox
from stream.sender.reconcile import Reconciler
from stream.sender.reporter import Reporter
from stream.sender.stop_switch import StopSwitch
from stream.transport.failures import CallFailed, Retry, Verdict
from stream.transport.interface import OutgoingReaction, OutgoingText, Sent, Transport

log = logs.get(__name__)

_MOST_REFUSALS = 3  # of WhatsApp after it took a message, within an hour


class Rules(Protocol):
    """What the sender needs of the rules folder at the moment of sending."""

    def mode_of(self, group: str) -> str: ...
    def follow_ups(self) -> FollowUps: ...


class Sender:
    """`step` does at most one thing and says whether it did.

    `word` words a follow-up anew, or returns None; `dry_run` is why nothing is sent at all, or None.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        reporter: Reporter,
        reconciler: Reconciler,
        transport_of: Callable[[Outbound], Transport],
        rules: Rules,
        switch: StopSwitch,
        limits: SendingLimits,
        word: Callable[[Outbound], Awaitable[str | None]] | None = None,
        dry_run: str | None = None,
    ) -> None:
        self._outbox = outbox
        self._reporter = reporter
        self._reconciler = reconciler
        self._transport_of = transport_of
        self._rules = rules
        self._switch = switch
        self._limits = limits
        self._word = word
        self._dry_run = dry_run
        self._not_before: dict[str, datetime] = {}
        self._held_until: datetime | None = None
        self._holds = 0
        self.held_because: str | None = None

    async def step(self) -> bool:
        """Do the next thing that is due, if there is one."""
        now = self._reporter.clock()
        if len([at for at in self._outbox.refused_at if now - at < timedelta(hours=1)]) >= _MOST_REFUSALS:
            self._switch.stop("WhatsApp refused several messages after taking them")
            self._outbox.refused_at.clear()
        for outbound in self._outbox.pending():
            if now < self._not_before.get(outbound.id, now):
                continue
            if await self._act_on(outbound, self._outbox.standing(outbound.id), now):
                return True
        return self._reconciler.settle_unknowns()

    async def _act_on(self, outbound: Outbound, found: Standing, now: datetime) -> bool:
        if found.is_claimed or found.is_in_doubt:
            return await self._reconciler.settle(outbound, found, now)
        if found.last is not None and found.last.retry_at is not None and now < found.last.retry_at:
            self._not_before[outbound.id] = found.last.retry_at
            return False
        answer = self._check(outbound, now)
        if answer.wait_until is not None:
            self._not_before[outbound.id] = min(answer.wait_until, now + timedelta(seconds=30))
            return False
        if not answer.may_send:
            self._reporter.finish(outbound, found.attempt, DeliveryStatus.CANCELLED, because=answer.because)
            return True
        if self._dry_run is not None:
            self._reporter.finish(outbound, found.attempt, DeliveryStatus.CANCELLED, because=self._dry_run)
            return True
        if self._is_held(now):
            return False
        slot = next_slot(outbound.id, self._outbox.intents(outbound.instance), self._limits)
        if slot is not None and now < slot:
            self._not_before[outbound.id] = slot
            return False
        return await self._attempt(outbound, found.attempt + 1)

    def _is_held(self, now: datetime) -> bool:
        if (stopped := self._switch.reason()) is not None:
            self.held_because = f"Sending is stopped: {stopped}"
            return True
        if self._held_until is not None and now < self._held_until:
            return True
        self.held_because = None
        return False

    def _check(self, outbound: Outbound, now: datetime) -> Answer:
        return check_at_last(outbound, self._facts(outbound), self._rules.follow_ups(), self._limits.longest_age, now)

    def _facts(self, outbound: Outbound) -> LastFacts:
        home = min(self._outbox.groups_of(outbound))
        return LastFacts(
            mode=self._rules.mode_of(home),
            has_open_ticket=self._outbox.has_open_ticket(outbound),
            gone_out=self._outbox.is_covered(outbound),
            last_spoken_at=self._outbox.last_spoken_at(outbound.group),
            group_sent_at=self._outbox.sent_at(but=outbound.id, group=outbound.group),
            ticket_sent_at=self._outbox.sent_at(but=outbound.id, tickets=outbound.ticket_ids),
        )

    async def _attempt(self, outbound: Outbound, attempt: int) -> bool:
        reporter = self._reporter
        text, because = await self._choose_words(outbound)
        reporter.checkpoint("before_intent")
        intent = reporter.report(outbound, attempt, DeliveryStatus.INTENT, because=because, text=text)
        reporter.checkpoint("after_intent")
        if not self._is_mine(outbound, attempt) or self._is_called_off(outbound, attempt):
            return True
        reporter.tell(outbound, intent)
        reporter.checkpoint("after_intent_told")
        calling = reporter.report(outbound, attempt, DeliveryStatus.CALLING)
        reporter.checkpoint("after_calling")
        if not self._is_mine(outbound, attempt) or self._outbox.standing(outbound.id).last != calling:
            return True  # somebody thought that we were gone, and we were
        started = time.monotonic()
        try:
            sent = await self._call(outbound)
        except CallFailed as problem:
            reporter.checkpoint("after_call")
            self._take_failure(outbound, attempt, problem)
            return True
        reporter.checkpoint("after_call")
        self._holds = 0
        elapsed = round((time.monotonic() - started) * 1000)
        log.info("sent", group=outbound.group, message_id=sent.message_id, elapsed_ms=elapsed)
        reporter.finish(outbound, attempt, DeliveryStatus.SENT, because=because, message_id=sent.message_id)
        return True

    async def _choose_words(self, outbound: Outbound) -> tuple[str | None, str]:
        """Return the words to be sent where they are not the message's own, and why they are what they are.

        A later attempt says what the first one wrote down: what is looked for must be what may have left.
        """
        if outbound.wording is None:
            return None, ""
        known = self._outbox.standing(outbound.id)
        if known.attempt:
            return known.text, "worded by the model" if known.text else ""
        text, because = choose_wording(outbound, await self._word(outbound) if self._word is not None else None)
        return (None if text == outbound.text else text), because

    def _is_mine(self, outbound: Outbound, attempt: int) -> bool:
        """Tell whether the attempt is ours by the log, which has been read as far as our own last line."""
        return self._outbox.standing(outbound.id).is_held_by(self._reporter.identity, attempt)

    def _is_called_off(self, outbound: Outbound, attempt: int) -> bool:
        """Look once more, now that the log has been read; nothing has left yet, so the attempt can be given back."""
        now = self._reporter.clock()
        answer = self._check(outbound, now)
        stopped = self._switch.reason()
        if answer.may_send and stopped is None:
            return False
        because = stopped or answer.because
        self._reporter.report(outbound, attempt, DeliveryStatus.NOT_SENT, because=because, retry_at=now)
        return True

    async def _call(self, outbound: Outbound) -> Sent:
        transport = self._transport_of(outbound)
        if outbound.kind == "reaction":
            target = outbound.target_id or ""
            return await transport.react(OutgoingReaction(chat=outbound.group, target_id=target, emoji=outbound.emoji))
        text = self._outbox.text_of(outbound)
        outgoing = OutgoingText(chat=outbound.group, text=text, quoted_id=outbound.quoted_id, mentions=outbound.mentions)
        return await transport.send_text(outgoing)

    def _take_failure(self, outbound: Outbound, attempt: int, problem: CallFailed) -> None:
        verdict = problem.verdict
        log.warning("not sent", group=outbound.group, retry=verdict.retry.value, reason=str(problem))
        if verdict.needs_person and verdict.retry is Retry.NEVER:
            self._switch.stop(verdict.because)
        retry = verdict.retry
        if retry is Retry.UNCERTAIN and outbound.kind == "reaction":
            retry = Retry.SAFE  # the same reaction twice is one reaction
        if retry is Retry.UNCERTAIN:
            self._reporter.report(outbound, attempt, DeliveryStatus.UNCERTAIN, because=verdict.because)
        elif retry is Retry.NEVER or (attempt >= self._limits.most_attempts and not verdict.concerns_all):
            self._reporter.finish(outbound, attempt, DeliveryStatus.CANCELLED, because=f"not sent: {verdict.because}")
        else:
            if verdict.concerns_all:
                self._hold(verdict)
            now = self._reporter.clock()
            due = retry_time(min(attempt, 5), outbound.id, now, self._limits)
            self._reporter.report(outbound, attempt, DeliveryStatus.NOT_SENT, because=verdict.because, retry_at=due)

    def _hold(self, verdict: Verdict) -> None:
        """Hold everything after a failure that is not this message's own: doubling, ten minutes at most."""
        self._holds += 1
        pause = min(self._limits.retry_s * 2 ** min(self._holds - 1, 10), 600)
        self._held_until = self._reporter.clock() + timedelta(seconds=pause)
        self.held_because = verdict.because
