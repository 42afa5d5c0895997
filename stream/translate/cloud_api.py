"""Meta's Cloud API in the one shape that the rest reads: its webhooks become deliveries as if Evolution had sent them.

It is for one-to-one chats: the second way in, should the number behind Evolution be banned. A chat is the customer's phone
address; the instance is `cloud-<phone number id>`. Media come as ids and are not fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from stream.core.delivery import Delivery
from stream.translate.envelope import Rejected
from stream.translate.shapes import ident, items, obj, text

TRANSPORT = "cloud"
_MAX_ELEMENTS = 1_000
_PHONE = "s.whatsapp.net"


def instance_name(phone_number_id: str) -> str:
    """Return the instance under which the chats of one business number are kept."""
    return f"cloud-{phone_number_id}"


def read_cloud_webhook(body: Any, received_at: datetime) -> list[Delivery] | Rejected:
    """Return the deliveries of a webhook body, in order, or why it has to be put aside."""
    told = obj(body)
    if told.get("object") != "whatsapp_business_account" or not isinstance(told.get("entry"), list):
        return Rejected("not_a_cloud_api_body")
    found: list[Delivery] = []
    for entry in items(told.get("entry")):
        for change in items(obj(entry).get("changes")):
            found += _read_change(obj(change), received_at)
            if len(found) > _MAX_ELEMENTS:
                return Rejected("too_many_elements")
    return found


def _read_change(change: dict[str, Any], received_at: datetime) -> list[Delivery]:
    value = obj(change.get("value"))
    metadata = obj(value.get("metadata"))
    phone_number_id = ident(metadata.get("phone_number_id"))
    if phone_number_id is None or not phone_number_id.isalnum():
        return []
    own = _address(metadata.get("display_phone_number"))
    names = {text(obj(c).get("wa_id")): text(obj(obj(c).get("profile")).get("name")) for c in items(value.get("contacts"))}

    def deliver(event: str, chat: str, data: dict[str, Any]) -> Delivery:
        return Delivery(
            transport=TRANSPORT,
            event=event,
            instance=instance_name(phone_number_id),
            chat=chat,
            received_at=received_at,
            own_address=own,
            data=data,
        )

    found = []
    for message in map(obj, items(value.get("messages"))):
        chat = _address(message.get("from"))
        if chat is not None:
            found.append(deliver("MESSAGES_UPSERT", chat, _upsert(message, chat, names.get(text(message.get("from"))), own)))
    for message in map(obj, items(value.get("message_echoes"))):  # typed on the phone that shares the number
        chat = _address(message.get("to"))
        if chat is not None:
            found.append(deliver("MESSAGES_UPSERT", chat, _upsert(message, chat, None, own, from_me=True)))
    for status in map(obj, items(value.get("statuses"))):
        chat = _address(status.get("recipient_id"))
        if chat is not None and status.get("status") == "failed":
            data = {"keyId": status.get("id"), "remoteJid": chat, "fromMe": True, "status": "ERROR"}
            found.append(deliver("MESSAGES_UPDATE", chat, data))
    return found


def _upsert(message: dict[str, Any], chat: str, name: str | None, own: str | None, *, from_me: bool = False) -> dict[str, Any]:
    kind = text(message.get("type"))
    read = _KINDS.get(kind)
    content = {} if read is None else read(message.get(kind))
    context = obj(message.get("context"))
    told: dict[str, Any] = {}
    if quoted := ident(context.get("id")):
        told |= {"stanzaId": quoted, "participant": _address(context.get("from"))}
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        told["isForwarded"] = True
    key = {"remoteJid": chat, "fromMe": from_me, "id": message.get("id"), "participant": own if from_me else chat}
    data = {"key": key, "pushName": name, "message": content, "contextInfo": told or None}
    return data | {"messageType": next(iter(content), kind), "messageTimestamp": message.get("timestamp")}


def _media(kind: str) -> Callable[[Any], dict[str, Any]]:
    def read(body: Any) -> dict[str, Any]:
        told = obj(body)
        kept = {"caption": told.get("caption"), "mimetype": told.get("mime_type"), "fileName": told.get("filename")}
        return {kind: {name: value for name, value in kept.items() if isinstance(value, str)}}

    return read


def _reaction(body: Any) -> dict[str, Any]:
    told = obj(body)
    return {"reactionMessage": {"key": {"id": told.get("message_id")}, "text": text(told.get("emoji"))}}


def _place(body: Any) -> dict[str, Any]:
    told = obj(body)
    names = {"name": "name", "address": "address", "latitude": "degreesLatitude", "longitude": "degreesLongitude"}
    return {"locationMessage": {ours: told[theirs] for theirs, ours in names.items() if theirs in told}}


def _contacts(body: Any) -> dict[str, Any]:
    named = [text(obj(obj(contact).get("name")).get("formatted_name")) for contact in items(body)]
    return {"contactMessage": {"displayName": ", ".join(name for name in named if name)}}


def _choice(body: Any) -> dict[str, Any]:
    """Return a button or list answer as the text that the customer saw."""
    told = obj(body)
    inner = obj(told.get("button_reply")) or obj(told.get("list_reply")) or obj(told.get("nfm_reply")) or told
    chosen = inner.get("title") or inner.get("body") or inner.get("text")
    return {"buttonsResponseMessage": {"selectedDisplayText": text(chosen)}}


_KINDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "text": lambda body: {"conversation": text(obj(body).get("body"))},
    "image": _media("imageMessage"),
    "video": _media("videoMessage"),
    "audio": _media("audioMessage"),
    "document": _media("documentMessage"),
    "sticker": _media("stickerMessage"),
    "location": _place,
    "contacts": _contacts,
    "reaction": _reaction,
    "button": _choice,
    "interactive": _choice,
}


def _address(value: Any) -> str | None:
    digits = "".join(c for c in text(value) if c in "0123456789")
    return f"{digits}@{_PHONE}" if 6 <= len(digits) <= 20 else None
