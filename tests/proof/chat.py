"""The load: what people do in many groups, as Evolution tells it. The same seed gives the same talk."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from stream.core.commands import Actor, ActorKind, AnyCommand, Assign, Reply, SetNote, SetState
from stream.core.ids import ticket_id
from stream.core.ticket import TicketState
from stream.simulator import shapes
from stream.simulator.shapes import JSON, Person

INSTANCE = "cs-ticket-monitor"
STAFF = (
    Person("Ana", lid="70000000000101@lid", phone="5511900000101@s.whatsapp.net"),
    Person("Beto", lid="70000000000102@lid", phone="5511900000102@s.whatsapp.net"),
)
_REQUESTS = (
    "Good morning, my order {n} has not arrived and the tracking page shows an error",
    "login is broken since yesterday, error {n}",
    "the internet is down in shop {n}, nothing works",
    "meu pedido {n} não chegou ainda, podem verificar?",
    "mi pedido {n} no ha llegado, ¿pueden revisar?",
    "pesanan saya {n} belum sampai, tolong dicek",
    "I was charged twice for invoice {n}, please refund",
)
_OPEN = ("the till {n} beeps", "something about shelf {n}", "and {n}?", "screen {n} looks strange to me", "o caixa {n} apita")
_TALK = ("thanks!!", "ok", "bom dia", "👍", "good morning", "terima kasih", "gracias", "see you tomorrow", "haha")
_MORE = ("still not working", "any news?", "it says error {n} now", "alguma novidade?", "tried again {n} times")
_ANSWERS = ("we are checking with the courier", "please try again now", "it was delivered to the front desk", "looking into it")
_KINDS = (
    ("request", 10), ("talk", 42), ("more", 15), ("answer", 10), ("open", 4), ("done", 4), ("command", 2), ("edit", 3),
    ("delete", 1), ("media", 4), ("subject", 1), ("reaction", 4),
)  # fmt: skip


@dataclass(frozen=True)
class Post:
    """One webhook body. `token` is found again in what is stored of it."""

    token: str
    body: bytes
    kind: str


@dataclass
class Room:
    """A group, as far as the talk needs to remember it."""

    jid: str
    people: list[Person]
    requests: deque[JSON] = field(default_factory=lambda: deque(maxlen=12))  # keys of messages that ask for something
    keys: deque[tuple[JSON, Person]] = field(default_factory=lambda: deque(maxlen=20))


class Chat:
    """Draws one webhook or command after the other."""

    def __init__(self, seed: int, groups: int, poison: float) -> None:
        self.dice = random.Random(f"chat {seed}")
        self.number = 0
        self.poison = poison
        self.rooms = [self._room(number) for number in range(groups)]
        self._commands = 0

    def post(self, at: int) -> Post:
        """Return the next webhook; `at` is the Unix time at which it is said to happen."""
        self.number += 1
        token = f"q-{self.number}"
        if self.dice.random() < self.poison:
            return Post(token, self._spoilt(token, at), "poison")
        room = self.dice.choice(self.rooms)
        kind = self.dice.choices([name for name, _ in _KINDS], [weight for _, weight in _KINDS])[0]
        event, data = getattr(self, f"_{kind}")(room, token, at)
        return Post(token, orjson.dumps(self._envelope(event, data)), kind)

    def command(self, now: datetime) -> AnyCommand | None:
        """Return what a person asks on the dashboard about some ticket, if there is one to ask about."""
        room = self.dice.choice([room for room in self.rooms if room.requests] or self.rooms)
        if not room.requests:
            return None
        self._commands += 1
        base: JSON = {
            "id": f"desk-{self._commands}",
            "group": room.jid,
            "at": now,
            "actor": Actor(kind=ActorKind.DASHBOARD, name="Ana"),
            "ticket_id": ticket_id(room.jid, str(self.dice.choice(room.requests)["id"])),
        }
        match self.dice.randrange(5):
            case 0 | 1:
                return Reply(**base, text=f"We have looked at it, reply {self._commands}", quote=self.dice.random() < 0.5)
            case 2:
                return Assign(**base, assignee=self.dice.choice(STAFF).name)
            case 3:
                return SetNote(**base, note=f"note {self._commands}")
            case _:
                return SetState(**base, state=self.dice.choice([TicketState.RESOLVED, TicketState.ON_HOLD]))

    def _room(self, number: int) -> Room:
        people = [
            Person(f"C{number}-{k}", lid=f"1800{number:06d}{k}@lid", phone=f"55219{number:06d}{k:02d}@s.whatsapp.net")
            for k in range(3)
        ]
        return Room(f"1203630500{number:08d}@g.us", people)

    def _key(self, room: Room, person: Person) -> JSON:
        return shapes.group_key(room.jid, f"3EB0{self.number:010X}{self.dice.getrandbits(32):08X}", person)

    def _said(self, room: Room, person: Person, text: str, token: str, at: int, quoted: JSON | None = None) -> tuple[str, JSON]:
        key = self._key(room, person)
        room.keys.append((key, person))
        context = None
        if quoted is not None:
            context = shapes.quote_context(str(quoted["id"]), quoted.get("participant"), {"conversation": "…"})
        message = shapes.text_message(text, at=at, noisy=self.dice.random() < 0.2)
        data = shapes.upsert(key, person.name, "conversation", message, at=at, instance_id=token, context=context)
        return "messages.upsert", data

    def _line(self, texts: tuple[str, ...]) -> str:
        return self.dice.choice(texts).format(n=self.number)

    def _request(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        event, data = self._said(room, self.dice.choice(room.people), self._line(_REQUESTS), token, at)
        room.requests.append(data["key"])
        return event, data

    def _talk(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        return self._said(room, self.dice.choice(room.people), self._line(_TALK), token, at)

    def _open(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        return self._said(room, self.dice.choice(room.people), self._line(_OPEN), token, at)

    def _more(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        quoted = self.dice.choice(room.requests) if room.requests and self.dice.random() < 0.5 else None
        return self._said(room, self.dice.choice(room.people), self._line(_MORE), token, at, quoted)

    def _answer(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        quoted = self.dice.choice(room.requests) if room.requests else None
        return self._said(room, self.dice.choice(STAFF), self._line(_ANSWERS), token, at, quoted)

    def _done(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        if not room.requests:
            return self._talk(room, token, at)
        return self._react(room, self.dice.choice(STAFF), self.dice.choice(room.requests), "✅", token, at)

    def _reaction(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        if not room.keys:
            return self._talk(room, token, at)
        return self._react(room, self.dice.choice(room.people), self.dice.choice(room.keys)[0], "❤️", token, at)

    def _react(self, room: Room, person: Person, target: JSON, emoji: str, token: str, at: int) -> tuple[str, JSON]:
        message = shapes.reaction_message(target, emoji, at=at)
        data = shapes.upsert(self._key(room, person), person.name, "reactionMessage", message, at=at, instance_id=token)
        return "messages.upsert", data

    def _command(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        quoted = self.dice.choice(room.requests) if room.requests else None
        text = self.dice.choice(("#urgent", "#mine", f"#note call back {self.number}", "#done", "#what"))
        return self._said(room, self.dice.choice(STAFF), text, token, at, quoted)

    def _edit(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        if not room.keys:
            return self._talk(room, token, at)
        target = str(self.dice.choice(room.keys)[0]["id"])
        return "messages.edited", shapes.edit(room.jid, target, f"edited: error {self.number}", at=at) | {"instanceId": token}

    def _delete(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        if not room.keys:
            return self._talk(room, token, at)
        return "messages.delete", shapes.deletion(self.dice.choice(room.keys)[0]) | {"instanceId": token}

    def _media(self, room: Room, token: str, at: int) -> tuple[str, JSON]:
        person = self.dice.choice(room.people)
        kind = self.dice.choice(("image", "audio", "sticker", "document"))
        caption = self._line(_REQUESTS) if kind == "image" and self.dice.random() < 0.3 else ""
        name, message = shapes.media_message(kind, at=at, caption=caption, file_name="invoice.pdf")
        key = self._key(room, person)
        room.keys.append((key, person))
        return "messages.upsert", shapes.upsert(key, person.name, name, message, at=at, instance_id=token)

    def _subject(self, room: Room, token: str, _at: int) -> tuple[str, Any]:
        return "groups.update", [{"id": room.jid, "subject": f"Shop {self.number}", "author": "", "instanceId": token}]

    def _envelope(self, event: str, data: Any) -> JSON:
        return {
            "event": event,
            "instance": INSTANCE,
            "data": data,
            "destination": "http://127.0.0.1/webhook/cs-tickets",
            "date_time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "sender": "15550100001@s.whatsapp.net",
            "server_url": "http://127.0.0.1:8080",
            "apikey": "PROOF-API-KEY",
        }

    def _spoilt(self, token: str, at: int) -> bytes:
        """Return a body that cannot be understood, in one of the ways in which bodies cannot."""
        room = self.dice.choice(self.rooms)
        _, data = self._said(room, room.people[0], "spoilt", token, at)
        room.keys.pop()
        match self.dice.randrange(6):
            case 0:
                return b'{"event":"messages.upsert","data":{"instanceId":"' + token.encode() + b'"'
            case 1:
                return orjson.dumps(self._envelope("no.such.event", {"instanceId": token}))
            case 2:
                return orjson.dumps(self._envelope("messages.upsert", {"key": "no object", "instanceId": token}))
            case 3:
                return orjson.dumps(self._envelope("messages.upsert", data | {"message": [1, 2], "messageType": None}))
            case 4:
                return orjson.dumps(self._envelope("messages.upsert", data)).replace(b'"spoilt"', b"NaN")
            case _:
                return orjson.dumps(self._envelope("messages.upsert", data | {"messageTimestamp": "soon"}))
