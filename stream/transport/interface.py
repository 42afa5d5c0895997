"""What the sender and the watcher need of a transport, whichever it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from stream.core.value import Value


class OutgoingText(Value):
    """A text for one chat. `quoted_id` is the message it answers; `mentions` are addresses whose `@digits` stand in the text."""

    chat: str
    text: str
    quoted_id: str | None = None
    mentions: tuple[str, ...] = ()


class OutgoingReaction(Value):
    """A reaction; an empty `emoji` takes an earlier one back."""

    chat: str
    target_id: str
    emoji: str


class Sent(Value):
    """The transport took the message and gave it this id. It does not mean that anybody received it."""

    message_id: str
    sent_at: datetime


class OwnMessage(Value):
    """A message of our own number, found in the transport's store. `target_id` and `emoji` tell a reaction."""

    message_id: str
    chat: str
    sent_at: datetime
    text: str = ""
    target_id: str | None = None
    emoji: str | None = None


class Transport(Protocol):
    """Carries messages out. Every call raises `failures.CallFailed`, whose verdict says what it means."""

    name: str
    # How long a call may take before it counts as unanswered, in seconds; reconciliation waits longer than that.
    send_timeout_s: float

    async def send_text(self, message: OutgoingText) -> Sent: ...
    async def react(self, reaction: OutgoingReaction) -> Sent: ...
    async def find_own(self, chat: str, since: datetime, until: datetime) -> list[OwnMessage] | None:
        """Return what our number wrote in a chat, or None where this transport keeps no store to look in."""
        ...

    async def history(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Return the rows of all chats in a span, oldest first, in the shape that the transport's webhooks have."""
        ...

    async def close(self) -> None: ...
