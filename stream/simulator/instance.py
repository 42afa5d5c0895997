"""One WhatsApp number as Evolution knows it: its connection, its groups, and the rows of its message table."""

from __future__ import annotations

import math
import secrets
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stream.simulator.shapes import JSON, Person


def new_message_id() -> str:
    """Return an id such as WhatsApp gives to a message of a linked device."""
    return "3EB0" + secrets.token_hex(9).upper()


@dataclass
class Group:
    """A group with its members. `mode` says which form of an address WhatsApp puts first there."""

    jid: str
    subject: str
    people: list[Person] = field(default_factory=list)
    mode: str = "lid"
    created_at: int = 1_750_000_000

    def metadata(self, *, with_people: bool) -> JSON:
        """Return the object of fetchAllGroups and findGroupInfos."""
        owner = self.people[0].address if self.people else None
        row: JSON = {"id": self.jid, "subject": self.subject, "subjectOwner": owner, "subjectTime": self.created_at}
        row |= {"pictureUrl": None, "size": len(self.people), "creation": self.created_at, "owner": owner, "desc": None}
        row |= {"descId": None, "restrict": False, "announce": False, "isCommunity": False, "isCommunityAnnounce": False}
        return row | ({"participants": [person.participant() for person in self.people]} if with_people else {})


@dataclass
class Instance:
    """`state` is what Evolution says (connecting, open, close); `owner` is our own number and its LID."""

    name: str
    owner: Person
    state: str = "connecting"
    integration: str = "WHATSAPP-BAILEYS"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    token: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    webhook: JSON | None = None
    settings: JSON = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    rows: list[JSON] = field(default_factory=list)
    sent: list[JSON] = field(default_factory=list)  # what really reached WhatsApp, rows or not
    was_paired: bool = False
    number: str | None = None  # given at creation for a code to type
    qr_count: int = 0
    shows_codes: bool = False  # it waits for one to be scanned
    disconnected: tuple[int, str] | None = None
    is_away: bool = False  # Evolution itself does not run
    is_loading: bool = False  # it runs, and has not loaded this instance yet
    waiting: list[JSON] = field(default_factory=list)  # what WhatsApp keeps for it meanwhile

    def keep(self, data: JSON) -> JSON:
        """Write a message to the table, as Evolution does before it sends the webhook."""
        row = {k: data.get(k) for k in ("key", "pushName", "messageType", "message", "messageTimestamp", "instanceId", "source")}
        own_id = f"cm{len(self.rows):07x}{secrets.token_hex(8)}"  # it grows with time
        row = {"id": own_id, **row, "contextInfo": data.get("contextInfo"), "MessageUpdate": []}
        self.rows.append(row)
        return row

    def row(self, message_id: str) -> JSON | None:
        return next((row for row in self.rows if row["key"]["id"] == message_id), None)

    def change(self, protocol: JSON) -> None:
        """Write an edit or a deletion into its row, as Evolution does: at its own time, and nothing is left of a deleted one."""
        row = self.row(protocol["key"]["id"])
        if row is None:
            return
        row["message"] = protocol.get("editedMessage")
        row["messageTimestamp"] = int(protocol.get("timestampMs") or datetime.now(UTC).timestamp() * 1000) // 1000
        row["MessageUpdate"].append({"status": "EDITED"})

    def find(self, where: JSON, page: int, page_size: int) -> JSON:
        """Return a page of rows, newest first. The time filter needs both ends; `fromMe: false` filters nothing."""
        key = where.get("key") or {}
        span = where.get("messageTimestamp") or {}
        found = [row for row in self.rows if all(row["key"].get(k) == v for k, v in key.items() if v)]
        if span.get("gte") and span.get("lte"):
            low, high = _unix(span["gte"]), _unix(span["lte"])
            found = [row for row in found if low <= row["messageTimestamp"] <= high]
        # Rows of one second come in another order with every page, as PostgreSQL hands them out.
        found.sort(key=lambda row: (-int(row["messageTimestamp"]), zlib.crc32(f"{page} {page_size} {row['id']}".encode())))
        pages = math.ceil(len(found) / page_size)
        first = (page - 1) * page_size
        records = found[first : first + page_size]
        return {"messages": {"total": len(found), "pages": pages, "currentPage": page, "records": records}}

    def described(self) -> JSON:
        """Return the row of fetchInstances, the token included, as Evolution does by default."""
        code, at = self.disconnected or (None, None)
        # A paired number that reconnects is listed as it was.
        listed = "open" if self.state == "connecting" and self.was_paired and not self.shows_codes else self.state
        row: JSON = {"id": self.id, "name": self.name, "connectionStatus": listed}
        row |= {
            "ownerJid": self.owner.phone if self.was_paired else None,
            "profileName": self.owner.name if self.was_paired else None,
        }
        row |= {
            "profilePicUrl": None,
            "integration": self.integration,
            "number": self.number,
            "businessId": None,
            "token": self.token,
        }
        row |= {"clientName": "evolution_exchange", "disconnectionReasonCode": code, "disconnectionObject": None}
        dates = dict.fromkeys(("createdAt", "updatedAt"), "2026-01-05T09:00:00.000Z")
        row |= {"disconnectionAt": at, **dates}
        row |= dict.fromkeys(("Chatwoot", "Proxy", "Rabbitmq", "Nats", "Sqs", "Websocket"))
        row |= {"Setting": {"id": "cm" + self.id[:8], **SETTINGS, **self.settings, **dates, "instanceId": self.id}}
        return row | {"_count": {"Message": len(self.rows), "Contact": 0, "Chat": len(self.groups)}}


SETTINGS: dict[str, Any] = {
    "rejectCall": False, "msgCall": "", "groupsIgnore": False, "alwaysOnline": False, "readMessages": False,
    "readStatus": False, "syncFullHistory": False, "wavoipToken": "",
}  # fmt: skip


def _unix(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
