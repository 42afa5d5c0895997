"""The load: deliveries and webhooks as a few hundred support groups make them. Seeded, so that a run can come again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stream.core.delivery import Delivery

# In the proportions of a busy support group: most of what is said is talk.
_REQUESTS = (
    "Good morning, order {n} has not arrived and the tracking page shows an error",
    "our login is broken since yesterday, error 500 when I open account {n}",
    "o sistema caiu, ninguém consegue emitir a nota {n}, podem verificar?",
    "the invoice {n} was charged twice, please refund one of them",
    "no puedo entrar en mi cuenta {n}, me sale un error",
)
_UPDATES = (
    "any news about this?",
    "still not working here",
    "it happens since about nine o'clock, on two machines",
    "I tried again after a restart and it is the same",
    "alguma novidade sobre isso?",
)
_TALK = ("good morning everyone", "ok thanks", "bom dia!", "👍", "haha", "see you tomorrow", "obrigado", "perfect")
_REQUEST_SHARE, _UPDATE_SHARE = 0.1, 0.3


@dataclass(frozen=True)
class Said:
    """One message of the load."""

    id: str
    group: str
    author: str
    text: str


def conversation(count: int, groups: int, seed: int = 1, prefix: str = "B") -> list[Said]:
    """Return `count` messages spread over `groups` groups."""
    chance = random.Random(seed)  # noqa: S311 - a load, not a secret
    found = []
    for number in range(count):
        group = chance.randrange(groups)
        draw = chance.random()
        if draw < _REQUEST_SHARE:
            text = chance.choice(_REQUESTS).format(n=1000 + number)
        elif draw < _REQUEST_SHARE + _UPDATE_SHARE:
            text = chance.choice(_UPDATES)
        else:
            text = chance.choice(_TALK)
        found.append(Said(f"{prefix}{seed}{number:07d}", group_jid(group), f"1800111{group:05d}{chance.randrange(4)}", text))
    return found


def requests(count: int, groups: int, seed: int = 1, prefix: str = "R") -> list[Said]:
    """Return messages that each open a ticket, or are on one: what must become visible."""
    return [
        Said(f"{prefix}{seed}{number:07d}", group_jid(number % groups), "18001112222333", _REQUESTS[number % 5].format(n=number))
        for number in range(count)
    ]


def group_jid(number: int) -> str:
    """Return the address of the group of this number."""
    return f"12036340{number:010d}@g.us"


def delivery(said: Said, at: datetime) -> bytes:
    """Return what the bridge would write to `inbound`."""
    data = evolution_data(said, at)
    return Delivery(event="MESSAGES_UPSERT", instance="cs-ticket-monitor", chat=said.group, received_at=at, data=data).to_json()


def webhook(said: Said, at: datetime | None = None) -> dict[str, Any]:
    """Return what Evolution would post."""
    return {
        "event": "messages.upsert",
        "instance": "cs-ticket-monitor",
        "data": evolution_data(said, at or datetime.now(UTC)),
        "destination": "http://127.0.0.1/webhook/cs-tickets",
        "date_time": "2026-01-05T09:00:00.000Z",
        "sender": "5521980000000@s.whatsapp.net",
        "server_url": "http://127.0.0.1:8080",
        "apikey": "BENCH-API-KEY",
    }


def evolution_data(said: Said, at: datetime) -> dict[str, Any]:
    """Return the message object of Evolution's `messages.upsert`."""
    return {
        "key": {
            "remoteJid": said.group,
            "fromMe": False,
            "id": said.id,
            "participant": f"{said.author}@lid",
            "participantAlt": f"55219{said.author[-8:]}@s.whatsapp.net",
            "addressingMode": "lid",
        },
        "pushName": "Rosa",
        "status": "DELIVERY_ACK",
        "message": {"conversation": said.text},
        "messageType": "conversation",
        "messageTimestamp": int(at.timestamp()),
        "instanceId": "3b1f7c52-0000-4000-8000-000000000001",
        "source": "android",
    }
