"""What a row of Evolution's message table tells beside its message: who sent it, and what became of it since.

Evolution writes an edit over the message and moves the row to the time of the edit. A deletion leaves a row without a message.
Both are marked with the status EDITED.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from stream.translate.clock import read_time
from stream.translate.shapes import items, obj

# The row has the server's time in whole seconds, the webhook of an edit that of the author's phone.
_ODD_CLOCK = timedelta(seconds=2)


def event_of(row: dict[str, Any]) -> str:
    """Return the event that would have told the row: what the API sent has no participant in its key, what was typed has."""
    key = row["key"]
    return "SEND_MESSAGE" if key.get("fromMe") is True and not key.get("participant") else "MESSAGES_UPSERT"


def read_change(row: dict[str, Any], now: datetime, *, known_at: datetime | None) -> dict[str, Any] | None:
    """Return the edit or deletion that a row shows, in the shape of `messages.edited`; None where it was known by `known_at`."""
    if not any(obj(update).get("status") == "EDITED" for update in items(row.get("MessageUpdate"))):
        return None
    at = read_time(row.get("messageTimestamp"), now)
    if known_at is not None and at - _ODD_CLOCK <= known_at:
        return None
    key = {"remoteJid": row["key"].get("remoteJid"), "id": row["key"].get("id")}
    change = {"key": key, "timestampMs": int(at.timestamp() * 1000)}
    if not row.get("message"):
        return change | {"type": "REVOKE"}
    return change | {"type": "MESSAGE_EDIT", "editedMessage": row["message"]}
