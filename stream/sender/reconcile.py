"""Settles doubts: an intent without a result, or a result that does not tell. By looking, never by sending again blindly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from stream.core.outcome import Outbound
from stream.core.sending import DeliveryStatus, SendingLimits, Standing
from stream.sender.outbox import Outbox
from stream.sender.reporter import Reporter
from stream.transport.failures import CallFailed
from stream.transport.interface import Transport

ODD_CLOCK = timedelta(minutes=2)  # how far Evolution's clock may lie beside ours when echoes are matched
_AWAY_S = 30.0  # between two looks while the store cannot be asked


class Reconciler:
    """Both methods do at most one thing and say whether they did."""

    def __init__(
        self, *, outbox: Outbox, reporter: Reporter, transport_of: Callable[[Outbound], Transport], limits: SendingLimits
    ) -> None:
        self._outbox = outbox
        self._reporter = reporter
        self._transport_of = transport_of
        self._limits = limits
        self._looked_once: set[str] = set()
        self._look_again: dict[str, datetime] = {}
        self.looked = 0

    async def settle(self, outbound: Outbound, found: Standing, now: datetime) -> bool:
        """Give back a claim that ran out; find what may have left: our own echo, the store, a second look, or a person."""
        assert found.intent_at is not None
        since = found.intent_at - ODD_CLOCK
        if found.is_claimed:
            if now < found.intent_at + timedelta(seconds=self._limits.claim_s):
                return False
            because = "the sender stopped before the call"
            self._reporter.report(outbound, found.attempt, DeliveryStatus.NOT_SENT, because=because, retry_at=now)
            return True
        echo = self._outbox.find_own(outbound, since)
        if echo is not None:
            self._end_as_sent(outbound, found, "its echo came", echo.message_id)
            return True
        if now < found.intent_at + timedelta(seconds=self._limits.settle_s):
            return False
        return await self._look(outbound, found, since, now)

    async def _look(self, outbound: Outbound, found: Standing, since: datetime, now: datetime) -> bool:
        if now < self._look_again.get(outbound.id, now):
            return False
        try:
            rows = await self._transport_of(outbound).find_own(outbound.group, since, now + ODD_CLOCK)
        except CallFailed as problem:
            self._look_again[outbound.id] = now + timedelta(seconds=_AWAY_S)
            if now - since > self._limits.longest_doubt + ODD_CLOCK:
                self._end_as_unknown(outbound, found, f"it could not be looked for: {problem}")
            return True
        self.looked += 1
        match = self._outbox.find_own(outbound, since, rows) if rows is not None else None
        if match is not None:
            self._end_as_sent(outbound, found, "found in the store", match.message_id)
        elif rows is not None and outbound.id not in self._looked_once:
            # The store may be a moment behind.
            self._looked_once.add(outbound.id)
            self._look_again[outbound.id] = now + timedelta(seconds=self._limits.second_look_s)
        else:
            because = found.last.because if found.last and found.last.because else "the sender stopped during the call"
            self._end_as_unknown(outbound, found, f"nobody can tell whether it left: {because}")
        return True

    def _end_as_sent(self, outbound: Outbound, found: Standing, because: str, message_id: str) -> None:
        self._reporter.finish(outbound, found.attempt, DeliveryStatus.SENT, because=because, message_id=message_id)

    def _end_as_unknown(self, outbound: Outbound, found: Standing, because: str) -> None:
        self._reporter.finish(outbound, found.attempt, DeliveryStatus.UNKNOWN, because=because)

    def settle_unknowns(self) -> bool:
        """Take back an `unknown` whose echo came after all."""
        for message in self._outbox.unknown():
            found = self._outbox.standing(message.id)
            echo = None if found.intent_at is None else self._outbox.find_own(message, found.intent_at - ODD_CLOCK)
            if echo is not None:
                self._end_as_sent(message, found, "its echo came late", echo.message_id)
                return True
        return False
