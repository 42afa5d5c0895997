"""The review queue as rows, and what a person's "no" says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard import safe
from dashboard.tables import chip
from dashboard.words import say
from stream.core.detection import Detection, Label, Stage
from stream.core.inputs import Form
from stream.core.review import ReviewItem


def rows(
    items: Iterable[ReviewItem], names: Mapping[str, str], language: str, *, reveal: bool, may_act: bool
) -> list[dict[str, Any]]:
    """Return a row for each message: what it says, who wrote it, why it waits, and what a model would have said.

    `names` are those of groups.
    """
    return [_row(item, names, language, reveal=reveal, may_act=may_act) for item in items]


def _row(item: ReviewItem, names: Mapping[str, str], language: str, *, reveal: bool, may_act: bool) -> dict[str, Any]:
    message, thought = item.asked.message, item.thought
    text = safe.show(message.text) or (say(language, f"form.{message.form.value}") if message.form is not Form.TEXT else "")
    buttons = [{"text": say(language, f"review.{does}"), "press": f"{does} {item.message_id}"} for does in ("open", "dismiss")]
    return {
        "text": text if reveal else safe.mask_numbers(text),
        "who": safe.person(message.author_name, message.author, reveal=reveal),
        "group": safe.group(names.get(item.group), item.group),
        "at": message.sent_at.isoformat(),
        "standing": chip(say(language, f"review.{item.standing}"), "warn" if item.standing == "review" else "none"),
        "because": safe.show(item.because),
        "thought": f"{say(language, f'label.{thought.label.value}')} {thought.confidence:.2f}" if thought else None,
        "act": buttons if may_act else None,
    }


def dismissal(name: str) -> Detection:
    """Return the verdict of a person who says that a message is no request."""
    return Detection(
        label=Label.NOISE, stage=Stage.PERSON, decided_by=name, confidence=1.0, reason="put away in the review queue"
    )
