"""The stand-in itself: a real HTTP server with the routes of Evolution API 2.3.7, and the phone's side of things beside it.

Routes below `/simulator/` are ours: they let another process say what happens on WhatsApp (a message arrives, the QR is
scanned, the number is logged out) and ask what was really sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Self

import orjson
from aiohttp import web

from stream.simulator import instance_api, message_api
from stream.simulator.answers import STAND_IN, Refusal, error_answer, licence_answer
from stream.simulator.instance import Group, Instance
from stream.simulator.mischief import Mischief
from stream.simulator.shapes import JSON, Person
from stream.simulator.webhooks import Receipt, Retries, Webhooks

DEFAULT_KEY = "groupdesk-simulator-key"
OWNER = Person("Support", lid="70000000000001@lid", phone="15550100001@s.whatsapp.net")


class EvolutionServer:
    """Start it as `async with EvolutionServer() as evolution:`; it then listens on `evolution.url` until the block ends."""

    def __init__(
        self,
        *,
        api_key: str = DEFAULT_KEY,
        mischief: Mischief | None = None,
        retries: Retries | None = None,
        restart_seconds: float = 0.2,
    ) -> None:
        self.api_key = api_key
        self.mischief = mischief or Mischief()
        self.webhooks = Webhooks(self.mischief, retries or Retries())
        self.restart_seconds = restart_seconds
        self.instances: dict[str, Instance] = {}
        self.calls: list[tuple[str, str]] = []
        self.codes: list[str] = []  # every QR code that was made
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError when the port is taken."""
        app = web.Application(middlewares=[self._guard], client_max_size=136 * 1024 * 1024)
        app[STAND_IN] = self
        app.add_routes([*instance_api.ROUTES, *message_api.ROUTES, *self._phone_routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self.webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def add_instance(
        self, name: str, *, webhook_url: str = "", secret: str = "", owner: Person = OWNER, state: str = "open"
    ) -> Instance:
        """Make an instance without the HTTP call, paired already unless `state` says otherwise."""
        instance = Instance(name, owner, state=state, was_paired=state == "open")
        if webhook_url:
            instance.webhook = instance_api.webhook_row(
                instance, webhook_url, {"X-Webhook-Secret": secret}, list(instance_api.EVENTS)
            )
        self.instances[name] = instance
        return instance

    def emit(self, instance: Instance, event: str, data: object) -> asyncio.Task[Receipt]:
        """Send one event to the instance's webhook, in Evolution's envelope."""
        envelope: JSON = {
            "event": event,
            "instance": instance.name,
            "data": data,
            "server_url": self.url,
            "apikey": instance.token,
        }
        if instance.was_paired and instance.owner.phone:
            envelope["sender"] = instance.owner.phone
        return self.webhooks.send(instance.webhook, envelope)

    def receive(self, instance: Instance, data: JSON) -> asyncio.Task[Receipt] | None:
        """Let a message arrive at the number: it is kept, then announced.

        None where nothing is announced now: a dead socket hears nothing, an Evolution that is away hears it later.
        """
        if instance.is_away:
            instance.waiting.append(data)
            return None
        if self.mischief.is_socket_dead or instance.state != "open":
            return None
        if not self.mischief.is_database_down:
            instance.keep(data)
        return self.emit(instance, "messages.upsert", data)

    def happen(self, instance: Instance, event: str, data: JSON | list[JSON]) -> asyncio.Task[Receipt] | None:
        """Let any event happen; new messages go the way of `receive`, echoes are kept as rows, the rest is announced."""
        if isinstance(data, list):
            return self.emit(instance, event, data)
        if event == "messages.upsert":
            return self.receive(instance, data)
        if event == "send.message":
            instance.keep(data)
        if event == "messages.edited" and data.get("type") in {"MESSAGE_EDIT", "REVOKE"}:
            instance.change(data)
        return self.emit(instance, event, data)

    async def scan(self, instance: Instance) -> None:
        """Let somebody scan the QR code: connecting, then open."""
        await self._set_state(instance, "connecting")
        instance.was_paired, instance.shows_codes = True, False
        instance.disconnected = None
        await self._set_state(instance, "open")

    async def log_out(self, instance: Instance, code: int = 401) -> None:
        """Let WhatsApp end the session for good (401 logged out, 403 banned): three events, in Evolution's order."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        instance.disconnected = (code, at)
        status = {"instance": instance.name, "status": "closed", "disconnectionAt": at, "disconnectionReasonCode": code}
        await self._announce(
            instance, "status.instance", status | {"disconnectionObject": orjson.dumps({"error": {"data": None}}).decode()}
        )
        await self._announce(instance, "logout.instance", None)
        await self._set_state(instance, "close", code)

    async def restart(self, instance: Instance) -> None:
        """Restart the socket, which wakes a dead one."""
        await self._set_state(instance, "connecting")
        await asyncio.sleep(self.restart_seconds)
        self.mischief.is_socket_dead = False
        await self._set_state(instance, "open")

    async def break_off(self, instance: Instance) -> None:
        """Let Evolution end in the middle of its work: what it would have tried again is forgotten, and WhatsApp waits."""
        instance.is_away, instance.state = True, "connecting"
        await self.webhooks.forget()

    async def come_back(self, instance: Instance) -> None:
        """Let it start again: connecting, open, then what WhatsApp kept for it."""
        await self._set_state(instance, "connecting")
        instance.is_away = False
        await self._set_state(instance, "open")
        waiting, instance.waiting = instance.waiting, []
        for data in waiting:
            self.receive(instance, data)

    async def _set_state(self, instance: Instance, state: str, code: int = 200) -> None:
        instance.state = state
        data: JSON = {"instance": instance.name}
        if state == "open":
            data |= {"wuid": instance.owner.phone, "profileName": instance.owner.name, "profilePictureUrl": None}
        await self._announce(instance, "connection.update", data | {"state": state, "statusReason": code})

    async def _announce(self, instance: Instance, event: str, data: object) -> None:
        # In order while the webhook answers; a webhook that does not answer holds nobody up.
        await asyncio.wait({self.emit(instance, event, data)}, timeout=0.5)

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.calls.append((request.method, request.path))
        if request.path.startswith("/simulator/"):
            return await handler(request)
        if self.mischief.is_unlicensed:
            return licence_answer()
        name = request.match_info.get("instance")
        if name is not None and name not in self.instances:
            return error_answer(404, [f'The "{name}" instance does not exist'])  # told before the key is looked at
        key = request.headers.get("apikey", "")
        if key != self.api_key and (name is None or key != self.instances[name].token):
            return error_answer(401, "Unauthorized")
        try:
            return await handler(request)
        except Refusal as refusal:
            return error_answer(refusal.status, refusal.message)
        except web.HTTPNotFound:
            return error_answer(404, [f"Cannot {request.method} {request.path}"])

    def _phone_routes(self) -> list[web.RouteDef]:
        return [
            web.get("/simulator/health", self._tell_health),
            web.post("/simulator/{instance}/groups", self._put_group),
            web.post("/simulator/{instance}/event", self._happen),
            web.post("/simulator/{instance}/scan", self._scan),
            web.post("/simulator/{instance}/logout", self._logout),
            web.get("/simulator/{instance}/sent", self._sent),
        ]

    def _named(self, request: web.Request) -> Instance:
        instance = self.instances.get(request.match_info["instance"])
        if instance is None:
            raise web.HTTPNotFound(text="no such instance")
        return instance

    async def _tell_health(self, _: web.Request) -> web.Response:
        return web.json_response({"instances": sorted(self.instances)})

    async def _put_group(self, request: web.Request) -> web.Response:
        body = await request.json()
        people = [Person(**person) for person in body.get("people", [])]
        self._named(request).groups[body["jid"]] = Group(body["jid"], body["subject"], people, body.get("mode", "lid"))
        return web.json_response({"ok": True})

    async def _happen(self, request: web.Request) -> web.Response:
        instance = self._named(request)
        body = await request.json()
        event, data = body["event"], body["data"]
        task = self.happen(instance, event, data)
        receipt = await task if task is not None else Receipt(event, 0, 0)
        return web.json_response({"event": receipt.event, "status": receipt.status, "tries": receipt.tries})

    async def _scan(self, request: web.Request) -> web.Response:
        await self.scan(self._named(request))
        return web.json_response({"ok": True})

    async def _logout(self, request: web.Request) -> web.Response:
        await self.log_out(self._named(request), int(request.query.get("code", "401")))
        return web.json_response({"ok": True})

    async def _sent(self, request: web.Request) -> web.Response:
        return web.json_response(self._named(request).sent)
