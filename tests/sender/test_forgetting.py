"""A sender runs for months: what is settled and old must leave nothing behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport, DeliveryStatus
from stream.sender.outbox import FORGET_AFTER, Outbox
from tests.sender.small_world import GROUP, NOW

LATER = NOW + FORGET_AFTER + timedelta(hours=1)


def feed(outbox: Outbox, topic: Topic, value: Outbound | DeliveryReport, at: datetime = NOW) -> None:
    outbox.feed(Record(topic, 0, 0, at, GROUP, value.to_json(), {}), at)


def follow_up(outbox: Outbox, number: int, *statuses: DeliveryStatus, is_known: bool = True) -> None:
    """Let a follow-up be decided and reported on."""
    key = f"follow-up-{number}"
    tickets, covers = (f"ticket-{number}",), (f"step-{number}",)
    if is_known:
        message = Outbound(id=key, instance="one", group=GROUP, ticket_ids=tickets, covers=covers, text="?", decided_at=NOW)
        feed(outbox, Topic.OUTBOUND, message)
        outbox.is_covered(message)
    for status in statuses:
        message_id = f"3EB0{number}" if status is DeliveryStatus.SENT else None
        report = DeliveryReport(
            outbound_id=key, attempt=1, status=status, at=NOW, sender="one", group=GROUP, purpose="follow_up",
            ticket_ids=tickets, covers=covers, message_id=message_id,
        )  # fmt: skip
        feed(outbox, Topic.DELIVERIES, report)


def kept(outbox: Outbox) -> dict[str, Any]:
    return {name: found for name, found in vars(outbox).items() if hasattr(found, "__len__") and len(found)}


@pytest.mark.parametrize("last", [DeliveryStatus.SENT, DeliveryStatus.UNKNOWN, DeliveryStatus.CANCELLED])
def test_nothing_is_left_of_what_is_settled_and_old(last: DeliveryStatus) -> None:
    outbox = Outbox()
    for number in range(50):
        follow_up(outbox, number, DeliveryStatus.INTENT, DeliveryStatus.CALLING, last)
        follow_up(outbox, 100 + number, DeliveryStatus.INTENT, is_known=False)
    assert len(kept(outbox)) > 3
    outbox.pending()

    outbox.forget(LATER)

    assert set(kept(outbox)) <= {"_intents"}  # the latest sixty of an instance, for its pace


def test_what_is_recent_or_not_settled_stays() -> None:
    outbox = Outbox()
    follow_up(outbox, 1, DeliveryStatus.INTENT, DeliveryStatus.CALLING)
    follow_up(outbox, 2, DeliveryStatus.INTENT, DeliveryStatus.CALLING, DeliveryStatus.SENT)

    outbox.forget(NOW + FORGET_AFTER - timedelta(hours=1))
    assert set(outbox.messages) == {"follow-up-1", "follow-up-2"}
    assert outbox.sent_at(but="", tickets=("ticket-2",)) == (NOW,)

    outbox.forget(LATER)
    assert [message.id for message in outbox.pending()] == ["follow-up-1"]
    assert outbox.standing("follow-up-1").last is not None
