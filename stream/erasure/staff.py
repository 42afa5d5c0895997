"""The names of staff: who answers a request is not erased with a customer's traces, so it is counted and told instead."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError

from stream.adapters.kafka_deletion import read_topic
from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic, full_name
from stream.core.erasing import Eraser, digits_of
from stream.core.events import TicketEvent
from stream.core.ticket import Ticket
from stream.errors import RulesError
from stream.settings import Settings


class StaffTraces(NamedTuple):
    """Under which names rules/team.yaml knows the person, on how many tickets and in how many events these stand."""

    names: frozenset[str]
    tickets: int
    events: int


def find_staff_traces(settings: Settings, eraser: Eraser) -> StaffTraces:
    """Return nothing but zeros for a person who is not staff, or where the rules folder cannot be read."""
    try:
        addresses = load_book(settings.rules_dir).team.addresses()
    except RulesError:
        addresses = {}
    names = frozenset(member.name for address, member in addresses.items() if eraser.owns(digits_of(address)))
    if not names:
        return StaffTraces(names, 0, 0)
    assignees: dict[bytes, str | None] = {}
    for record in read_topic(settings, full_name(Topic.TICKETS, settings.topic_prefix)):
        try:
            assignees[record.key] = Ticket.from_json(record.value or b"").assignee
        except ValidationError:
            assignees.pop(record.key, None)
    events = 0
    for record in read_topic(settings, full_name(Topic.TICKET_EVENTS, settings.topic_prefix)):
        try:
            event = TicketEvent.from_json(record.value or b"")
        except ValidationError:
            continue
        events += bool(names & {event.actor.name if event.actor else None, event.before, event.after})
    return StaffTraces(names, sum(name in names for name in assignees.values()), events)
