"""How a message becomes a ticket."""

from __future__ import annotations

from stream.core.detection import Detection, Priority
from stream.core.events import EventKind
from stream.core.group import Recent
from stream.core.ids import ticket_id
from stream.core.text import one_line
from stream.core.ticket import Entry, Evidence, Ticket
from stream.core.turn import Turn

_TITLE_LENGTH = 80


def open_ticket(turn: Turn, recent: Recent, detection: Detection, *, follows: str | None = None) -> Ticket:
    """Make a ticket of this message and put it into the state."""
    found_id = ticket_id(turn.state.group, recent.id)
    ticket = turn.save(
        Ticket(
            id=found_id,
            instance=turn.state.instance,
            group=turn.state.group,
            group_name=turn.config.name or turn.state.name,
            category=detection.category or "general",
            priority=detection.priority or Priority.NORMAL,
            title=detection.title or title_of(recent),
            language=detection.language or turn.config.language,
            opened_by=recent.author,
            opened_by_name=recent.author_name,
            detected_by=detection.but(title=None),  # it stands on the ticket; a deletion must find it in one place
            opened_at=recent.sent_at,
            updated_at=turn.now,
            last_customer_at=recent.sent_at,
            follows=follows,
            message_count=1,
            messages=(to_entry(recent, Evidence.OPENED),),
        )
    )
    turn.keep_recent(recent.but(ticket_id=found_id))
    turn.count(tickets_opened=1)
    turn.record(EventKind.OPENED, found_id, message_id=recent.id, after=ticket.state, because=detection.decided_by)
    return ticket


def to_entry(recent: Recent, because: Evidence) -> Entry:
    """Return the message as it stands on a ticket."""
    return Entry(
        message_id=recent.id,
        author=recent.author,
        author_name=recent.author_name,
        role=recent.role,
        sent_at=recent.sent_at,
        form=recent.form,
        text=recent.text or None,
        edited_at=recent.edited_at,
        attached_because=because,
    )


def title_of(recent: Recent) -> str:
    """Return the first line of the text, cut at a word; a message without words is named by its form."""
    line = next((line for told in recent.text.splitlines() if (line := one_line(told))), "")
    if not line:
        return recent.form.value.capitalize()
    if len(line) <= _TITLE_LENGTH:
        return line
    return line[:_TITLE_LENGTH].rsplit(" ", 1)[0] + "…"
