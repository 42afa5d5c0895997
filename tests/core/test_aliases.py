"""The alias table: two forms of one person become one entry, in whatever order they are told."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.aliases import current_key, learn, person_key
from stream.core.people import Person, Sender

LID = "481516234200001@lid"
PHONE = "5521987650001@s.whatsapp.net"


def told(*senders: Sender) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for sender in senders:
        people = learn(people, sender)
    return people


@pytest.mark.parametrize("order", permutations([Sender(lid=LID), Sender(phone=PHONE, name="Rita"), Sender(lid=LID, phone=PHONE)]))
def test_the_two_forms_end_as_one_person_under_the_lid(order: tuple[Sender, ...]) -> None:
    assert told(*order) == {LID: Person(key=LID, lid=LID, phone=PHONE, name="Rita")}


def test_a_phone_alone_is_filed_under_the_phone() -> None:
    people = told(Sender(phone=PHONE))

    assert person_key(people, Sender(phone=PHONE)) == PHONE


def test_a_phone_with_a_known_lid_is_the_person_of_the_lid() -> None:
    people = told(Sender(lid=LID, phone=PHONE))

    assert person_key(people, Sender(phone=PHONE)) == LID
    assert person_key(people, Sender(lid=LID)) == LID


def test_a_key_written_down_before_the_join_still_finds_the_person() -> None:
    old_key = person_key(told(Sender(phone=PHONE)), Sender(phone=PHONE))

    people = told(Sender(phone=PHONE), Sender(lid=LID, phone=PHONE))

    assert old_key == PHONE
    assert current_key(people, old_key) == LID


def test_a_recycled_number_goes_to_the_newer_lid() -> None:
    newer = "481516234200002@lid"

    people = told(Sender(lid=LID, phone=PHONE, name="Rita"), Sender(lid=newer, phone=PHONE, name="Ivo"))

    assert people[LID] == Person(key=LID, lid=LID, phone=None, name="Rita")
    assert people[newer] == Person(key=newer, lid=newer, phone=PHONE, name="Ivo")


def test_a_new_phone_of_the_same_lid_replaces_the_old_one() -> None:
    people = told(Sender(lid=LID, phone=PHONE), Sender(lid=LID, phone="5521987650009@s.whatsapp.net"))

    assert people[LID].phone == "5521987650009@s.whatsapp.net"
    assert len(people) == 1


def test_a_message_without_a_name_keeps_the_name() -> None:
    assert told(Sender(lid=LID, name="Rita"), Sender(lid=LID))[LID].name == "Rita"


def test_nobody_is_not_a_person() -> None:
    assert told(Sender(name="somebody")) == {}
    assert person_key({}, Sender()) == "unknown"


def test_brazilian_numbers_with_and_without_the_ninth_digit_stay_two() -> None:
    assert len(told(Sender(phone="5521987650001@s.whatsapp.net"), Sender(phone="552187650001@s.whatsapp.net"))) == 2


SENDERS = st.builds(
    Sender,
    lid=st.none() | st.sampled_from(["1@lid", "2@lid", "3@lid"]),
    phone=st.none() | st.sampled_from(["7@s.whatsapp.net", "8@s.whatsapp.net", "9@s.whatsapp.net"]),
    name=st.none() | st.sampled_from(["A", "B"]),
)


@given(st.lists(SENDERS, max_size=12))
def test_keys_and_phones_stay_unique_whatever_is_told(senders: list[Sender]) -> None:
    people = told(*senders)

    phones = [person.phone for person in people.values() if person.phone]
    assert len(phones) == len(set(phones))
    for key, person in people.items():
        assert key == person.key == (person.lid or person.phone)


@given(st.lists(SENDERS, max_size=8), SENDERS)
def test_learning_again_changes_nothing(senders: list[Sender], last: Sender) -> None:
    people = told(*senders, last)

    assert learn(people, last) is people


@given(st.lists(SENDERS, max_size=8), SENDERS)
def test_the_key_of_a_sender_is_filed_after_learning(senders: list[Sender], last: Sender) -> None:
    people = told(*senders, last)

    assert person_key(people, last) in people or last.address == "unknown"
