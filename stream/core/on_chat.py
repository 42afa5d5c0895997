"""Staff work tickets from the chat: reactions and #words become the same commands that buttons and cells make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from stream.core import on_command
from stream.core.attach import ticket_of
from stream.core.attach_ids import named_ticket
from stream.core.chat_commands import ChatCommand, Wish, read_reaction, read_text, snooze_until
from stream.core.commands import (
    Actor,
    ActorKind,
    AnyCommand,
    Assign,
    Claim,
    Merge,
    NotATicket,
    Open,
    SetNote,
    SetPriority,
    SetState,
    Snooze,
    Undo,
)
from stream.core.detection import Priority
from stream.core.done import Done
from stream.core.events import EventKind
from stream.core.group import Recent
from stream.core.ids import derived_id
from stream.core.outcome import Outbound
from stream.core.own_words import may_speak
from stream.core.people import Role
from stream.core.ticket import Ticket, TicketState
from stream.core.turn import Turn
from stream.core.why import describe_status, explain_ticket
from stream.errors import CommandRefused

_UNDO_WITHIN = timedelta(seconds=60)
_OBEYED_FOR = timedelta(minutes=30)  # the transport's own delays are shorter; what is filled in after an outage is history
_ONCE = (Wish.NOTE, Wish.MERGE, Wish.WHY, Wish.STATUS)  # never done again around a message that came late
_DONE, _REFUSED = "👌", "❓"


def is_history(turn: Turn, sent_at: datetime, *, late: bool) -> bool:
    """Tell whether a command came so late that it is not obeyed any more."""
    return late and turn.now - sent_at > _OBEYED_FOR


def is_word(recent: Recent) -> bool:
    """Tell whether a message is a command of the team's."""
    return recent.role is not Role.CUSTOMER and read_text(recent.text) is not None


def obey_text(turn: Turn, recent: Recent, *, late: bool) -> bool:
    """Do what a message of staff asks for, and tell whether it was a command at all.

    One that came late is obeyed unless it is overtaken.
    """
    asked = read_text(recent.text)
    if asked is None:
        return False
    turn.keep_recent(recent)
    if turn.is_again and asked.wish in _ONCE:
        return True
    turn.doing = Done(id=f"chat:{recent.id}", at=turn.now, form="wall" if asked.wish in _ONCE else "word")
    actor = Actor(kind=ActorKind.CHAT, name=turn.name_of(recent.author) or recent.author_name or recent.author)
    events = len(turn.events)
    try:
        ticket_id = _meant(turn, recent, asked)
        if late and _is_overtaken(turn, ticket_id, asked.wish, recent.sent_at):
            return True
        if asked.wish in (Wish.WHY, Wish.STATUS):
            _answer(turn, recent, asked.wish, ticket_id)
        else:
            command = _to_command(turn, f"chat:{recent.id}", actor, asked, ticket_id, recent.quoted_id)
            on_command.apply(turn, command)
        was_refused = len(turn.events) > events and turn.events[-1].kind is EventKind.REFUSED
    except CommandRefused as refusal:
        turn.record(EventKind.REFUSED, None, actor=actor, message_id=recent.id, after=asked.wish, because=str(refusal))
        was_refused = True
    _give_receipt(turn, recent.id, _REFUSED if was_refused else _DONE)
    return True


def obey_reaction(turn: Turn, reaction: Done, *, late: bool = False) -> None:
    """Do what a reaction of staff asks for; taking it back within a minute undoes it. Late ones are as late words."""
    turn.doing = reaction.but(at=turn.now)
    actor = Actor(kind=ActorKind.CHAT, name=turn.name_of(reaction.author) or reaction.author_name or reaction.author)
    if not reaction.emoji:
        mine = reaction_id(reaction.author, reaction.target_id, "")
        done = next((kept for kept in reversed(turn.state.undoable) if kept.command_id.startswith(mine)), None)
        if done is not None and reaction.at - done.at <= _UNDO_WITHIN:
            undo = Undo(id=f"un{reaction.id}", group=turn.state.group, at=turn.now, actor=actor, command_id=done.command_id)
            on_command.apply(turn, undo)
        return
    wish = read_reaction(reaction.emoji)
    if wish is None:
        turn.doing = None
        return
    ticket_id = ticket_of(reaction.target_id, turn.state_now)
    if ticket_id is None and wish is not Wish.OPEN:
        return  # a reaction on small talk is only a reaction, unless its message comes after it
    if late and _is_overtaken(turn, ticket_id, wish, reaction.at):
        return
    asked = ChatCommand(wish=wish)
    on_command.apply(turn, _to_command(turn, reaction.id, actor, asked, ticket_id, reaction.target_id))


def reaction_id(author: str, target_id: str, message_id: str) -> str:
    """Return the id of what a reaction asks for: it begins alike for all reactions of one person to one message."""
    return f"react:{author}:{target_id}:{message_id}"


def _is_overtaken(turn: Turn, ticket_id: str | None, wish: Wish, sent_at: datetime) -> bool:
    """Tell whether a late command would undo what came after it: somebody's claim, or the customer's latest words."""
    ticket = turn.tickets.get(ticket_id or "")
    if ticket is None or wish in (Wish.URGENT, Wish.NOTE, Wish.MERGE, Wish.WHY, Wish.STATUS):
        return False
    if wish in (Wish.CLAIM, Wish.ASSIGN):
        return ticket.assignee is not None
    return ticket.last_customer_at is not None and ticket.last_customer_at > sent_at


def _meant(turn: Turn, recent: Recent, asked: ChatCommand) -> str | None:
    """Return the ticket that a #word is about: quoted, named, or the only open one."""
    if asked.wish is Wish.OPEN:
        return None
    quoted = ticket_of(recent.quoted_id, turn.state_now) if recent.quoted_id else None
    named = None if asked.wish in (Wish.NOTE, Wish.MERGE) else named_ticket(asked.rest, turn.tickets)
    found = quoted or named
    if found is not None or asked.wish is Wish.STATUS:
        return found
    still_open = [ticket.id for ticket in turn.tickets.values() if ticket.state.is_open]
    if len(still_open) == 1:
        return still_open[0]
    raise CommandRefused("Which ticket? Quote one of its messages, or write its id behind the command.")


def _to_command(
    turn: Turn, command_id: str, actor: Actor, asked: ChatCommand, ticket_id: str | None, message_id: str | None
) -> AnyCommand:
    base: dict[str, Any] = {"id": command_id, "group": turn.state.group, "at": turn.now, "actor": actor}
    if asked.wish is Wish.OPEN:
        if message_id is None:
            raise CommandRefused("Quote the message that should become a ticket.")
        return Open(**base, message_id=message_id)
    if ticket_id is None:
        raise CommandRefused("That message is on no ticket.")
    base["ticket_id"] = ticket_id
    if asked.wish is Wish.MERGE:
        into = named_ticket(asked.rest, {key: ticket for key, ticket in turn.tickets.items() if key != ticket_id})
        if into is None:
            raise CommandRefused("Into which ticket? Write `#merge` and the id of the other one.")
        return Merge(**base, into=into)
    plain: dict[Wish, Callable[[], AnyCommand]] = {
        Wish.CLAIM: lambda: Claim(**base, assignee=actor.name or "staff"),
        Wish.ASSIGN: lambda: Assign(**base, assignee=asked.rest or None),
        Wish.PROGRESS: lambda: SetState(**base, state=TicketState.WAITING_US),
        Wish.RESOLVE: lambda: SetState(**base, state=TicketState.RESOLVED),
        Wish.URGENT: lambda: SetPriority(**base, priority=Priority.URGENT),
        Wish.SNOOZE: lambda: Snooze(**base, until=snooze_until(asked.rest, turn.now)),
        Wish.NOT_A_TICKET: lambda: NotATicket(**base),
        Wish.NOTE: lambda: SetNote(**base, note=asked.rest),
    }
    return plain[asked.wish]()


def _answer(turn: Turn, recent: Recent, wish: Wish, ticket_id: str | None) -> None:
    """Answer `#why` and `#status` in the team's own group: how we work is not for customers to read."""
    ops_group = turn.book.follow_ups.sending.ops_group
    if not ops_group:
        raise CommandRefused("Name the team's own group as ops_group in rules/followups.yaml; answers go there.")
    ticket = turn.tickets.get(ticket_id or "")
    text = explain_ticket(ticket) if wish is Wish.WHY and ticket else describe_status(_shown(turn, ticket), turn.now)
    turn.outbound.append(
        Outbound(
            id=derived_id("answer", recent.id),
            purpose="alert",
            instance=turn.state.instance,
            group=ops_group,
            ticket_ids=(ticket.id,) if ticket else (),
            text=text,
            decided_at=turn.now,
        )
    )


def _shown(turn: Turn, ticket: Ticket | None) -> list[Ticket]:
    if ticket is not None:
        return [ticket]
    return sorted((t for t in turn.tickets.values() if t.state.is_open), key=lambda t: t.opened_at)


def _give_receipt(turn: Turn, message_id: str, emoji: str) -> None:
    """React to the command, where we may be heard at all."""
    if not may_speak(turn):
        return
    turn.outbound.append(
        Outbound(
            id=derived_id("receipt", message_id),
            kind="reaction",
            purpose="receipt",
            instance=turn.state.instance,
            group=turn.state.group,
            emoji=emoji,
            target_id=message_id,
            decided_at=turn.now,
        )
    )
