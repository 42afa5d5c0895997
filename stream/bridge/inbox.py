"""Where accepted webhooks go: the seam between the HTTP front and what keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from stream.adapters.topics import Topic
from stream.core.status import Health


class InboxRecord(NamedTuple):
    """One record to be kept; `key` decides with which others it stays in order."""

    topic: Topic
    key: str
    value: bytes
    headers: dict[str, bytes] = {}


class NotStored(Exception):
    """The records may not be kept: the sender is asked to come again. `reason` is a word for metrics and logs."""

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class InboxState(NamedTuple):
    """How the inbox is, in a sentence for a person."""

    status: Health
    detail: str


class Inbox(Protocol):
    """Keeps records durably: in Kafka, or on this machine's disk until Kafka can take them."""

    async def store(self, records: Sequence[InboxRecord]) -> None:
        """Return once every record is kept for good; raises `NotStored` when that is not certain within seconds."""

    def state(self) -> InboxState:
        """Tell whether records can be stored now."""

    def parts(self) -> dict[str, InboxState]:
        """Return how each part of the inbox is, by the names that the health report uses."""

    async def close(self) -> None:
        """Let go of everything within a second; never raises."""
