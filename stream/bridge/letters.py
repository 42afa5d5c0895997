"""Records out of webhooks: deliveries for `inbound`, and dead letters for what cannot be filed."""

from __future__ import annotations

from stream.adapters.dead_letters import error_headers
from stream.adapters.topics import Topic
from stream.bridge.body import TooLarge
from stream.bridge.inbox import InboxRecord
from stream.core.delivery import Delivery
from stream.translate.strip import strip_bytes

# The producer takes 1.5 MiB a record. Only a body made for it grows beyond that when it is written again.
MAX_RECORD = 1_500_000
_STAGE = "bridge"
_KEY = "http"  # nobody knows the group of a body that cannot be read


def file_delivery(delivery: Delivery) -> InboxRecord:
    """Return the record of a delivery, keyed by its chat."""
    return InboxRecord(Topic.INBOUND, delivery.chat, delivery.to_json())


def quarantine(raw: bytes, reason: str, error: Exception | None = None) -> InboxRecord:
    """Return the dead letter of a body: its bytes as they came, less the values of secrets."""
    headers = error_headers(topic=_KEY, stage=_STAGE, reason=reason, error=error)
    return InboxRecord(Topic.DEAD_LETTER, _KEY, strip_bytes(raw), headers)


def note_too_large(body: TooLarge) -> InboxRecord:
    """Return the dead letter of a body that was too large to take: how it began, and its size."""
    record = quarantine(body.start, "body_too_large")
    return record._replace(headers=record.headers | {"__groupdesk.errors.size": str(body.size).encode()})
