"""Addresses: who wrote, in all the fields and versions in which Evolution has told it, and what kind of chat it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from stream.core.people import Sender
from stream.translate.reasons import Reason
from stream.translate.shapes import obj, text

LID = "lid"
PHONE = "s.whatsapp.net"
# user, optional agent `_1` and device `:7`, and the server. `c.us` is the older name, `hosted` a business's own server.
_ADDRESS = re.compile(r"([0-9A-Za-z.\-]{1,64})(?:_\d{1,4})?(?::\d{1,4})?@(lid|hosted\.lid|s\.whatsapp\.net|c\.us|hosted)")
_DIGITS = re.compile(r"\+?(\d{6,20})")
_GROUP = re.compile(r"[0-9A-Za-z_.\-]{1,64}@g\.us")
_MAX_NAME = 100
_MAX_ADDRESS = 100
_YOU = {"você", "voce", "you"}  # what Evolution calls our own number
# All fields that have held an author's address (2.3.3 and later; 2.3.0 to 2.3.2; 2.2; group metadata), and what bare
# digits mean there; None: what the key's `addressingMode` says.
_ADDRESS_FIELDS: dict[str, str | None] = {
    "participant": None,
    "participantAlt": PHONE,
    "participantPn": PHONE,
    "participantLid": LID,
    "senderPn": PHONE,
    "senderLid": LID,
    "id": None,
    "jid": None,
    "lid": LID,
    "phoneNumber": PHONE,
}


def is_group(chat: str) -> bool:
    """Tell whether this chat is a group's JID."""
    return _GROUP.fullmatch(chat) is not None


def not_watched(chat: str) -> Reason | None:
    """Return why this chat is not listened to, or None for a group."""
    if is_group(chat):
        return None
    if chat == "status@broadcast":
        return Reason.STATUS_BROADCAST
    if chat.endswith("@broadcast"):
        return Reason.BROADCAST_LIST
    if chat.endswith("@newsletter"):
        return Reason.NEWSLETTER
    return Reason.DIRECT_CHAT


def read_address(value: Any, bare: str = PHONE) -> str | None:
    """Return the address without its device, as `<user>@lid` or `<user>@s.whatsapp.net`; digits alone get the server `bare`."""
    found = text(value).strip()
    return _read_address(found, bare) if 0 < len(found) <= _MAX_ADDRESS else None


@lru_cache(maxsize=8192)  # a message names its few people many times
def _read_address(found: str, bare: str) -> str | None:
    if match := _ADDRESS.fullmatch(found):
        user, server = match.groups()
        return f"{user}@{LID if server.endswith('lid') else PHONE}"
    if match := _DIGITS.fullmatch(found):
        return f"{match[1]}@{bare}"
    return None


def read_person(value: Any) -> Sender | None:
    """Return the person that a participant of a group stands for: a string, or an object with `id` and `phoneNumber`."""
    person = _from_addresses([value] if isinstance(value, str) else _told_addresses(obj(value)))
    return person if person.lid or person.phone else None


def read_sender(key: dict[str, Any], *, name: Any, from_me: bool, own_address: str | None) -> Sender:
    """Return the author that a message's key names. A message of our own without an author gets our own address."""
    person = _from_addresses(_told_addresses({field: value for field, value in key.items() if field != "id"}))
    if from_me and not person.lid and not person.phone:
        person = _from_addresses([read_address(own_address)])
    return person.but(name=_read_name(name, person), is_self=from_me)


def _told_addresses(source: dict[str, Any]) -> list[str | None]:
    told = LID if source.get("addressingMode") == "lid" else PHONE
    return [read_address(source.get(field), bare or told) for field, bare in _ADDRESS_FIELDS.items() if field in source]


def _from_addresses(addresses: Iterable[Any]) -> Sender:
    known = [address for address in map(read_address, addresses) if address]
    return Sender(
        lid=next((address for address in known if address.endswith("@lid")), None),
        phone=next((address for address in known if not address.endswith("@lid")), None),
    )


def _read_name(value: Any, person: Sender) -> str | None:
    """Return the profile name, unless it is only the digits of an address, or the word for ourselves."""
    name = " ".join(text(value).split())[:_MAX_NAME].strip()
    digits = {(address or "").partition("@")[0] for address in (person.lid, person.phone)}
    return None if not name or name.lstrip("+") in digits or name.lower() in _YOU else name
