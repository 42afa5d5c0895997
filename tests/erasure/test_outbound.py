"""How far what was said may be deleted, and what becomes of examples that were redacted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stream.adapters.kafka_deletion import RawRecord
from stream.core.corrections import Correction, Corrections
from stream.core.detection import Label
from stream.core.events import EventKind, TicketEvent
from stream.erasure.matters import Matters, examples_of
from stream.erasure.outbound import first_kept
from stream.erasure.person import meant
from stream.settings import Settings

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def record(partition: int, offset: int, value: bytes = b"{}") -> RawRecord:
    return RawRecord(partition, offset, b"group", value, {})


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30), st.sets(st.integers(0, 2)))
def test_nothing_that_is_kept_is_deleted_and_all_before_it_is(said: list[tuple[int, bool]], concerned: set[int]) -> None:
    records = [record(partition, offset) for offset, (partition, _) in enumerate(said)]
    ends = first_kept(records, concerned, lambda one: said[one.offset][1])
    assert set(ends) == {one.partition for one in records} & concerned
    for partition, end in ends.items():
        here = [one for one in records if one.partition == partition]
        assert not [one for one in here if said[one.offset][1] and one.offset < end]
        assert all(one.offset < end for one in here) or said[end][1]


def test_what_was_said_of_a_ticket_concerns_its_person_and_nothing_else_does() -> None:
    matters = Matters(frozenset({"T-1"}), frozenset())
    assert matters.concern(record(0, 0, b'{"ticket_ids": ["T-2", "T-1"]}'))
    for other in (b'{"ticket_ids": ["T-2"]}', b'{"ticket_ids": null}', b"[]", b"not json", b""):
        assert not matters.concern(record(0, 0, other))


def test_a_redacted_message_is_no_example_and_becomes_none_again() -> None:
    def example(message_id: str) -> Correction:
        return Correction(id=message_id, group="g", message_id=message_id, label=Label.NOISE, text="words", at=AT)

    corrections = Corrections([example("m1"), example("m2")])
    redacted = TicketEvent(id="e", kind=EventKind.REDACTED, group="g", message_id="m1", at=AT + timedelta(days=1))
    corrections.feed_event(redacted)
    assert [one.id for one in corrections.all] == ["m2"]
    corrections.feed_event(redacted.but(message_id="m2", group="another group"))
    assert [one.id for one in corrections.all] == ["m2"]


def test_an_example_is_found_by_who_wrote_it_when_no_topic_knows_the_message_any_more(tmp_path: Path) -> None:
    settings, eraser = Settings(_env_file=None, data_dir=tmp_path), meant(["+55 21 99000-1111", "18001111222233@lid"])
    kept = [
        Correction(id=str(number), group="g", message_id=f"m{number}", label=Label.NOISE, text="words", author=author, at=AT)
        for number, author in enumerate(("18001111222233@lid", "5521990001111@s.whatsapp.net", "18001111222244@lid", None))
    ]
    (tmp_path / "corrections.jsonl").write_bytes(b"\n".join(one.to_json() for one in kept))
    assert [one.id for one in examples_of(settings, Matters(frozenset(), frozenset()), eraser)] == ["0", "1"]
