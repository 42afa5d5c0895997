"""A webhook body becomes deliveries: one an element of its data, each filed under its chat, stripped of what is not kept."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from stream.core.delivery import Delivery
from stream.core.inputs import Source
from stream.translate.identity import is_group, read_address
from stream.translate.route import KNOWN_EVENTS, OF_A_CHAT, OF_AN_INSTANCE
from stream.translate.shapes import ident, obj
from stream.translate.strip import TooDeep, strip

# A body of 1 MiB holds some 3,000 messages of history; more elements than this are no messages.
MAX_ELEMENTS = 5_000
_INSTANCE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_EVENT = re.compile(r"[A-Za-z][A-Za-z_.\-]{0,63}")
_MAX_CHAT = 128
# Where a list of elements hides in an object, by event.
_INNER_LISTS = {"MESSAGES_UPSERT": "messages", "MESSAGES_SET": "messages", "MESSAGES_DELETE": "keys"}


class Rejected(NamedTuple):
    """A body that cannot be filed; `reason` is one snake_case word for its shape, never its content."""

    reason: str


def read_webhook(body: Any, received_at: datetime) -> list[Delivery] | Rejected:
    """Return the deliveries of a parsed webhook body, in order, or why it has to be put aside."""
    if not isinstance(body, dict):
        return Rejected("no_json_object")
    event = read_event(body.get("event"))
    if event is None:
        return Rejected("no_event")
    if event not in KNOWN_EVENTS:
        return Rejected("unknown_event")
    instance = body.get("instance")
    if not isinstance(instance, str) or not _INSTANCE.fullmatch(instance):
        return Rejected("bad_instance_name")
    return to_deliveries(event, instance, body.get("data"), received_at, own_address=read_address(body.get("sender")))


def to_deliveries(
    event: str,
    instance: str,
    data: Any,
    received_at: datetime,
    *,
    own_address: str | None = None,
    source: Source = Source.WEBHOOK,
) -> list[Delivery] | Rejected:
    """Return the deliveries of an event's data. Rows of the message store go through here as `MESSAGES_UPSERT`, too."""
    elements = _split(event, data)
    if len(elements) > MAX_ELEMENTS:
        return Rejected("too_many_elements")
    try:
        return [
            Delivery(
                event=event,
                instance=instance,
                chat=(chat := read_chat(event, instance, element)),
                received_at=received_at,
                source=source,
                own_address=own_address,
                data=strip(element) if _is_kept(event, chat) else None,
            )
            for element in elements
        ]
    except TooDeep:
        return Rejected("nested_too_deep")


def read_event(value: Any) -> str | None:
    """Return an event's name in the one form used here: upper case with underscores."""
    if not isinstance(value, str) or not _EVENT.fullmatch(value):
        return None
    return re.sub(r"[.\-]", "_", value).upper()


def read_chat(event: str, instance: str, element: Any) -> str:
    """Return the chat that an element belongs to; what belongs to none is filed under `instance:<name>`."""
    if event not in OF_AN_INSTANCE:
        facts = obj(element)
        key = obj(facts.get("key"))
        # In a message or a deletion `id` is the message's; in groups, contacts and chats it is the chat's.
        own = None if event.startswith("MESSAGES_") else facts.get("id")
        for told in (key.get("remoteJid"), facts.get("remoteJid"), own, facts.get("chatId")):
            chat = ident(told)
            if chat is not None and len(chat) <= _MAX_CHAT:
                return chat
    return f"instance:{instance}"


def _split(event: str, data: Any) -> list[Any]:
    if isinstance(data, list):
        return data
    inner = obj(data).get(_INNER_LISTS.get(event, ""))
    return inner if isinstance(inner, list) and "key" not in data else [data]


def _is_kept(event: str, chat: str) -> bool:
    """Tell whether the content is stored: what is said in private chats, stories and address books is only counted."""
    return event in OF_AN_INSTANCE or (event in OF_A_CHAT and (is_group(chat) or chat.startswith("instance:")))
