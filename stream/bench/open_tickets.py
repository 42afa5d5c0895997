"""Many open tickets in a table, without the hours that it would take to talk them into being.

One group is made by the real step, message by message, and written again under other names and ticket ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.bench.kafka_side import fill
from stream.bench.load import Said, delivery, group_jid, requests
from stream.bench.subjects import Subject
from stream.settings import Settings
from stream.worker.encoding import encode
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord

PER_GROUP = 20


async def fill_table(subject: Subject, tickets: int) -> int:
    """Have the subject's table hold so many open tickets, 20 in each group; returns how many groups they are in."""
    groups = max(1, tickets // PER_GROUP)
    await fill(subject.settings, subject.table, busy_groups(subject.settings, groups, PER_GROUP))
    return groups


def busy_groups(settings: Settings, groups: int, per_group: int) -> Iterator[tuple[bytes, bytes]]:
    """Return records of the table, by key: groups with so many open tickets each."""
    template = _busy_group(settings, per_group)
    raw = encode(template, {}).raw
    jid = template.state.group.encode()
    ids = [ticket_id.encode() for ticket_id in template.state.tickets]
    for number in range(groups):
        name = group_jid(number).encode()
        value = raw.replace(jid, name)
        for ticket_id in ids:
            value = value.replace(ticket_id, ticket_id[:-5] + b"%05d" % number)
        yield name, value


def _busy_group(settings: Settings, tickets: int) -> GroupRecord:
    """Return a group in which so many people have asked for something in the last minutes, and nobody has answered."""
    book = load_book(settings.rules_dir)
    began = datetime.now(UTC) - timedelta(minutes=5)
    jid = group_jid(9_999_999)
    record: GroupRecord | None = None
    offset = 0
    while record is None or len(record.state.tickets) < tickets:
        said = requests(1, 1, seed=offset, prefix="OPEN")[0]
        said = Said(said.id, jid, f"1800222{offset:07d}", said.text.replace(" 1000", f" {7000 + offset}"))
        handled = handle(
            Arrival(Topic.INBOUND, 0, offset, jid, delivery(said, began + timedelta(seconds=offset))),
            record,
            book,
            lambda _: False,
        )
        record = handled.record or record
        offset += 1
    return record.but(position={}, position_at={}, outbox={})
