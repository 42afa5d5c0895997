"""What is done with a message once it is known what it is and where it belongs."""

from __future__ import annotations

from stream.core.attach import Attachment
from stream.core.detection import Detection, Label, UpdateStatus
from stream.core.group import Recent
from stream.core.opening import open_ticket
from stream.core.people import Role
from stream.core.progress import add_message
from stream.core.turn import Turn


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
