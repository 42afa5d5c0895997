"""What became of each outbound message, as topic `deliveries` tells it, and what may be done next. Pure.

The topic is the arbiter: what stands there first counts, and a line that does not fit what stands before it counts for
nothing. A sender claims an attempt (`intent`), reads the log as far as its own line, writes `calling`, reads again, and calls
only if its line counted. So two senders never call for one message, and after a crash the log says whether a call was made:

    (nothing) -> intent                     claimed; nothing has left, so after a while it may be given back (not_sent)
              -> calling                    from here on it may have left, and nobody ever calls again unasked
                   -> sent                  WhatsApp took it
                   -> not_sent -> intent    the caller knows that it never left; tried again after a while
                   -> uncertain             the caller cannot tell
                   -> (crash)               nobody can tell
                        -> sent | unknown   it is looked for; what is not found is shown to a person
    (nothing) -> cancelled                  it was no longer right to send it
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce

from stream.core.outcome import Outbound
from stream.core.value import Value


class DeliveryStatus(StrEnum):
    INTENT = "intent"
    CALLING = "calling"
    SENT = "sent"
    NOT_SENT = "not_sent"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        return self in (DeliveryStatus.SENT, DeliveryStatus.CANCELLED, DeliveryStatus.UNKNOWN)


class DeliveryReport(Value):
    """One line of topic `deliveries`; the key is the group. `sender` names one start of one process, never used twice."""

    schema_version: int = 1
    outbound_id: str
    attempt: int
    status: DeliveryStatus
    at: datetime
    sender: str
    group: str
    instance: str = ""
    purpose: str = ""
    ticket_ids: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    because: str = ""
    message_id: str | None = None
    retry_at: datetime | None = None
    text: str | None = None  # of an intent: the words that are sent, where they are not those of the outbound message


class SendingLimits(Value):
    """How a number is kept from looking like a machine, and how long to wait before doubt is settled.

    `gap_s` is the mean pause between two messages of an instance, halved or half as much again by a draw that the id makes.
    `claim_s` is how long a claim holds without a call. `settle_s` is how long after it a message is looked for: longer than
    a call can take. `longest_doubt` is when people are told that it is not known, where the store could not be asked; an echo
    that comes later still settles it.
    """

    gap_s: float = 4.0
    per_minute: int = 6
    claim_s: float = 20.0
    settle_s: float = 60.0
    second_look_s: float = 5.0
    most_attempts: int = 4
    retry_s: float = 20.0
    longest_age: timedelta = timedelta(hours=1)
    longest_doubt: timedelta = timedelta(minutes=8)


class Standing(Value):
    """Where a message stands by its reports.

    `attempt` is the last one begun, `owner` the sender whose intent came first, `text` the words that it wrote down.
    """

    attempt: int = 0
    last: DeliveryReport | None = None
    owner: str | None = None
    intent_at: datetime | None = None
    text: str | None = None

    @property
    def is_final(self) -> bool:
        return self.last is not None and self.last.status.is_final

    @property
    def is_claimed(self) -> bool:
        """Somebody is about to call, or was when it stopped; nothing has left."""
        return self.last is not None and self.last.status is DeliveryStatus.INTENT

    @property
    def is_in_doubt(self) -> bool:
        """A call was made, and what came of it is not known."""
        return self.last is not None and self.last.status in (DeliveryStatus.CALLING, DeliveryStatus.UNCERTAIN)

    def is_held_by(self, sender: str, attempt: int) -> bool:
        return self.owner == sender and self.attempt == attempt


def standing(reports: Iterable[DeliveryReport]) -> Standing:
    """Fold the reports of one message, in the order of the log; what does not fit counts for nothing."""
    return reduce(advance, reports, Standing())


def advance(now: Standing, report: DeliveryReport) -> Standing:
    """Return the standing after one more line of the log."""
    if not _counts(now, report):
        return now
    if report.status is DeliveryStatus.INTENT:
        return Standing(
            attempt=report.attempt, last=report, owner=report.sender, intent_at=report.at, text=report.text or now.text
        )
    return now.but(last=report)


def _counts(now: Standing, report: DeliveryReport) -> bool:
    """Tell whether a report fits what stands before it."""
    status = report.status
    last = None if now.last is None else now.last.status
    if status is DeliveryStatus.SENT:  # a fact, whoever found it and whenever
        return last is not DeliveryStatus.SENT
    if now.is_final:
        return False
    is_idle = last in (None, DeliveryStatus.NOT_SENT)
    if status is DeliveryStatus.INTENT:
        return is_idle and report.attempt == now.attempt + 1
    if report.attempt != now.attempt:
        return False
    is_callers = last is DeliveryStatus.CALLING and report.sender == now.owner
    if status is DeliveryStatus.CALLING:
        return now.is_claimed and report.sender == now.owner
    if status is DeliveryStatus.NOT_SENT:
        return now.is_claimed or is_callers
    if status is DeliveryStatus.UNKNOWN:
        return now.is_in_doubt
    if status is DeliveryStatus.CANCELLED:
        return is_idle or is_callers
    return is_callers  # uncertain


def next_slot(outbound_id: str, sends: Sequence[datetime], limits: SendingLimits) -> datetime | None:
    """Return the earliest time for the next message of an instance; None when it may go at once.

    `sends` are the times of the latest intents of the instance, in order, whoever wrote them.
    """
    if not sends:
        return None
    slot = sends[-1] + timedelta(seconds=limits.gap_s * (0.5 + _draw(outbound_id)))
    if len(sends) >= limits.per_minute:
        slot = max(slot, sends[-limits.per_minute] + timedelta(minutes=1))
    return slot


def retry_time(attempt: int, outbound_id: str, now: datetime, limits: SendingLimits) -> datetime:
    """Return when a message that did not leave may be tried again: doubling, with a draw so that many do not come at once."""
    return now + timedelta(seconds=limits.retry_s * 2 ** (attempt - 1) * (0.75 + 0.5 * _draw(f"{outbound_id}/{attempt}")))


def is_same_text(ours: str, found: str) -> bool:
    """Tell whether a text that was found is the one that was sent; white space may differ on the way."""
    return bool(ours.strip()) and ours.split() == found.split()


def report_on(
    outbound: Outbound,
    attempt: int,
    status: DeliveryStatus,
    *,
    at: datetime,
    sender: str,
    because: str = "",
    message_id: str | None = None,
    retry_at: datetime | None = None,
    text: str | None = None,
) -> DeliveryReport:
    """Return the report about an outbound message."""
    return DeliveryReport(
        outbound_id=outbound.id,
        attempt=attempt,
        status=status,
        at=at,
        sender=sender,
        group=outbound.group,
        instance=outbound.instance,
        purpose=outbound.purpose,
        ticket_ids=outbound.ticket_ids,
        covers=outbound.covers,
        because=because,
        message_id=message_id,
        retry_at=retry_at,
        text=text,
    )


def _draw(text: str) -> float:
    """Return a number from 0 to 1 that is the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
