"""The client against the stand-in, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from stream.errors import SettingsError
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group
from stream.simulator.mischief import Mischief, SendFault
from stream.simulator.shapes import Person, group_key, revoke, text_message, upsert
from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EVENTS, EvolutionClient
from stream.transport.failures import CallFailed, Retry
from stream.transport.http import Endpoint
from stream.transport.interface import OutgoingReaction, OutgoingText

GROUP = "120363000000000009@g.us"
ANA = Person("Ana", lid="81000000000001@lid", phone="551100000001@s.whatsapp.net")
LID_ONLY = Person("Bo", lid="81000000000002@lid", is_admin=True)
SECRET = SecretStr("s3")
KEY = SecretStr(DEFAULT_KEY)


@pytest.fixture
async def evolution() -> AsyncIterator[EvolutionServer]:
    async with EvolutionServer(mischief=Mischief(hold_seconds=2)) as server:
        server.add_instance("desk").groups[GROUP] = Group(GROUP, "Desk", [ANA, LID_ONLY])
        yield server


@pytest.fixture
async def client(evolution: EvolutionServer) -> AsyncIterator[EvolutionClient]:
    client = EvolutionClient(evolution.url, KEY, "desk")
    yield client
    await client.close()


@pytest.fixture
def transport(client: EvolutionClient) -> EvolutionTransport:
    return EvolutionTransport(client, send_timeout_s=0.5, typing_ms=0)


def put(evolution: EvolutionServer, message_id: str, at: int, person: Person = ANA) -> None:
    data = upsert(
        group_key(GROUP, message_id, person), person.name, "conversation", text_message("x", at=at), at=at, instance_id="i"
    )
    evolution.instances["desk"].keep(data)


async def test_an_absent_instance_is_made_with_its_webhook_and_can_be_paired(evolution: EvolutionServer) -> None:
    client = EvolutionClient(evolution.url, KEY, "fresh")
    assert await client.info() is None
    pairing = await client.create("http://bridge/webhook/cs-tickets", SECRET, number="+1 555 010 0001")
    assert pairing.state == "connecting"
    assert pairing.code is not None
    assert pairing.pairing_code is not None
    assert pairing.code.get_secret_value() not in repr(pairing)
    assert await client.webhook_differences("http://bridge/webhook/cs-tickets", SECRET) == []
    assert (await client.connect()).code != pairing.code
    await evolution.scan(evolution.instances["fresh"])
    assert ((await client.connect()).state, await client.state()) == ("open", "open")
    info = await client.info()
    assert info is not None
    assert (info.state, info.owner) == ("open", "15550100001@s.whatsapp.net")
    await client.logout()
    assert await client.state() == "close"
    await client.close()


async def test_a_wrong_webhook_is_told_field_by_field_and_set_whole(client: EvolutionClient, evolution: EvolutionServer) -> None:
    assert await client.webhook_differences("http://b", SECRET) == ["webhook"]
    await client.set_webhook("http://b", SECRET)
    assert await client.webhook_differences("http://b", SECRET) == []
    assert await client.webhook_differences("http://c", SecretStr("other")) == ["url", "secret"]
    row = evolution.instances["desk"].webhook
    assert row is not None
    row |= {"enabled": False, "webhookByEvents": True, "events": ["CALL"]}
    assert await client.webhook_differences("http://b", SECRET) == ["enabled", "byEvents", "events"]
    await client.set_webhook("http://b", SECRET)
    assert sorted(row["events"]) == sorted(EVENTS)


async def test_groups_and_their_people_in_both_forms(client: EvolutionClient) -> None:
    assert [(group.jid, group.subject, group.size) for group in await client.groups()] == [(GROUP, "Desk", 2)]
    group = await client.group(GROUP)
    assert group is not None
    assert [(p.lid, p.phone, p.is_admin) for p in group.people] == [(ANA.lid, ANA.phone, False), (LID_ONLY.lid, None, True)]
    assert await client.group("120363000000000001@g.us") is None
    with pytest.raises(SettingsError):
        await client.group("../../x@g.us?a=b")


async def test_a_group_that_cannot_be_asked_for_is_not_one_that_we_left(
    client: EvolutionClient, evolution: EvolutionServer
) -> None:
    evolution.instances["desk"].state = "close"
    with pytest.raises(CallFailed) as raised:
        await client.group(GROUP)
    assert "connection is closed" in str(raised.value)


async def test_messages_of_a_span_come_oldest_first_over_all_pages(client: EvolutionClient, evolution: EvolutionServer) -> None:
    start = 1_790_000_000
    for number in range(250):
        put(evolution, f"AC{number:03}", start + number)
    since = datetime.fromtimestamp(start + 10, UTC)
    rows = await client.find_messages(since, since + timedelta(seconds=219))
    assert [row["key"]["id"] for row in rows] == [f"AC{number:03}" for number in range(10, 230)]


@pytest.mark.parametrize("a_second", [37, 130])
async def test_no_message_is_lost_where_pages_end_within_a_second(
    client: EvolutionClient, evolution: EvolutionServer, a_second: int
) -> None:
    start = 1_790_000_000
    for number in range(260):
        put(evolution, f"AC{number:03}", start + number // a_second)
    since = datetime.fromtimestamp(start, UTC)
    rows = await client.find_messages(since, since + timedelta(seconds=60))
    assert sorted(row["key"]["id"] for row in rows) == [f"AC{number:03}" for number in range(260)]


async def test_texts_quotes_and_look_up(transport: EvolutionTransport, evolution: EvolutionServer) -> None:
    put(evolution, "AC1", int(datetime.now(UTC).timestamp()))
    sent = await transport.send_text(OutgoingText(chat=GROUP, text="on it @81", quoted_id="AC1", mentions=("81@lid", "81@lid")))
    data = evolution.instances["desk"].sent[0]
    assert (data["contextInfo"]["stanzaId"], data["contextInfo"]["mentionedJid"]) == ("AC1", ["81@lid"])
    now = datetime.now(UTC)
    own = await transport.find_own(GROUP, now - timedelta(minutes=1), now + timedelta(minutes=1))
    assert own is not None
    assert [(message.message_id, message.text) for message in own] == [(sent.message_id, "on it @81")]


async def test_what_quotes_a_deleted_message_goes_out_without_the_quote(
    transport: EvolutionTransport, evolution: EvolutionServer
) -> None:
    put(evolution, "AC1", int(datetime.now(UTC).timestamp()))
    evolution.instances["desk"].change(revoke(GROUP, "AC1"))
    await transport.send_text(OutgoingText(chat=GROUP, text="on it", quoted_id="AC1"))
    (data,) = evolution.instances["desk"].sent
    assert (data["message"]["conversation"], data.get("contextInfo")) == ("on it", None)


async def test_logging_out_twice_is_as_good_as_once(client: EvolutionClient) -> None:
    await client.logout()
    await client.logout()
    assert await client.state() == "close"


async def test_a_reaction_names_the_author_of_its_target(transport: EvolutionTransport, evolution: EvolutionServer) -> None:
    put(evolution, "AC1", int(datetime.now(UTC).timestamp()), LID_ONLY)
    await transport.react(OutgoingReaction(chat=GROUP, target_id="AC1", emoji="👀"))
    reaction = evolution.instances["desk"].sent[0]["message"]["reactionMessage"]
    assert reaction["key"]["participant"] == LID_ONLY.lid
    assert reaction["text"] == "👀"


@pytest.mark.parametrize(
    ("fault", "retry"),
    [
        (SendFault.CONNECTION_CLOSED, Retry.SAFE),
        (SendFault.RATE_OVERLIMIT, Retry.SAFE),
        (SendFault.LICENCE, Retry.SAFE),
        (SendFault.FORBIDDEN_BY_WHATSAPP, Retry.NEVER),
        (SendFault.SERVER_ERROR_AFTER_SEND, Retry.UNCERTAIN),
        (SendFault.DATABASE_ERROR_AFTER_SEND, Retry.UNCERTAIN),
        (SendFault.TIMEOUT_AFTER_SEND, Retry.UNCERTAIN),
        (SendFault.RESET_AFTER_SEND, Retry.UNCERTAIN),
        (SendFault.GARBAGE_AFTER_SEND, Retry.UNCERTAIN),
        (SendFault.ERROR_INSIDE_200, Retry.UNCERTAIN),
    ],
)
async def test_what_may_have_left_is_never_called_safe(
    transport: EvolutionTransport, evolution: EvolutionServer, fault: SendFault, retry: Retry
) -> None:
    evolution.mischief.next_sends.append(fault)
    with pytest.raises(CallFailed) as failed:
        await transport.send_text(OutgoingText(chat=GROUP, text="x"))
    assert failed.value.verdict.retry is retry
    if evolution.instances["desk"].sent:
        assert retry is Retry.UNCERTAIN


async def test_nothing_is_handed_to_a_number_that_was_logged_out(
    transport: EvolutionTransport, evolution: EvolutionServer
) -> None:
    await evolution.log_out(evolution.instances["desk"])
    evolution.mischief.accepts_when_closed = True
    for send in (
        transport.send_text(OutgoingText(chat=GROUP, text="x")),
        transport.react(OutgoingReaction(chat=GROUP, target_id="AC1", emoji="👀")),
    ):
        with pytest.raises(CallFailed, match="connection is closed") as failed:
            await send
        assert (failed.value.verdict.retry, failed.value.verdict.concerns_all) == (Retry.SAFE, True)
    assert [path for _, path in evolution.calls if "/message/" in path] == []


async def test_nobody_there_is_safe_to_retry() -> None:
    transport = EvolutionTransport(EvolutionClient("http://127.0.0.1:9", KEY, "desk"))
    with pytest.raises(CallFailed, match="nothing answers") as failed:
        await transport.send_text(OutgoingText(chat=GROUP, text="x"))
    assert failed.value.verdict.retry is Retry.SAFE
    await transport.close()


async def test_the_key_is_in_no_error(evolution: EvolutionServer) -> None:
    client = EvolutionClient(evolution.url, SecretStr("very-secret-key"), "desk")
    with pytest.raises(CallFailed) as failed:
        await client.state()
    assert "very-secret-key" not in f"{failed.value!s} {failed.value!r} {failed.value.__dict__}"
    await client.close()


async def test_redirects_and_proxies_of_the_environment_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    hits: list[str] = []

    async def take(request: web.Request) -> web.Response:
        hits.append(request.path)
        if request.path.startswith("/instance"):
            raise web.HTTPFound("/elsewhere")
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = EvolutionClient(f"http://127.0.0.1:{runner.addresses[0][1]}", KEY, "desk")
    with pytest.raises(CallFailed, match="redirects"):
        await client.state()
    assert hits == ["/instance/connectionState/desk"]
    await client.close()
    await runner.cleanup()


@pytest.mark.parametrize("name", ["../../x", "a/b?c", "", "a b", "x" * 65])
def test_an_instance_name_that_could_leave_its_path_is_refused(name: str) -> None:
    with pytest.raises(SettingsError):
        EvolutionClient("http://evolution:8080", KEY, name)


@pytest.mark.parametrize("url", ["", "evolution:8080", "ftp://x", "http://", "http://u:p@x", "http://x?y=z"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        Endpoint(url, {})


def test_segments_are_quoted_whole() -> None:
    endpoint = Endpoint("http://x:1/base/", {})
    assert str(endpoint.url("a", "b/c?d")) == "http://x:1/base/a/b%2Fc%3Fd"
    with pytest.raises(SettingsError):
        endpoint.url("a", "..")


async def test_odd_rows_do_not_stop_a_look_up(evolution: EvolutionServer, client: EvolutionClient) -> None:
    odd: list[Any] = [{"key": {"id": "A", "remoteJid": GROUP}, "messageTimestamp": None, "message": None}]
    evolution.instances["desk"].find = lambda *_: {"messages": {"pages": 1, "records": [*odd, None, "x"]}}  # type: ignore[method-assign] # the answer is what is tested
    rows = await client.find_messages(datetime.now(UTC), datetime.now(UTC))
    assert [row["key"]["id"] for row in rows] == ["A"]
