"""Commands that move messages between tickets: merge, split, attach, and taking a command back.

Each works out the tickets as they should be, and leaves a trail of what that changed.
"""

from __future__ import annotations

from stream.core.commands import Attach, Command, Merge, Split, Undo
from stream.core.events import EventKind
from stream.core.reattach import Rearranged, attach_to, merge, split
from stream.core.ticket import Evidence
from stream.core.turn import Turn
from stream.core.undo import forget, undo


def merge_tickets(turn: Turn, command: Merge) -> None:
    """Put all messages of one ticket on another."""
    _rearrange(turn, command, merge(turn.state_now, command.ticket_id, command.into, turn.now))
    turn.record_asked(command, EventKind.MERGED, command.ticket_id, after=command.into)


def split_ticket(turn: Turn, command: Split) -> None:
    """Make a ticket of its own of a message and what followed from it."""
    by = command.actor.name or command.actor.kind
    known = set(turn.tickets)
    rearranged = split(turn.state_now, command.ticket_id, command.message_id, turn.now, by)
    _rearrange(turn, command, rearranged)
    turn.count(tickets_opened=len({ticket.id for ticket in rearranged.tickets} - known))
    for ticket in rearranged.tickets:
        if ticket.id != command.ticket_id:
            turn.record_asked(
                command,
                EventKind.SPLIT,
                ticket.id,
                message_id=command.message_id,
                before=command.ticket_id,
                after=ticket.id,
            )


def attach_message(turn: Turn, command: Attach) -> None:
    """Put one message on another ticket."""
    _rearrange(turn, command, attach_to(turn.state_now, command.ticket_id, command.message_id, turn.now))
    turn.record_asked(
        command,
        EventKind.ATTACHED,
        command.ticket_id,
        message_id=command.message_id,
        because=Evidence.PERSON,
    )


def undo_command(turn: Turn, command: Undo) -> None:
    """Take back what an earlier command did."""
    rearranged = undo(turn.state_now, command.command_id, turn.now)
    _rearrange(turn, command, rearranged)
    turn.state = forget(turn.state, command.command_id)
    for ticket in rearranged.tickets:
        turn.record_asked(command, EventKind.UNDONE, ticket.id, before=command.command_id)


def _rearrange(turn: Turn, command: Command, rearranged: Rearranged) -> None:
    for ticket in rearranged.tickets:
        before = turn.tickets.get(ticket.id)
        turn.save(ticket)
        if before is not None and before.state is not ticket.state:
            turn.record_asked(
                command,
                EventKind.STATE_CHANGED,
                ticket.id,
                before=before.state,
                after=ticket.state,
            )
    turn.state = turn.state.but(recent=rearranged.recent)
