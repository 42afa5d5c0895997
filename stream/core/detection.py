"""What a message is: a new request, an update of one, noise, or undecided with a reason."""

from __future__ import annotations

from enum import StrEnum

from stream.core.value import Value


class Label(StrEnum):
    """The three things that a message can be, and the honest fourth."""

    TICKET = "ticket"
    UPDATE = "update"
    NOISE = "noise"
    UNDECIDED = "undecided"


class Stage(StrEnum):
    """Who decided."""

    RULES = "rules"
    LOCAL = "local"
    MODEL = "model"
    PERSON = "person"


class UpdateStatus(StrEnum):
    """What an update says of its ticket."""

    RESOLVED = "resolved"
    STILL_OPEN = "still_open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"  # staff asked the customer for something, or asked for patience
    CHASING = "chasing"  # the customer asks for news


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Detection(Value):
    """The verdict on one message, with what it takes to answer "why?" later.

    `decided_by` is the rule id, `model:<name>`, `local` or a person; `version` the hash of the rules folder or the
    prompt version; `confidence` is 0 to 1. Undecided verdicts carry their `reason`.
    """

    label: Label
    stage: Stage = Stage.RULES
    decided_by: str = ""
    version: str = ""
    confidence: float = 0.0
    reason: str = ""
    category: str | None = None
    priority: Priority | None = None
    follow_up: str | None = None
    status: UpdateStatus | None = None
    title: str | None = None
    language: str | None = None
