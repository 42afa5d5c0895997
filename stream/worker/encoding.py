"""How a group becomes the bytes in the table, without writing out again what has not changed.

A group is written with every message, and nearly all of it is as it was: values are frozen, so a ticket or message that is
the same object has the same bytes. The result is what `GroupRecord.to_json` gives, with the group's summary in front of it,
so that a start needs to read no more than that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from stream.core.ticket import Ticket
from stream.core.value import Value
from stream.worker.record import GroupRecord
from stream.worker.summary import Summary, TicketSummary, sum_up, summarise_ticket

_PLACE = b'"tickets":{},"recent":[]'  # where the large fields belong in the bytes of a group without them
_FRONT = b'{"summary":'
_FRONT_MOST = 4096  # a summary is a few hundred bytes


class Part(NamedTuple):
    """The bytes of one frozen value. The value is kept too: while it lives, its identity is not given to another."""

    value: Value
    raw: bytes
    summary: TicketSummary | None = None


class Encoded(NamedTuple):
    """A group as bytes; `parts` make the next encoding of the same group cheap."""

    raw: bytes
    summary: Summary
    parts: dict[int, Part]


def encode(record: GroupRecord, known: dict[int, Part]) -> Encoded:
    """Return the bytes of a group and its summary; `known` are the parts of an earlier encoding of it, or nothing."""
    state = record.state
    tickets = [known.get(id(ticket)) or _ticket_part(ticket) for ticket in state.tickets.values()]
    recent = [known.get(id(message)) or Part(message, message.to_json()) for message in state.recent]
    small = record.but(state=state.but(tickets={}, recent=())).to_json()
    before, _, after = small.partition(_PLACE)
    named = b",".join(b"%b:%b" % (json.dumps(name).encode(), part.raw) for name, part in zip(state.tickets, tickets, strict=True))
    said = b",".join(part.raw for part in recent)
    summary = sum_up(record, [part.summary for part in tickets if part.summary is not None])
    raw = b'%b%b,%b"tickets":{%b},"recent":[%b]%b' % (_FRONT, summary.to_json(), before[1:], named, said, after)
    return Encoded(raw, summary, {id(part.value): part for part in _all(tickets, recent)})


def read_summary(raw: bytes) -> Summary:
    """Return the summary of a group from its bytes without reading the rest."""
    if not raw.startswith(_FRONT):
        return summarise(GroupRecord.from_json(raw))
    found, _ = json.JSONDecoder().raw_decode(raw[len(_FRONT) : _FRONT_MOST].decode("utf-8", "ignore"))
    return Summary.from_plain(found)


def summarise(record: GroupRecord) -> Summary:
    """Count one group from its record."""
    return sum_up(record, [summarise_ticket(ticket) for ticket in record.state.tickets.values()])


def _ticket_part(ticket: Ticket) -> Part:
    return Part(ticket, ticket.to_json(), summarise_ticket(ticket))


def _all(*parts: Iterable[Part]) -> Iterable[Part]:
    for several in parts:
        yield from several
