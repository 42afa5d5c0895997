"""Follow-ups in the step: a window that has passed, a person who sends or cancels one, and what the sender reports."""

from __future__ import annotations

from stream.core import own_words
from stream.core.commands import CancelFollowUp, FollowUpDue, ReportDelivery, SendFollowUpNow
from stream.core.events import EventKind
from stream.core.followups import Followed, cancel, follow_up
from stream.core.ticket import FollowUpStatus, Ticket
from stream.core.ticket_life import TIME_PASSED, next_wake, pass_time, record_delivery
from stream.core.turn import Turn
from stream.errors import CommandRefused

_SAID_KEPT = 30  # times of our own messages that a group remembers; the caps look back three days at most


def follow_up_due(turn: Turn, command: FollowUpDue) -> None:
    """Act on what has become due, if it is still so: whoever spoke meanwhile has moved the window."""
    ticket = turn.tickets.get(command.ticket_id)
    wake = next_wake(ticket, turn.facts().reopen_within) if ticket else None
    if ticket is None or wake is None or wake.step != command.step or wake.at != command.due_at:
        return
    if wake.step == TIME_PASSED:
        turn.save(pass_time(ticket, turn.now))
        return
    _take(turn, follow_up(turn.tickets, ticket.id, turn.book.follow_ups, turn.facts(), turn.now), None)


def send_now(turn: Turn, command: SendFollowUpNow) -> None:
    """Send what is planned before its time, because a person wants it."""
    ticket = _planned(turn, command.ticket_id)
    followed = follow_up(turn.tickets, ticket.id, turn.book.follow_ups, turn.facts(), turn.now, by_person=True)
    if not followed.outbound:
        raise CommandRefused(f"It cannot be sent now: {followed.reasons.get(ticket.id, 'nothing is planned')}.")
    _take(turn, followed, command)


def cancel_planned(turn: Turn, command: CancelFollowUp) -> None:
    """Let go of the follow-up that comes next."""
    ticket = _planned(turn, command.ticket_id)
    because = f"cancelled by {command.actor.name or command.actor.kind}"
    turn.save(cancel(ticket, turn.book.follow_ups, turn.facts(), turn.now, because))
    turn.record_asked(
        command,
        EventKind.FOLLOW_UP,
        ticket.id,
        after=FollowUpStatus.CANCELLED,
        because=because,
    )


def report(turn: Turn, command: ReportDelivery) -> None:
    """Note on every ticket that the message carried what has become of it."""
    if command.status == "sent" and command.message_id:
        own_words.note_sent(turn, command.outbound_id, command.message_id)
    for ticket in list(turn.tickets.values()):
        told = record_delivery(ticket, command)
        if told != ticket:
            turn.save(told)
            turn.record_asked(
                command,
                EventKind.FOLLOW_UP,
                ticket.id,
                message_id=command.message_id,
                after=command.status,
                because=command.because,
            )


def _planned(turn: Turn, ticket_id: str) -> Ticket:
    ticket = turn.tickets.get(ticket_id)
    if ticket is None or ticket.window is None:
        raise CommandRefused(f"No follow-up is planned for {ticket_id}.")
    return ticket


def _take(turn: Turn, followed: Followed, command: SendFollowUpNow | None) -> None:
    for ticket in followed.tickets:
        before = turn.tickets[ticket.id]
        turn.save(ticket)
        new_marks = [mark for mark in ticket.follow_ups if mark not in before.follow_ups]
        for mark in new_marks:
            turn.record(
                EventKind.FOLLOW_UP,
                ticket.id,
                actor=command.actor if command else None,
                command_id=command.id if command else None,
                before=str(mark.step),
                after=mark.status,
                because=mark.because,
            )
        if ticket.state is not before.state:
            turn.record(
                EventKind.STATE_CHANGED,
                ticket.id,
                before=before.state,
                after=ticket.state,
                because=followed.reasons.get(ticket.id, ""),
            )
    for message in followed.outbound:
        own_words.say(turn, message)
    if followed.has_spoken:
        turn.state = turn.state.but(said_at=(*turn.state.said_at, turn.now)[-_SAID_KEPT:])
