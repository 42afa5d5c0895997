"""Webhooks as Evolution sends them, written for these tests."""

from __future__ import annotations

import time
from typing import Any

GROUP = "120363041234567890@g.us"
OTHER_GROUP = "120363049876543210@g.us"
CUSTOMER = {"lid": "180011112222333@lid", "phone": "5521990001111@s.whatsapp.net", "name": "Rosa"}
OTHER_CUSTOMER = {"lid": "180044445555666@lid", "phone": "5521990002222@s.whatsapp.net", "name": "Ivo"}


def message(
    message_id: str,
    text: str,
    *,
    group: str = GROUP,
    sender: dict[str, str] | None = None,
    sent_at: float | None = None,
    quoted_id: str | None = None,
    from_me: bool = False,
) -> dict[str, Any]:
    """Return a `messages.upsert` of a text in a group."""
    sender = sender or CUSTOMER
    data: dict[str, Any] = {
        "key": {
            "remoteJid": group,
            "fromMe": from_me,
            "id": message_id,
            "participant": sender["lid"],
            "participantAlt": sender["phone"],
            "addressingMode": "lid",
        },
        "pushName": sender["name"],
        "status": "DELIVERY_ACK",
        "message": {"conversation": text},
        "contextInfo": {"stanzaId": quoted_id} if quoted_id else None,
        "messageType": "conversation",
        "messageTimestamp": int(sent_at or time.time()),
        "instanceId": "3b1f7c52-0000-4000-8000-000000000001",
        "source": "android",
    }
    return envelope("messages.upsert", data)


def envelope(event: str, data: Any, instance: str = "cs-ticket-monitor") -> dict[str, Any]:
    return {
        "event": event,
        "instance": instance,
        "data": data,
        "destination": "http://127.0.0.1/webhook/cs-tickets",
        "date_time": "2026-01-05T09:00:00.000Z",
        "sender": "5521980000000@s.whatsapp.net",
        "server_url": "http://127.0.0.1:8080",
        "apikey": "CANARY-API-KEY-0001",
    }
