from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stream.core.attach_shapes import shape_of
from stream.core.attach_talk import messages_before
from stream.core.group import GroupState, Recent
from stream.core.people import Role

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def said(name: str, minute: int = 0) -> Recent:
    return Recent(id=name, author="ana", role=Role.CUSTOMER, sent_at=AT + timedelta(minutes=minute), text=name)


def names_before(message: Recent, *recent: Recent) -> list[str]:
    return [before.id for before in messages_before(message, GroupState(group="g", recent=recent))]


def test_a_new_message_follows_all_others() -> None:
    assert names_before(said("new"), said("one"), said("two")) == ["two", "one"]


def test_a_message_read_again_stands_where_it_was_even_within_one_second() -> None:
    assert names_before(said("two"), said("one"), said("two"), said("three"), said("four", 1)) == ["one"]


def test_a_late_message_stands_where_it_was_written() -> None:
    assert names_before(said("late", 1), said("one"), said("two", 2)) == ["one"]


def test_a_name_in_the_text_is_no_part_of_the_shape() -> None:
    assert shape_of("@5511999990000 ¿ya llegó?") == shape_of("¿ya llegó?")


def test_greetings_questions_and_continuations_are_seen_in_four_languages() -> None:
    assert all(shape_of(text).is_only_greeting for text in ("Hi all!", "selamat pagi", "Bom dia, pessoal", "Buenas tardes"))
    assert all(shape_of(text).asks for text in ("how do I print", "bisa dibantu", "alguém pode ajudar", "¿dónde está"))
    assert all(shape_of(text).leans for text in ("and the other one", "masih sama", "ainda não", "sigue igual"))
    assert not shape_of("the till does not start").leans
