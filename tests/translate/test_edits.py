"""Edits, deletions and statuses, in the forms that each version gives them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from payloads import GROUP, NOW, RITA_LID, RITA_PHONE, read

from stream.core.inputs import Deletion, Edit, Ignored, NotUnderstood, Receipt

TARGET = {"remoteJid": GROUP, "fromMe": True, "id": "3A0000000000E001"}


@pytest.mark.parametrize("kind", ["MESSAGE_EDIT", 14, "14", None, [], {}])
@pytest.mark.parametrize(
    "edited",
    [
        {"conversation": "new words"},
        {"extendedTextMessage": {"text": "new words"}},
        {"imageMessage": {"caption": "new words"}},
        {"message": {"conversation": "new words"}},
        {"ephemeralMessage": {"message": {"conversation": "new words"}}},
    ],
)
def test_an_edit_with_its_type_as_name_number_or_missing(kind: Any, edited: dict[str, Any]) -> None:
    data = {"key": TARGET, "type": kind, "editedMessage": edited, "timestampMs": "1795359595500"}
    if kind is None:
        del data["type"]

    found = read("messages.edited", data)

    assert isinstance(found, Edit)
    assert (found.target_id, found.text) == ("3A0000000000E001", "new words")
    assert found.edited_at == datetime.fromtimestamp(1795359595.5, UTC)


@pytest.mark.parametrize("kind", ["REVOKE", 0, None])
def test_a_deletion_among_edits(kind: Any) -> None:
    found = read("messages.edited", {"key": TARGET} if kind is None else {"key": TARGET, "type": kind})

    assert isinstance(found, Deletion)
    assert found.target_id == "3A0000000000E001"


@pytest.mark.parametrize("kind", [[], {}, True, "?!"])
def test_a_type_that_is_none_deletes_nothing_and_is_no_silence(kind: Any) -> None:
    assert isinstance(read("messages.edited", {"key": TARGET, "type": kind}), NotUnderstood)


@pytest.mark.parametrize("kind", ["EPHEMERAL_SETTING", 3])
def test_a_change_of_settings_has_no_key_and_is_ignored(kind: Any) -> None:
    found = read("messages.edited", {"type": kind, "ephemeralExpiration": 86400})

    assert isinstance(found, Ignored)
    assert (found.reason, found.chat) == ("disappearing_setting", "instance:cs-ticket-monitor")


def test_other_protocol_messages_are_ignored() -> None:
    found = read("messages.edited", {"key": TARGET, "type": "APP_STATE_SYNC_KEY_SHARE"})

    assert isinstance(found, Ignored)
    assert found.reason == "protocol_notice"


@pytest.mark.parametrize(
    "data",
    [
        {"message": {"editedMessage": {"message": {"conversation": "twin"}}}},
        {"message": {"editedMessage": {"message": {"protocolMessage": {"editedMessage": {"conversation": "twin"}}}}}},
        {"update": {"message": {"editedMessage": {"message": {"conversation": "twin"}}}}},
    ],
)
def test_the_twin_of_an_edit_among_updates(data: dict[str, Any]) -> None:
    found = read("messages.update", {"keyId": "3A0000000000E002", "remoteJid": GROUP, "status": "SERVER_ACK"} | data)

    assert isinstance(found, Edit)
    assert (found.target_id, found.text) == ("3A0000000000E002", "twin")


@pytest.mark.parametrize(("told", "status"), [("ERROR", "ERROR"), (0, "ERROR"), ("READ", "READ"), (4, "READ")])
def test_a_status_of_a_message_of_ours(told: Any, status: str) -> None:
    found = read("messages.update", {"keyId": "3EB0BB", "messageId": "cmx1", "remoteJid": GROUP, "fromMe": True, "status": told})

    assert isinstance(found, Receipt)
    assert (found.target_id, found.status) == ("3EB0BB", status)


@pytest.mark.parametrize(
    ("status", "from_me", "reason"), [("READ", False, "status_of_others"), ("DELETED", True, "untrusted_deletion")]
)
def test_statuses_that_tell_us_nothing(status: str, from_me: bool, reason: str) -> None:
    found = read("messages.update", {"keyId": "3EB0BB", "remoteJid": GROUP, "fromMe": from_me, "status": status})

    assert isinstance(found, Ignored)
    assert found.reason == reason


def test_the_form_of_2_2_nests_key_and_update() -> None:
    found = read("messages.update", [{"key": {"remoteJid": GROUP, "fromMe": True, "id": "3EB0CC"}, "update": {"status": 3}}])

    assert isinstance(found, Receipt)
    assert (found.target_id, found.status) == ("3EB0CC", "DELIVERY_ACK")


@pytest.mark.parametrize("nested", [True, False])
def test_a_deletion_names_who_deleted(nested: bool) -> None:
    flat = {"remoteJid": GROUP, "fromMe": False, "id": "3A0000000000E003", "participant": RITA_LID, "participantAlt": RITA_PHONE}

    found = read("messages.delete", {"key": flat} if nested else flat | {"status": "DELETED"})

    assert isinstance(found, Deletion)
    assert found.target_id == "3A0000000000E003"
    assert found.deleted_by is not None
    assert (found.deleted_by.lid, found.deleted_by.phone) == (RITA_LID, RITA_PHONE)
    assert found.deleted_at == NOW


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("messages.edited", {"key": {"remoteJid": GROUP}, "type": "MESSAGE_EDIT"}),
        ("messages.edited", {"key": {"remoteJid": GROUP}}),
        ("messages.update", {"remoteJid": GROUP, "status": "READ"}),
        ("messages.update", {"keyId": "3EB0DD", "remoteJid": GROUP, "status": "a status; with words"}),
        ("messages.delete", {"remoteJid": GROUP}),
        ("messages.upsert", {"key": {"remoteJid": GROUP}, "message": {"conversation": "x"}}),
        ("messages.upsert", {"key": {"id": "1"}, "message": {"conversation": "no chat"}}),
        ("messages.upsert", "not an object"),
        ("send.message", {"key": {"remoteJid": GROUP}}),
        ("connection.update", {"state": None}),
    ],
)
def test_what_lacks_the_essential_is_not_understood(event: str, data: Any) -> None:
    assert isinstance(read(event, data), NotUnderstood)
