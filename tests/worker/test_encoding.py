from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.core.done import Done, standing_of
from stream.worker.broker_side import partition_of
from stream.worker.encoding import Part, encode, read_summary, summarise
from stream.worker.handle import Arrival, handle
from stream.worker.kept import Kept, KeptGroups
from stream.worker.record import GroupRecord

GROUP = "120363041234567890@g.us"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOOK = load_book(Path(__file__).parents[2] / "rules")
TEXTS = st.sampled_from(
    [
        "my order 4417 has not arrived, where is it?",
        "the app shows error 500",
        "any news?",
        "thanks",
        '"tickets":{},"recent":[]',
        "ção 🙂",
    ]
)


def arrival(offset: int, text: str, author: int = 0) -> Arrival:
    at = START + timedelta(minutes=7 * offset)
    data = {
        "key": {"remoteJid": GROUP, "fromMe": False, "id": f"M{offset}", "participant": f"1800111122223{author}@lid"},
        "pushName": text,
        "message": {"conversation": text},
        "messageType": "conversation",
        "messageTimestamp": int(at.timestamp()),
    }
    value = Delivery(event="MESSAGES_UPSERT", instance="cs", chat=GROUP, received_at=at, data=data).to_json()
    return Arrival(Topic.INBOUND, 0, offset, GROUP, value)


def records(said: list[tuple[str, int]]) -> list[GroupRecord]:
    found: list[GroupRecord] = []
    for offset, (text, author) in enumerate(said):
        handled = handle(arrival(offset, text, author), found[-1] if found else None, BOOK, lambda _ref: True)
        assert handled.record is not None
        found.append(handled.record)
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.integers(0, 2)), min_size=1, max_size=12))
def test_what_is_written_is_the_record_with_its_summary_in_front(said: list[tuple[str, int]]) -> None:
    parts: dict[int, Part] = {}
    for record in records(said):
        encoded = encode(record, parts)
        parts = encoded.parts
        front = b'{"summary":' + encoded.summary.to_json() + b","
        assert encoded.raw == front + record.to_json()[1:]
        assert GroupRecord.from_json(encoded.raw) == record
        assert read_summary(encoded.raw) == summarise(record) == encoded.summary


def test_what_was_done_besides_talking_is_written_with_it() -> None:
    (record,) = records([("my order 4417 has not arrived, where is it?", 0)])
    stands = {ticket.id: standing_of(ticket) for ticket in record.state.tickets.values()}
    done = tuple(Done(id=f"D{number}", at=START, form="reaction", emoji="✅", left=stands) for number in range(2))
    record = record.but(state=record.state.but(done=done))
    parts = encode(record, {}).parts
    again = encode(record, parts)
    assert GroupRecord.from_json(again.raw) == record
    assert all(again.parts[id(one)] is parts[id(one)] for one in done)


def test_the_parts_that_are_kept_are_those_of_the_last_record_only() -> None:
    parts: dict[int, Part] = {}
    for record in records([("hello", 0)] * 100):
        parts = encode(record, parts).parts
    assert len(parts) <= len(record.state.tickets) + len(record.state.recent) + 1  # the seen ids


def test_ids_that_were_forgotten_are_gone_from_what_is_written() -> None:
    said = records([("hello", 0)] * 710)  # seven minutes apart: the oldest of more than three days go, a hundred at a time
    parts: dict[int, Part] = {}
    sizes = []
    for record in said:
        encoded = encode(record, parts)
        parts = encoded.parts
        sizes.append(len(record.state.seen.at))
        assert GroupRecord.from_json(encoded.raw).state.seen == record.state.seen
    assert sizes[-1] < max(sizes)


def test_a_record_that_was_written_without_a_summary_is_counted_from_itself() -> None:
    record = records([("my order 4417 has not arrived, where is it?", 0)])[-1]
    assert read_summary(record.to_json()) == summarise(record)
    assert summarise(record).tickets_open == 1


def test_groups_at_hand_are_bounded_and_never_out_of_date() -> None:
    record = records([("hello", 0)])[-1]
    raw = encode(record, {}).raw
    kept = KeptGroups(most_bytes=3 * len(raw))
    values = {bytes([number]): bytes(bytearray(raw)) for number in range(5)}
    for key, value in values.items():
        kept.keep(key, Kept(value, record, {}))
    assert kept.find(b"\x04", values[b"\x04"]).record is record
    assert kept.find(b"\x00", values[b"\x00"]).record is not record
    newer = records([("hello", 0), ("any news?", 1)])[-1]
    assert kept.find(b"\x04", encode(newer, {}).raw).record == newer


def test_the_partition_of_a_group_is_that_of_every_kafka_client() -> None:
    # Values of murmur2 as the Java client computes it: "foobar" is -790332482, "21" is -973932308.
    assert partition_of(b"foobar", 1000) == (-790332482 & 0x7FFFFFFF) % 1000
    assert partition_of(b"21", 7) == (-973932308 & 0x7FFFFFFF) % 7
