"""Meta's Cloud API as a `Transport`, for one-to-one chats. Unlike Evolution it is official: no bans, but a 24-hour window.

Outside of 24 hours after the customer's last message only paid templates may be sent; such a text is refused and not sent.
The numbers are Meta's error codes.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from stream.transport import failures
from stream.transport.failures import CallFailed, Retry, Verdict
from stream.transport.http import Endpoint, JsonHttp
from stream.transport.interface import OutgoingReaction, OutgoingText, OwnMessage, Sent

_BY_CODE: dict[int, Verdict] = {
    131047: Verdict(Retry.NEVER, "more than 24 hours have passed since the customer's last message"),
    131026: Verdict(Retry.NEVER, "the message cannot be delivered to this number"),
    131051: Verdict(Retry.NEVER, "this kind of message is not supported"),
    130429: Verdict(Retry.SAFE, "Meta asks to slow down", concerns_all=True),
    80007: Verdict(Retry.SAFE, "Meta asks to slow down", concerns_all=True),
    131056: Verdict(Retry.SAFE, "too many messages to this number at once"),
    131048: Verdict(Retry.NEVER, "Meta has limited the number for spam", needs_person=True, concerns_all=True),
    368: Verdict(Retry.NEVER, "Meta has blocked the number for a violation", needs_person=True, concerns_all=True),
    131031: Verdict(Retry.NEVER, "Meta has locked the account", needs_person=True, concerns_all=True),
    190: Verdict(Retry.SAFE, "CLOUD_API_TOKEN has expired or is not valid", needs_person=True, concerns_all=True),
    131000: Verdict(Retry.UNCERTAIN, "Meta reported an unknown error"),
    131016: Verdict(Retry.UNCERTAIN, "Meta's service was not available"),
}
_REFUSED = Verdict(Retry.NEVER, "Meta does not accept the request")


def classify(status: int, answer: Any) -> Verdict:
    """Return what an error answer of Meta means: its code decides, and a 4xx without a known one was never accepted."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and code in _BY_CODE:
        return _BY_CODE[code]
    if status == 401:
        return _BY_CODE[190]
    if status == 429:
        return _BY_CODE[130429]
    if 300 <= status < 400:
        return failures.REDIRECTED
    return _REFUSED if 400 <= status < 500 else failures.UNKNOWN_TEXT


class CloudApiTransport:
    """Sends for one business number. There is no store to look in: what is in doubt stays so until its status comes."""

    name = "cloud"

    def __init__(self, url: str, phone_number_id: str, token: SecretStr, *, send_timeout_s: float = 30.0) -> None:
        self.send_timeout_s = send_timeout_s
        self._phone_number_id = phone_number_id
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        self._http = JsonHttp(Endpoint(url, headers), send_timeout_s, classify)

    async def send_text(self, message: OutgoingText) -> Sent:
        body: dict[str, Any] = {"type": "text", "text": {"body": message.text, "preview_url": False}}
        if message.quoted_id:
            body["context"] = {"message_id": message.quoted_id}
        return await self._post(message.chat, body)

    async def react(self, reaction: OutgoingReaction) -> Sent:
        body = {"type": "reaction", "reaction": {"message_id": reaction.target_id, "emoji": reaction.emoji}}
        return await self._post(reaction.chat, body)

    async def find_own(self, chat: str, since: datetime, until: datetime) -> list[OwnMessage] | None:  # noqa: ARG002 - no store
        return None

    async def history(self, since: datetime, until: datetime) -> list[dict[str, Any]]:  # noqa: ARG002 - no store
        return []

    async def close(self) -> None:
        await self._http.close()

    async def _post(self, chat: str, body: dict[str, Any]) -> Sent:
        to = chat.partition("@")[0]
        whole = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": to} | body
        answer = await self._http.call("POST", self._phone_number_id, "messages", body=whole)
        sent = answer.get("messages") if isinstance(answer, dict) else None
        message_id = sent[0].get("id") if isinstance(sent, list) and sent and isinstance(sent[0], dict) else None
        if not isinstance(message_id, str):
            raise CallFailed(failures.BROKEN_ANSWER, call="POST messages", status=200)
        return Sent(message_id=message_id, sent_at=datetime.now(UTC))


def is_signed(raw: bytes, header: str | None, app_secret: SecretStr) -> bool:
    """Tell whether Meta signed these bytes: `X-Hub-Signature-256: sha256=<hex>`, keyed with the app's secret."""
    secret = app_secret.get_secret_value()
    expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    told = (header or "").encode("utf-8", "surrogateescape")
    return bool(secret) and hmac.compare_digest(told, expected.encode())
