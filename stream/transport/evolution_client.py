"""A typed client of Evolution API 2.3.x. Its host comes from the settings alone, never from a payload."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from stream.core.value import Value
from stream.errors import SettingsError
from stream.settings import Settings
from stream.translate.clock import read_number
from stream.translate.shapes import first_text, is_true, items, obj, text
from stream.transport import failures
from stream.transport.failures import CallFailed
from stream.transport.http import Endpoint, JsonHttp
from stream.transport.stored_messages import read_one, read_span

# What Groupdesk listens to. Contacts, chats and presence stay off: they come with every message and halve the throughput.
# GROUP_UPDATE is left out because 2.3 never sends it; names are refreshed by asking.
EVENTS: tuple[str, ...] = (
    "MESSAGES_UPSERT", "MESSAGES_EDITED", "MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE", "CONNECTION_UPDATE",
    "STATUS_INSTANCE", "LOGOUT_INSTANCE", "REMOVE_INSTANCE", "QRCODE_UPDATED", "GROUPS_UPSERT", "GROUP_PARTICIPANTS_UPDATE",
)  # fmt: skip
# fetchAllGroups asks WhatsApp for one picture a group, so it takes minutes where there are hundreds.
_ALL_GROUPS_S = 180.0


class Pairing(Value):
    """Where pairing stands. `state` open means paired; `code` is what the QR shows and must be kept as a secret."""

    state: str
    code: SecretStr | None = None
    pairing_code: SecretStr | None = None
    count: int = 0


class InstanceInfo(Value):
    """An instance as the server lists it, without its token."""

    name: str
    state: str
    owner: str | None = None
    profile_name: str | None = None
    reason_code: int | None = None
    ignores_groups: bool = False
    messages: int = 0


class Member(Value):
    """One member of a group; `lid` and `phone` are addresses, and either may be unknown."""

    lid: str | None = None
    phone: str | None = None
    name: str | None = None
    is_admin: bool = False


class GroupInfo(Value):
    jid: str
    subject: str = ""
    size: int = 0
    people: tuple[Member, ...] = ()


class EvolutionClient:
    """The calls of one instance. Every method raises `CallFailed`; close it in the loop that used it."""

    def __init__(self, url: str, api_key: SecretStr, instance: str, *, timeout_s: float = 30.0) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", instance):
            raise SettingsError("CS_INSTANCE may hold letters, digits, dot, hyphen and underscore, up to 64 of them.")
        self.instance = instance
        self.http = JsonHttp(Endpoint(url, {"apikey": api_key.get_secret_value(), "Accept": "application/json"}), timeout_s)

    @classmethod
    def of(cls, settings: Settings) -> EvolutionClient:
        """Return the client that the settings describe; raises `SettingsError` when EVOLUTION_API_URL is not usable."""
        return cls(settings.evolution_api_url, settings.evolution_api_key, settings.cs_instance)

    async def close(self) -> None:
        await self.http.close()

    async def create(self, webhook_url: str, secret: SecretStr, number: str | None = None) -> Pairing:
        """Make the instance, with its webhook; `number` (digits) asks for a code to type instead of a QR."""
        body: dict[str, Any] = {"instanceName": self.instance, "integration": "WHATSAPP-BAILEYS", "qrcode": True}
        body |= {"groupsIgnore": False, "rejectCall": False, "readMessages": False, "readStatus": False, "syncFullHistory": False}
        body |= {"alwaysOnline": False, "webhook": _webhook(webhook_url, secret)} | (
            {"number": _digits(number)} if number else {}
        )
        answer = await self.http.call("POST", "instance", "create", body=body, timeout_s=60)
        return _pairing(answer.get("qrcode") if isinstance(answer, dict) else None)

    async def connect(self, number: str | None = None) -> Pairing:
        """Ask for a fresh QR code, or learn that the number is connected already."""
        query = {"number": _digits(number)} if number else None
        return _pairing(await self.http.call("GET", "instance", "connect", self.instance, query=query))

    async def state(self) -> str:
        """Return connecting, open or close. `open` may be untrue: a dead socket says so too."""
        return _state(await self.http.call("GET", "instance", "connectionState", self.instance))

    async def info(self) -> InstanceInfo | None:
        """Return the instance as the server knows it, or None when there is none of that name."""
        try:
            rows = await self.http.call("GET", "instance", "fetchInstances", query={"instanceName": self.instance})
        except CallFailed as problem:
            if problem.status == 404:
                return None
            raise
        known = (_info(obj(row)) for row in (rows if isinstance(rows, list) else [rows]))
        return next((info for info in known if info.name == self.instance), None)

    async def restart(self) -> str:
        """Restart the instance's connection and return its state; a closed one cannot be restarted."""
        return _state(await self.http.call("POST", "instance", "restart", self.instance, timeout_s=60))

    async def logout(self) -> None:
        """End the session, or the showing of codes; one that has ended already is left as it is."""
        try:
            await self.http.call("DELETE", "instance", "logout", self.instance)
        except CallFailed as problem:
            if "is not connected" not in problem.text:
                raise

    async def delete(self) -> None:
        await self.http.call("DELETE", "instance", "delete", self.instance)

    async def webhook_differences(self, url: str, secret: SecretStr) -> list[str]:
        """Return which fields of the instance's webhook are not as they must be; empty when it is right."""
        row = await self.http.call("GET", "webhook", "find", self.instance)
        if not isinstance(row, dict):
            return ["webhook"]
        headers = {name.lower(): value for name, value in obj(row.get("headers")).items()}
        right = {
            "enabled": row.get("enabled") is True,
            "url": row.get("url") == url,
            "byEvents": not row.get("webhookByEvents"),
            "base64": not row.get("webhookBase64"),
            "secret": headers.get("x-webhook-secret") == secret.get_secret_value(),
            "events": {*EVENTS} <= {event for event in items(row.get("events")) if isinstance(event, str)},
        }
        return [name for name, is_right in right.items() if not is_right]

    async def set_webhook(self, url: str, secret: SecretStr) -> None:
        """Set every field: one that is left out would keep its old value."""
        await self.http.call("POST", "webhook", "set", self.instance, body={"webhook": _webhook(url, secret)})

    async def groups(self) -> list[GroupInfo]:
        """Return all groups without their people. Slow: minutes for hundreds of groups; ask rarely."""
        query = {"getParticipants": "false"}
        rows = await self.http.call("GET", "group", "fetchAllGroups", self.instance, query=query, timeout_s=_ALL_GROUPS_S)
        return [_group(row) for row in map(obj, items(rows)) if row.get("id")]

    async def group(self, jid: str) -> GroupInfo | None:
        """Return one group with its people, or None when our number is not in it."""
        try:
            row = await self.http.call("GET", "group", "findGroupInfos", self.instance, query={"groupJid": _jid(jid)})
        except CallFailed as problem:
            if re.search(r"item-not-found|forbidden|not-authorized", problem.text):
                return None
            raise
        return _group(_object(row))

    async def find_messages(self, since: datetime, until: datetime, key: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the stored rows of a span, oldest first, each once. Rows that never reached Evolution's table are not there."""
        return await read_span(self._ask_store, since, until, key)

    async def find_message(self, message_id: str) -> dict[str, Any] | None:
        """Return the stored row of one message, whose key WhatsApp wants to see whole for a reaction."""
        return await read_one(self._ask_store, message_id)

    async def _ask_store(self, where: dict[str, Any], size: int) -> Any:
        body = {"where": where, "page": 1, "offset": size}
        return await self.http.call("POST", "chat", "findMessages", self.instance, body=body, timeout_s=60)


def _webhook(url: str, secret: SecretStr) -> dict[str, Any]:
    headers = {"X-Webhook-Secret": secret.get_secret_value(), "Content-Type": "application/json"}
    return {"enabled": True, "url": url, "byEvents": False, "base64": False, "headers": headers, "events": list(EVENTS)}


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise CallFailed(failures.BROKEN_ANSWER, call="an answer without an object")
    return answer


def _state(answer: Any) -> str:
    told = obj(answer)
    return str(obj(told.get("instance")).get("state") or told.get("state") or "unknown")


def _pairing(answer: Any) -> Pairing:
    told = obj(answer)
    if isinstance(told.get("instance"), dict):
        return Pairing(state=_state(told))
    told = obj(told.get("qrcode")) or told
    code, typed = text(told.get("code")), text(told.get("pairingCode"))
    return Pairing(
        state="connecting",
        code=SecretStr(code) if code else None,
        pairing_code=SecretStr(typed) if typed else None,
        count=read_number(told.get("count")) or 0,
    )


def _info(row: dict[str, Any]) -> InstanceInfo:
    row = obj(row.get("instance")) or row  # as version 1 had it
    return InstanceInfo(
        name=first_text(row.get("name"), row.get("instanceName")),
        state=first_text(row.get("connectionStatus"), row.get("status")) or "unknown",
        owner=first_text(row.get("ownerJid"), row.get("owner")) or None,
        profile_name=text(row.get("profileName")) or None,
        reason_code=read_number(row.get("disconnectionReasonCode")),
        ignores_groups=is_true(obj(row.get("Setting")).get("groupsIgnore")),
        messages=read_number(obj(row.get("_count")).get("Message")) or 0,
    )


def _group(row: dict[str, Any]) -> GroupInfo:
    people = tuple(_member(person) for person in items(row.get("participants")))
    size = read_number(row.get("size")) or len(people)
    return GroupInfo(jid=str(row.get("id")), subject=text(row.get("subject")), size=size, people=people)


def _member(person: Any) -> Member:
    row = {"id": person} if isinstance(person, str) else obj(person)
    known = [_without_device(str(row[name])) for name in ("id", "phoneNumber", "lid", "jid") if isinstance(row.get(name), str)]
    return Member(
        lid=next((address for address in known if address.endswith("@lid")), None),
        phone=next((address for address in known if address.endswith("@s.whatsapp.net")), None),
        name=text(row.get("name")) or None,
        is_admin=bool(row.get("admin")),
    )


def _without_device(address: str) -> str:
    return re.sub(r":\d+(?=@)", "", address)


def _digits(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    if not 7 <= len(digits) <= 15:
        raise SettingsError("A phone number has 7 to 15 digits, country code first.")
    return digits


def _jid(jid: str) -> str:
    if not re.fullmatch(r"[\d-]{5,40}@g\.us", jid):
        raise SettingsError("A group is named as 120363…@g.us.")
    return jid
