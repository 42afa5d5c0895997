"""Erasing in order: the state first, so that nothing writes the person down again; then snapshots, then the raw copies."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from stream.adapters.kafka import Publisher
from stream.adapters.kafka_deletion import RawRecord, delete_before, end_offsets, read_by_all, read_topic
from stream.adapters.topics import Topic
from stream.core.commands import Actor, ActorKind, Erase
from stream.core.erasing import Eraser, erase_from_ticket
from stream.core.events import EventKind, TicketEvent
from stream.core.ids import derived_id
from stream.core.ticket import Ticket
from stream.erasure.matters import Matters, examples_of
from stream.erasure.outbound import take_out_what_was_said
from stream.erasure.places import Hits, names_of_topics, search_topic, search_topics, shows, spooled
from stream.errors import BrokerError, StateError
from stream.settings import Settings

# Raw copies: taken out up to where everybody has read them.
_RAW = (Topic.INBOUND, Topic.UNDECIDED, Topic.COMMANDS)
_LOOK_S = 0.3


class Wanted(NamedTuple):
    """Who is to be erased, and what is theirs."""

    eraser: Eraser
    matters: Matters

    def is_shown_by(self, record: RawRecord) -> bool:
        return shows(record, self.eraser)

    def is_told_of_in(self, record: RawRecord) -> bool:
        """Tell whether a record of what was said shows the person, or is about a ticket of theirs."""
        return shows(record, self.eraser) or self.matters.concern(record)


class Found(NamedTuple):
    """Where the person is in Kafka, by place, and in which groups."""

    places: dict[str, Hits]
    groups: frozenset[str]


def search(settings: Settings, wanted: Wanted) -> Found:
    """Look through every topic and the table."""
    names = names_of_topics(settings)
    said = {Topic.OUTBOUND.value, Topic.DELIVERIES.value}
    looks = {name: wanted.is_told_of_in if place in said else wanted.is_shown_by for place, name in names.items()}
    hits = search_topics(settings, looks)
    places = {place: hits[name] for place, name in names.items()}
    groups = {record.key.decode() for record in places["table groups"].latest}
    groups |= {str(orjson.loads(record.value or b"{}").get("group")) for record in places[Topic.TICKETS].latest}
    return Found(places, frozenset(groups))


def erase_everywhere(settings: Settings, wanted: Wanted, found: Found, patience_s: float, say: Callable[[str], None]) -> None:
    """Take the person out of Kafka. Raises before anything is changed when webhooks still wait in the spool."""
    if waiting := spooled(settings):
        raise StateError(
            f"{waiting} webhooks wait in the bridge's spool; start Kafka and the bridge, and erase once it is empty."
        )
    publisher = Publisher(settings)
    try:
        _ask_the_worker(settings, publisher, wanted.eraser, found.groups, patience_s, say)
        _replace_old_snapshots(settings, publisher, wanted, say)
        _take_back_examples(settings, publisher, wanted, say)
        _put_dead_letters_anew(settings, publisher, wanted, say)
    finally:
        publisher.close()
    take_out_what_was_said(settings, wanted.is_told_of_in, say)
    names = names_of_topics(settings)
    for topic in _RAW:
        hits = search_topic(settings, names[topic], wanted.is_shown_by)
        if topic is not Topic.COMMANDS and not hits.found:
            continue
        read = read_by_all(settings, names[topic])
        # The commands that said whom to erase go too, hashed as they are.
        numbers = set(hits.last_offset) | (set(read) if topic is Topic.COMMANDS else set())
        delete_before(settings, names[topic], {number: read[number] for number in numbers if number in read})
        if numbers & set(read):
            say(f"{topic}: what everybody has read is deleted, with what others wrote there; the tickets keep theirs.")


def _ask_the_worker(
    settings: Settings,
    publisher: Publisher,
    eraser: Eraser,
    groups: frozenset[str],
    patience_s: float,
    say: Callable[[str], None],
) -> None:
    now = datetime.now(UTC)
    for group in sorted(groups):
        command = Erase(
            id=derived_id("erase", eraser.salt, group),
            group=group,
            at=now,
            actor=Actor(kind=ActorKind.CLI),
            salt=eraser.salt,
            marks=tuple(sorted(eraser.marks)),
            pseudonym=eraser.pseudonym,
        )
        publisher.publish(Topic.COMMANDS, group, command.to_json())
    names = names_of_topics(settings)
    wanted = {topic: end_offsets(settings, names[topic]) for topic in (Topic.COMMANDS, Topic.INBOUND)}
    deadline = time.monotonic() + patience_s
    for topic, ends in wanted.items():
        while any(read_by_all(settings, names[topic]).get(number, 0) < end for number, end in ends.items() if end):
            if time.monotonic() > deadline:
                raise BrokerError("The worker has not read everything yet; is it running? The same command may be given again.")
            time.sleep(_LOOK_S)
    say(f"groups: erased from the state of {len(groups)}.")


def _replace_old_snapshots(settings: Settings, publisher: Publisher, wanted: Wanted, say: Callable[[str], None]) -> None:
    """Publish anew the last snapshots of tickets that the worker has let go of: nobody else writes those any more."""
    latest = search_topic(settings, names_of_topics(settings)[Topic.TICKETS], wanted.is_shown_by).latest
    for record in latest:
        ticket = Ticket.from_json(record.value or b"")
        erased = erase_from_ticket(ticket, wanted.eraser).but(version=ticket.version + 1)
        publisher.publish(Topic.TICKETS, ticket.id, erased.to_json())
        _publish_redaction(publisher, wanted.eraser, ticket.group, ticket.id)
    if latest:
        say(f"tickets: {len(latest)} closed ones written anew.")


def _take_back_examples(settings: Settings, publisher: Publisher, wanted: Wanted, say: Callable[[str], None]) -> None:
    """Tell who keeps the labelled examples that those of this person's messages are to go."""
    examples = examples_of(settings, wanted.matters, wanted.eraser)
    for one in examples:
        _publish_redaction(publisher, wanted.eraser, one.group, one.ticket_id, one.message_id)
    if examples:
        say(f"corrections: {len(examples)} taken back; run `groupdesk learn` again where the local classifier was made of them.")


def _publish_redaction(
    publisher: Publisher, eraser: Eraser, group: str, ticket_id: str | None, message_id: str | None = None
) -> None:
    told = TicketEvent(
        id=derived_id("erase", eraser.salt, ticket_id or "", message_id or ""),
        kind=EventKind.REDACTED,
        group=group,
        ticket_id=ticket_id,
        message_id=message_id,
        at=datetime.now(UTC),
        actor=Actor(kind=ActorKind.CLI),
        because="a person was erased",
    )
    publisher.publish(Topic.TICKET_EVENTS, ticket_id or group, told.to_json())


def _put_dead_letters_anew(settings: Settings, publisher: Publisher, wanted: Wanted, say: Callable[[str], None]) -> None:
    """Write the other dead letters of the partitions concerned again at the end, then take out everything before them."""
    name = names_of_topics(settings)[Topic.DEAD_LETTER]
    hits = search_topic(settings, name, wanted.is_shown_by)
    if not hits.found:
        return
    ends = {number: end for number, end in end_offsets(settings, name).items() if number in hits.last_offset}
    for record in read_topic(settings, name):
        if record.offset < ends.get(record.partition, 0) and not wanted.is_shown_by(record):
            publisher.publish(Topic.DEAD_LETTER, record.key.decode(), record.value or b"", record.headers)
    delete_before(settings, name, ends)
    say(f"dead-letter: {hits.found} deleted; the others of those partitions have new names.")
