"""What the client makes of answers, in the shapes of 2.3.7 and in those of other versions: liberal in what it reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EVENTS, EvolutionClient
from stream.transport.failures import CallFailed, Retry
from stream.transport.interface import OutgoingText, Sent

GROUP = "120363041111222233@g.us"
AT = 1_795_000_000
NOW = datetime.fromtimestamp(AT, UTC)
ROW = {
    "id": "cmx1",
    "key": {"id": "3EB0A1", "fromMe": True, "remoteJid": GROUP},
    "pushName": "Você",
    "messageType": "conversation",
}
NAME = "helpdesk"


async def asked(status: int, answer: Any, ask: Callable[[EvolutionClient], Awaitable[Any]], *, is_send: bool = False) -> Any:
    """Return what a call comes back with when the server gives this one answer."""

    async def take(request: web.Request) -> web.Response:
        if is_send and request.path.startswith("/instance/connectionState/"):  # which is asked before every send
            return web.json_response({"instance": {"instanceName": NAME, "state": "open"}})
        return web.json_response(answer, status=status)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = EvolutionClient(f"http://127.0.0.1:{runner.addresses[0][1]}", SecretStr("k"), NAME)
    try:
        return await ask(client)
    finally:
        await client.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "state", "has_code"),
    [
        (
            {"pairingCode": "K7M39QXZ", "code": "2@ref,a,b", "base64": "data:image/png;base64,AA==", "count": 1},
            "connecting",
            True,
        ),
        ({"pairingCode": None, "code": "2@ref,a,b", "base64": "data:image/png;base64,AA==", "count": "2"}, "connecting", True),
        ({"qrcode": {"code": "2@ref", "count": 3}}, "connecting", True),
        ({"count": 0}, "connecting", False),
        ({"instance": {"instanceName": NAME, "state": "open"}}, "open", False),
        ([], "connecting", False),
    ],
)
async def test_where_pairing_stands(answer: Any, state: str, has_code: bool) -> None:
    pairing = await asked(200, answer, lambda client: client.connect())
    assert (pairing.state, pairing.code is not None) == (state, has_code)


@pytest.mark.parametrize("answer", [{"instance": {"instanceName": NAME, "state": "close"}}, {"state": "close"}])
async def test_a_state_is_read_in_both_forms(answer: Any) -> None:
    assert await asked(200, answer, lambda client: client.state()) == "close"


@pytest.mark.parametrize(
    "row",
    [
        {
            "name": NAME,
            "connectionStatus": "open",
            "ownerJid": "55119@s.whatsapp.net",
            "profileName": "Desk",
            "disconnectionReasonCode": None,
            "Setting": {"groupsIgnore": True},
            "_count": {"Message": 51, "Contact": 4, "Chat": 1},
        },
        {
            "instanceName": NAME,
            "status": "open",
            "owner": "55119@s.whatsapp.net",
            "profileName": "Desk",
            "Setting": {"groupsIgnore": "true"},
            "_count": {"Message": "51"},
        },
        {
            "instance": {
                "instanceName": NAME,
                "status": "open",
                "owner": "55119@s.whatsapp.net",
                "profileName": "Desk",
                "Setting": {"groupsIgnore": 1},
                "_count": {"Message": 51},
            }
        },
    ],
)
@pytest.mark.parametrize("wrap", [lambda row: [{"name": "another"}, row], lambda row: row])
async def test_an_instance_is_read_in_each_form(row: dict[str, Any], wrap: Any) -> None:
    info = await asked(200, wrap(row), lambda client: client.info())
    assert (info.state, info.owner, info.profile_name, info.ignores_groups, info.messages) == (
        "open",
        "55119@s.whatsapp.net",
        "Desk",
        True,
        51,
    )


@pytest.mark.parametrize("code", [401, "401"])
async def test_the_reason_of_an_end_is_a_number_or_digits(code: Any) -> None:
    row = {"name": NAME, "connectionStatus": "close", "disconnectionReasonCode": code, "Setting": None, "_count": None}
    info = await asked(200, [row], lambda client: client.info())
    assert (info.state, info.reason_code) == ("close", 401)


@pytest.mark.parametrize("status", [200, 404])
async def test_no_instance_of_that_name_is_none(status: int) -> None:
    answer = (
        [] if status == 200 else {"status": 404, "error": "Not Found", "response": {"message": [f'Instance "{NAME}" not found']}}
    )
    assert await asked(status, answer, lambda client: client.info()) is None


async def test_groups_and_people_in_each_form() -> None:
    people = [
        {"id": "11@lid", "phoneNumber": "551188:3@s.whatsapp.net", "admin": "superadmin", "name": "Rita", "imgUrl": None},
        {"id": "551199@s.whatsapp.net", "lid": "12@lid", "admin": None},
        "13@lid",
        None,
    ]
    row = {"id": GROUP, "subject": "Acme", "size": "4", "desc": None, "isCommunity": False, "participants": people}
    group = await asked(200, row, lambda client: client.group(GROUP))
    assert (group.subject, group.size) == ("Acme", 4)
    assert [(p.lid, p.phone, p.is_admin) for p in group.people] == [
        ("11@lid", "551188@s.whatsapp.net", True),
        ("12@lid", "551199@s.whatsapp.net", False),
        ("13@lid", None, False),
        (None, None, False),
    ]
    groups = await asked(
        200, [{"id": GROUP, "subject": None, "size": None}, {"subject": "no id"}, 7], lambda client: client.groups()
    )
    assert [(each.jid, each.subject, each.size) for each in groups] == [(GROUP, "", 0)]


@pytest.mark.parametrize(
    "missing", [["Error fetching group", "Error: item-not-found"], ["No participants", "Error: item-not-found"]]
)
async def test_a_group_that_we_are_not_in_is_none(missing: list[str]) -> None:
    answer = {"status": 404, "error": "Not Found", "response": {"message": missing}}
    assert await asked(404, answer, lambda client: client.group(GROUP)) is None


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"messages": {"total": 2, "pages": 1, "currentPage": 1, "records": rows}},
        lambda rows: {"messages": {"total": "2", "pages": "1", "records": rows}},
        lambda rows: {"messages": rows},
        lambda rows: rows,
    ],
)
async def test_rows_of_the_store_come_in_the_order_in_which_they_were_written(wrap: Any) -> None:
    low = AT + 1 if AT + 1 < 2**31 else AT + 1 - 2**32
    late = ROW | {"key": {"id": "2", "remoteJid": GROUP}, "messageTimestamp": {"low": low, "high": 0, "unsigned": True}}
    early = ROW | {"key": {"id": "1", "remoteJid": GROUP}, "messageTimestamp": str(AT)}
    rows = await asked(200, wrap([late, early, early, None, {"key": None}]), lambda client: client.find_messages(NOW, NOW))
    assert [row["key"]["id"] for row in rows] == ["1", "2"]


@pytest.mark.parametrize(
    ("message", "text", "emoji"),
    [
        ({"conversation": "On it."}, "On it.", None),
        ({"extendedTextMessage": {"text": "On it."}}, "On it.", None),
        ({"ephemeralMessage": {"message": {"extendedTextMessage": {"text": "On it."}}}}, "On it.", None),
        ({"reactionMessage": {"key": {"id": "3A9"}, "text": "✅"}}, "", "✅"),
        (None, "", None),
        ("odd", "", None),
    ],
)
async def test_what_we_said_is_found_again_however_it_was_stored(message: Any, text: str, emoji: str | None) -> None:
    answer = {"messages": {"pages": 1, "records": [ROW | {"message": message, "messageTimestamp": AT}]}}
    (own,) = await asked(200, answer, lambda client: EvolutionTransport(client).find_own(GROUP, NOW, NOW))
    assert (own.message_id, own.text, own.emoji, own.sent_at) == ("3EB0A1", text, emoji, NOW)


async def send(client: EvolutionClient) -> Sent:
    return await EvolutionTransport(client).send_text(OutgoingText(chat=GROUP, text="x"))


@pytest.mark.parametrize("at", [AT, str(AT), float(AT)])
async def test_a_send_is_pending_under_its_id(at: Any) -> None:
    answer = {"key": {"remoteJid": GROUP, "fromMe": True, "id": "3EB0C4"}, "pushName": "Você", "status": "PENDING"}
    answer |= {"message": {"conversation": "x"}, "contextInfo": {"mentionedJid": []}, "messageTimestamp": at, "source": "web"}
    sent = await asked(201, answer, send, is_send=True)
    assert (sent.message_id, sent.sent_at) == ("3EB0C4", NOW)


@pytest.mark.parametrize(
    ("status", "message", "retry"),
    [
        (400, [{"jid": "0001@s.whatsapp.net", "exists": False, "number": "0001"}], Retry.NEVER),
        (400, ["Text is required"], Retry.NEVER),
        (400, [['instance requires property "text"']], Retry.NEVER),
        (400, ["[object Object]"], Retry.SAFE),
        (400, ["Error: Connection Closed"], Retry.SAFE),
        (500, "Connection Closed", Retry.SAFE),
        (400, ["Error: rate-overlimit"], Retry.SAFE),
        (400, ["Error: Timed Out"], Retry.UNCERTAIN),
        (400, ["\nInvalid `prisma.message.create()` invocation"], Retry.UNCERTAIN),
        (500, "Internal server error", Retry.UNCERTAIN),
        (404, ['The "helpdesk" instance does not exist'], Retry.SAFE),
        (401, "Unauthorized", Retry.SAFE),
    ],
)
async def test_a_refusal_says_whether_the_message_may_have_left(status: int, message: Any, retry: Retry) -> None:
    answer = {"status": status, "error": "x", "response": {"message": message}}
    with pytest.raises(CallFailed) as failed:
        await asked(status, answer, send, is_send=True)
    assert failed.value.verdict.retry is retry


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (503, {"error": "service not activated", "code": "LICENSE_REQUIRED", "register_url": "https://x.example"}),
        (503, {"status": 503, "response": {"message": "x", "code": "LICENSE_REQUIRED"}}),
        (403, {"code": "LICENSE_REQUIRED"}),
    ],
)
async def test_a_missing_licence_is_for_a_person_and_not_for_a_retry(status: int, answer: Any) -> None:
    with pytest.raises(CallFailed, match="licence") as failed:
        await asked(status, answer, lambda client: client.state())
    assert failed.value.verdict.needs_person


async def test_an_error_inside_a_200_is_one() -> None:
    with pytest.raises(CallFailed, match="error inside"):
        await asked(200, {"error": True, "message": "[object Object]"}, lambda client: client.restart())


@pytest.mark.parametrize("spelling", ["X-Webhook-Secret", "x-webhook-secret"])
async def test_the_webhook_is_compared_field_by_field(spelling: str) -> None:
    row = {"id": "cm1", "url": "http://b", "headers": {spelling: "s"}, "enabled": True, "events": [*EVENTS, "CALL"]}
    row |= {"webhookByEvents": False, "webhookBase64": False, "instanceId": "i"}
    assert await asked(200, row, lambda client: client.webhook_differences("http://b", SecretStr("s"))) == []
    odd = row | {"headers": None, "events": None}
    assert await asked(200, odd, lambda client: client.webhook_differences("http://b", SecretStr("s"))) == ["secret", "events"]
    assert await asked(200, None, lambda client: client.webhook_differences("http://b", SecretStr("s"))) == ["webhook"]
