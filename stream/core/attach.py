"""Which ticket a message belongs to: the evidence ladder.

explicit id    the text names a ticket: T-K7M3-9QXZ, k7m3
quote          it quotes a message of a ticket; the chain of quotes is followed
talk           the recent messages are weighed by cues: who names whom, whose run of messages this is, who answers
               whom, which words come back. What spoke loudest is told as burst, mention or answer
mention        it names (@) a person with an open ticket, however long ago
only open      its author has one ticket, and it reads as a continuation or as news of its state
answer         it is by the team, and one ticket waits for them
nothing        a new ticket if the detection says so, else a message of no ticket
"""

from __future__ import annotations

from datetime import datetime

from stream.core import attach_evidence as evidence
from stream.core.attach_evidence import DEFAULT_WINDOWS, Windows
from stream.core.attach_ids import named_ticket
from stream.core.attach_score import choose, options, strongest
from stream.core.attach_shapes import shape_of
from stream.core.attach_talk import Talk, messages_before
from stream.core.detection import Detection, Label
from stream.core.group import GroupState, Recent
from stream.core.people import Role
from stream.core.ticket import Evidence, Ticket
from stream.core.value import Value

_SURE = 0.6  # below it the runner-up is about as likely


class Attachment(Value):
    """Where a message goes and why. No `ticket_id`: nothing ties it to a ticket.

    `follows` names the finished ticket that the message takes up again: the new ticket, if one is made, links to it.
    `confidence` is 0 to 1; `says` is the cue that spoke loudest, in words, where the talk decided.
    """

    ticket_id: str | None = None
    because: Evidence | None = None
    confidence: float = 0.0
    follows: str | None = None
    says: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether no second opinion (the model, a person) is worth asking."""
        return self.confidence >= _SURE


def attach(
    message: Recent, state: GroupState, detection: Detection, now: datetime, windows: Windows = DEFAULT_WINDOWS
) -> Attachment:
    """Find the ticket of `message`; its `mentions` are person keys, as its `author` is.

    Works alike for customers and staff. Resolved tickets take messages within their reopening window; a finished one
    is only named in `follows`. It costs by the recent messages, not by the tickets.
    """
    pointed = _pointed_at(message, state)
    if pointed is not None:
        ticket_id, because = pointed
        if evidence.takes_messages(state.tickets[ticket_id], now, windows):
            return Attachment(ticket_id=ticket_id, because=because, confidence=1.0)
        return Attachment(follows=ticket_id, confidence=1.0)
    talked = _talked_on(message, state, detection, now, windows)
    return talked if talked.ticket_id is not None else _waiting_for(message, state, detection, now, windows) or talked


def ticket_of(message_id: str, state: GroupState) -> str | None:
    """Return the ticket that a message is on, such as the target of a reaction, whatever the ticket's state."""
    return evidence.ticket_of_message(message_id, state)


def _pointed_at(message: Recent, state: GroupState) -> tuple[str, Evidence] | None:
    named = named_ticket(message.text, state.tickets)
    if named is not None:
        return evidence.surviving(named, state), Evidence.EXPLICIT_ID
    if message.quoted_id is not None:
        quoted = evidence.ticket_of_message(message.quoted_id, state)
        if quoted is not None:
            return quoted, Evidence.QUOTE
    return None


def _talked_on(message: Recent, state: GroupState, detection: Detection, now: datetime, windows: Windows) -> Attachment:
    talk = Talk(message, state, now, windows)
    if not talk.threads:
        return Attachment(confidence=1.0)
    best, confidence = choose(options(message, talk, detection, windows))
    if best.ticket_id is None:
        return Attachment(confidence=confidence)
    loudest = strongest(best)
    because = loudest.evidence
    if because is Evidence.BURST and not talk.is_run_on:
        because = Evidence.ANSWER  # the author goes on after a while: a talk, no burst
    return Attachment(ticket_id=best.ticket_id, because=because, confidence=confidence, says=loudest.says)


def _waiting_for(message: Recent, state: GroupState, detection: Detection, now: datetime, windows: Windows) -> Attachment | None:
    """Look for a ticket that no recent message is on: slow groups talk in days."""
    if message.role is not Role.CUSTOMER and not message.mentions:
        if detection.label is Label.NOISE:
            return None  # "Good morning": the team may say something that answers nobody
        return _only([t for t in state.tickets.values() if evidence.awaits_team(t)], Evidence.ANSWER, 0.7)
    if message.role is Role.CUSTOMER and not _reads_as_more(message, detection):
        return None
    authors, because = (message.mentions, Evidence.MENTION) if message.mentions else ((message.author,), Evidence.ONLY_OPEN)
    theirs = [t for t in state.tickets.values() if t.opened_by in authors and evidence.takes_messages(t, now, windows)]
    lately = {before.ticket_id for before in messages_before(message, state)}  # the talk has spoken of these
    return _only([ticket for ticket in theirs if ticket.id not in lately], because, 0.8)


def _reads_as_more(message: Recent, detection: Detection) -> bool:
    """Whether a customer's message reads as more of something: by the verdict on it, or by its shape where there is none."""
    if detection.label is not Label.UNDECIDED:
        return detection.label is Label.UPDATE
    shape = shape_of(message.text)
    return shape.leans or shape.tells_state


def _only(tickets: list[Ticket], because: Evidence, confidence: float) -> Attachment | None:
    return Attachment(ticket_id=tickets[0].id, because=because, confidence=confidence) if len(tickets) == 1 else None
