"""Evolution's routes about instances and their webhook."""

from __future__ import annotations

import asyncio
import base64
import io
import secrets
from typing import Any

import segno
from aiohttp import web

from stream.simulator.answers import STAND_IN, Refusal
from stream.simulator.instance import SETTINGS, Instance
from stream.simulator.shapes import JSON, Person

# What webhook/set accepts. GROUP_UPDATE is allowed and never comes: Evolution emits it under another name.
EVENTS: tuple[str, ...] = (
    "APPLICATION_STARTUP", "QRCODE_UPDATED", "MESSAGES_SET", "MESSAGES_UPSERT", "MESSAGES_EDITED", "MESSAGES_UPDATE",
    "MESSAGES_DELETE", "SEND_MESSAGE", "SEND_MESSAGE_UPDATE", "CONTACTS_SET", "CONTACTS_UPSERT", "CONTACTS_UPDATE",
    "PRESENCE_UPDATE", "CHATS_SET", "CHATS_UPSERT", "CHATS_UPDATE", "CHATS_DELETE", "GROUPS_UPSERT", "GROUP_UPDATE",
    "GROUP_PARTICIPANTS_UPDATE", "CONNECTION_UPDATE", "LABELS_EDIT", "LABELS_ASSOCIATION", "CALL", "TYPEBOT_START",
    "TYPEBOT_CHANGE_STATUS", "REMOVE_INSTANCE", "LOGOUT_INSTANCE", "INSTANCE_CREATE", "INSTANCE_DELETE",
    "STATUS_INSTANCE",
)  # fmt: skip
WEBHOOK_FIELDS = {
    "enabled": "enabled",
    "url": "url",
    "headers": "headers",
    "byEvents": "webhookByEvents",
    "base64": "webhookBase64",
}


def webhook_row(instance: Instance, url: str, headers: JSON, events: list[str]) -> JSON:
    """Return the row of the webhook table, which is also what webhook/find shows."""
    row: JSON = {"id": "cm" + secrets.token_hex(11), "url": url, "headers": headers, "enabled": True, "events": events}
    return row | {"webhookByEvents": False, "webhookBase64": False, "instanceId": instance.id}


def qr_answer(instance: Instance, made: list[str]) -> JSON:
    """Return a fresh QR code; where it began with a number also the code that is typed into the phone instead."""
    instance.qr_count += 1
    code = f"2@{secrets.token_urlsafe(60)},{secrets.token_urlsafe(32)},{secrets.token_urlsafe(32)}"
    made.append(code)
    picture = io.BytesIO()
    segno.make(code, error="l").save(picture, kind="png", scale=4)
    encoded = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    pairing = secrets.token_hex(4).upper() if instance.number else None
    return {"pairingCode": pairing, "code": code, "base64": encoded, "count": instance.qr_count}


def found(request: web.Request) -> Instance:
    """Return the instance of this path; that it exists was checked before the key was."""
    return request.app[STAND_IN].instances[request.match_info["instance"]]


async def body_of(request: web.Request) -> JSON:
    """Return the body as an object; a body that is no object counts as an empty one."""
    try:
        body = await request.json()
    except ValueError:
        raise Refusal(400, ["Unexpected token in JSON"]) from None
    return body if isinstance(body, dict) else {}


async def _create(request: web.Request) -> web.Response:
    server = request.app[STAND_IN]
    body = await body_of(request)
    name = str(body.get("instanceName") or "").strip()
    if not name:
        raise Refusal(400, [['instance requires property "instanceName"']])
    if name in server.instances:
        raise Refusal(403, [f'This name "{name}" is already in use.'])
    wanted = body.get("webhook") or {}
    number = body.get("number")
    phone = f"{number}@s.whatsapp.net" if number else "15550100001@s.whatsapp.net"
    instance = Instance(name, Person("Support", lid="70000000000001@lid", phone=phone))
    instance.token = body.get("token") or instance.token
    instance.number, instance.shows_codes = str(number) if number else None, True
    instance.settings = {key: body[key] for key in SETTINGS if key in body}
    server.instances[name] = instance
    if wanted.get("enabled"):
        # Not validated here, unlike webhook/set: an unknown event is silence.
        instance.webhook = webhook_row(
            instance, wanted.get("url", ""), wanted.get("headers") or {}, wanted.get("events") or list(EVENTS)
        )
    server.emit(instance, "connection.update", {"instance": name, "state": "connecting", "statusReason": 200})
    qr = qr_answer(instance, server.codes) if body.get("qrcode") else {"count": 0}
    if body.get("qrcode"):
        told = {k: qr[k] for k in ("pairingCode", "code", "base64")}
        server.emit(instance, "qrcode.updated", {"qrcode": {"instance": name, **told}})
    webhook = {
        "webhookUrl": wanted.get("url"),
        "webhookHeaders": wanted.get("headers"),
        "webhookByEvents": False,
        "webhookBase64": False,
    }
    about: JSON = {"instanceName": name, "instanceId": instance.id, "integration": instance.integration, "status": "connecting"}
    about |= {"webhookWaBusiness": None, "accessTokenWaBusiness": ""}
    answer = {
        "instance": about,
        "hash": instance.token,
        "webhook": webhook,
        "websocket": {},
        "rabbitmq": {},
        "nats": {},
        "sqs": {},
    }
    return web.json_response(answer | {"settings": {**SETTINGS, **instance.settings}, "qrcode": qr}, status=201)


def _state(instance: Instance) -> JSON:
    told = {} if instance.is_loading else {"state": instance.state}
    return {"instance": {"instanceName": instance.name, **told}}


async def _connect(request: web.Request) -> web.Response:
    instance = found(request)
    if instance.state == "open":
        return web.json_response(_state(instance))
    if instance.state == "close":  # while codes are shown already, nobody looks at the number
        instance.state, instance.number, instance.shows_codes = "connecting", request.query.get("number"), True
    qr = qr_answer(instance, request.app[STAND_IN].codes)
    told = {k: qr[k] for k in ("pairingCode", "code", "base64")}
    request.app[STAND_IN].emit(instance, "qrcode.updated", {"qrcode": {"instance": instance.name, **told}})
    return web.json_response(qr)


async def _connection_state(request: web.Request) -> web.Response:
    return web.json_response(_state(found(request)))


async def _fetch_instances(request: web.Request) -> web.Response:
    instances = request.app[STAND_IN].instances
    name = request.query.get("instanceName")
    if name and (name not in instances or instances[name].is_loading):
        raise Refusal(404, [f'Instance "{name}" not found'])
    return web.json_response([i.described() for i in instances.values() if not name or i.name == name])


async def _restart(request: web.Request) -> web.Response:
    instance = found(request)
    if instance.state == "close":
        return web.json_response({"error": True, "message": "[object Object]"})
    await request.app[STAND_IN].restart(instance)
    return web.json_response(_state(instance))


async def _logout(request: web.Request) -> web.Response:
    instance = found(request)
    if instance.state == "close":
        raise Refusal(400, [f'The "{instance.name}" instance is not connected'])
    await request.app[STAND_IN].log_out(instance)
    return _success("Instance logged out")


async def _delete(request: web.Request) -> web.Response:
    server, name = request.app[STAND_IN], request.match_info["instance"]
    # Evolution answers first and deletes afterwards.
    asyncio.get_running_loop().call_later(0.05, server.instances.pop, name, None)
    return _success("Instance deleted")


def _success(message: str) -> web.Response:
    return web.json_response({"status": "SUCCESS", "error": False, "response": {"message": message}})


async def _set_webhook(request: web.Request) -> web.Response:
    instance = found(request)
    wanted = (await body_of(request)).get("webhook")
    if not isinstance(wanted, dict):
        raise Refusal(400, [['instance requires property "webhook"']])
    if "events" not in wanted:
        raise Refusal(500, ["Cannot read properties of undefined (reading 'length')"])
    _refuse_unknown_events(wanted["events"])
    row = instance.webhook or webhook_row(instance, "", {}, [])
    for sent, kept in WEBHOOK_FIELDS.items():
        if sent in wanted:
            row[kept] = wanted[sent]
    row["events"] = list(wanted["events"]) or list(EVENTS)
    instance.webhook = row
    return web.json_response(row, status=201)


def _refuse_unknown_events(events: Any) -> None:
    unknown = [i for i, event in enumerate(events) if event not in EVENTS]
    if unknown:
        raise Refusal(400, [[f"instance.webhook.events[{i}] is not one of enum values: {','.join(EVENTS)}"] for i in unknown])


async def _find_webhook(request: web.Request) -> web.Response:
    return web.json_response(found(request).webhook)


ROUTES = [
    web.post("/instance/create", _create),
    web.get("/instance/connect/{instance}", _connect),
    web.get("/instance/connectionState/{instance}", _connection_state),
    web.get("/instance/fetchInstances", _fetch_instances),
    web.post("/instance/restart/{instance}", _restart),
    web.delete("/instance/logout/{instance}", _logout),
    web.delete("/instance/delete/{instance}", _delete),
    web.post("/webhook/set/{instance}", _set_webhook),
    web.get("/webhook/find/{instance}", _find_webhook),
]
