"""What a further message, or a person, does to a ticket: its entries, its state and the events that tell of it."""

from __future__ import annotations

from stream.core.commands import Actor
from stream.core.detection import Detection
from stream.core.events import EventKind
from stream.core.group import Recent
from stream.core.opening import to_entry
from stream.core.states import enter
from stream.core.ticket import Evidence, Ticket, TicketState
from stream.core.ticket_life import take_in
from stream.core.turn import Turn

# A ticket keeps its first messages and its latest; `message_count` tells how many there were.
_FIRST_KEPT = 20
_LATEST_KEPT = 180


def add_message(turn: Turn, ticket: Ticket, recent: Recent, detection: Detection, because: Evidence) -> Ticket:
    """Put the message on the ticket, in the order of writing, and let it change whose turn it is."""
    if any(entry.message_id == recent.id for entry in ticket.messages):
        return ticket
    entries = sorted([*ticket.messages, to_entry(recent, because)], key=lambda entry: entry.sent_at)
    if len(entries) > _FIRST_KEPT + _LATEST_KEPT:
        entries = entries[:_FIRST_KEPT] + entries[-_LATEST_KEPT:]
    longer = ticket.but(messages=tuple(entries), message_count=ticket.message_count + 1)
    turn.record(EventKind.ATTACHED, ticket.id, message_id=recent.id, because=because)
    heard = take_in(longer, recent, detection, turn.book.follow_ups, turn.facts())
    if heard.state is not ticket.state:
        _record_state(turn, ticket, heard.state, because=detection.decided_by or recent.role)
    return turn.save(heard)


def set_state(
    turn: Turn,
    ticket: Ticket,
    state: TicketState,
    *,
    because: str,
    actor: Actor | None = None,
    command_id: str | None = None,
) -> Ticket:
    """Bring the ticket into a state because somebody, or time, asked for it."""
    if state is not ticket.state:
        _record_state(turn, ticket, state, because=because, actor=actor, command_id=command_id)
    return turn.save(enter(ticket, state, turn.now))


def _record_state(
    turn: Turn, ticket: Ticket, state: TicketState, *, because: str, actor: Actor | None = None, command_id: str | None = None
) -> None:
    turn.record(
        EventKind.STATE_CHANGED,
        ticket.id,
        before=ticket.state,
        after=state,
        because=because,
        actor=actor,
        command_id=command_id,
    )
