"""Translation is total: no JSON value makes it raise, and what comes out can be written and read again."""

from __future__ import annotations

import copy
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st
from payloads import GROUP, NOW, RITA_LID, envelope, key, upsert

from stream.core.delivery import Delivery
from stream.core.inputs import INPUT, Source
from stream.translate import Rejected, read_webhook, translate
from stream.translate.route import KNOWN_EVENTS
from stream.translate.strip import strip_bytes

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([GROUP, RITA_LID, "", "open"])
)
NAMES = st.sampled_from(
    ["key", "id", "keyId", "remoteJid", "message", "conversation", "type", "editedMessage", "protocolMessage", "status", "text",
     "contextInfo", "stanzaId", "mentionedJid", "participants", "participant", "reactionMessage", "messageTimestamp", "low",
     "high", "update", "locationMessage", "degreesLatitude", "pushName", "fromMe", "ephemeralMessage", "0", "data", "keys",
     "messages", "pollCreationMessage", "options", "secretEncryptedMessage", "targetMessageKey", "contactsArrayMessage",
     "contacts"]
) | st.text(max_size=8)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)
EVENTS = st.sampled_from(sorted(KNOWN_EVENTS)) | st.text(max_size=20)

SHAPES: list[tuple[str, Any]] = [
    ("messages.upsert", upsert({"conversation": "x"}, contextInfo={"stanzaId": "1", "mentionedJid": [RITA_LID]})),
    ("messages.upsert", upsert({"ephemeralMessage": {"message": {"imageMessage": {"caption": "x", "contextInfo": {}}}}})),
    ("messages.upsert", upsert({"reactionMessage": {"key": {"id": "1"}, "text": "👍"}})),
    ("messages.upsert", upsert({"locationMessage": {"degreesLatitude": 1.5, "degreesLongitude": 2, "name": "x"}})),
    ("messages.upsert", upsert({"pollCreationMessageV3": {"name": "x", "options": [{"optionName": "y"}]}})),
    ("messages.upsert", upsert({"secretEncryptedMessage": {"targetMessageKey": {"id": "1"}, "secretEncType": 2}})),
    ("messages.edited", {"key": key(), "type": "MESSAGE_EDIT", "editedMessage": {"conversation": "x"}, "timestampMs": "1795"}),
    ("messages.update", {"keyId": "1", "remoteJid": GROUP, "fromMe": True, "status": "READ"}),
    ("messages.delete", key()),
    ("send.message", upsert({"conversation": "x"})),
    ("groups.upsert", [{"id": GROUP, "subject": "x", "participants": [{"id": RITA_LID, "phoneNumber": "1@s.whatsapp.net"}]}]),
    ("group-participants.update", {"id": GROUP, "action": "add", "participants": [{"id": RITA_LID}]}),
    ("connection.update", {"state": "open", "statusReason": 200}),
]  # fmt: skip


def mutate(value: Any, path: list[int], new: Any) -> Any:
    """Return the value with what lies at this path, taken modulo, replaced."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    changed = copy.copy(value)
    place: Any = list(changed)[path[0] % len(changed)] if isinstance(changed, dict) else path[0] % len(changed)
    changed[place] = mutate(changed[place], path[1:], new)
    return changed


def check(deliveries: list[Delivery] | Rejected) -> None:
    if isinstance(deliveries, Rejected):
        return
    for delivery in deliveries:
        found = translate(delivery)
        assert INPUT.validate_json(found.to_json()) == found
        assert len(found.chat) <= 128


@given(EVENTS, ANYTHING, st.sampled_from(Source))
def test_anything_at_all_is_translated(event: str, data: Any, source: Source) -> None:
    delivery = Delivery(event=event, instance="i", chat=GROUP, received_at=NOW, source=source, data=data)

    found = translate(delivery)

    assert INPUT.validate_json(found.to_json()) == found


@given(ANYTHING)
def test_any_body_is_filed_or_rejected(body: Any) -> None:
    check(read_webhook(body, NOW))


@given(EVENTS, ANYTHING)
def test_any_data_in_an_envelope_is_filed_or_rejected(event: str, data: Any) -> None:
    check(read_webhook(envelope(event, data), NOW))


@given(st.sampled_from(SHAPES), st.lists(st.integers(0, 20), min_size=1, max_size=6), ANYTHING)
def test_real_shapes_with_one_thing_wrong_are_translated(shape: tuple[str, Any], path: list[int], new: Any) -> None:
    event, data = shape

    check(read_webhook(envelope(event, mutate(data, path, new)), NOW))


@given(st.sampled_from(SHAPES), st.lists(st.integers(0, 20), min_size=1, max_size=6), ANYTHING)
def test_what_kafka_gives_back_means_the_same(shape: tuple[str, Any], path: list[int], new: Any) -> None:
    try:
        body = orjson.loads(orjson.dumps(envelope(shape[0], mutate(shape[1], path, new))))
    except TypeError:
        return  # an integer that the edge would have refused
    filed = read_webhook(body, NOW)
    if not isinstance(filed, Rejected):
        for delivery in filed:
            assert translate(Delivery.from_json(delivery.to_json())) == translate(delivery)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_kept(raw: bytes) -> None:
    assert b"\x00" not in strip_bytes(raw)
