"""What a webhook is answered, and what is then in Kafka."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from payloads import GROUP, RITA_PHONE, TOKEN, envelope, key, upsert
from running import RunningBridge

from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.core.inputs import Message
from stream.translate import translate

pytestmark = pytest.mark.kafka

OK, QUARANTINED = b'{"ok":true}', b'{"ok":true,"quarantined":true}'


def hello(message_id: str = "3A00000000000001", **changes: Any) -> dict[str, Any]:
    return envelope("messages.upsert", upsert({"conversation": "hello"}, key=key(message_id)), **changes)


async def test_a_message_is_in_kafka_under_its_group_when_it_is_answered(bridge: RunningBridge) -> None:
    assert await bridge.post(hello()) == (200, OK)

    (record,) = await bridge.stored(Topic.INBOUND, 1)
    assert record.key == GROUP
    found = translate(Delivery.from_json(record.value or b""))
    assert isinstance(found, Message)
    assert found.text == "hello"


@pytest.mark.parametrize(
    "path", ["/messages-upsert", "//messages-upsert", "/whatever/comes", "?token=abc/messages-upsert", "/send-message?x=%2e%2e"]
)
async def test_the_body_says_which_event_it_is_whatever_the_path(bridge: RunningBridge, path: str) -> None:
    answer = await bridge.talk(
        f"POST /webhook/cs-tickets{path} HTTP/1.1\r\nHost: x\r\nX-Webhook-Secret: {bridge.secret}\r\n"
        f"Content-Length: {len(json.dumps(hello()))}\r\n\r\n{json.dumps(hello())}".encode()
    )

    assert answer.startswith(b"HTTP/1.1 200")
    (record,) = await bridge.stored(Topic.INBOUND, 1)
    assert Delivery.from_json(record.value or b"").event == "MESSAGES_UPSERT"


async def test_a_list_is_split_and_all_of_it_is_stored(bridge: RunningBridge) -> None:
    other = "120363049999999999@g.us"
    chats = [GROUP, other, RITA_PHONE] * 20
    data = [upsert({"conversation": "late"}, key=key(str(index), remoteJid=chat)) for index, chat in enumerate(chats)]

    assert await bridge.post(envelope("messages.set", data, isLatest=True)) == (200, OK)

    records = await bridge.stored(Topic.INBOUND, 60)
    assert sorted(record.key or "" for record in records) == sorted(chats)


async def test_an_instance_event_is_filed_under_its_instance(bridge: RunningBridge) -> None:
    await bridge.post(envelope("connection.update", {"state": "open", "statusReason": 200}))

    (record,) = await bridge.stored(Topic.INBOUND, 1)
    assert record.key == "instance:cs-ticket-monitor"


async def test_an_unreadable_body_is_kept_and_never_refused(bridge: RunningBridge) -> None:
    raw = json.dumps(hello()).encode()[:-9]

    assert await bridge.post(raw) == (200, QUARANTINED)

    (letter,) = await bridge.stored(Topic.DEAD_LETTER, 1)
    assert letter.headers["__groupdesk.errors.reason"] == b"not_json"
    assert b'"conversation": "hello"' in (letter.value or b"")
    assert TOKEN.encode() not in (letter.value or b"")
    assert await bridge.stored(Topic.INBOUND) == []


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_that_is_too_large_leaves_a_note(bridge: RunningBridge, chunked: bool) -> None:
    async def pieces() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    body: Any = pieces() if chunked else b"x" * 2_000_000
    async with bridge.http.post(bridge.url, data=body, headers={"X-Webhook-Secret": bridge.secret}) as answer:
        assert answer.status == 413

    (letter,) = await bridge.stored(Topic.DEAD_LETTER, 1)
    assert letter.headers["__groupdesk.errors.reason"] == b"body_too_large"
    assert int(letter.headers["__groupdesk.errors.size"]) > 1_048_576
    assert letter.value == b"x" * 1_024


async def test_the_largest_body_that_is_taken_fits_into_kafka(bridge: RunningBridge) -> None:
    room = 1_048_576 - len(json.dumps(hello())) - 20
    good = envelope("messages.upsert", upsert({"conversation": "y" * room}))

    assert await bridge.post(good) == (200, OK)
    assert await bridge.post(b"[" + b"1," * 524_000) == (200, QUARANTINED)

    assert len(await bridge.stored(Topic.INBOUND, 1)) == 1
    assert len(await bridge.stored(Topic.DEAD_LETTER, 1)) == 1


async def test_numbers_that_grow_when_written_again_do_not_block_the_way(bridge: RunningBridge) -> None:
    swollen = b'{"event":"messages.set","instance":"i","data":[{"key":{"remoteJid":"1@g.us"},"x":[' + b"1e9," * 240_000 + b"1]}]}"

    assert await bridge.post(swollen) == (200, QUARANTINED)

    (letter,) = await bridge.stored(Topic.DEAD_LETTER, 1)
    assert letter.headers["__groupdesk.errors.reason"] == b"record_too_large"


async def test_other_paths_and_methods_say_nothing(bridge: RunningBridge) -> None:
    async with bridge.http.post(bridge.base + "/", headers={"X-Webhook-Secret": bridge.secret}) as answer:
        assert (answer.status, await answer.read()) == (404, b"")
    async with bridge.http.put(bridge.url, headers={"X-Webhook-Secret": bridge.secret}) as answer:
        assert (answer.status, await answer.read()) == (405, b"")
        assert answer.headers["Allow"] == "GET,HEAD,POST"


async def test_a_compressed_body_is_refused_unread(bridge: RunningBridge) -> None:
    for encoding in ("gzip", "br", "zstd", "deflate"):
        assert (await bridge.post(b"x", **{"Content-Encoding": encoding}))[0] == 415
    assert await bridge.post(hello(), **{"Content-Encoding": "identity"}) == (200, OK)


async def test_no_secret_reaches_kafka_or_a_log(bridge: RunningBridge, logged: Callable[[], str]) -> None:
    qr = {"qrcode": {"instance": "cs-ticket-monitor", "pairingCode": TOKEN, "code": f"2@{TOKEN}", "base64": TOKEN}}
    await bridge.post(hello(note=TOKEN))
    await bridge.post(envelope("qrcode.updated", qr))
    await bridge.post(json.dumps(envelope("qrcode.updated", qr)).encode()[:-2])
    await bridge.post(envelope("nobody.knows", qr))
    await bridge.post(hello(), **{"X-Webhook-Secret": TOKEN})
    await bridge.talk(b"POST / HTTP/1.1\r\nX-Odd\x00: " + TOKEN.encode() + b"\r\n\r\n")

    kept = [*await bridge.stored(Topic.INBOUND, 1), *await bridge.stored(Topic.DEAD_LETTER, 2)]
    assert len(kept) == 3
    for record in kept:
        assert TOKEN.encode() not in (record.value or b"")
    told = logged()
    assert "quarantined" in told
    assert TOKEN not in told
    assert bridge.secret not in told


async def test_the_text_of_a_message_is_in_no_log(bridge: RunningBridge, logged: Callable[[], str]) -> None:
    await bridge.post(envelope("messages.upsert", upsert({"conversation": "a very private matter"}, pushName="Secretive")))

    told = logged()
    assert "stored" in told
    assert "a very private matter" not in told
    assert "Secretive" not in told


async def test_a_qr_code_is_held_in_memory_until_the_instance_is_open(bridge: RunningBridge) -> None:
    qr = {"qrcode": {"pairingCode": "ABCD1234", "code": "2@x", "base64": "data:image/png;base64,AAAA"}}

    assert await bridge.post(envelope("qrcode.updated", qr)) == (200, OK)

    assert await bridge.stored(Topic.INBOUND) == []


async def test_the_same_message_five_times_is_accepted_five_times(bridge: RunningBridge) -> None:
    for _ in range(5):
        assert await bridge.post(hello()) == (200, OK)

    assert len(await bridge.stored(Topic.INBOUND, 5)) == 5
