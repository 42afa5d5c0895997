"""How a group becomes the bytes in the table, without writing out again what has not changed.

A group is written with every message, and nearly all of it is as it was: values are frozen, so a ticket or message that is
the same object has the same bytes. The result is what `GroupRecord.to_json` gives, with the group's summary in front of it,
so that a start needs to read no more than that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from stream.core.group import SeenIds
from stream.core.ticket import Ticket
from stream.core.value import Value
from stream.worker.record import GroupRecord
from stream.worker.summary import Summary, TicketSummary, sum_up, summarise_ticket

# Where the large fields belong in the bytes of a group without them.
_PLACE = b'"tickets":{},"recent":[],"done":[],"seen":{"at":{}'
_SEEN = 0  # the part of the seen ids; no value has this identity
_NOTHING: Mapping[int, bytes] = MappingProxyType({})
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


def encode(record: GroupRecord, known: dict[int, Part], written: Mapping[int, bytes] = _NOTHING) -> Encoded:
    """Return the bytes of a group and its summary.

    `known` are the parts of an earlier encoding of it, or nothing; `written` the bytes of tickets that were just published, by
    the identity of the ticket.
    """
    state = record.state
    tickets = [known.get(id(ticket)) or _ticket_part(ticket, written) for ticket in state.tickets.values()]
    recent = [known.get(id(message)) or Part(message, message.to_json()) for message in state.recent]
    done = [known.get(id(one)) or Part(one, one.to_json()) for one in state.done]
    seen = _seen_part(state.seen, known.get(_SEEN))
    small = record.but(state=state.but(tickets={}, recent=(), done=(), seen=state.seen.but(at={}))).to_json()
    before, _, after = small.partition(_PLACE)
    named = b",".join(b"%b:%b" % (json.dumps(name).encode(), part.raw) for name, part in zip(state.tickets, tickets, strict=True))
    said = b",".join(part.raw for part in recent)
    summary = sum_up(record, [part.summary for part in tickets if part.summary is not None])
    raw = b'%b%b,%b"tickets":{%b},"recent":[%b],"done":[%b],"seen":{"at":{%b}%b' % (
        _FRONT,
        summary.to_json(),
        before[1:],
        named,
        said,
        b",".join(part.raw for part in done),
        seen.raw,
        after,
    )  # fmt: skip -- one field of the form each
    return Encoded(raw, summary, {id(part.value): part for part in _all(tickets, recent, done)} | {_SEEN: seen})


def read_summary(raw: bytes) -> Summary:
    """Return the summary of a group from its bytes without reading the rest."""
    if not raw.startswith(_FRONT):
        return summarise(GroupRecord.from_json(raw))
    found, _ = json.JSONDecoder().raw_decode(raw[len(_FRONT) : _FRONT_MOST].decode("utf-8", "ignore"))
    return Summary.from_plain(found)


def summarise(record: GroupRecord) -> Summary:
    """Count one group from its record."""
    return sum_up(record, [summarise_ticket(ticket) for ticket in record.state.tickets.values()])


def _ticket_part(ticket: Ticket, written: Mapping[int, bytes]) -> Part:
    return Part(ticket, written.get(id(ticket)) or ticket.to_json(), summarise_ticket(ticket))


def _seen_part(seen: SeenIds, known: Part | None) -> Part:
    """Return the ids that were seen, as the inside of a JSON object: nearly always what it was and a few more."""
    if known is not None and isinstance(known.value, SeenIds) and known.value.horizon == seen.horizon:
        if known.value.at is seen.at:
            return known
        before = known.value.at
        new_first = reversed(seen.at)
        added = list(islice(new_first, len(seen.at) - len(before))) if len(seen.at) > len(before) else []
        if added and before and next(new_first) == next(reversed(before)):  # so none of those before was forgotten
            return Part(seen, b",".join([known.raw, *(b'"%b":%d' % (key.encode(), seen.at[key]) for key in reversed(added))]))
    return Part(seen, b",".join(b'"%b":%d' % (key.encode(), second) for key, second in seen.at.items()))


def _all(*parts: Iterable[Part]) -> Iterable[Part]:
    for several in parts:
        yield from several
