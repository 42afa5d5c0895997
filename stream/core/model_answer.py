"""What a model may say, and what of it is believed: labels for the messages it was given, and ids that it was given."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from stream.core.detection import Label, Priority, UpdateStatus
from stream.core.model_mask import one_line
from stream.core.model_rules import LEVELS, Level

LONGEST_ANSWER = 200_000  # characters; ten verdicts need about 3,000


class Item(BaseModel):
    """The verdict on one message. Every field is asked for, as strict schemas want it."""

    model_config = ConfigDict(extra="forbid")

    ref: int
    label: Literal["ticket", "update", "noise"]
    ticket_id: str | None
    status: Literal["resolved", "in_progress", "still_open", "waiting", "chasing"] | None
    title: str | None
    category: str | None
    priority: Literal["low", "normal", "high", "urgent"] | None
    confidence: Literal["low", "medium", "high"]


class Answer(BaseModel):
    """One call's verdicts."""

    model_config = ConfigDict(extra="forbid")

    items: list[Item]


class Verdict(BaseModel):
    """An item that has been checked: nothing in it is the model's own but labels, a level and one line of title."""

    model_config = ConfigDict(frozen=True)

    label: Label
    level: Level
    ticket_id: str | None = None
    status: UpdateStatus | None = None
    title: str | None = None
    category: str | None = None
    priority: Priority | None = None


class _Said(BaseModel):
    """An item as servers without schemas send it: what is left out is null, what is unknown is not read.

    Beside ref and label, a value that does not fit costs itself and not the item.
    """

    model_config = ConfigDict(extra="ignore")

    ref: int
    label: Literal["ticket", "update", "noise"]
    ticket_id: Any = None
    status: Any = None
    title: Any = None
    category: Any = None
    priority: Any = None
    confidence: Any = None


def read_answer(text: str) -> dict[int, Verdict]:
    """Return the verdicts in an answer by their refs; what cannot be read, and refs that stand twice, are left out.

    Takes what models wrap around JSON (fences, words before and after). Never raises.
    """
    found = _outermost_object(text[:LONGEST_ANSWER])
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        return {}
    read = [item for item in map(_item, items) if item is not None]
    times = Counter(item.ref for item in read)
    return {item.ref: _verdict(item) for item in read if times[item.ref] == 1}


def check(verdict: Verdict, tickets: Collection[str], categories: Collection[str]) -> Verdict:
    """Return the verdict with everything taken away that the model was not given to choose from."""
    is_update, is_ticket = verdict.label is Label.UPDATE, verdict.label is Label.TICKET
    return verdict.model_copy(
        update={
            "ticket_id": verdict.ticket_id if is_update and verdict.ticket_id in tickets else None,
            "status": verdict.status if is_update else None,
            "title": verdict.title if is_ticket else None,
            "category": verdict.category if is_ticket and verdict.category in categories else None,
            "priority": verdict.priority if is_ticket else None,
        }
    )


def _item(raw: object) -> _Said | None:
    try:
        return _Said.model_validate(raw)
    except ValidationError:
        return None


def _verdict(said: _Said) -> Verdict:
    return Verdict(
        label=Label(said.label),
        level=said.confidence if said.confidence in LEVELS else "low",
        ticket_id=said.ticket_id if isinstance(said.ticket_id, str) else None,
        status=UpdateStatus(said.status) if said.status in tuple(UpdateStatus) else None,
        title=(one_line(said.title) or None) if isinstance(said.title, str) else None,
        category=said.category if isinstance(said.category, str) else None,
        priority=Priority(said.priority) if said.priority in tuple(Priority) else None,
    )


def _outermost_object(text: str) -> object:
    """Return the first JSON object in the text that has `items`, or the last try's nothing."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    for _ in range(20):  # words around it may have braces of their own
        if start < 0:
            return None
        try:
            found, _end = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            found = None
        if isinstance(found, dict) and "items" in found:
            return found
        start = text.find("{", start + 1)
    return None
