"""What was handled and has not been handed to Kafka yet: however many messages change a group or ticket, it is written once.

While messages come one by one, each is a batch of its own. When many wait, as after an outage, one write of a group of
thousands of bytes serves all of them, and so does one snapshot of a ticket.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from stream.adapters.topics import Topic
from stream.core.ticket import Ticket
from stream.worker.handle import Handled, Publication
from stream.worker.record import GroupRecord

_MOST = 512  # messages
_LONGEST_S = 0.25  # what waits for it is seen that much later, and only when many wait


class Changed(NamedTuple):
    """A group as it is after the batch, and the refs of the messages that changed it, in order."""

    partition: int
    record: GroupRecord
    refs: tuple[str, ...] = ()

    @property
    def headers(self) -> dict[str, bytes]:
        """Return what tells whoever reads the table's changelog which messages one write stands for, and in which order."""
        return {"inputs": " ".join(self.refs).encode()} if len(self.refs) > 1 else {}


class Batch:
    """Messages in the order in which they were handled, with what came of them."""

    def __init__(self) -> None:
        self.taken: list[tuple[Any, str]] = []  # each event with its ref
        self.changed: dict[bytes, Changed] = {}
        self._tickets: dict[str, Ticket] = {}
        self.said: list[Publication] = []  # what to publish beside groups and tickets, in order
        self._began_at = 0.0

    def __len__(self) -> int:
        return len(self.taken)

    @property
    def is_full(self) -> bool:
        return len(self.taken) >= _MOST or time.monotonic() - self._began_at > _LONGEST_S

    def add(self, event: Any, ref: str, partition: int, handled: Handled) -> None:
        """Take in one message and what came of it."""
        if not self.taken:
            self._began_at = time.monotonic()
        self.taken.append((event, ref))
        if handled.record is not None:
            key = event.message.key or b""
            before = self.changed[key].refs if key in self.changed else ()
            self.changed[key] = Changed(partition, handled.record, (*before, ref.partition(":")[2]))
        for ticket in handled.tickets:
            self._tickets[ticket.id] = ticket
        self.said.extend(handled.said)

    def snapshots(self) -> dict[int, Publication]:
        """Return what to publish of tickets, by the identity of the ticket: each once, as it is after the batch."""
        return {id(ticket): Publication(Topic.TICKETS, ticket.id, ticket.to_json()) for ticket in self._tickets.values()}
