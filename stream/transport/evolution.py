"""Evolution API as a `Transport`: what the sender and the watcher use."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from stream.translate.clock import read_time
from stream.translate.content import REACTION, find_content, read_words
from stream.translate.shapes import ident, is_true, obj, text
from stream.transport import failures
from stream.transport.evolution_client import EvolutionClient
from stream.transport.failures import CallFailed
from stream.transport.interface import OutgoingReaction, OutgoingText, OwnMessage, Sent

# Typing is shown for so long before a text appears; the call takes as much longer.
_TYPING_MS = 1200
_Found = TypeVar("_Found")


class EvolutionTransport:
    """Sends through one instance. Sends are made one at a time by the caller, as WhatsApp expects of a person."""

    name = "evolution"

    def __init__(self, client: EvolutionClient, *, send_timeout_s: float = 45.0, typing_ms: int = _TYPING_MS) -> None:
        self.client = client
        self.send_timeout_s = send_timeout_s
        self._typing_ms = typing_ms

    async def send_text(self, message: OutgoingText) -> Sent:
        body: dict[str, Any] = {"number": message.chat, "text": message.text, "linkPreview": False}
        if self._typing_ms:
            body["delay"] = self._typing_ms
        if message.quoted_id:
            body["quoted"] = {"key": {"id": message.quoted_id}}
        if message.mentions:
            body["mentioned"] = list(dict.fromkeys(message.mentions))  # one that stands there twice is refused
        try:
            return _sent(await self._post("sendText", body))
        except CallFailed as problem:
            if problem.verdict is not failures.EMPTY_QUOTE or "quoted" not in body:
                raise
            # Its row is still there without a message, and Evolution fails over it before anything leaves.
            del body["quoted"]
            return _sent(await self._post("sendText", body))

    async def react(self, reaction: OutgoingReaction) -> Sent:
        row = await self._row(reaction.target_id)
        key: dict[str, Any] = {"remoteJid": reaction.chat, "fromMe": False, "id": reaction.target_id}
        if row is not None:
            # In a group a reaction without the author is accepted and never shown.
            known = {name: row["key"].get(name) for name in ("fromMe", "participant")}
            key |= {name: value for name, value in known.items() if value not in (None, "")}
        return _sent(await self._post("sendReaction", {"key": key, "reaction": reaction.emoji}))

    async def find_own(self, chat: str, since: datetime, until: datetime) -> list[OwnMessage] | None:
        rows = await self.client.find_messages(since, until, {"remoteJid": chat, "fromMe": True})
        return [_own(row) for row in rows if is_true(row["key"].get("fromMe"))]

    async def history(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        return await self.client.find_messages(since, until)

    async def close(self) -> None:
        await self.client.close()

    async def _post(self, call: str, body: dict[str, Any]) -> Any:
        await self._require_open()
        http, instance = self.client.http, self.client.instance
        return await http.call("POST", "message", call, instance, body=body, timeout_s=self.send_timeout_s)

    async def _require_open(self) -> None:
        """Raise where the connection is not open: a number that was logged out is still answered 201, and nothing arrives."""
        state = await _before_sending(self.client.state())
        if state not in {"open", "unknown"}:
            raise CallFailed(failures.CLOSED, call="send", text=f"state {state}")

    async def _row(self, message_id: str) -> dict[str, Any] | None:
        return await _before_sending(self.client.find_message(message_id))


async def _before_sending(look_up: Awaitable[_Found]) -> _Found:
    """Return what is found; one that fails cannot have sent anything, whatever its error would mean for a send."""
    try:
        return await look_up
    except CallFailed as problem:
        verdict = replace(problem.verdict, retry=failures.Retry.SAFE)
        raise CallFailed(verdict, call=problem.call, status=problem.status, text=problem.text) from problem


def _sent(answer: Any) -> Sent:
    message_id = ident(obj(obj(answer).get("key")).get("id"))
    if message_id is None:
        raise CallFailed(failures.BROKEN_ANSWER, call="send", status=201)
    return Sent(message_id=message_id, sent_at=read_time(answer.get("messageTimestamp"), datetime.now(UTC)))


def _own(row: dict[str, Any]) -> OwnMessage:
    content = find_content(row.get("message"))  # in a group with disappearing messages it lies in a wrapper
    reaction = obj(content.body) if content and content.kind == REACTION else {}
    words = read_words(content) if content and not reaction else None
    return OwnMessage(
        message_id=str(row["key"].get("id")),
        chat=str(row["key"].get("remoteJid")),
        sent_at=read_time(row.get("messageTimestamp"), datetime.now(UTC)),
        text=words.text if words else "",
        target_id=ident(obj(reaction.get("key")).get("id")),
        emoji=text(reaction.get("text")) if reaction else None,
    )
