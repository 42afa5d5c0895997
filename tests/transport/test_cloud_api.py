"""Meta's Cloud API: handshake, signature, what its webhooks mean, and sending by it."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.bridge.cloud_webhook import PATH, add_cloud_webhook
from stream.bridge.inbox import InboxRecord, NotStored
from stream.core.commands import Actor, ActorKind, Reply
from stream.core.delivery import Delivery
from stream.core.group import GroupState
from stream.core.inputs import Form, Message, Reaction, Receipt
from stream.core.step import step
from stream.settings import Settings
from stream.translate import Rejected, translate
from stream.translate.cloud_api import read_cloud_webhook
from stream.transport.carriers import Carriers
from stream.transport.cloud_api import CloudApiTransport, is_signed
from stream.transport.failures import CallFailed, Retry
from stream.transport.interface import OutgoingReaction, OutgoingText

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CHAT = "5511900000001@s.whatsapp.net"


def body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550100001", "phone_number_id": "1001"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": list(messages)} | more
    value["contacts"] = [{"profile": {"name": "Ana"}, "wa_id": "5511900000001"}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "7", "changes": [{"field": "messages", "value": value}]}]}


def message(kind: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"from": "5511900000001", "id": "wamid.A1", "timestamp": "1772400000", "type": kind, kind: content} | more


def meaning(told: dict[str, Any]) -> Any:
    found = read_cloud_webhook(told, NOW)
    assert not isinstance(found, Rejected)
    assert len(found) == 1
    assert found[0].chat == CHAT
    return translate(found[0])


def test_a_text_is_a_message_of_its_author() -> None:
    event = meaning(body(message("text", {"body": "My order is late"}, context={"from": "15550100001", "id": "wamid.Q"})))
    assert isinstance(event, Message)
    assert (event.id, event.text, event.sender.phone, event.sender.name) == ("wamid.A1", "My order is late", CHAT, "Ana")
    assert (event.quoted_id, event.instance, event.sent_at.timestamp()) == ("wamid.Q", "cloud-1001", 1_772_400_000)


@pytest.mark.parametrize(
    ("kind", "content", "form", "text"),
    [
        ("image", {"caption": "see", "mime_type": "image/jpeg", "id": "9"}, Form.IMAGE, "see"),
        ("document", {"filename": "bill.pdf", "caption": "bill"}, Form.DOCUMENT, "bill"),
        ("audio", {"voice": True}, Form.AUDIO, ""),
        ("sticker", {"id": "1"}, Form.STICKER, ""),
        ("button", {"text": "Yes", "payload": "y"}, Form.CHOICE, "Yes"),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "Refund"}}, Form.CHOICE, "Refund"),
    ],
)
def test_other_kinds_have_their_form_and_their_words(kind: str, content: Any, form: Form, text: str) -> None:
    event = meaning(body(message(kind, content)))
    assert isinstance(event, Message)
    assert (event.form, event.text) == (form, text)


def test_reactions_failed_sends_and_answers_typed_on_the_phone() -> None:
    reaction = meaning(body(message("reaction", {"message_id": "wamid.Q", "emoji": "👍"})))
    assert isinstance(reaction, Reaction)
    assert (reaction.target_id, reaction.emoji) == ("wamid.Q", "👍")
    failed = meaning(body(statuses=[{"id": "wamid.S", "status": "failed", "recipient_id": "5511900000001"}]))
    assert isinstance(failed, Receipt)
    assert (failed.target_id, failed.status) == ("wamid.S", "ERROR")
    echo = {
        "from": "15550100001",
        "to": "5511900000001",
        "id": "wamid.E",
        "timestamp": "1772400000",
        "type": "text",
        "text": {"body": "hi"},
    }
    typed = meaning(body(message_echoes=[echo]))
    assert isinstance(typed, Message)
    assert typed.sender.is_self


NAMES = ["object", "entry", "changes", "value", "metadata", "messages", "from", "type", "text", "phone_number_id"]
ODD = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)


@given(ODD)
def test_no_body_is_too_odd(odd: Any) -> None:
    for told in (
        odd,
        {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": odd}]}]},
        body(message("text", odd)),
    ):
        found = read_cloud_webhook(told, NOW)
        if not isinstance(found, Rejected):
            for delivery in found:
                translate(delivery)


def test_only_metas_signature_counts() -> None:
    secret = SecretStr("app-secret")
    good = "sha256=" + hmac.new(b"app-secret", b"{}", hashlib.sha256).hexdigest()
    assert is_signed(b"{}", good, secret)
    assert not is_signed(b"{ }", good, secret)
    for bad in (None, "", good.upper(), good[7:], "sha256=\udcff"):
        assert not is_signed(b"{}", bad, secret)
    empty = "sha256=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    assert not is_signed(b"{}", empty, SecretStr(""))


class Shelf:
    """An inbox that keeps what it gets, or refuses."""

    def __init__(self) -> None:
        self.records: list[InboxRecord] = []
        self.is_down = False

    async def store(self, records: Sequence[InboxRecord]) -> None:
        if self.is_down:
            raise NotStored("broker_down", 5)
        self.records += records

    def state(self) -> Any:
        return None

    async def close(self) -> None: ...


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[tuple[str, Shelf]]:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, cloud_api_app_secret=SecretStr("app-secret"), cloud_api_verify_token=SecretStr("word"),
        cloud_api_phone_number_id="1001",
    )  # fmt: skip
    shelf, app = Shelf(), web.Application()
    add_cloud_webhook(app, settings, shelf)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}", shelf
    await runner.cleanup()


async def post(url: str, raw: bytes, *, key: str = "app-secret") -> int:
    signature = "sha256=" + hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=raw, headers={"X-Hub-Signature-256": signature}) as answer,
    ):
        return answer.status


async def test_the_handshake_answers_the_challenge_only_to_our_word(site: tuple[str, Shelf]) -> None:
    async with aiohttp.ClientSession() as session:
        for word, status, text in (("word", 200, "123"), ("other", 403, "")):
            query = {"hub.mode": "subscribe", "hub.verify_token": word, "hub.challenge": "123"}
            async with session.get(site[0], params=query) as answer:
                assert (answer.status, await answer.text()) == (status, text)


async def test_a_signed_webhook_is_stored_and_everything_else_is_not_lost_or_not_taken(site: tuple[str, Shelf]) -> None:
    url, shelf = site
    raw = json.dumps(body(message("text", {"body": "hi"}))).encode()
    assert await post(url, raw, key="wrong") == 401
    assert shelf.records == []
    assert await post(url, raw) == 200
    assert (shelf.records[0].topic, shelf.records[0].key) == (Topic.INBOUND, CHAT)
    assert Delivery.from_json(shelf.records[0].value).transport == "cloud"
    assert await post(url, b"not json") == 200
    assert await post(url, b'{"object":"page"}') == 200
    assert [record.topic for record in shelf.records[1:]] == [Topic.DEAD_LETTER, Topic.DEAD_LETTER]
    other = raw.replace(b'"1001"', b'"2002"')
    assert await post(url, other) == 200
    assert len(shelf.records) == 3
    shelf.is_down = True
    assert await post(url, raw) == 503


async def test_without_its_settings_there_is_no_such_route(tmp_path: Path) -> None:
    app = web.Application()
    add_cloud_webhook(app, Settings(_env_file=None, data_dir=tmp_path), Shelf())
    assert len(app.router.resources()) == 0


@pytest.fixture
async def meta() -> AsyncIterator[tuple[str, list[Any], list[tuple[int, Any]]]]:
    got: list[Any] = []
    answers: list[tuple[int, Any]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.path, request.headers["Authorization"], await request.json()))
        status, answer = answers.pop(0) if answers else (200, {"messages": [{"id": "wamid.OUT"}]})
        return web.json_response(answer, status=status)

    app = web.Application()
    app.router.add_post("/{tail:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v23.0", got, answers
    await runner.cleanup()


async def test_texts_and_reactions_are_sent(meta: tuple[str, list[Any], list[Any]]) -> None:
    url, got, _ = meta
    transport = CloudApiTransport(url, "1001", SecretStr("token"))
    sent = await transport.send_text(OutgoingText(chat=CHAT, text="On it", quoted_id="wamid.A1"))
    await transport.react(OutgoingReaction(chat=CHAT, target_id="wamid.A1", emoji="👀"))
    await transport.close()
    assert sent.message_id == "wamid.OUT"
    assert got[0][:2] == ("/v23.0/1001/messages", "Bearer token")
    assert (got[0][2]["to"], got[0][2]["text"]["body"], got[0][2]["context"]) == (
        "5511900000001",
        "On it",
        {"message_id": "wamid.A1"},
    )
    assert got[1][2]["reaction"] == {"message_id": "wamid.A1", "emoji": "👀"}


@pytest.mark.parametrize(
    ("status", "code", "retry", "person"),
    [
        (400, 131047, Retry.NEVER, False),
        (400, 130429, Retry.SAFE, False),
        (401, 190, Retry.SAFE, True),
        (403, 368, Retry.NEVER, True),
        (400, 100, Retry.NEVER, False),
        (500, 131000, Retry.UNCERTAIN, False),
        (503, 2, Retry.UNCERTAIN, False),
    ],
)
async def test_metas_errors_by_their_code(
    meta: tuple[str, list[Any], list[Any]], status: int, code: int, retry: Retry, person: bool
) -> None:
    url, _, answers = meta
    answers.append((status, {"error": {"message": "no", "code": code}}))
    transport = CloudApiTransport(url, "1001", SecretStr("token"))
    with pytest.raises(CallFailed) as failed:
        await transport.send_text(OutgoingText(chat=CHAT, text="x"))
    await transport.close()
    assert (failed.value.verdict.retry, failed.value.verdict.needs_person) == (retry, person)


async def test_a_single_chat_becomes_a_ticket_and_is_answered_the_way_it_came(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(Path(__file__).parents[2] / "rules", rules)
    (rules / "groups.yaml").write_text(f"version: 1\ngroups:\n  - {{jid: {CHAT}, mode: tickets}}\n")
    book = load_book(rules)
    request = message("text", {"body": "Hi, order 48213 has not arrived, it was due on Monday. Can someone check please?"})

    opened = step(GroupState(group=CHAT), meaning(body(request)), book, NOW)
    (ticket,) = opened.tickets
    actor = Actor(kind=ActorKind.DASHBOARD, name="Ann")
    reply = Reply(id="c1", group=CHAT, at=NOW, actor=actor, ticket_id=ticket.id, text="It comes today.")
    answered = step(opened.state, reply, book, NOW)

    (outbound,) = answered.outbound
    assert (outbound.group, outbound.instance, outbound.quoted_id) == (CHAT, "cloud-1001", "wamid.A1")
    token = {"cloud_api_token": SecretStr("EAAG7"), "cloud_api_phone_number_id": "1001"}
    async with Carriers(Settings(_env_file=None, data_dir=tmp_path, **token)) as carriers:
        assert carriers.of(outbound).name == "cloud"


def test_a_single_chat_that_is_not_named_is_observed() -> None:
    book = load_book(Path(__file__).parents[2] / "rules")
    request = message("text", {"body": "Oi! Fui cobrada duas vezes na fatura 88121. Podem estornar uma delas?"})

    opened = step(GroupState(group=CHAT), meaning(body(request)), book, NOW)

    assert ([ticket.group for ticket in opened.tickets], opened.outbound) == ([CHAT], ())
