"""The tickets as Kafka has them, for the command line: what the local store says may be older than the role's last day."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from stream.adapters.kafka import Tail
from stream.adapters.topics import Topic
from stream.core.ticket import Ticket
from stream.errors import BrokerError
from stream.settings import Settings
from stream.sheet.store import Stored

_WAIT_S = 120.0


def read_tickets(settings: Settings, known: Mapping[str, Stored], tell: Callable[[int, int], None]) -> dict[str, Stored]:
    """Return the known tickets with those of the topic in their place; `tell` hears how many records were read, of how many.

    A record that cannot be read leaves what was known. Raises `BrokerError` where Kafka does not answer.
    """
    found, done = dict(known), 0
    tail, deadline = Tail(settings, [Topic.TICKETS]), time.monotonic() + _WAIT_S
    try:
        while not tail.is_caught_up():
            if time.monotonic() > deadline:
                raise BrokerError(f"Kafka has not given all tickets within {_WAIT_S:.0f} s; try again when it is less busy.")
            for record in tail.poll(0.5):
                done += 1
                ticket_id = record.key or ""
                epoch = found[ticket_id].epoch if ticket_id in found else 0
                stored = _stored(ticket_id, epoch, record.value)
                if stored is not None:
                    found[stored.id] = stored
            tell(done, done + tail.lag())
    finally:
        tail.close()
    return found


def _stored(ticket_id: str, epoch: int, value: bytes | None) -> Stored | None:
    if value is None:
        return Stored(id=ticket_id, epoch=epoch, ticket=None)
    try:
        return Stored(id=ticket_id, epoch=epoch, ticket=Ticket.from_json(value).but(messages=()))
    except ValidationError:
        return None
