"""The stand-in answers as Evolution 2.3.7 does, odd answers included."""

from __future__ import annotations

from typing import Any

import pytest

from stream.simulator.evolution_server import EvolutionServer
from stream.simulator.mischief import SendFault
from tests.simulator.stand_in import ANA, GROUP, Inbox, message


async def test_an_unknown_instance_is_told_before_the_key_is_looked_at(call: Any) -> None:
    assert await call("GET", "/instance/connectionState/nobody", key="wrong") == (
        404,
        {"status": 404, "error": "Not Found", "response": {"message": ['The "nobody" instance does not exist']}},
    )
    assert (await call("GET", "/instance/connectionState/desk", key="wrong"))[0] == 401


async def test_a_token_opens_its_own_instance_only(call: Any, evolution: EvolutionServer) -> None:
    other = evolution.add_instance("other")
    token = evolution.instances["desk"].token
    assert (await call("GET", "/instance/connectionState/desk", key=token))[0] == 200
    assert (await call("GET", f"/instance/connectionState/{other.name}", key=token))[0] == 401


async def test_create_answers_with_qr_and_token_and_refuses_a_taken_name(
    call: Any, inbox: Inbox, evolution: EvolutionServer
) -> None:
    body = {"instanceName": "new", "integration": "WHATSAPP-BAILEYS", "qrcode": True, "number": "15550100001"}
    body |= {"webhook": {"enabled": True, "url": inbox.url, "headers": {"X-Webhook-Secret": "s"}, "events": []}}
    status, answer = await call("POST", "/instance/create", body)
    assert status == 201
    assert answer["instance"]["status"] == "connecting"
    assert answer["hash"] == evolution.instances["new"].token
    assert answer["qrcode"]["base64"].startswith("data:image/png;base64,")
    assert answer["qrcode"]["pairingCode"]
    assert (await call("POST", "/instance/create", body))[0] == 403
    await evolution.webhooks.drain()
    assert sorted(inbox.events()) == ["connection.update", "qrcode.updated"]


async def test_webhook_set_needs_its_wrapper_its_events_and_known_names(call: Any) -> None:
    assert (await call("POST", "/webhook/set/desk", {"url": "http://x"}))[0] == 400
    assert (await call("POST", "/webhook/set/desk", {"webhook": {"enabled": True, "url": "http://x"}}))[0] == 500
    status, answer = await call("POST", "/webhook/set/desk", {"webhook": {"url": "http://x", "events": ["GROUPS_UPDATE"]}})
    assert status == 400
    assert isinstance(answer["response"]["message"][0], list)


async def test_webhook_set_overwrites_what_is_sent_and_keeps_the_rest(call: Any, inbox: Inbox) -> None:
    status, row = await call("POST", "/webhook/set/desk", {"webhook": {"headers": {"a": "b"}, "events": []}})
    assert status == 201
    assert row["headers"] == {"a": "b"}
    assert row["url"] == inbox.url
    assert "MESSAGES_UPSERT" in row["events"]
    assert await call("GET", "/webhook/find/desk") == (200, row)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"number": GROUP, "text": "  "}, 400, ["Text is required"]),
        ({"number": 123, "text": "x"}, 400, [["instance.number is not of a type(s) string"]]),
        ({"number": GROUP, "textMessage": {"text": "x"}}, 400, [['instance requires property "text"']]),
        ({"number": "120363000000000000@g.us", "text": "x"}, 400, ["[object Object]"]),
        ({"number": "0001234", "text": "x"}, 400, [{"jid": "0001234@s.whatsapp.net", "exists": False, "number": "0001234"}]),
    ],
)
async def test_send_text_refuses_as_evolution_does(call: Any, body: dict[str, Any], status: int, told: object) -> None:
    got, answer = await call("POST", "/message/sendText/desk", body)
    assert (got, answer["response"]["message"]) == (status, told)


async def test_a_sent_text_is_pending_kept_and_echoed(call: Any, evolution: EvolutionServer, inbox: Inbox) -> None:
    status, answer = await call("POST", "/message/sendText/desk", {"number": GROUP.partition("@")[0], "text": "hello"})
    await evolution.webhooks.drain()
    assert (status, answer["status"], answer["key"]["remoteJid"]) == (201, "PENDING", GROUP)
    path, headers, body = inbox.got[0]
    assert (path, headers["X-Webhook-Secret"], headers["User-Agent"]) == ("/hook", "s3", "axios/1.13.2")
    assert body["event"] == "send.message"
    assert body["data"] == answer
    assert list(body) == ["event", "instance", "data", "destination", "date_time", "sender", "server_url", "apikey"]
    _, found = await call("POST", "/chat/findMessages/desk", {"where": {"key": {"remoteJid": GROUP}}})
    assert [row["key"]["id"] for row in found["messages"]["records"]] == [answer["key"]["id"]]


async def test_quotes_and_mentions(call: Any, evolution: EvolutionServer) -> None:
    desk = evolution.instances["desk"]
    evolution.receive(desk, message("the first"))
    _, known = await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x", "quoted": {"key": {"id": "AC01"}}})
    assert known["contextInfo"]["quotedMessage"] == {"conversation": "the first"}
    assert known["contextInfo"]["participant"] == ANA.lid
    _, unknown = await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x", "quoted": {"key": {"id": "NOPE"}}})
    assert "contextInfo" not in unknown
    assert (await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x", "quoted": {}}))[0] == 400
    _, told = await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "@5511", "mentioned": ["5511"]})
    assert told["contextInfo"] == {"mentionedJid": ["5511@s.whatsapp.net"]}
    _, everyone = await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x", "mentionsEveryOne": "false"})
    assert everyone["contextInfo"]["mentionedJid"] == [ANA.lid]


async def test_a_closed_socket_is_400_for_a_group_and_500_for_a_person(call: Any, evolution: EvolutionServer) -> None:
    await evolution.log_out(evolution.instances["desk"])
    group = await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x"})
    person = await call("POST", "/message/sendText/desk", {"number": "551100000001", "text": "x"})
    assert (group[0], group[1]["response"]["message"]) == (400, ["Error: Connection Closed"])
    assert (person[0], person[1]["response"]["message"]) == (500, "Connection Closed")
    assert (await call("DELETE", "/instance/logout/desk"))[0] == 400
    assert await call("POST", "/instance/restart/desk") == (200, {"error": True, "message": "[object Object]"})


@pytest.mark.parametrize("fault", [f for f in SendFault if f.name.endswith("AFTER_SEND") and f is not SendFault.RESET_AFTER_SEND])
async def test_a_fault_after_the_send_has_sent(call: Any, evolution: EvolutionServer, fault: SendFault) -> None:
    evolution.mischief.next_sends.append(fault)
    try:
        await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x"})
    except ValueError:
        assert fault is SendFault.GARBAGE_AFTER_SEND
    assert len(evolution.instances["desk"].sent) == 1
    assert len(evolution.instances["desk"].rows) == (0 if fault is SendFault.DATABASE_ERROR_AFTER_SEND else 1)


@pytest.mark.parametrize("fault", [SendFault.CONNECTION_CLOSED, SendFault.RATE_OVERLIMIT, SendFault.LICENCE, SendFault.TIMED_OUT])
async def test_a_fault_before_the_send_has_not_sent(call: Any, evolution: EvolutionServer, fault: SendFault) -> None:
    evolution.mischief.next_sends.append(fault)
    status, _ = await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x"})
    assert status >= 400
    assert evolution.instances["desk"].sent == []


async def test_find_messages_pages_newest_first_and_filters_only_with_both_ends(call: Any, evolution: EvolutionServer) -> None:
    desk = evolution.instances["desk"]
    for number in range(5):
        evolution.receive(desk, message("x", f"AC{number}", at=1_790_000_000 + number * 60))
    where: dict[str, Any] = {"key": {"remoteJid": GROUP, "fromMe": False}}
    _, first = await call("POST", "/chat/findMessages/desk", {"where": where, "page": 1, "offset": 2})
    assert (first["messages"]["total"], first["messages"]["pages"]) == (5, 3)
    assert [r["key"]["id"] for r in first["messages"]["records"]] == ["AC4", "AC3"]
    span = {"gte": "2026-09-21T14:14:20Z", "lte": "2026-09-21T14:15:20Z"}
    _, found = await call("POST", "/chat/findMessages/desk", {"where": where | {"messageTimestamp": span}})
    assert [r["key"]["id"] for r in found["messages"]["records"]] == ["AC2", "AC1"]
    _, ignored = await call("POST", "/chat/findMessages/desk", {"where": where | {"messageTimestamp": {"gte": span["gte"]}}})
    assert ignored["messages"]["total"] == 5


async def test_groups_are_told_with_and_without_their_people(call: Any) -> None:
    assert (await call("GET", "/group/fetchAllGroups/desk"))[0] == 400
    _, groups = await call("GET", "/group/fetchAllGroups/desk?getParticipants=false")
    assert (groups[0]["subject"], groups[0]["size"], "participants" in groups[0]) == ("Desk", 1, False)
    _, people = await call("GET", f"/group/participants/desk?groupJid={GROUP}")
    assert people["participants"][0] == {"id": ANA.lid, "phoneNumber": ANA.phone, "admin": None, "name": "Ana", "imgUrl": None}
    status, gone = await call("GET", "/group/findGroupInfos/desk?groupJid=1@g.us")
    assert (status, gone["response"]["message"]) == (404, ["Error fetching group", "Error: item-not-found"])


async def test_an_unlicensed_server_answers_503_with_its_code(call: Any, evolution: EvolutionServer) -> None:
    evolution.mischief.is_unlicensed = True
    status, answer = await call("GET", "/instance/fetchInstances")
    assert (status, answer["code"]) == (503, "LICENSE_REQUIRED")


async def test_what_is_sent_to_a_person_carries_the_context_of_a_single_chat(call: Any) -> None:
    _, sent = await call("POST", "/message/sendText/desk", {"number": "551100000001", "text": "hi"})
    assert sent["key"]["remoteJid"] == "551100000001@s.whatsapp.net"
    assert sorted(sent["contextInfo"]) == ["disappearingMode", "ephemeralSettingTimestamp", "groupMentions", "mentionedJid"]


async def test_after_a_logout_it_may_take_what_nobody_will_ever_receive(call: Any, evolution: EvolutionServer) -> None:
    await evolution.log_out(evolution.instances["desk"])
    evolution.mischief.accepts_when_closed = True
    status, answer = await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x"})
    assert (status, answer["status"], evolution.instances["desk"].sent) == (201, "PENDING", [])


async def test_an_instance_is_listed_with_all_that_evolution_lists(call: Any) -> None:
    _, rows = await call("GET", "/instance/fetchInstances?instanceName=desk")
    assert {"createdAt", "Chatwoot", "Websocket", "Setting", "_count", "disconnectionReasonCode", "token"} <= set(rows[0])
    assert {"groupsIgnore", "syncFullHistory", "instanceId", "createdAt"} <= set(rows[0]["Setting"])
