"""From a verdict to the command that the worker gets, and to the review queue wherever nothing is sure enough."""

from __future__ import annotations

from datetime import datetime

from stream.core.commands import Actor, ActorKind, Judge
from stream.core.detection import Detection, Label, Stage, UpdateStatus
from stream.core.ids import derived_id
from stream.core.model_answer import Verdict
from stream.core.model_rules import CONFIDENCE, LEVELS, ModelRules
from stream.core.model_suspicion import is_suspicious
from stream.core.outcome import Undecided
from stream.core.people import Role

# A customer cannot say these of a ticket that somebody else opened: they would let it out of the team's sight.
_QUIETING = (UpdateStatus.RESOLVED, UpdateStatus.IN_PROGRESS, UpdateStatus.WAITING)


def command_id(asked: Undecided) -> str:
    """Return the id of the one judgement of this message as it reads now, whoever judges it and however often."""
    return derived_id("judge", asked.group, asked.message.id, asked.message.text)


def judge_by_model(asked: Undecided, verdict: Verdict, rules: ModelRules, model: str, version: str, now: datetime) -> Judge:
    """Return the command for a checked verdict: decided where the model is sure enough, else kept for a person."""
    return judge_detection(asked, detect_by_model(asked, verdict, rules, model, version), now, verdict.ticket_id)


def detect_by_model(asked: Undecided, verdict: Verdict, rules: ModelRules, model: str, version: str) -> Detection:
    """Return what the message is by this verdict; undecided, with what the model thinks as the reason, where it is not sure."""
    detection = Detection(
        label=verdict.label,
        stage=Stage.MODEL,
        decided_by=f"model:{model}",
        version=version,
        confidence=CONFIDENCE[verdict.level],
        category=verdict.category,
        priority=verdict.priority,
        title=verdict.title,
        language=asked.detection.language,
        status=verdict.status,
    )
    if LEVELS.index(verdict.level) < LEVELS.index(rules.believe.of(verdict.label)):
        return _for_review(detection, f"the model thinks {verdict.label}, with {verdict.level} confidence")
    return detection


def judge_detection(asked: Undecided, detection: Detection, now: datetime, ticket_id: str | None = None) -> Judge:
    """Return the command for a detection, whoever made it; an update needs a ticket."""
    if detection.label is not Label.UPDATE:
        return _judge(asked, detection, None, now)
    return link_update(asked, detection, ticket_id, now)


def link_update(asked: Undecided, detection: Detection, ticket_id: str | None, now: datetime) -> Judge:
    """Return the command for an update: on `ticket_id`, else on the author's only open ticket, else for a person."""
    own = [ticket.id for ticket in asked.open_tickets if ticket.opened_by == asked.message.author]
    if ticket_id is None and len(own) == 1:
        ticket_id = own[0]
    is_strangers = asked.message.role is Role.CUSTOMER and ticket_id not in own
    if ticket_id is not None and is_strangers and is_suspicious(asked.message.text):
        ticket_id = None
    if ticket_id is None:
        if detection.status is UpdateStatus.STILL_OPEN:
            return _judge(asked, detection, None, now)
        return _judge(asked, _for_review(detection, "it reads as news of a ticket, but fits none that is open"), None, now)
    if is_strangers and detection.status in _QUIETING:
        detection = detection.but(status=None)
    return _judge(asked, detection, ticket_id, now)


def keep_for_review(asked: Undecided, because: str, now: datetime, stage: Stage = Stage.RULES) -> Judge:
    """Return the command that leaves a message to people, saying why."""
    return _judge(asked, _for_review(asked.detection.but(stage=stage, decided_by=""), because), None, now)


def _for_review(detection: Detection, because: str) -> Detection:
    """What was thought stays (title, category), as a suggestion to the person who decides."""
    return detection.but(label=Label.UNDECIDED, reason=because, status=None)


def _judge(asked: Undecided, detection: Detection, ticket_id: str | None, now: datetime) -> Judge:
    return Judge(
        id=command_id(asked),
        group=asked.group,
        at=now,
        actor=Actor(kind=ActorKind.MODEL),
        message_id=asked.message.id,
        detection=detection,
        ticket_id=ticket_id,
        message=asked.message,
    )
