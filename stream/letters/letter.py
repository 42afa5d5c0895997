"""A dead letter as a person sees it: where it failed, why, and whether it can be tried again."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from stream.adapters.dead_letters import PREFIX
from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.value import Value
from stream.translate import Rejected, read_webhook

_EXPLAINED = {
    "no_json_object": "The body was no JSON object.",
    "not_json": "The body was no JSON.",
    "no_event": "The body named no event.",
    "unknown_event": "The event is none that this version knows; a newer version may.",
    "bad_instance_name": "The name of the instance has characters that no instance has.",
    "too_deep": "The body was nested deeper than anything WhatsApp sends.",
    "too_large": "The body was larger than 1 MiB: turn `base64` off in the instance's webhook. Only its beginning was kept.",
    "unreadable_record": "The record was none of ours: another program wrote to the topic, or an older version did.",
    "step_failed": "Groupdesk itself failed on it; please report it with the class of the error.",
}


class Letter(Value):
    """One dead letter. `ref` names it to `groupdesk dead-letters replay`."""

    ref: str
    at: datetime
    stage: str
    reason: str
    topic: str
    key: str
    bytes: int
    error: str | None = None

    @property
    def explanation(self) -> str:
        return _EXPLAINED.get(self.reason, f"Its shape is not known to this version ({self.reason.replace('_', ' ')}).")


class Remedy(Value):
    """What a second try would publish; or `because` why there can be none."""

    records: tuple[tuple[str, str, bytes], ...] = ()
    because: str = ""


def to_letter(record: Record) -> Letter:
    """Return the letter of a record of topic `dead-letter`; headers that are missing leave blanks."""

    def header(name: str) -> str:
        return record.headers.get(PREFIX + name, b"").decode("utf-8", "replace")

    return Letter(
        ref=f"{record.partition}@{record.offset}",
        at=record.timestamp,
        stage=header("stage"),
        reason=header("reason"),
        topic=header("topic"),
        key=record.key or "",
        bytes=len(record.value or b""),
        error=header("exception.class.name") or None,
    )


def find_remedy(letter: Letter, record: Record, now: datetime | None = None) -> Remedy:
    """Return the records that would take the letter's way again, with today's version."""
    value = record.value or b""
    if letter.stage == "worker" and letter.topic in (Topic.INBOUND, Topic.COMMANDS):
        return Remedy(records=((letter.topic, letter.key, value),))
    if letter.stage != "bridge":
        return Remedy(because=f"what failed in the {letter.stage or 'unknown part'} is not tried again from here")
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        return Remedy(because="the body is no JSON and never will be")
    read = read_webhook(body, now or datetime.now(UTC))
    if isinstance(read, Rejected):
        return Remedy(because=f"it would be put aside again ({read.reason.replace('_', ' ')})")
    return Remedy(records=tuple((Topic.INBOUND.value, delivery.chat, delivery.to_json()) for delivery in read))
