"""Every kind of content becomes the words that a person wrote, whatever it is wrapped in."""

from __future__ import annotations

from typing import Any

import pytest
from payloads import GROUP, OTTO_LID, OWN, RITA_LID, read, read_message, upsert

from stream.core.inputs import Echo, Edit, Form, Ignored, Message, NotUnderstood, Reaction, Source

TEXT = {"conversation": "where is my parcel?"}
PICTURE = {"imageMessage": {"caption": "the broken part", "mimetype": "image/jpeg", "mediaKey": {"0": 1, "1": 2}}}


@pytest.mark.parametrize(
    ("message", "form", "text"),
    [
        (TEXT, Form.TEXT, "where is my parcel?"),
        ({"conversation": ""}, Form.TEXT, ""),
        ({"extendedTextMessage": {"text": "see https://shop.example/7"}}, Form.TEXT, "see https://shop.example/7"),
        (PICTURE, Form.IMAGE, "the broken part"),
        ({"imageMessage": {"mimetype": "image/jpeg"}}, Form.IMAGE, ""),
        ({"conversation": "", "imageMessage": {"caption": "beside an empty text"}}, Form.IMAGE, "beside an empty text"),
        ({"videoMessage": {"caption": "look"}}, Form.VIDEO, "look"),
        ({"ptvMessage": {"seconds": 4}}, Form.VIDEO, ""),
        ({"audioMessage": {"seconds": 7, "ptt": True}}, Form.AUDIO, ""),
        ({"audioMessage": {"ptt": True}, "speechToText": "it does not open"}, Form.AUDIO, "it does not open"),
        ({"stickerMessage": {"mimetype": "image/webp"}}, Form.STICKER, ""),
        ({"contactMessage": {"displayName": "Ana", "vcard": "BEGIN:VCARD"}}, Form.CONTACT, "Ana"),
        ({"contactsArrayMessage": {"contacts": [{"displayName": "Ana"}, {"displayName": "Bo"}]}}, Form.CONTACT, "Ana, Bo"),
        (
            {"locationMessage": {"degreesLatitude": -23.5, "degreesLongitude": -46.6, "name": "Depot", "address": "Rua 1"}},
            Form.LOCATION,
            "Depot Rua 1 (-23.50000, -46.60000)",
        ),
        ({"liveLocationMessage": {"caption": "on my way", "degreesLatitude": 10**400}}, Form.LOCATION, "on my way"),
        (
            {"pollCreationMessageV3": {"name": "When?", "options": [{"optionName": "10h"}, {"optionName": "14h"}]}},
            Form.POLL,
            "When?\n- 10h\n- 14h",
        ),
        ({"pollCreationMessage": {"name": "Ok?", "options": ["yes", "no"]}}, Form.POLL, "Ok?\n- yes\n- no"),
        ({"buttonsResponseMessage": {"selectedButtonId": "b1", "selectedDisplayText": "Not solved"}}, Form.CHOICE, "Not solved"),
        ({"templateButtonReplyMessage": {"selectedDisplayText": "Talk to a person"}}, Form.CHOICE, "Talk to a person"),
        ({"listResponseMessage": {"title": "Invoices"}}, Form.CHOICE, "Invoices"),
        ({"interactiveResponseMessage": {"body": {"text": "Option B"}}}, Form.CHOICE, "Option B"),
        ({"templateMessage": {"hydratedTemplate": {"hydratedContentText": "Your order left"}}}, Form.TEXT, "Your order left"),
        ({"groupInviteMessage": {"groupName": "Partners", "caption": "join us"}}, Form.OTHER, "join us"),
        ({"eventMessage": {"name": "Call", "description": "at ten"}}, Form.OTHER, "Call\nat ten"),
    ],
)
def test_every_kind_of_content(message: dict[str, Any], form: Form, text: str) -> None:
    found = read_message(message)

    assert isinstance(found, Message)
    assert (found.form, found.text) == (form, text)


def test_a_document_tells_its_caption_and_its_name() -> None:
    found = read_message({"documentMessage": {"fileName": "invoice.pdf", "caption": "is this right?", "title": "x"}})

    assert isinstance(found, Message)
    assert (found.form, found.file_name, found.text) == (Form.DOCUMENT, "invoice.pdf", "is this right?")


WRAPPERS = [
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
    "groupMentionedMessage",
    "deviceSentMessage",
    "associatedChildMessage",
    "wrapperOfAYearToCome",
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrappers_are_opened(wrapper: str) -> None:
    found = read_message({"messageContextInfo": {"x": 1}, wrapper: {"message": PICTURE}})

    assert isinstance(found, Message)
    assert (found.form, found.text) == (Form.IMAGE, "the broken part")


def test_wrappers_in_wrappers_are_opened_to_a_depth() -> None:
    def wrapped(times: int) -> dict[str, Any]:
        message: dict[str, Any] = TEXT
        for _ in range(times):
            message = {"ephemeralMessage": {"message": message}}
        return message

    assert isinstance(read_message(wrapped(5)), Message)
    assert isinstance(read_message(wrapped(20)), Ignored)


@pytest.mark.parametrize("place", ["beside", "inside"])
def test_quotes_and_mentions_are_found_where_each_version_keeps_them(place: str) -> None:
    context = {
        "stanzaId": "3A000000000000AA",
        "participant": "481516234200002:7@lid",
        "quotedMessage": {"conversation": "earlier"},
        "mentionedJid": [RITA_LID, RITA_LID, "[object Object]"],
        "isForwarded": True,
    }
    found = (
        read_message(TEXT, contextInfo=context)
        if place == "beside"
        else read_message({"extendedTextMessage": {"text": "yes", "contextInfo": context}}, contextInfo=None)
    )

    assert isinstance(found, Message)
    assert (found.quoted_id, found.quoted_author) == ("3A000000000000AA", OTTO_LID)
    assert found.mentions == (RITA_LID,)
    assert found.is_forwarded


@pytest.mark.parametrize("emoji", ["👍", ""])
def test_a_reaction_names_its_target_and_may_be_taken_back(emoji: str) -> None:
    found = read_message({"reactionMessage": {"key": {"id": "3A000000000000BB", "fromMe": True}, "text": emoji}})

    assert isinstance(found, Reaction)
    assert (found.target_id, found.emoji, found.sender.lid) == ("3A000000000000BB", emoji, RITA_LID)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"pollUpdateMessage": {"vote": {"selectedOptions": ["10h"]}}}, "poll_vote"),
        ({"albumMessage": {"expectedImageCount": 3}}, "album_header"),
        ({"pinInChatMessage": {"type": 1}}, "pin"),
        ({"messageContextInfo": {"a": 1}}, "no_content"),
        ({}, "no_content"),
        (None, "no_content"),
        ({"callLogMesssage": {"isVideo": False}}, "call"),
    ],
)
def test_what_is_no_word_of_a_person_is_ignored_with_a_reason(message: Any, reason: str) -> None:
    found = read_message(message)

    assert isinstance(found, Ignored)
    assert found.reason == reason


def test_a_group_notice_is_told_from_an_empty_message() -> None:
    found = read("messages.upsert", upsert(None, messageStubType=27))

    assert isinstance(found, Ignored)
    assert found.reason == "group_notice"


def test_a_kind_that_nobody_knows_is_named_and_not_quoted() -> None:
    found = read_message({"holographMessage": {"secret": "words of a person"}})

    assert isinstance(found, NotUnderstood)
    assert found.reason == "message of kind holographMessage"
    strange = read_message({"a kind with spaces: my password": {"x": 1}})
    assert isinstance(strange, NotUnderstood)
    assert strange.reason == "message of kind ?"


def test_a_kind_that_nobody_knows_but_that_has_words_is_read() -> None:
    found = read_message({"holographMessage": {"text": "please help"}})

    assert isinstance(found, Message)
    assert found.text == "please help"


def test_an_encrypted_edit_marks_its_target_without_a_text() -> None:
    found = read_message(
        {"secretEncryptedMessage": {"targetMessageKey": {"id": "3A000000000000CC"}, "secretEncType": "MESSAGE_EDIT"}}
    )

    assert isinstance(found, Edit)
    assert (found.target_id, found.text) == ("3A000000000000CC", None)


def test_a_protocol_message_among_messages_is_an_edit() -> None:
    protocol = {"key": {"id": "3A000000000000DD"}, "type": 14, "editedMessage": {"conversation": "corrected"}}

    found = read_message({"editedMessage": {"message": {"protocolMessage": protocol}}})

    assert isinstance(found, Edit)
    assert (found.target_id, found.text) == ("3A000000000000DD", "corrected")


def test_what_we_send_comes_back_as_an_echo() -> None:
    sent = {
        "key": {"remoteJid": GROUP, "fromMe": True, "id": "3EB0AA"},
        "pushName": "Você",
        "message": {"conversation": "On it."},
    }
    context = {"stanzaId": "3A000000000000EE", "participant": RITA_LID}

    found = read("send.message", sent | {"contextInfo": context, "messageTimestamp": 1795359600, "status": "PENDING"})

    assert isinstance(found, Echo)
    assert (found.id, found.text, found.quoted_id) == ("3EB0AA", "On it.", "3A000000000000EE")


def test_what_is_typed_on_our_phone_is_a_message_of_our_own() -> None:
    own = {"remoteJid": GROUP, "fromMe": True, "id": "3A000000000000FF"}

    found = read("messages.upsert", upsert(TEXT, key=own, pushName="Você"))

    assert isinstance(found, Message)
    assert found.sender.is_self
    assert (found.sender.phone, found.sender.name) == (OWN, None)


def test_history_is_late_and_every_element_counts() -> None:
    from payloads import deliveries

    from stream.translate import translate

    found = [translate(delivery) for delivery in deliveries("messages.set", [upsert(TEXT), upsert(PICTURE)], isLatest=True)]

    assert [one.kind for one in found] == ["message", "message"]
    assert {one.source for one in found} == {Source.BACKFILL}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a\x00b\x1b[31mc\r\nd\te\x85", "abc\nd\te"),
        ("\x1b[1;31mhelp\x1b[0m \x9b2Jme", "help me"),
        ("\x1b]0;owned\x07see \x1b]8;;http://x.example\x1b\\this\x1b]8;;\x07", "see this"),
        ("\x1b]0;never ended", "]0;never ended"),
        ("[31m is what I typed", "[31m is what I typed"),
    ],
)
def test_control_characters_never_get_through(told: str, kept: str) -> None:
    found = read_message({"conversation": told}, pushName="Ri\x00ta")

    assert isinstance(found, Message)
    assert found.text == kept
    assert found.sender.name == "Rita"
