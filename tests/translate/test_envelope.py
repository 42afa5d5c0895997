"""Bodies become deliveries: routed on the event in the body, split, filed by chat, stripped of what is not kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from payloads import GROUP, NOW, OWN, RITA_PHONE, TOKEN, deliveries, envelope, key, read, upsert

from stream.core.inputs import Connection, Ignored
from stream.translate import Rejected, read_webhook
from stream.translate.strip import strip_bytes


@pytest.mark.parametrize("event", ["messages.upsert", "MESSAGES_UPSERT", "messages-upsert", "Messages.Upsert"])
def test_an_event_may_be_written_either_way(event: str) -> None:
    (found,) = deliveries(event, upsert({"conversation": "x"}))

    assert (found.event, found.chat, found.own_address) == ("MESSAGES_UPSERT", GROUP, OWN)


def test_a_list_becomes_one_delivery_an_element_each_with_its_chat() -> None:
    other = "120363049999999999@g.us"

    found = deliveries("messages.set", [upsert({"conversation": "a"}), upsert({"conversation": "b"}, key=key(remoteJid=other))])

    assert [delivery.chat for delivery in found] == [GROUP, other]


def test_lists_inside_an_object_are_split_too() -> None:
    assert len(deliveries("messages.delete", {"keys": [key("1"), key("2")]})) == 2
    assert len(deliveries("messages.upsert", {"messages": [upsert({"conversation": "a"})], "type": "notify"})) == 1
    assert deliveries("messages.set", []) == []


def test_secrets_and_bytes_are_gone_at_every_depth() -> None:
    thumbnail = {str(index): index for index in range(40)}
    message = {
        "imageMessage": {
            "caption": "kept",
            "jpegThumbnail": "AAAA",
            "mediaKey": {"0": 4},
            "somethingNew": thumbnail,
            "buffer": {"type": "Buffer", "data": [1, 2]},
            "url": "https://media.example/x",
            "contextInfo": {"quotedMessage": {"imageMessage": {"mediaKey": "BBBB", "apikey": TOKEN}}},
        },
        "messageContextInfo": {"messageSecret": thumbnail},
        "base64": "CCCC",
    }

    (found,) = deliveries("messages.upsert", upsert(message, apikey=TOKEN, server_url="http://evolution.example:8080"))
    kept = found.to_json().decode()

    assert "kept" in kept
    for gone in (TOKEN, "evolution.example", "media.example", "AAAA", "BBBB", "CCCC", "somethingNew", "Buffer", "messageSecret"):
        assert gone not in kept


def test_private_words_are_counted_and_not_kept() -> None:
    (found,) = deliveries("messages.upsert", upsert({"conversation": "very private"}, key=key(remoteJid=RITA_PHONE)))

    assert found.data is None
    assert "very private" not in found.to_json().decode()
    (contact,) = deliveries("contacts.update", {"remoteJid": GROUP, "pushName": "Rita", "profilePicUrl": "x"})
    assert (contact.data, contact.chat) == (None, GROUP)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "no_json_object"),
        ("text", "no_json_object"),
        (None, "no_json_object"),
        ({}, "no_event"),
        ({"event": 7}, "no_event"),
        ({"event": "messages upsert; drop"}, "no_event"),
        (envelope("holograph.upsert", {}), "unknown_event"),
        (envelope("messages.upsert", {}, instance=None), "bad_instance_name"),
        (envelope("messages.upsert", {}, instance="../../etc"), "bad_instance_name"),
        (envelope("messages.upsert", {}, instance="a/b?c"), "bad_instance_name"),
        (envelope("messages.upsert", {}, instance="x" * 65), "bad_instance_name"),
        (envelope("messages.set", [0] * 5_001), "too_many_elements"),
    ],
)
def test_bodies_that_cannot_be_filed_say_why_in_a_word(body: Any, reason: str) -> None:
    assert read_webhook(body, NOW) == Rejected(reason)


def test_nesting_without_end_is_rejected() -> None:
    deep: Any = {}
    for _ in range(500):
        deep = {"message": deep}

    assert read_webhook(envelope("messages.upsert", upsert(deep)), NOW) == Rejected("nested_too_deep")


@pytest.mark.parametrize(
    ("event", "data", "state", "reason"),
    [
        ("connection.update", {"instance": "x", "state": "open", "statusReason": 200, "wuid": OWN}, "open", "200"),
        ("connection.update", {"state": "refused", "statusReason": 428}, "refused", "unscanned"),
        ("status.instance", {"status": "closed", "disconnectionReasonCode": 401, "disconnectionObject": "{}"}, "close", "401"),
        ("logout.instance", None, "close", "logged_out"),
        ("remove.instance", None, "close", "removed"),
    ],
)
def test_connections_are_filed_under_the_instance(event: str, data: Any, state: str, reason: str) -> None:
    found = read(event, data)

    assert isinstance(found, Connection)
    assert (found.chat, found.state, found.reason) == ("instance:cs-ticket-monitor", state, reason)


@pytest.mark.parametrize(
    ("event", "reason"),
    [("contacts.upsert", "contacts"), ("presence.update", "presence"), ("typebot.change-status", "typebot"), ("call", "call")],
)
def test_events_without_a_use_are_ignored_by_name(event: str, reason: str) -> None:
    found = read(event, {"id": GROUP})

    assert isinstance(found, Ignored)
    assert found.reason == reason


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(envelope("messages.upsert", {"a": 1})).encode(),
        json.dumps(envelope("messages.upsert", {"a": 1})).encode()[:-20],
        json.dumps(envelope("messages.upsert", {}), indent=2).encode() + b"trailing",
        b'{"apikey":"' + TOKEN.encode(),
        b'{"APIKEY" : "x\\"' + TOKEN.encode() + b'"}',
        b"{'apikey': 'x" + TOKEN.encode() + b"'}",
        b"event=messages.upsert&apikey=" + TOKEN.encode() + b"&instance=i",
        b'{"apikey":' + TOKEN.encode() + b"}",
        b'\xff\xfe{"apikey":"' + TOKEN.encode() + b'"}\xff',
        json.dumps({"apikey": TOKEN, "server_url": "http://evolution.example"}).encode("utf-16"),
        b'{"qrcode":{"code":"2@' + TOKEN.encode() + b'","base64":"' + TOKEN.encode() + b'"}',
    ],
)
def test_bytes_that_cannot_be_read_are_kept_without_their_secrets(raw: bytes) -> None:
    kept = strip_bytes(raw)

    assert TOKEN.encode() not in kept.replace(b"\x00", b"")
    assert b"evolution.example" not in kept
    assert b"removed" in kept


def test_bytes_without_secrets_are_kept_as_they_came() -> None:
    raw = b'{"event":"messages.upsert","data":[1,2,\xff'

    assert strip_bytes(raw) == raw
