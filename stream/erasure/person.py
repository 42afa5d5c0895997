"""Who is meant: the addresses that people write, and what deliveries and the table tell of the person's other addresses."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import orjson
from pydantic import ValidationError

from stream.adapters.kafka_deletion import read_topics
from stream.adapters.topic_admin import worker_app_id
from stream.adapters.topics import GROUPS_TABLE, Topic, changelog_name, full_name
from stream.core.delivery import Delivery
from stream.core.erasing import Eraser, digits_of, mark_of
from stream.core.inputs import Message, Reaction, Roster
from stream.core.people import Person, Sender
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
    """Return an eraser that also knows the LID of a phone, and the phone of a LID, as deliveries and the table tell them."""
    marks = set(eraser.marks)
    inbound, table = full_name(Topic.INBOUND, settings.topic_prefix), changelog_name(worker_app_id(settings), GROUPS_TABLE)
    for name, record in read_topics(settings, [inbound, table]):
        people = _senders(record.value or b"") if name == inbound else _members(record.value or b"")
        for person in people:
            addresses = [address for address in (person.lid, person.phone) if address]
            if any(eraser.owns(address) for address in addresses):
                marks |= {mark_of(eraser.salt, digits_of(address)) for address in addresses}
    return Eraser(eraser.salt, frozenset(marks), eraser.pseudonym)


def _members(value: bytes) -> list[Person]:
    """Return whom a group's record knows, in whatever version of it."""
    try:
        return [Person.model_validate(one) for one in orjson.loads(value)["state"]["people"].values()]
    except (ValueError, LookupError, AttributeError, TypeError):
        return []


def _senders(value: bytes) -> tuple[Sender, ...]:
    try:
        event = translate(Delivery.from_json(value))
    except ValidationError:
        return ()
    if isinstance(event, Message | Reaction):
        return (event.sender,)
    return event.people if isinstance(event, Roster) else ()
