"""The messages that topic `inbound` still holds, as the rules would meet them now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from stream.adapters.kafka import Record, Tail
from stream.adapters.topics import Topic
from stream.core.book import Book
from stream.core.delivery import Delivery
from stream.core.detect import Facts
from stream.core.groups_config import GroupMode
from stream.core.inputs import Form, Message
from stream.core.people import Role
from stream.settings import Settings
from stream.translate import translate


@dataclass(frozen=True, slots=True)
class Replayed:
    """One message that people wrote, once, in the order of its group."""

    message: Message

    def facts(self, book: Book) -> Facts:
        """Return what the rules of this book may know of it."""
        message = self.message
        known = [address for address in (message.sender.lid, message.sender.phone) if address]
        return Facts(
            text=message.text or message.file_name or "",
            role=Role.STAFF if message.sender.is_self else book.role_of(known),
            form=Form.TEXT if message.form is Form.CHOICE else message.form,
            group=message.chat,
            tags=book.group(message.chat).tags,
            is_reply=message.quoted_id is not None,
        )

    def is_watched(self, book: Book) -> bool:
        return book.group(self.message.chat).mode is not GroupMode.OFF


def read_inbound(settings: Settings, since: datetime) -> Iterator[Replayed]:
    """Yield the messages written since then, from Kafka; raises `BrokerError` when it cannot be reached."""
    tail = Tail(settings, [Topic.INBOUND])
    seen: set[tuple[str, str]] = set()
    try:
        while True:
            yield from replay(tail.poll(timeout_s=1.0), since, seen)
            if tail.is_caught_up():
                return
    finally:
        tail.close()


def replay(records: Iterable[Record], since: datetime, seen: set[tuple[str, str]]) -> Iterator[Replayed]:
    """Yield the messages in these records; a message that was delivered twice comes once."""
    for record in records:
        message = _message(record)
        if message is None or message.sent_at < since or (message.chat, message.id) in seen:
            continue
        seen.add((message.chat, message.id))
        yield Replayed(message)


def _message(record: Record) -> Message | None:
    if record.value is None:
        return None
    try:
        found = translate(Delivery.from_json(record.value))
    except ValidationError:  # the worker puts such a record into the dead-letter topic; it says nothing of rules
        return None
    return found if isinstance(found, Message) else None
