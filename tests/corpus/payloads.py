"""Webhook payloads written by hand in the shapes that Evolution API 2.2 to 2.4 sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput
from stream.translate import Rejected, read_webhook, translate

GROUP = "120363041234567890@g.us"
RITA_LID, RITA_PHONE = "481516234200001@lid", "5521987650001@s.whatsapp.net"
OTTO_LID, OTTO_PHONE = "481516234200002@lid", "4915112345678@s.whatsapp.net"
OWN = "5511912340000@s.whatsapp.net"
TOKEN = "CANARY-7F3A-APIKEY"
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
SENT = int(NOW.timestamp()) - 5


def envelope(event: str, data: Any, **changes: Any) -> dict[str, Any]:
    body = {
        "event": event,
        "instance": "cs-ticket-monitor",
        "data": data,
        "destination": "http://desk.example:3000/webhook/cs-tickets",
        "date_time": "2026-11-22T12:00:00.000Z",
        "sender": OWN,
        "server_url": "http://evolution.example:8080",
        "apikey": TOKEN,
    }
    return body | changes


def key(message_id: str = "3A00000000000001", **changes: Any) -> dict[str, Any]:
    known = {
        "remoteJid": GROUP,
        "fromMe": False,
        "id": message_id,
        "participant": RITA_LID,
        "participantAlt": RITA_PHONE,
        "addressingMode": "lid",
    }
    return {name: value for name, value in (known | changes).items() if value is not None}


def upsert(message: Any, **changes: Any) -> dict[str, Any]:
    """Return the data of a `messages.upsert`."""
    data = {
        "key": key(),
        "pushName": "Rita",
        "status": "DELIVERY_ACK",
        "message": message,
        "messageType": next(iter(message), "unknown") if isinstance(message, dict) else "unknown",
        "messageTimestamp": SENT,
        "instanceId": "0b5f3a52-3e0e-4d8f-9d3e-52a6b6a1c001",
        "source": "android",
    }
    return data | changes


def deliveries(event: str, data: Any, **changes: Any) -> list[Delivery]:
    found = read_webhook(envelope(event, data, **changes), NOW)
    assert not isinstance(found, Rejected), found
    return found


def read(event: str, data: Any, **changes: Any) -> AnyInput:
    """Return what the one element of this event means."""
    (delivery,) = deliveries(event, data, **changes)
    # What the worker reads has been through Kafka.
    return translate(Delivery.from_json(delivery.to_json()))


def read_message(message: Any, **changes: Any) -> AnyInput:
    return read("messages.upsert", upsert(message, **changes))
