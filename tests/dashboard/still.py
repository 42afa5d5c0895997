"""Snapshots that stand still, for tests of pages and frames, and what a page drew."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from streamlit.testing.v1 import AppTest

from dashboard.desk import Desk, Snapshot
from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.events import TicketEvent
from stream.core.status import PartStatus
from stream.core.ticket import Ticket
from stream.core.value import Value


def record(value: Value | None, key: str = "", at: datetime | None = None) -> Record:
    """Return the record that a topic would hold for this value; None with a ticket id as key is a tombstone."""
    topic = Topic.TICKETS
    if isinstance(value, TicketEvent):
        topic, key = Topic.TICKET_EVENTS, value.ticket_id or value.group
    elif isinstance(value, PartStatus):
        topic, key = Topic.STATUS, f"{value.part}/{value.process}"
    elif isinstance(value, Ticket):
        key = value.id
    return Record(topic, 0, 0, at or datetime.now(UTC), key, None if value is None else value.to_json(), {})


def snapshot_of(
    *values: Value, is_caught_up: bool = True, lag: int = 0, error: str | None = None, at: datetime | None = None
) -> Snapshot:
    desk = Desk()
    for value in values:
        desk.take(record(value, at=at))
    return desk.snapshot(is_caught_up=is_caught_up, lag=lag, error=error)


class StillView:
    """A live view that stands still at the snapshot a test gives it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot

    def snapshot(self) -> Snapshot:
        return self.now

    def wait(self, timeout_s: float) -> Snapshot:  # noqa: ARG002 - the shape of LiveView
        return self.now


class Posts:
    """Keeps what would be published."""

    def __init__(self) -> None:
        self.sent: list[tuple[Topic, str, bytes]] = []

    def publish(self, topic: Topic, key: str, value: bytes) -> None:
        self.sent.append((topic, key, value))


def drawn(app: AppTest, key: str) -> dict[str, Any]:
    """Return the data that one of our components was drawn with."""
    for element in app.get("bidi_component"):
        if element.proto.id.endswith(f"-{key}"):
            data: dict[str, Any] = json.loads(element.proto.json or element.proto.mixed.json)
            return data
    raise AssertionError(f"{key} was not drawn: {[one.proto.id for one in app.get('bidi_component')]}")


def text_of(app: AppTest) -> str:
    """Return all words that stand on the page outside our components."""
    kinds = ("text", "caption", "warning", "error", "header", "subheader", "markdown", "toast")
    return "\n".join(str(one.value) for kind in kinds for one in app.get(kind))
