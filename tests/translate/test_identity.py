"""Who wrote, in every field and version."""

from __future__ import annotations

from typing import Any

import pytest
from payloads import OTTO_LID, OTTO_PHONE, RITA_LID, RITA_PHONE, key, read, upsert

from stream.core.inputs import Ignored, Message, Roster
from stream.core.people import Sender
from stream.translate.identity import read_address


def sender_of(message_key: dict[str, Any], **changes: Any) -> Sender:
    found = read("messages.upsert", upsert({"conversation": "hello"}, key=message_key, **changes))
    assert isinstance(found, Message), found
    return found.sender


@pytest.mark.parametrize(
    "fields",
    [
        {"participant": RITA_LID, "participantAlt": RITA_PHONE, "addressingMode": "lid"},
        {"participant": RITA_PHONE, "participantAlt": RITA_LID, "addressingMode": "pn"},
        {"participant": RITA_LID, "participantPn": RITA_PHONE, "participantAlt": None, "addressingMode": None},
        {"participant": RITA_PHONE, "participantLid": RITA_LID, "participantAlt": None, "addressingMode": None},
        {"participant": RITA_LID, "senderPn": RITA_PHONE, "participantAlt": None},
        {"participant": RITA_PHONE, "senderLid": RITA_LID, "participantAlt": None},
        {"participant": "481516234200001:12@lid", "participantAlt": "5521987650001:7@s.whatsapp.net"},
        {"participant": "481516234200001", "participantAlt": "5521987650001", "addressingMode": "lid"},
        {"participant": RITA_LID, "participantAlt": "5521987650001@c.us"},
    ],
)
def test_both_forms_are_found_in_all_versions(fields: dict[str, Any]) -> None:
    found = sender_of(key(**fields))

    assert (found.lid, found.phone) == (RITA_LID, RITA_PHONE)


def test_a_lid_without_a_phone_is_enough() -> None:
    found = sender_of(key(participantAlt=None))

    assert (found.lid, found.phone) == (RITA_LID, None)


def test_an_author_that_is_not_told_is_unknown() -> None:
    assert sender_of(key(participant="", participantAlt=None)).address == "unknown"


def test_an_author_beside_the_key_is_found() -> None:
    assert sender_of(key(participant=None, participantAlt=None), participant=RITA_LID).lid == RITA_LID


@pytest.mark.parametrize("name", ["481516234200001", "5521987650001", "+5521987650001", "Você", "  ", "", None, 7, ["x"]])
def test_what_is_no_name_is_none(name: Any) -> None:
    assert sender_of(key(), pushName=name).name is None


def test_a_name_is_kept_in_one_line_of_bounded_length() -> None:
    assert sender_of(key(), pushName="Rita\n  Souza").name == "Rita Souza"
    assert len(sender_of(key(), pushName="R" * 5_000).name or "") == 100


def test_brazilian_numbers_stay_as_they_are() -> None:
    for number in ("552187650001", "5521987650001"):
        assert read_address(f"{number}@s.whatsapp.net") == f"{number}@s.whatsapp.net"


@pytest.mark.parametrize("value", ["[object Object]", "a@g.us", "@lid", "x y@lid", "1@lid@lid", "1@lid\n", None, 5, {}, "9" * 99])
def test_what_is_no_address_is_none(value: Any) -> None:
    assert read_address(value) in (None, "1@lid")


@pytest.mark.parametrize(
    ("chat", "reason"),
    [
        (RITA_PHONE, "direct_chat"),
        (RITA_LID, "direct_chat"),
        ("5521987650001", "direct_chat"),
        ("status@broadcast", "status_broadcast"),
        ("1700000000@broadcast", "broadcast_list"),
        ("120363000000000001@newsletter", "newsletter"),
    ],
)
def test_chats_that_are_no_groups_are_not_listened_to(chat: str, reason: str) -> None:
    found = read("messages.upsert", upsert({"conversation": "private"}, key=key(remoteJid=chat, participant="")))

    assert isinstance(found, Ignored)
    assert (found.reason, found.chat) == (reason, chat)


def test_an_old_group_address_is_a_group() -> None:
    found = read("messages.upsert", upsert({"conversation": "hi"}, key=key(remoteJid="5521987650001-1400000000@g.us")))

    assert isinstance(found, Message)


@pytest.mark.parametrize(
    "participants",
    [
        [{"id": OTTO_LID, "phoneNumber": OTTO_PHONE, "admin": None}],
        [{"id": OTTO_PHONE, "lid": OTTO_LID}],
        [{"jid": OTTO_PHONE, "lid": OTTO_LID}],
    ],
)
def test_participants_as_objects(participants: list[Any]) -> None:
    found = read(
        "group-participants.update",
        {
            "id": "120363041234567890@g.us",
            "author": RITA_LID,
            "action": "add",
            "participants": participants,
            "participantsData": [{"jid": {"id": OTTO_LID}, "phoneNumber": "[object Object]"}],
        },
    )

    assert isinstance(found, Roster)
    assert (found.action, found.people) == ("add", (Sender(lid=OTTO_LID, phone=OTTO_PHONE),))


def test_participants_as_strings_and_an_action_of_a_later_version() -> None:
    data = {"id": "120363041234567890@g.us", "action": "crown", "participants": [OTTO_PHONE, "[object Object]", None]}

    found = read("GROUP_PARTICIPANTS_UPDATE", data)

    assert isinstance(found, Roster)
    assert (found.action, found.people) == ("modify", (Sender(phone=OTTO_PHONE),))


def test_a_new_group_tells_its_name_and_people() -> None:
    group = {
        "id": "120363041234567890@g.us",
        "subject": "  Acme \n support",
        "owner": RITA_LID,
        "ownerPn": RITA_PHONE,
        "participants": [{"id": OTTO_LID, "phoneNumber": OTTO_PHONE, "admin": "admin"}],
    }

    found = read("groups.upsert", [group])

    assert isinstance(found, Roster)
    assert (found.action, found.subject) == ("list", "Acme support")
    assert found.people == (Sender(lid=OTTO_LID, phone=OTTO_PHONE), Sender(lid=RITA_LID, phone=RITA_PHONE))
