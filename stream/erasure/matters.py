"""What is a person's without showing their address: the tickets they opened, and the messages they wrote."""

from __future__ import annotations

import json
from typing import NamedTuple

from pydantic import ValidationError

from stream.adapters.kafka_deletion import RawRecord, read_topics
from stream.adapters.topics import Topic, full_name
from stream.core.corrections import Correction
from stream.core.delivery import Delivery
from stream.core.erasing import Eraser
from stream.core.inputs import Message
from stream.core.outcome import Undecided
from stream.core.ticket import Ticket
from stream.core.value import Value
from stream.settings import Settings
from stream.translate import translate

_TELLING: dict[Topic, type[Value]] = {Topic.TICKETS: Ticket, Topic.UNDECIDED: Undecided, Topic.INBOUND: Delivery}


class Matters(NamedTuple):
    """`tickets` are ids, `messages` are pairs of group and message id. Learned before anything is erased: then it is lost."""

    tickets: frozenset[str]
    messages: frozenset[tuple[str, str]]

    def concern(self, record: RawRecord) -> bool:
        """Tell whether a record of `outbound` or `deliveries` is about one of the tickets."""
        try:
            told = json.loads(record.value or b"{}")
        except ValueError:
            return False
        return isinstance(told, dict) and not self.tickets.isdisjoint(told.get("ticket_ids") or ())


def learn_matters(settings: Settings, eraser: Eraser) -> Matters:
    """Read from the topics what is this person's; raises `BrokerError`."""
    tickets: set[str] = set()
    messages: set[tuple[str, str]] = set()
    kinds = {full_name(topic, settings.topic_prefix): kind for topic, kind in _TELLING.items()}
    for name, record in read_topics(settings, kinds):
        try:
            told = kinds[name].from_json(record.value or b"")
        except ValidationError:
            continue
        if isinstance(told, Ticket):
            tickets |= {told.id} if eraser.owns(told.opened_by) else set()
            messages |= {(told.group, entry.message_id) for entry in told.messages if eraser.owns(entry.author)}
        elif isinstance(told, Undecided) and eraser.owns(told.message.author):
            messages.add((told.group, told.message.id))
        elif isinstance(told, Delivery):
            event = translate(told)
            if isinstance(event, Message) and (eraser.owns(event.sender.lid) or eraser.owns(event.sender.phone)):
                messages.add((event.chat, event.id))
    return Matters(frozenset(tickets), frozenset(messages))


def examples_of(settings: Settings, matters: Matters, eraser: Eraser) -> list[Correction]:
    """Return the labelled examples that were made of the person's messages; a line that cannot be read is nobody's."""
    try:
        lines = (settings.data_dir / "corrections.jsonl").read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in filter(None, lines):
        try:
            example = Correction.from_json(line)
        except ValidationError:
            continue
        is_of_theirs = (example.group, example.message_id) in matters.messages or example.ticket_id in matters.tickets
        if is_of_theirs or eraser.owns(example.author):
            found.append(example)
    return found
