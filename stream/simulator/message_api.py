"""Evolution's routes about groups and messages, with their odd answers and the faults that `mischief` asks for."""

from __future__ import annotations

import asyncio
import re
import time

from aiohttp import web

from stream.simulator.answers import STAND_IN, Refusal, error_answer, licence_answer
from stream.simulator.instance import Group, Instance, new_message_id
from stream.simulator.instance_api import body_of, found
from stream.simulator.mischief import SendFault
from stream.simulator.shapes import JSON, context_of_a_person, reaction_message, upsert

_REFUSED_BEFORE = {
    SendFault.CONNECTION_CLOSED: (400, ["Error: Connection Closed"]),
    SendFault.RATE_OVERLIMIT: (400, ["Error: rate-overlimit"]),
    SendFault.UNAUTHORIZED: (401, "Unauthorized"),
    SendFault.FORBIDDEN_BY_WHATSAPP: (400, ["Error: forbidden"]),
    SendFault.TIMED_OUT: (400, ["Error: Timed Out"]),
    SendFault.SERVER_ERROR: (500, "Internal server error"),
}
_KEEPS_NO_TRACE = {SendFault.DATABASE_ERROR_AFTER_SEND}


async def _send_text(request: web.Request) -> web.StreamResponse:
    instance, body = found(request), await body_of(request)
    chat, text = _recipient(body), str(body.get("text") or "")
    if "text" not in body:
        raise Refusal(400, [['instance requires property "text"']])
    if not text.strip():
        raise Refusal(400, ["Text is required"])
    if isinstance(body.get("delay"), int):
        await asyncio.sleep(body["delay"] / 1000)
    _refuse_unreachable(request, instance, chat)
    message: JSON = {"conversation": text}
    return await _send(request, instance, chat, "conversation", message, _context(instance, chat, body))


async def _send_reaction(request: web.Request) -> web.StreamResponse:
    instance, body = found(request), await body_of(request)
    target = body.get("key")
    if not isinstance(target, dict) or not target.get("id") or "reaction" not in body:
        raise Refusal(400, [['instance requires property "key"']])
    chat = str(target.get("remoteJid"))
    _refuse_unreachable(request, instance, chat)
    message = reaction_message(target, str(body["reaction"]), at=int(time.time()))
    return await _send(request, instance, chat, "reactionMessage", message, None)


async def _send(
    request: web.Request, instance: Instance, chat: str, message_type: str, message: JSON, context: JSON | None
) -> web.StreamResponse:
    server = request.app[STAND_IN]
    fault = server.mischief.draw_send()
    if fault is SendFault.LICENCE:
        return licence_answer()
    if fault is SendFault.ERROR_INSIDE_200:
        return web.json_response({"error": True, "message": "[object Object]"})
    if fault in _REFUSED_BEFORE:
        return error_answer(*_REFUSED_BEFORE[fault])
    if fault is SendFault.TIMEOUT_BEFORE_SEND or server.mischief.is_socket_dead:
        await asyncio.sleep(server.mischief.hold_seconds)
        return error_answer(400, ["Error: Timed Out"])
    key = {"remoteJid": chat, "fromMe": True, "id": new_message_id()}
    data = upsert(
        key, "Você", message_type, message, at=int(time.time()), instance_id=instance.id, status="PENDING", source="web"
    )
    data |= {"contextInfo": context} if context else {}
    if instance.state == "open":
        instance.sent.append(data)
    if fault in _KEEPS_NO_TRACE:
        return error_answer(400, ["PrismaClientKnownRequestError: Can't reach database server"])
    instance.keep(data)
    server.emit(instance, "send.message", data)
    return await _answer_after(request, fault, server.mischief.hold_seconds, data)


async def _answer_after(request: web.Request, fault: SendFault | None, hold_seconds: float, data: JSON) -> web.StreamResponse:
    if fault is SendFault.SERVER_ERROR_AFTER_SEND:
        return error_answer(500, "Internal server error")
    if fault is SendFault.TIMEOUT_AFTER_SEND:
        await asyncio.sleep(hold_seconds)
    if fault is SendFault.RESET_AFTER_SEND and request.transport is not None:
        request.transport.close()
    if fault is SendFault.GARBAGE_AFTER_SEND:
        return web.Response(text="<html>upstream</html>", status=201, content_type="text/html")
    return web.json_response(data, status=201)


def _recipient(body: JSON) -> str:
    """Return the JID that Evolution makes of `number`: a suffix is optional, 18 digits are a group."""
    if "number" not in body:
        raise Refusal(400, [['instance requires property "number"']])
    number = body["number"]
    if not isinstance(number, str):
        raise Refusal(400, [["instance.number is not of a type(s) string"]])
    if "@" in number:
        return number
    return f"{number}@g.us" if re.fullmatch(r"\d{18,}|\d+-\d+", number) else f"{number}@s.whatsapp.net"


def _refuse_unreachable(request: web.Request, instance: Instance, chat: str) -> None:
    is_group = chat.endswith("@g.us")
    if request.app[STAND_IN].mischief.is_database_down:
        raise Refusal(500, "PrismaClientInitializationError: Can't reach database server")
    if instance.state != "open" and not request.app[STAND_IN].mischief.accepts_when_closed:
        raise Refusal(400, ["Error: Connection Closed"]) if is_group else Refusal(500, "Connection Closed")
    if is_group and chat not in instance.groups:
        raise Refusal(400, ["[object Object]"])
    if not is_group and chat.startswith("0"):
        number = chat.partition("@")[0]
        raise Refusal(400, [{"jid": chat, "exists": False, "number": number}])


def _context(instance: Instance, chat: str, body: JSON) -> JSON | None:
    mentions = _mentions(instance, chat, body)
    quoted = body.get("quoted")
    if quoted is not None:
        if not isinstance(quoted, dict) or not (quoted.get("key") or {}).get("id"):
            raise Refusal(400, ["TypeError: Cannot read properties of undefined (reading 'id')"])
        row = instance.row(str(quoted["key"]["id"]))
        if row is not None and not row["message"]:  # what was deleted leaves a row without a message
            raise Refusal(400, ["TypeError: Cannot read properties of undefined (reading 'undefined')"])
        if row is not None:  # an unknown id is sent without a quote, and nobody is told
            author = row["key"].get("participant") or row["key"].get("remoteJid")
            quote: JSON = {"participant": author, "stanzaId": row["key"]["id"], "quotedMessage": row["message"]}
            return quote | ({"mentionedJid": list(mentions)} if mentions else {})
    if not chat.endswith("@g.us"):
        return context_of_a_person(mentions)
    return {"mentionedJid": list(mentions)} if mentions else None


def _mentions(instance: Instance, chat: str, body: JSON) -> tuple[str, ...]:
    wanted = body.get("mentioned")
    if wanted == []:
        raise Refusal(400, [["mentioned does not meet minimum length of 1"]])
    if wanted and len(wanted) > len({*wanted}):
        raise Refusal(400, [["mentioned contains duplicate item"]])
    if body.get("mentionsEveryOne"):  # any non-empty string counts as yes
        group = instance.groups.get(chat)
        return tuple(person.address for person in group.people) if group else ()
    return tuple(m if "@" in m else f"{m}@s.whatsapp.net" for m in wanted or [])


async def _find_messages(request: web.Request) -> web.Response:
    if request.app[STAND_IN].mischief.is_database_down:
        raise Refusal(500, "PrismaClientInitializationError: Can't reach database server")
    body = await body_of(request)
    page, size = int(body.get("page") or 1), int(body.get("offset") or 50)
    return web.json_response(found(request).find(body.get("where") or {}, page, size))


async def _fetch_all_groups(request: web.Request) -> web.Response:
    if request.query.get("getParticipants") not in {"true", "false"}:
        raise Refusal(400, ["The getParticipants needs to be informed in the query"])
    if found(request).state != "open":
        raise Refusal(500, "Connection Closed")
    with_people = request.query["getParticipants"] == "true"
    return web.json_response([group.metadata(with_people=with_people) for group in found(request).groups.values()])


def _group(request: web.Request, unknown: str) -> Group:
    if found(request).state != "open":
        raise Refusal(404, [unknown, "Error: Connection Closed"])
    group = found(request).groups.get(request.query.get("groupJid", ""))
    if group is None:
        raise Refusal(404, [unknown, "Error: item-not-found"])
    return group


async def _find_group(request: web.Request) -> web.Response:
    return web.json_response(_group(request, "Error fetching group").metadata(with_people=True))


async def _participants(request: web.Request) -> web.Response:
    group = _group(request, "No participants")
    rows = [person.participant() | {"name": person.name, "imgUrl": None} for person in group.people]
    return web.json_response({"participants": rows})


async def _mark_read(request: web.Request) -> web.Response:
    await body_of(request)
    return web.json_response({"message": "Read messages", "read": "success"}, status=201)


async def _delete_for_everyone(request: web.Request) -> web.Response:
    instance, body = found(request), await body_of(request)
    row = instance.row(str(body.get("id")))
    if row is None:
        raise Refusal(400, ["Message not found"])
    row["MessageUpdate"].append({"status": "DELETED"})
    return web.json_response({"key": row["key"], "status": "PENDING"}, status=201)


ROUTES = [
    web.post("/message/sendText/{instance}", _send_text),
    web.post("/message/sendReaction/{instance}", _send_reaction),
    web.post("/chat/findMessages/{instance}", _find_messages),
    web.post("/chat/markMessageAsRead/{instance}", _mark_read),
    web.delete("/chat/deleteMessageForEveryone/{instance}", _delete_for_everyone),
    web.get("/group/fetchAllGroups/{instance}", _fetch_all_groups),
    web.get("/group/findGroupInfos/{instance}", _find_group),
    web.get("/group/participants/{instance}", _participants),
]
