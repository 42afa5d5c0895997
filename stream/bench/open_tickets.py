"""Many open tickets in the worker's table, without the hours that it would take to talk them into being.

One group is made by the real step, message by message, and written again under other names and ticket ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.bench.kafka_side import fill
from stream.bench.load import Said, delivery, group_jid, requests
from stream.bench.scene import changelog
from stream.settings import Settings
from stream.worker.encoding import encode
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord

PER_GROUP = 20


async def fill_table(settings: Settings, tickets: int, per_group: int = PER_GROUP) -> int:
    """Have the table hold so many open tickets; returns how many groups they are in."""
    groups = max(1, tickets // per_group)
    await fill(settings, changelog(settings), _groups(settings, groups, per_group))
    return groups


def _groups(settings: Settings, groups: int, per_group: int) -> Iterator[tuple[bytes, bytes]]:
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
    book = load_book(settings.rules_dir)
    began = datetime.now(UTC) - timedelta(hours=20)
    jid = group_jid(9_999_999)
    record: GroupRecord | None = None
    offset = 0
    while record is None or len(record.state.tickets) < tickets:
        said = requests(1, 1, seed=offset, prefix="OPEN")[0]
        said = Said(said.id, jid, f"1800222{offset:07d}", said.text.replace(" 0", f" {7000 + offset}"))
        value = delivery(said, began + timedelta(minutes=offset % 1000))
        handled = handle(Arrival(Topic.INBOUND, 0, offset, jid, value), record, book, lambda _ref: False)
        record = handled.record or record
        offset += 1
    return record.but(position={}, outbox={})
