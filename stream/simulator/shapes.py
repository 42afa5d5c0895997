"""Evolution's own JSON shapes, as 2.3.7 sends them: what stands in `data` of a webhook, built from plain values.

Times are Unix seconds (`at`). Objects carry the noise of the real ones (secrets as index objects, numbers as Long
objects), because a reader that has only seen clean payloads breaks on its first real day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A member of a group. `addressing` is the form that WhatsApp prefers for them; the other form may be unknown."""

    name: str
    lid: str | None = None
    phone: str | None = None
    is_admin: bool = False

    @property
    def address(self) -> str:
        return self.lid or self.phone or "0@lid"

    def participant(self) -> JSON:
        """Return the row of a group's participant list."""
        row: JSON = {"id": self.address, "admin": "admin" if self.is_admin else None}
        if self.lid and self.phone:
            row["phoneNumber"] = self.phone
        return row


def long_number(value: int) -> JSON:
    """Return a 64-bit number as the JavaScript library writes it; `low` is signed and may be negative."""
    low = value & 0xFFFFFFFF
    return {"low": low - (1 << 32) if low >= 1 << 31 else low, "high": value >> 32, "unsigned": False}


def index_object(length: int) -> JSON:
    """Return bytes as the JavaScript library writes them: an object of index to number."""
    return {str(i): (i * 37) % 256 for i in range(length)}


def context_noise(at: int) -> JSON:
    """Return `messageContextInfo`, the part of a message that nobody reads and that is often its largest."""
    devices = {"senderKeyIndexes": [], "recipientKeyIndexes": [], "senderKeyHash": index_object(10)}
    devices |= {"senderTimestamp": long_number(at - 9000), "recipientKeyHash": index_object(10)}
    return {"threadId": [], "deviceListMetadata": devices, "deviceListMetadataVersion": 2, "messageSecret": index_object(32)}


def group_key(group: str, message_id: str, sender: Person, *, from_me: bool = False, mode: str = "lid") -> JSON:
    """Return a message key in a group. `mode` `pn` puts the phone first; an unknown alternative is left out."""
    first, second = (sender.lid, sender.phone) if mode == "lid" else (sender.phone, sender.lid)
    key: JSON = {"remoteJid": group, "fromMe": from_me, "id": message_id, "participant": first or second}
    if first and second:
        key["participantAlt"] = second
    return key | {"addressingMode": mode}


def text_message(text: str, *, at: int, noisy: bool = False) -> JSON:
    """Return a plain text, which is what Evolution makes of replies and mentions too."""
    return {"conversation": text} | ({"messageContextInfo": context_noise(at)} if noisy else {})


def _media(mimetype: str, at: int) -> JSON:
    return {
        "url": "https://mmg.whatsapp.net/o1/v/t24/f2/m231",
        "mimetype": mimetype,
        "fileSha256": index_object(32),
        "fileLength": long_number(84_211),
        "mediaKey": index_object(32),
        "fileEncSha256": index_object(32),
        "directPath": "/o1/v/t24/f2/m231",
        "mediaKeyTimestamp": long_number(at),
    }


def media_message(kind: str, *, at: int, caption: str = "", file_name: str = "") -> tuple[str, JSON]:
    """Return (messageType, message) of an image, video, audio, document or sticker."""
    mimetypes = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/ogg; codecs=opus", "sticker": "image/webp"}
    body = _media(mimetypes.get(kind, "application/pdf"), at)
    if kind in {"image", "video"}:
        body |= {"height": 1600, "width": 720, "jpegThumbnail": index_object(48)}
    if kind == "audio":
        body |= {"seconds": 7, "ptt": True}
    if kind == "document":
        body |= {"fileName": file_name, "title": file_name}
    if caption:
        body["caption"] = caption
    return f"{kind}Message", {f"{kind}Message": body}


def quote_context(stanza_id: str, author: str | None, quoted: JSON, mentions: tuple[str, ...] = ()) -> JSON:
    """Return the `contextInfo` of a reply, which stands beside the message and not inside it."""
    context: JSON = {"mentionedJid": list(mentions), "groupMentions": [], "statusAttributions": [], "stanzaId": stanza_id}
    return context | ({"participant": author} if author else {}) | {"quotedMessage": quoted}


def context_of_a_person(mentions: tuple[str, ...]) -> JSON:
    """Return the `contextInfo` of what is sent to a single person."""
    context: JSON = {"mentionedJid": list(mentions), "groupMentions": []}
    return context | {"ephemeralSettingTimestamp": long_number(1_760_000_000), "disappearingMode": {"initiator": 0}}


def upsert(
    key: JSON, name: str | None, message_type: str, message: JSON, *, at: int, instance_id: str, status: str = "DELIVERY_ACK",
    context: JSON | None = None, source: str = "android",
) -> JSON:  # fmt: skip
    """Return the object of `messages.upsert`, `send.message` and of a row of `findMessages`."""
    data: JSON = {"key": key, "pushName": name, "status": status, "message": message}
    if context is not None or "conversation" not in message:
        data["contextInfo"] = context
    return data | {"messageType": message_type, "messageTimestamp": at, "instanceId": instance_id, "source": source}


def reaction_message(target: JSON, emoji: str, *, at: int) -> JSON:
    """Return the message of a reaction; an empty emoji takes it back."""
    key = {name: value for name, value in target.items() if name in {"remoteJid", "fromMe", "id", "participant"}}
    return {"reactionMessage": {"key": key, "text": emoji, "senderTimestampMs": long_number(at * 1000)}}


def edit(group: str, target_id: str, text: str, *, at: int) -> JSON:
    """Return the object of `messages.edited`. Its key is the author's own view, so `fromMe` says true for anybody's edit."""
    key = {"remoteJid": group, "fromMe": True, "id": target_id}
    return {"key": key, "type": "MESSAGE_EDIT", "editedMessage": {"conversation": text}, "timestampMs": str(at * 1000)}


def revoke(group: str, target_id: str) -> JSON:
    """Return the object of the `messages.edited` that announces a deletion for everyone."""
    return {"key": {"remoteJid": group, "fromMe": True, "id": target_id}, "type": "REVOKE"}


def deletion(key: JSON) -> JSON:
    """Return the object of `messages.delete`: the flat key, and who deleted as `participant`."""
    return key | {"status": "DELETED"}
