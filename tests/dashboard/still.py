"""Snapshots that stand still, for tests of pages and frames, and what a page drew."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import parts
from dashboard.desk import Desk, Snapshot
from dashboard.tools import Told, Toolbox
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


class Answers(Toolbox):
    """Answers of commands as a test gives them, at once; `asked` are the commands that a page wanted run."""

    def __init__(self, answers: dict[tuple[str, ...], Told] | None = None) -> None:
        super().__init__()
        self.answers = answers or {}
        self.asked: list[tuple[str, ...]] = []

    def ask(self, *words: str, stamp: Any = None, then: Any = None) -> None:  # noqa: ARG002 - the shape of Toolbox
        self.asked.append(words)
        if then is not None:
            then()

    def told(self, *words: str) -> Told | None:
        return self.answers.get(words)

    def is_running(self, *words: str) -> bool:  # noqa: ARG002 - the shape of Toolbox
        return False


def press(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    """Press a button of a table once, as a browser would."""
    table, left = parts.table, [value]

    def pressed(name: str, *args: Any, **more: Any) -> str | None:
        table(name, *args, **more)
        return left.pop() if name == key and left else None

    monkeypatch.setattr(parts, "table", pressed)


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
