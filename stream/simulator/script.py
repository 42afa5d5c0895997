"""From the lines of a chat to Evolution's events: pure, so that the same seed gives the same ids and payloads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from stream.simulator import shapes
from stream.simulator.chat_file import Chat, GroupSpec, Line
from stream.simulator.shapes import JSON, Person


@dataclass(frozen=True)
class Happening:
    """One event to deliver, `offset` seconds after the start of the script."""

    offset: float
    event: str
    data: JSON | list[JSON]
    summary: str


@dataclass(frozen=True)
class _Told:
    """A message that a later line may refer to."""

    id: str
    key: JSON
    author: Person
    message: JSON


def happenings(chat: Chat, *, seed: str, starts_at: float, instance_id: str) -> Iterator[Happening]:
    """Yield what happens, in order. `starts_at` is the Unix second of the first line; `seed` makes the message ids."""
    told: dict[str, _Told] = {}
    offset = 0.0
    for group in chat.groups.values():
        yield Happening(0.0, "groups.upsert", [_added_to(group, chat)], f"added to {group.subject}")
    for number, line in enumerate(chat.lines):
        offset += line.after if number else 0.0
        at = int(starts_at + offset)
        summary = f"{chat.people[line.who].name} in {chat.groups[line.group].subject}"
        for event, data in _events(chat, line, message_id(seed, number, line), at, instance_id, told):
            yield Happening(offset, event, data, summary)


def _added_to(group: GroupSpec, chat: Chat) -> JSON:
    """Return what Evolution tells when our number is added to a group: its name and its people."""
    known = group.group(chat.people)
    owner = known.people[0] if known.people else None
    data: JSON = {"id": group.jid, "addressingMode": group.mode, "subject": group.subject, "creation": known.created_at}
    if owner is not None:
        data |= {"owner": owner.address, "ownerPn": owner.phone, "author": owner.address, "authorPn": owner.phone}
    return data | {"participants": [person.participant() for person in known.people]}


def message_id(seed: str, number: int, line: Line) -> str:
    """Return an id in the form that phones make: 32 hex digits, starting with AC on Android; 3EB0 when sent by the API."""
    digest = hashlib.sha256(f"{seed}/{number}".encode()).hexdigest().upper()
    return f"3EB0{digest[:18]}" if line.by_api else f"AC{digest[:30]}"


def _events(chat: Chat, line: Line, new_id: str, at: int, instance_id: str, told: dict[str, _Told]) -> list[tuple[str, JSON]]:
    group, who = chat.groups[line.group], chat.people[line.who]
    author = who.person()
    if line.edit is not None:
        return [("messages.edited", shapes.edit(group.jid, told[line.edit].id, line.say or "", at=at))]
    if line.delete is not None:
        gone = told[line.delete].key
        return [("messages.edited", shapes.revoke(group.jid, told[line.delete].id)), ("messages.delete", shapes.deletion(gone))]
    if line.by_api:
        key: JSON = {"remoteJid": group.jid, "fromMe": True, "id": new_id}
    else:
        key = shapes.group_key(group.jid, new_id, author, from_me=who.own, mode=group.mode)
    message_type, message = _message(chat, line, at, told)
    context = _context(chat, line, told)
    status = "PENDING" if line.by_api else ("SERVER_ACK" if who.own else "DELIVERY_ACK")
    name = "Você" if line.by_api else who.name
    source = "web" if line.by_api else "android"
    data = shapes.upsert(
        key, name, message_type, message, at=at, instance_id=instance_id, status=status, context=context, source=source
    )  # fmt: skip
    if line.alias:
        told[line.alias] = _Told(new_id, key, author, message)
    return [("send.message" if line.by_api else "messages.upsert", data)]


def _message(chat: Chat, line: Line, at: int, told: dict[str, _Told]) -> tuple[str, JSON]:
    if line.react is not None and line.to is not None:
        return "reactionMessage", shapes.reaction_message(told[line.to].key, line.react, at=at)
    if line.media is not None:
        return shapes.media_message(line.media, at=at, caption=line.say or "", file_name=line.file or "")
    # Every third message carries the noise that real ones have, more or less at random.
    noisy = len(told) % 3 == 0
    return "conversation", shapes.text_message(_with_mentions(chat, line), at=at, noisy=noisy)


def _with_mentions(chat: Chat, line: Line) -> str:
    """Return the text with `@name` replaced by `@digits`, which is what WhatsApp transmits."""
    text = line.say or ""
    for name in line.mention:
        digits = chat.people[name].person().address.partition("@")[0]
        text = text.replace(f"@{name}", f"@{digits}")
    return text


def _context(chat: Chat, line: Line, told: dict[str, _Told]) -> JSON | None:
    mentions = tuple(chat.people[name].person().address for name in line.mention)
    if line.quote is not None:
        quoted = told[line.quote]
        return shapes.quote_context(quoted.id, quoted.author.address, quoted.message, mentions)
    return {"mentionedJid": list(mentions), "groupMentions": []} if mentions else None
