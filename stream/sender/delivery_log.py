"""Topic `deliveries` as the sender writes it, and the commands that tell the worker. Every write is awaited."""

from __future__ import annotations

from typing import Literal

from stream.adapters.kafka import Publisher
from stream.adapters.topics import Topic
from stream.core.commands import Actor, ActorKind, ReportDelivery
from stream.core.ids import derived_id
from stream.core.sending import DeliveryReport, DeliveryStatus

_Told = Literal["intent", "sent", "cancelled", "unknown"]
# What the ticket hears: an attempt that did not leave is still an intent to it.
_TOLD: dict[DeliveryStatus, _Told] = {
    DeliveryStatus.INTENT: "intent",
    DeliveryStatus.SENT: "sent",
    DeliveryStatus.CANCELLED: "cancelled",
    DeliveryStatus.UNKNOWN: "unknown",
}


class DeliveryLog:
    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def write(self, report: DeliveryReport) -> None:
        """Return once the report is stored; raises `BrokerError`, and then it may be stored or not."""
        self._publisher.publish(Topic.DELIVERIES, report.group, report.to_json())

    def tell(self, report: DeliveryReport, groups: set[str]) -> None:
        """Tell the tickets' groups. The command's id comes from what it says, so telling it again changes nothing."""
        if report.status not in _TOLD:
            return
        for group in sorted(groups):
            command = ReportDelivery(
                id=derived_id("delivery", report.outbound_id, report.attempt, report.status.value, group),
                group=group,
                at=report.at,
                actor=Actor(kind=ActorKind.SENDER, name=report.sender),
                outbound_id=report.outbound_id,
                ticket_id=report.ticket_ids[0] if report.ticket_ids else None,
                status=_TOLD[report.status],
                because=report.because,
                message_id=report.message_id,
            )
            self._publisher.publish(Topic.COMMANDS, group, command.to_json())
