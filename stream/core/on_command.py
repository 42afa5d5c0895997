"""What is asked of tickets: each command changes its ticket, or is refused with a sentence for whoever asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from stream.core import on_follow_up, on_rearranging, own_words
from stream.core.attach import Attachment, ticket_of
from stream.core.commands import (
    ActorKind,
    Announce,
    AnyCommand,
    Assign,
    Attach,
    CancelFollowUp,
    Claim,
    Command,
    Erase,
    FollowUpDue,
    Judge,
    Merge,
    NotATicket,
    Open,
    PushRow,
    Reply,
    ReportDelivery,
    SendFollowUpNow,
    SetCategory,
    SetNote,
    SetPriority,
    SetState,
    Snooze,
    Split,
    Undo,
)
from stream.core.deciding import decide
from stream.core.detection import Detection, Label, Stage
from stream.core.done import Done
from stream.core.erasing import erase
from stream.core.events import EventKind
from stream.core.group import Recent
from stream.core.opening import open_ticket
from stream.core.progress import set_state
from stream.core.seen import Seen, look_up, remember
from stream.core.states import snooze
from stream.core.ticket import Evidence, Ticket, TicketState
from stream.core.turn import Turn
from stream.core.undo import remember as remember_change
from stream.errors import CommandRefused

# The others move messages, or have said something; a verdict is kept with its message.
_CAN_BE_DONE_AGAIN = (Open, Claim, Assign, SetState, SetPriority, SetCategory, Snooze, NotATicket)
_PEOPLE = (ActorKind.CHAT, ActorKind.DASHBOARD, ActorKind.SHEET, ActorKind.CLI)


def apply(turn: Turn, command: AnyCommand) -> None:
    """Do what the command asks, once; a command seen before does nothing."""
    if not turn.is_again and look_up(turn.state.seen, command.id, command.at) is Seen.DUPLICATE:
        return
    # What is due acts only on the very window it names, so a second one finds nothing to do.
    if not turn.is_again and not isinstance(command, FollowUpDue):
        turn.state = turn.state.but(seen=remember(turn.state.seen, command.id, command.at))
    before = turn.state_now
    if command.actor.kind is not ActorKind.CHAT:  # who reads the chat notes it there
        turn.doing = _to_note(command, turn.now)
    try:
        do = _DO.get(type(command))
        if do is None:
            raise CommandRefused(f"Nothing here can do `{command.kind}`; use a newer worker.")  # noqa: TRY301 - refused like any other
        do(turn, command)
    except CommandRefused as refusal:
        turn.record_asked(
            command,
            EventKind.REFUSED,
            getattr(command, "ticket_id", None),
            after=command.kind,
            because=str(refusal),
        )
        if command.actor.kind is not ActorKind.CHAT:
            turn.doing = None
        return
    if command.actor.kind in _PEOPLE and not isinstance(command, Undo | Erase):
        turn.state = turn.state.but(undoable=remember_change(before, turn.state_now, command.id, command.at).undoable)


def _to_note(command: AnyCommand, now: datetime) -> Done:
    if isinstance(command, Judge):
        verdict = command.detection.but(title=None).model_dump(mode="json", exclude_none=True)
        return Done(id=command.id, at=now, form="verdict", target_id=command.message_id, command=verdict)
    again = command.but(message=None) if isinstance(command, Open) else command
    if not isinstance(again, _CAN_BE_DONE_AGAIN):
        return Done(id=command.id, at=now, form="wall")
    return Done(id=command.id, at=now, form="command", command=again.model_dump(mode="json", exclude_none=True))


def _find(turn: Turn, ticket_id: str) -> Ticket:
    ticket = turn.tickets.get(ticket_id)
    if ticket is None:
        raise CommandRefused(f"There is no ticket {ticket_id} in this group any more; closed tickets cannot be changed.")
    return ticket


def _find_open(turn: Turn, ticket_id: str) -> Ticket:
    ticket = _find(turn, ticket_id)
    if ticket.state is TicketState.CLOSED:
        raise CommandRefused(f"{ticket_id} is closed, which is final; a new message in the group opens a new ticket.")
    return ticket


def _change(turn: Turn, command: Command, ticket: Ticket, kind: EventKind, name: str, value: str | None) -> None:
    before = getattr(ticket, name)
    turn.save(ticket.but(**{name: value}))
    turn.record_asked(command, kind, ticket.id, before=_short(before), after=_short(value))


def _assign(turn: Turn, command: Claim | Assign) -> None:
    _change(turn, command, _find_open(turn, command.ticket_id), EventKind.ASSIGNED, "assignee", command.assignee or None)


def _set_priority(turn: Turn, command: SetPriority) -> None:
    _change(turn, command, _find(turn, command.ticket_id), EventKind.PRIORITY_CHANGED, "priority", command.priority)


def _set_category(turn: Turn, command: SetCategory) -> None:
    _change(turn, command, _find(turn, command.ticket_id), EventKind.CATEGORY_CHANGED, "category", command.category)


def _set_note(turn: Turn, command: SetNote) -> None:
    ticket = _find(turn, command.ticket_id)
    turn.save(ticket.but(note=command.note))
    # The words stand in the snapshot alone: events are kept for a year, where an erasure does not reach.
    turn.record_asked(
        command,
        EventKind.NOTE_CHANGED,
        ticket.id,
    )


def _set_state(turn: Turn, command: SetState) -> None:
    ticket = _find_open(turn, command.ticket_id)
    if ticket.state is command.state:
        raise CommandRefused(f"{ticket.id} is {ticket.state} already.")
    by = command.actor.name or command.actor.kind
    set_state(turn, ticket, command.state, because=f"set by {by}", actor=command.actor, command_id=command.id)
    if command.state is TicketState.RESOLVED:
        own_words.show_resolved(turn, ticket, command.actor)


def _snooze(turn: Turn, command: Snooze) -> None:
    ticket = _find_open(turn, command.ticket_id)
    if command.until <= turn.now:
        raise CommandRefused("A ticket can only be snoozed until a time to come.")
    turn.save(snooze(ticket, command.until, turn.now))
    turn.record_asked(command, EventKind.SNOOZED, ticket.id, after=command.until.isoformat())


def _not_a_ticket(turn: Turn, command: NotATicket) -> None:
    ticket = _find_open(turn, command.ticket_id)
    turn.record_asked(
        command,
        EventKind.CORRECTED,
        ticket.id,
        message_id=ticket.messages[0].message_id if ticket.messages else None,
        before=Label.TICKET,
        after=Label.NOISE,
        because=f"was decided by {ticket.detected_by.decided_by}",
    )
    set_state(turn, ticket, TicketState.CLOSED, because="not a ticket", actor=command.actor, command_id=command.id)


def _open(turn: Turn, command: Open) -> None:
    recent = turn.find_recent(command.message_id) or _carried(turn, command)
    if recent is None:
        raise CommandRefused("That message is too old to be made a ticket; ask the customer to write again.")
    if recent.ticket_id is not None and recent.ticket_id in turn.tickets:
        raise CommandRefused(f"That message belongs to {recent.ticket_id} already; split it off instead.")
    by = command.actor.name or command.actor.kind
    detection = Detection(label=Label.TICKET, stage=Stage.PERSON, decided_by=by, confidence=1.0, category=command.category)
    ticket = open_ticket(turn, recent.but(label=Label.TICKET), detection)
    turn.record_asked(
        command,
        EventKind.CORRECTED,
        ticket.id,
        message_id=recent.id,
        before=recent.label,
        after=Label.TICKET,
    )


def _judge(turn: Turn, command: Judge) -> None:
    """Apply a verdict that came later, unless the message has found its ticket meanwhile."""
    recent = turn.find_recent(command.message_id) or _carried(turn, command)
    if recent is None:
        raise CommandRefused("The message that was judged is not remembered any more.")
    if recent.ticket_id is not None:
        raise CommandRefused(f"The message was put on {recent.ticket_id} before it was judged.")
    recent = recent.but(label=command.detection.label)
    linked = turn.tickets.get(command.ticket_id or "")
    if command.detection.label is Label.UPDATE and linked is not None and linked.state is not TicketState.CLOSED:
        attachment = Attachment(ticket_id=linked.id, because=Evidence.MODEL, confidence=command.detection.confidence)
    else:
        attachment = Attachment(ticket_id=None, because=None, confidence=0.0)
    if command.detection.label is Label.UNDECIDED:
        turn.keep_recent(recent)  # stays in the review queue; asking again would ask for ever
        return
    decide(turn, recent, command.detection, attachment)


def _carried(turn: Turn, command: Judge | Open) -> Recent | None:
    """Return the message that the command brought along, as the group would remember it if it had not talked on."""
    if command.message is None or command.message.id != command.message_id:
        return None
    home = ticket_of(command.message_id, turn.state_now)
    return command.message.but(ticket_id=home)


def _push_row(turn: Turn, command: PushRow) -> None:
    """Leave the asking to the role `sheet`, which hears this event; the ticket itself does not change."""
    turn.record_asked(
        command,
        EventKind.ROW_PUSHED,
        _find(turn, command.ticket_id).id,
    )


def _short(value: object) -> str | None:
    return None if value is None else str(value)[:120]


_DO: dict[type[Command], Callable[[Turn, Any], None]] = {
    Judge: _judge,
    Open: _open,
    Claim: _assign,
    Assign: _assign,
    SetState: _set_state,
    SetPriority: _set_priority,
    SetCategory: _set_category,
    SetNote: _set_note,
    Snooze: _snooze,
    NotATicket: _not_a_ticket,
    FollowUpDue: on_follow_up.follow_up_due,
    SendFollowUpNow: on_follow_up.send_now,
    Merge: on_rearranging.merge_tickets,
    Split: on_rearranging.split_ticket,
    Attach: on_rearranging.attach_message,
    Undo: on_rearranging.undo_command,
    Reply: own_words.reply,
    Announce: own_words.announce,
    PushRow: _push_row,
    CancelFollowUp: on_follow_up.cancel_planned,
    ReportDelivery: on_follow_up.report,
    Erase: erase,
}
