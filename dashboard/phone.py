"""The phone's side of the stand-in for Evolution, over HTTP: its groups, what was said there, and a word from somebody in one.

A message goes the way of all: the stand-in announces it by its webhook, as Evolution would, and the bridge takes it from there.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from stream.errors import TransportError
from stream.settings import Settings

# The stand-in's own default; a test holds both together.
_KEY = "groupdesk-simulator-key"
_TIMEOUT_S = 4
_SHOWN = 40


@dataclass(frozen=True)
class Member:
    """Somebody in a group, by both forms of their address where both are known."""

    name: str
    address: str
    phone: str | None = None


@dataclass(frozen=True)
class Said:
    """A message as the phones show it. `reactions` are emojis with who gave them; `is_ours` tells that Groupdesk sent it."""

    id: str
    who: str
    address: str
    text: str
    at: datetime
    is_ours: bool
    quoted: str = ""
    reactions: tuple[tuple[str, str], ...] = ()


class Phone:
    """A stand-in that runs. Methods raise `TransportError` when it does not answer."""

    def __init__(self, url: str, instance: str, key: str = "") -> None:
        self.url = url
        self._instance = quote(instance, safe="")
        self._key = key or _KEY

    def is_there(self) -> bool:
        """Tell whether a stand-in answers there, and plays our number."""
        try:
            told = self._call("GET", "/simulator/health", timeout_s=1)
        except TransportError:
            return False
        return isinstance(told, dict) and self._instance in map(quote, told.get("instances", ()))

    def groups(self) -> dict[str, str]:
        """Return the groups of the number: JID and subject."""
        told = self._call("GET", f"/group/fetchAllGroups/{self._instance}?getParticipants=false")
        return {str(one["id"]): str(one["subject"]) for one in told}

    def members(self, group: str) -> list[Member]:
        """Return who is in a group, but for our own number, which comes first there."""
        told = self._call("GET", f"/group/participants/{self._instance}?groupJid={quote(group)}")["participants"]
        return [Member(str(one.get("name") or one["id"]), one["id"], one.get("phoneNumber")) for one in told[1:]]

    def messages(self, group: str) -> list[Said]:
        """Return what was said in a group last, the oldest first, each with the reactions to it."""
        where = {"where": {"key": {"remoteJid": group}}, "offset": 2 * _SHOWN}
        rows = self._call("POST", f"/chat/findMessages/{self._instance}", where)["messages"]["records"]
        reactions: dict[str, dict[str, str]] = {}
        for row in reversed(rows):
            if row["messageType"] == "reactionMessage":
                given = row["message"]["reactionMessage"]
                reactions.setdefault(given["key"]["id"], {})[_who(row)] = given.get("text") or ""
        said = [
            _said(row, reactions.get(row["key"]["id"], {})) for row in reversed(rows) if row["messageType"] != "reactionMessage"
        ]
        return said[-_SHOWN:]

    def happen(self, event: str, data: dict[str, Any]) -> tuple[int, int]:
        """Let something happen on WhatsApp; returns the HTTP status of its webhook (0: nothing listens) and the tries it took."""
        told = self._call("POST", f"/simulator/{self._instance}/event", {"event": event, "data": data}, timeout_s=15)
        return int(told["status"]), int(told["tries"])

    def _call(self, method: str, path: str, body: object = None, timeout_s: float = _TIMEOUT_S) -> Any:
        where = urlsplit(self.url)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = kind(where.hostname or "127.0.0.1", where.port, timeout=timeout_s)
        try:
            raw = None if body is None else json.dumps(body).encode()
            connection.request(method, path, raw, {"apikey": self._key, "Content-Type": "application/json"})
            answer = connection.getresponse()
            told = answer.read(8_000_000)
            if answer.status >= 300:
                raise TransportError(f"The simulator at {self.url} answered {answer.status}; is it one, and of this version?")
            return json.loads(told)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TransportError(f"No simulator answers at {self.url} ({type(error).__name__}).") from error
        finally:
            connection.close()


def find_phone(settings: Settings) -> Phone | None:
    """Return the stand-in that Groupdesk speaks to, or the one on this machine; None where none runs."""
    key = settings.evolution_api_key.get_secret_value()
    found = [settings.evolution_api_url, f"http://{settings.simulator_host}:{settings.simulator_port}"]
    phones = (Phone(url.rstrip("/"), settings.cs_instance, key) for url in dict.fromkeys(found) if url)
    return next((phone for phone in phones if phone.is_there()), None)


def _who(row: dict[str, Any]) -> str:
    return "Groupdesk" if row["key"].get("fromMe") else str(row.get("pushName") or "")


def _said(row: dict[str, Any], reactions: dict[str, str]) -> Said:
    message, context = row.get("message") or {}, row.get("contextInfo") or {}
    quoted = (context.get("quotedMessage") or {}).get("conversation") or ""
    text = message.get("conversation")
    if text is None:  # a photo, a document: its caption, or else its kind
        text = next((part["caption"] for part in message.values() if isinstance(part, dict) and part.get("caption")), "")
        text = text or f"[{str(row['messageType']).removesuffix('Message')}]"
    return Said(
        id=str(row["key"]["id"]),
        who=_who(row),
        address=str(row["key"].get("participant") or ""),
        text=str(text),
        at=datetime.fromtimestamp(int(row["messageTimestamp"]), UTC),
        is_ours=bool(row["key"].get("fromMe")),
        quoted=str(quoted),
        reactions=tuple((emoji, who) for who, emoji in reactions.items() if emoji),
    )
