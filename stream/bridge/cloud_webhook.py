"""GET and POST /webhook/cloud: Meta's Cloud API as a second way in, for one-to-one chats.

GET is Meta's handshake when the webhook is set up. POST is signed with the app's secret; an unsigned one is refused unread,
and like Evolution's it is answered 2xx only after Kafka has it.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import orjson
from aiohttp import web

from stream import logs
from stream.bridge.body import TooLarge, read_body
from stream.bridge.inbox import Inbox, NotStored
from stream.bridge.letters import file_delivery, quarantine
from stream.settings import Settings
from stream.translate import Rejected
from stream.translate.cloud_api import instance_name, read_cloud_webhook
from stream.transport.cloud_api import is_signed

log = logs.get(__name__)

PATH = "/webhook/cloud"
_OK, _REFUSED = {"ok": True}, {"ok": False}


class CloudWebhook:
    def __init__(self, settings: Settings, inbox: Inbox) -> None:
        self._secret = settings.cloud_api_app_secret
        self._verify_token = settings.cloud_api_verify_token
        self._instance = instance_name(settings.cloud_api_phone_number_id)
        self._inbox = inbox

    async def shake_hands(self, request: web.Request) -> web.Response:
        """Answer Meta's question with what it wants to hear, if it knows our word."""
        told = request.query.get("hub.verify_token", "").encode("utf-8", "surrogateescape")
        word = self._verify_token.get_secret_value().encode()
        if request.query.get("hub.mode") != "subscribe" or not hmac.compare_digest(told, word):
            return web.Response(status=403)
        return web.Response(text=request.query.get("hub.challenge", "")[:200], content_type="text/plain")

    async def post(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        try:
            body = await read_body(request)
        except TimeoutError:
            return web.json_response(_REFUSED, status=408)
        except (web.RequestPayloadError, ConnectionError):
            return web.json_response(_REFUSED, status=400)
        if isinstance(body, TooLarge):
            # It cannot be told who sent it, for the signature is over the whole.
            return web.json_response(_REFUSED, status=413)
        if not is_signed(body, request.headers.get("X-Hub-Signature-256"), self._secret):
            return web.json_response(_REFUSED, status=401)
        try:
            await self._store(body)
        except NotStored as why:
            return web.json_response(_REFUSED, status=503, headers={"Retry-After": str(why.retry_after_s)})
        return web.json_response(_OK)

    async def _store(self, raw: bytes) -> None:
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            await self._inbox.store([quarantine(raw, "not_json", error)])
            return
        found = read_cloud_webhook(body, datetime.now(UTC))
        if isinstance(found, Rejected):
            await self._inbox.store([quarantine(raw, found.reason)])
            return
        # One app may serve several numbers; only ours is ours.
        ours = [delivery for delivery in found if delivery.instance == self._instance]
        if ours:
            await self._inbox.store([file_delivery(delivery) for delivery in ours])
        for delivery in ours:
            log.info("stored", group=delivery.chat, webhook=delivery.event)


def add_cloud_webhook(app: web.Application, settings: Settings, inbox: Inbox) -> None:
    """Put the routes on the bridge's site, where the settings for it are there."""
    if not (settings.cloud_api_app_secret.get_secret_value() and settings.cloud_api_verify_token.get_secret_value()):
        return
    webhook = CloudWebhook(settings, inbox)
    app.router.add_get(PATH, webhook.shake_hands)
    app.router.add_post(PATH, webhook.post)
