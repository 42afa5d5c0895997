"""What is done with a message once it is known what it is and where it belongs."""

from __future__ import annotations

from stream.core.attach import Attachment
from stream.core.detect import Facts, detect
from stream.core.detection import Detection, Label, UpdateStatus
from stream.core.group import Recent
from stream.core.inputs import Form
from stream.core.opening import open_ticket
from stream.core.people import Role
from stream.core.progress import add_message
from stream.core.turn import Turn

TEXT_KEPT = 2000  # characters of a message that are kept on tickets; WhatsApp allows 65,536


def detect_recent(turn: Turn, recent: Recent) -> Detection:
    """Return what the rules say of a message in this group."""
    facts = Facts(
        text=recent.text,
        role=Role.STAFF if recent.role is Role.SELF else recent.role,
        form=recent.form if recent.form is not Form.CHOICE else Form.TEXT,
        group=turn.state.group,
        tags=frozenset(turn.config.tags),
        is_reply=recent.quoted_id is not None,
    )
    return detect(facts, turn.book.rules)


def decide(turn: Turn, recent: Recent, detection: Detection, attachment: Attachment) -> None:
    """Put the message on a ticket, open one for it, ask the classifier, or let it pass."""
    ticket = turn.tickets.get(attachment.ticket_id or "")
    if ticket is not None and attachment.because is not None:
        turn.keep_recent(recent.but(ticket_id=ticket.id))
        add_message(turn, ticket, recent, detection, attachment.because)
        return
    turn.keep_recent(recent)
    if recent.role is not Role.CUSTOMER:
        return
    if detection.label is Label.TICKET or detection.status is UpdateStatus.STILL_OPEN:
        open_ticket(turn, recent, detection, follows=attachment.follows)  # "still broken" of what we never heard of is a request
    elif detection.label is Label.UNDECIDED or detection.status is UpdateStatus.CHASING:
        turn.ask(recent, detection)
