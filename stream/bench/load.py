"""The load: support groups as they talk, as deliveries and as webhooks. Seeded, so that a run can come again.

In each group requests are opened, chased, answered by staff and solved, amid small talk; a few are open at a time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stream.core.delivery import Delivery

_REQUESTS = (
    "Good morning, order {n} has not arrived and the tracking page shows an error",
    "our login is broken since yesterday, error 500 when I open account {n}",
    "o sistema caiu, ninguém consegue emitir a nota {n}, podem verificar?",
    "the invoice {n} was charged twice, please refund one of them",
    "no puedo entrar en mi cuenta {n}, me sale un error",
)
_NEWS = (
    "any news about this?",
    "still not working here",
    "it happens since about nine o'clock, on two machines",
    "I tried again after a restart and it is the same",
    "alguma novidade sobre isso?",
)
_ANSWERS = (
    "Hi, we are looking into it and come back to you",
    "could you send us a screenshot please?",
    "já estamos verificando, te aviso em breve",
)
_SOLVED = ("it works now, thank you", "problem solved, thanks a lot", "resolvido, obrigado!")
_TALK = (
    "good morning everyone",
    "ok thanks",
    "bom dia!",
    "👍",
    "haha",
    "see you tomorrow",
    "obrigado",
    "perfect",
    "kkkk",
    "noted",
)
# Shares of all that is said; where nothing is open, news, answers and solutions are small talk too.
_REQUEST, _NEWS_SHARE, _ANSWER, _SOLVED_SHARE = 0.07, 0.18, 0.12, 0.07
_QUOTED = 0.4  # of news
_CUSTOMERS = 6  # a group
STAFF_LIDS = ("70000000000911", "70000000000912")


@dataclass(frozen=True)
class Said:
    """One message of the load; `quotes` is the message that it answers."""

    id: str
    group: str
    author: str
    text: str
    quotes: str | None = None


def talk(count: int, groups: int, seed: int = 1, prefix: str = "B") -> list[Said]:
    """Return `count` messages spread over `groups` groups, in the order in which they are said."""
    chance = random.Random(seed)  # noqa: S311 -- a load, not a secret
    open_requests: dict[int, list[Said]] = {number: [] for number in range(groups)}
    found = []
    for number in range(count):
        group = chance.randrange(groups)
        found.append(_say(chance, group, open_requests[group], f"{prefix}{seed}{number:07d}", number))
    return found


def _say(chance: random.Random, group: int, requests: list[Said], message_id: str, number: int) -> Said:
    jid, draw = group_jid(group), chance.random()
    someone = _customer(group, chance.randrange(_CUSTOMERS))
    if draw < _REQUEST:
        said = Said(message_id, jid, someone, chance.choice(_REQUESTS).format(n=1000 + number))
        requests.append(said)
        return said
    draw -= _REQUEST
    if requests and draw < _NEWS_SHARE:
        about = chance.choice(requests)
        return Said(message_id, jid, about.author, chance.choice(_NEWS), about.id if chance.random() < _QUOTED else None)
    draw -= _NEWS_SHARE
    if requests and 0 <= draw < _ANSWER:
        return Said(message_id, jid, chance.choice(STAFF_LIDS), chance.choice(_ANSWERS), chance.choice(requests).id)
    draw -= _ANSWER
    if requests and 0 <= draw < _SOLVED_SHARE:
        about = requests.pop(chance.randrange(len(requests)))
        return Said(message_id, jid, about.author, chance.choice(_SOLVED), about.id)
    return Said(message_id, jid, someone, chance.choice(_TALK))


def requests(count: int, groups: int, seed: int = 1, prefix: str = "R") -> list[Said]:
    """Return messages that each ask for something: what must become visible."""
    return [
        Said(
            f"{prefix}{seed}{number:07d}",
            group_jid(number % groups),
            _customer(number % groups, number // groups % _CUSTOMERS),
            _REQUESTS[number % len(_REQUESTS)].format(n=1000 + number),
        )
        for number in range(count)
    ]


def greetings(groups: int) -> list[Said]:
    """Return one message in every group that asks for nothing."""
    return [Said(f"G{number:07d}", group_jid(number), _customer(number, 0), "good morning everyone") for number in range(groups)]


def group_jid(number: int) -> str:
    """Return the address of the group of this number."""
    return f"12036340{number:010d}@g.us"


def _customer(group: int, number: int) -> str:
    return f"1800111{group:05d}{number}"


def delivery(said: Said, at: datetime) -> bytes:
    """Return what the bridge would write to `inbound`."""
    return Delivery(
        event="MESSAGES_UPSERT", instance="cs-ticket-monitor", chat=said.group, received_at=at, data=_upsert(said, at)
    ).to_json()


def webhook(said: Said, at: datetime | None = None) -> dict[str, Any]:
    """Return what Evolution would post."""
    return {
        "event": "messages.upsert",
        "instance": "cs-ticket-monitor",
        "data": _upsert(said, at or datetime.now(UTC)),
        "destination": "http://127.0.0.1/webhook/cs-tickets",
        "date_time": "2026-01-05T09:00:00.000Z",
        "sender": "5521980000000@s.whatsapp.net",
        "server_url": "http://127.0.0.1:8080",
        "apikey": "BENCH-API-KEY",
    }


def _upsert(said: Said, at: datetime) -> dict[str, Any]:
    data: dict[str, Any] = {
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
    if said.quotes:
        data["contextInfo"] = {
            "stanzaId": said.quotes,
            "participant": f"{said.author}@lid",
            "quotedMessage": {"conversation": "..."},
        }
    return data
