"""Which ticket a message belongs to: the evidence ladder.

explicit id    the text names a ticket                        T-K7M3-9QXZ, k7m3
quote          it quotes a message of a ticket                the chain of quotes is followed
mention        it names (@) a person who is on a ticket
burst          its author wrote on a ticket just before
only open      its author has one open ticket, and it reads as a continuation or as news of its state
answer         it answers whoever the author talked with last, or the one customer who waits
nothing        a new ticket if the detection says so, else a message of no ticket
"""

from __future__ import annotations

from datetime import datetime

from stream.core import attach_evidence as evidence
from stream.core.attach_cues import leans_on_before, tells_state
from stream.core.attach_evidence import DEFAULT_WINDOWS, Windows
from stream.core.attach_ids import named_ticket
from stream.core.detection import Detection, Label
from stream.core.group import GroupState, Recent
from stream.core.people import Role
from stream.core.ticket import Evidence, Ticket
from stream.core.value import Value


class Attachment(Value):
    """Where a message goes and why. No `ticket_id`: nothing ties it to a ticket.

    `follows` names the finished ticket that the message takes up again: the new ticket, if one is made, links to it.
    `confidence` is 0 to 1; below 0.5 a second opinion (the model, a person) is worth asking.
    """

    ticket_id: str | None = None
    because: Evidence | None = None
    confidence: float = 0.0
    follows: str | None = None


NOWHERE = Attachment()


def attach(
    message: Recent, state: GroupState, detection: Detection, now: datetime, windows: Windows = DEFAULT_WINDOWS
) -> Attachment:
    """Find the ticket of `message`, which is not yet in `state.recent`; `mentions` are person keys, as `author` is.

    Works alike for customers and staff. Resolved tickets take messages within their reopening window; a finished one
    is only named in `follows`.
    """
    pointed = _pointed_at(message, state)
    if pointed is not None:
        ticket_id, because = pointed
        if evidence.takes_messages(state.tickets[ticket_id], now, windows):
            return Attachment(ticket_id=ticket_id, because=because, confidence=1.0)
        return Attachment(follows=ticket_id)
    return _inferred(message, state, detection, now, windows)


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


def _inferred(message: Recent, state: GroupState, detection: Detection, now: datetime, windows: Windows) -> Attachment:
    is_request = detection.label is Label.TICKET and message.role is Role.CUSTOMER
    mentioned = evidence.ticket_of_mentioned(message, state, now, windows)
    if mentioned is not None and (not is_request or mentioned.opened_by == message.author):
        return _attached(mentioned, Evidence.MENTION, 0.9)
    burst = evidence.ticket_of_burst(message, state, now, windows)
    if burst is not None:
        return _attached(burst, Evidence.BURST, 0.85)
    if is_request:
        return NOWHERE
    own = [t for t in state.tickets.values() if t.opened_by == message.author and evidence.takes_messages(t, now, windows)]
    if len(own) == 1 and _continues(message, detection):
        return _attached(own[0], Evidence.ONLY_OPEN, 0.8)
    partner = evidence.ticket_of_partner(message, state, now, windows)
    if partner is not None:
        return _attached(partner, Evidence.ANSWER, 0.7)
    return NOWHERE


def _continues(message: Recent, detection: Detection) -> bool:
    return detection.label is Label.UPDATE or leans_on_before(message.text) or tells_state(message.text)


def _attached(ticket: Ticket, because: Evidence, confidence: float) -> Attachment:
    return Attachment(ticket_id=ticket.id, because=because, confidence=confidence)
