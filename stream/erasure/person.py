"""Who is meant: the addresses that people write, and what the raw deliveries tell of the person's other addresses and groups."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from pydantic import ValidationError

from stream.adapters.kafka_deletion import read_topic
from stream.adapters.topics import Topic, full_name
from stream.core.delivery import Delivery
from stream.core.erasing import Eraser, digits_of, mark_of
from stream.core.inputs import Message, Reaction, Roster
from stream.core.people import Sender
from stream.core.team import phone_forms
from stream.errors import SettingsError
from stream.settings import Settings
from stream.translate import translate

_SHORTEST, _LONGEST = 7, 20


def meant(written: Iterable[str]) -> Eraser:
    """Return what finds the person with these phones and LIDs, in every form that WhatsApp gives a number."""
    digits: set[str] = set()
    for one in written:
        found = digits_of(one)
        if not _SHORTEST <= len(found) <= _LONGEST:
            raise SettingsError(f"{one} is no phone number with its country code and no LID.")
        digits |= {found} if one.endswith("@lid") else phone_forms(found)
    salt = secrets.token_hex(16)
    return Eraser(salt, frozenset(mark_of(salt, one) for one in digits), f"erased-{secrets.token_hex(6)}")


def learn_aliases(settings: Settings, eraser: Eraser) -> Eraser:
    """Return an eraser that also knows the LID of a phone, and the phone of a LID, as the kept deliveries tell them."""
    marks = set(eraser.marks)
    for record in read_topic(settings, full_name(Topic.INBOUND, settings.topic_prefix)):
        for sender in _senders(record.value or b""):
            addresses = [address for address in (sender.lid, sender.phone) if address]
            if any(eraser.owns(address) for address in addresses):
                marks |= {mark_of(eraser.salt, digits_of(address)) for address in addresses}
    return Eraser(eraser.salt, frozenset(marks), eraser.pseudonym)


def _senders(value: bytes) -> tuple[Sender, ...]:
    try:
        event = translate(Delivery.from_json(value))
    except ValidationError:
        return ()
    if isinstance(event, Message | Reaction):
        return (event.sender,)
    return event.people if isinstance(event, Roster) else ()
