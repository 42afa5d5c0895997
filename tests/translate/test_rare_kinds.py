"""Kinds and wrappers that are rare, or that only some versions of WhatsApp and Evolution send."""

from __future__ import annotations

from typing import Any

import pytest
from payloads import GROUP, OTTO_LID, RITA_LID, key, read, read_message, upsert

from stream.core.inputs import Deletion, Edit, Form, Ignored, Message

TEXT = {"conversation": "where is my parcel?"}
LONG = {"low": -1207959552, "high": 0, "unsigned": True}


@pytest.mark.parametrize(
    ("message", "form", "text"),
    [
        # what a customer answers or hands on
        (
            {
                "interactiveResponseMessage": {
                    "body": {},
                    "nativeFlowResponseMessage": {"name": "galaxy_message", "paramsJson": "{}"},
                }
            },
            Form.CHOICE,
            "galaxy_message",
        ),
        ({"listResponseMessage": {"singleSelectReply": {"selectedRowId": "row-2"}}}, Form.CHOICE, "row-2"),
        ({"templateButtonReplyMessage": {"selectedId": "id-7"}}, Form.CHOICE, "id-7"),
        ({"groupInviteMessage": {"groupJid": GROUP, "groupName": "Partners"}}, Form.OTHER, "Partners"),
        ({"newsletterAdminInviteMessage": {"newsletterName": "News", "caption": "join"}}, Form.OTHER, "join"),
        (
            {"productMessage": {"product": {"title": "Card reader", "productImage": {}}, "businessOwnerJid": "1@c.us"}},
            Form.OTHER,
            "Card reader",
        ),
        (
            {"orderMessage": {"itemCount": 2, "message": "two of these please", "orderTitle": "Shop"}},
            Form.OTHER,
            "two of these please",
        ),
        ({"invoiceMessage": {"note": "is this right?"}}, Form.OTHER, "is this right?"),
        ({"sendPaymentMessage": {"noteMessage": {"extendedTextMessage": {"text": "paid"}}}}, Form.OTHER, "paid"),
        ({"eventMessage": {"name": "Training", "startTime": LONG, "joinLink": "https://x.example"}}, Form.OTHER, "Training"),
        # what a business offers
        ({"buttonsMessage": {"contentText": "Solved?", "buttons": [{"buttonId": "1"}]}}, Form.TEXT, "Solved?"),
        ({"listMessage": {"title": "Menu", "description": "Choose a topic", "sections": []}}, Form.TEXT, "Choose a topic"),
        ({"interactiveMessage": {"body": {"text": "Your bill"}, "nativeFlowMessage": {}}}, Form.TEXT, "Your bill"),
        (
            {"templateMessage": {"hydratedFourRowTemplate": {"hydratedContentText": "It has left"}, "templateId": "1"}},
            Form.TEXT,
            "It has left",
        ),
        (
            {"highlyStructuredMessage": {"hydratedHsm": {"hydratedTemplate": {"hydratedContentText": "Code sent"}}}},
            Form.TEXT,
            "Code sent",
        ),
        (
            {
                "botForwardedMessage": {
                    "message": {"richResponseMessage": {"submessages": [{"messageText": "a"}, {"messageText": "b"}]}}
                }
            },
            Form.TEXT,
            "a\nb",
        ),
        # stickers and pictures in their wrappers
        ({"lottieStickerMessage": {"message": {"stickerMessage": {"mimetype": "application/was"}}}}, Form.STICKER, ""),
        ({"viewOnceMessageV2Extension": {"message": {"audioMessage": {"ptt": True}}}}, Form.AUDIO, ""),
        ({"associatedChildMessage": {"message": {"imageMessage": {"caption": "2 of 3"}}}}, Form.IMAGE, "2 of 3"),
        (
            {"ephemeralMessage": {"message": {"viewOnceMessageV2": {"message": {"videoMessage": {"caption": "look"}}}}}},
            Form.VIDEO,
            "look",
        ),
        (
            {"documentWithCaptionMessage": {"message": {"documentMessage": {"fileName": "a.pdf", "caption": "the bill"}}}},
            Form.DOCUMENT,
            "the bill",
        ),
        ({"groupMentionedMessage": {"message": TEXT}}, Form.TEXT, "where is my parcel?"),
        (
            {"botInvokeMessage": {"message": {"extendedTextMessage": {"text": "@bot what is this?"}}}},
            Form.TEXT,
            "@bot what is this?",
        ),
        ({"questionMessage": {"message": {"extendedTextMessage": {"text": "any questions?"}}}}, Form.TEXT, "any questions?"),
        ({"commentMessage": {"message": TEXT, "targetMessageKey": {"id": "1"}}}, Form.TEXT, "where is my parcel?"),
        # a poll of a version that wraps it, and of one that does not
        ({"pollCreationMessageV4": {"message": {"pollCreationMessageV3": {"name": "Ok?", "options": []}}}}, Form.POLL, "Ok?"),
        ({"pollCreationMessageV5": {"name": "Ok?", "options": [{"optionName": "yes"}]}}, Form.POLL, "Ok?\n- yes"),
        # what stands beside the words
        ({"senderKeyDistributionMessage": {"groupId": GROUP}, **TEXT}, Form.TEXT, "where is my parcel?"),
        ({"messageContextInfo": {"messageSecret": {"0": 1}}, "extendedTextMessage": {"text": "yes"}}, Form.TEXT, "yes"),
        ({"conversation": "", "extendedTextMessage": {"text": "both"}}, Form.TEXT, "both"),
    ],
)
def test_rare_kinds_are_read(message: dict[str, Any], form: Form, text: str) -> None:
    found = read_message(message)

    assert isinstance(found, Message)
    assert (found.form, found.text) == (form, text)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"keepInChatMessage": {"key": {"id": "1"}, "keepType": 1}}, "kept"),
        ({"encReactionMessage": {"targetMessageKey": {"id": "1"}, "encPayload": {"0": 1}}}, "encrypted_reaction"),
        ({"encCommentMessage": {"targetMessageKey": {"id": "1"}}}, "encrypted_comment"),
        ({"encEventResponseMessage": {"eventCreationMessageKey": {"id": "1"}}}, "event_answer"),
        ({"call": {"callKey": {"0": 1}}}, "call"),
        ({"scheduledCallEditMessage": {"key": {"id": "1"}, "editType": 1}}, "call"),
        ({"pollResultSnapshotMessageV3": {"name": "Ok?"}}, "poll_vote"),
        ({"groupStatusMessageV2": {"message": TEXT}}, "group_status"),
        ({"placeholderMessage": {"type": 0}}, "protocol_notice"),
        ({"requestPhoneNumberMessage": {}}, "protocol_notice"),
        ({"messageHistoryBundle": {"mimetype": "x"}}, "protocol_notice"),
        ({"declinePaymentRequestMessage": {"key": {"id": "1"}}}, "payment_notice"),
        ({"senderKeyDistributionMessage": {"groupId": GROUP}}, "no_content"),
        ({"messageContextInfo": {"deviceListMetadataVersion": 2}, "senderKeyDistributionMessage": {}}, "no_content"),
        ({"protocolMessage": {"type": "APP_STATE_SYNC_KEY_SHARE"}}, "protocol_notice"),
        ({"protocolMessage": {"type": 30, "memberLabel": {"label": "VIP"}}}, "protocol_notice"),
        ({"protocolMessage": {"type": "EPHEMERAL_SETTING", "ephemeralExpiration": 604800}}, "disappearing_setting"),
        ({"statusMentionMessage": {"message": {"protocolMessage": {"type": "STATUS_MENTION_MESSAGE"}}}}, "group_status"),
        ({"secretEncryptedMessage": {"targetMessageKey": {"id": "1"}, "secretEncType": 1}}, "event_answer"),
    ],
)
def test_what_says_nothing_of_a_request_is_counted_and_is_no_dead_letter(message: dict[str, Any], reason: str) -> None:
    found = read_message(message)

    assert isinstance(found, Ignored)
    assert found.reason == reason


@pytest.mark.parametrize("stub", ["CIPHERTEXT", 2])
def test_a_hole_in_a_thread_is_told_from_a_notice(stub: Any) -> None:
    found = read("messages.upsert", upsert(None, messageStubType=stub, messageStubParameters=["Bad MAC"]))

    assert isinstance(found, Ignored)
    assert found.reason == "not_decrypted"


@pytest.mark.parametrize("wrap", [lambda p: p, lambda p: {"protocolMessage": p}, lambda p: {"message": {"protocolMessage": p}}])
@pytest.mark.parametrize("kind", ["MESSAGE_EDIT", 14, None])
def test_an_edit_is_read_however_deep_a_version_puts_it(wrap: Any, kind: Any) -> None:
    protocol = {
        "key": key("3A00000000000077"),
        "type": kind,
        "timestampMs": "1795359600000",
        "editedMessage": {"message": {"extendedTextMessage": {"text": "corrected"}}},
    }

    found = read("messages.edited", {"key": key("3A00000000000077")} | wrap({k: v for k, v in protocol.items() if v is not None}))

    assert isinstance(found, Edit)
    assert (found.target_id, found.text, found.chat) == ("3A00000000000077", "corrected", GROUP)


def test_a_deletion_by_number_zero_left_out_is_one() -> None:
    found = read(
        "messages.edited",
        {"protocolMessage": {"key": {"id": "3A00000000000078", "remoteJid": GROUP}}, "key": {"remoteJid": GROUP}},
    )

    assert isinstance(found, Deletion)
    assert found.target_id == "3A00000000000078"


def test_the_channel_that_does_not_flatten_is_read_alike() -> None:
    context = {"stanzaId": "3A000000000000AA", "participant": OTTO_LID, "mentionedJid": [RITA_LID]}
    body = {"extendedTextMessage": {"text": "still nothing", "contextInfo": context}}
    plain = {"remoteJid": GROUP, "fromMe": False, "id": "9", "participant": RITA_LID}

    found = read(
        "messages.upsert", upsert(body, key=plain, messageTimestamp="1795359600"), sender=None, apikey="Apikey not found"
    )

    assert isinstance(found, Message)
    assert (found.text, found.quoted_id, found.mentions) == ("still nothing", "3A000000000000AA", (RITA_LID,))


def test_numbers_as_long_objects_are_times_and_sizes_alike() -> None:
    body = {"documentMessage": {"fileName": "a.pdf", "fileLength": LONG, "pageCount": {"low": 2, "high": 0}}}

    found = read_message(body, messageTimestamp={"low": 1795359600 - 2**32, "high": 0, "unsigned": True})

    assert isinstance(found, Message)
    assert int(found.sent_at.timestamp()) == 1795359600


@pytest.mark.parametrize(
    ("chat", "reason"),
    [
        ("status@broadcast", "status_broadcast"),
        ("1699999999@broadcast", "broadcast_list"),
        ("120363025246125499@newsletter", "newsletter"),
        ("481516234200001@lid", "direct_chat"),
        ("5521987650001@s.whatsapp.net", "direct_chat"),
        ("0@s.whatsapp.net", "direct_chat"),
    ],
)
def test_what_is_no_group_is_only_counted(chat: str, reason: str) -> None:
    found = read("messages.upsert", upsert(TEXT, key=key(remoteJid=chat)))

    assert isinstance(found, Ignored)
    assert found.reason == reason


@pytest.mark.parametrize("chat", ["120363025246125499@g.us", "5521987650001-1425208342@g.us"])
def test_groups_of_both_forms_and_of_communities_are_read(chat: str) -> None:
    assert isinstance(read("messages.upsert", upsert(TEXT, key=key(remoteJid=chat))), Message)


def test_one_element_where_a_list_is_usual_and_the_other_way_round() -> None:
    one = read("groups.upsert", {"id": GROUP, "subject": "Acme", "participants": []})
    listed = read("messages.upsert", [upsert(TEXT)])
    inner = read("messages.upsert", {"messages": [upsert(TEXT)], "type": "notify"})

    assert one.kind == "roster"
    assert (listed.kind, inner.kind) == ("message", "message")


@pytest.mark.parametrize("participant", ["867051314767696@bot", "not an address", 17, None, {"id": RITA_LID}])
def test_a_message_of_an_author_that_has_no_address_of_a_person_is_still_one(participant: Any) -> None:
    found = read(
        "messages.upsert", upsert(TEXT, key={"remoteJid": GROUP, "id": "1", "fromMe": False, "participant": participant})
    )

    assert isinstance(found, Message)
    assert found.text == "where is my parcel?"
