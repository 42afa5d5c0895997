"""What we say in the group ourselves: replies that a person confirmed, and how our own messages are known when they come back."""

from __future__ import annotations

from stream.core.commands import Actor, ActorKind, Announce, Reply
from stream.core.detection import Detection, Label, Stage, UpdateStatus
from stream.core.events import EventKind
from stream.core.group import Said
from stream.core.groups_config import GroupMode
from stream.core.ids import derived_id
from stream.core.opening import to_entry
from stream.core.outcome import Outbound
from stream.core.people import Role
from stream.core.progress import add_message
from stream.core.ticket import Evidence, Ticket, TicketState
from stream.core.turn import Turn
from stream.errors import CommandRefused

_SAID_KEPT = 20
_RESOLVED = "☑️"  # a ticked box; the green tick is a command of the team's, and ours would come back as one
_REPLY_LONGEST = 4000  # characters; WhatsApp takes 65,536, and nobody reads them


def reply(turn: Turn, command: Reply) -> None:
    """Send what a person wrote for a ticket. It counts as the team's answer once it has been sent."""
    ticket = turn.tickets.get(command.ticket_id)
    if ticket is None or ticket.state is TicketState.CLOSED:
        raise CommandRefused(f"{command.ticket_id} is closed; write in the group from a phone instead.")
    if not may_speak(turn):
        raise CommandRefused(f"Groupdesk may not write in this group (mode {turn.config.mode}); allow it in rules/groups.yaml.")
    text = command.text.strip()
    if not text or len(text) > _REPLY_LONGEST:
        raise CommandRefused(f"A reply has 1 to {_REPLY_LONGEST} characters.")
    # What was deleted cannot be quoted.
    asked = next((each for each in reversed(ticket.messages) if each.role is Role.CUSTOMER and each.text is not None), None)
    say(
        turn,
        Outbound(
            id=derived_id("reply", command.id),
            purpose="reply",
            instance=turn.state.instance,
            group=turn.state.group,
            ticket_ids=(ticket.id,),
            text=text,
            quoted_id=asked.message_id if asked and command.quote else None,
            decided_at=turn.now,
        ),
    )
    turn.record(EventKind.REPLIED, ticket.id, actor=command.actor, command_id=command.id, after="planned")


def announce(turn: Turn, command: Announce) -> None:
    """Tell the team's own group what a person has looked at; no other group is ever told this way."""
    text, ops_group = command.text.strip(), turn.book.follow_ups.sending.ops_group
    if turn.state.group != ops_group:
        raise CommandRefused("Only the team's own group can be told; name it as ops_group in rules/followups.yaml.")
    if not text or len(text) > _REPLY_LONGEST:
        raise CommandRefused(f"A message has 1 to {_REPLY_LONGEST} characters.")
    message = Outbound(
        id=derived_id("announce", command.id),
        purpose="alert",
        instance=turn.state.instance or command.instance,
        group=ops_group,
        text=text,
        decided_at=turn.now,
    )
    say(turn, message)
    turn.record(EventKind.ANNOUNCED, None, actor=command.actor, command_id=command.id, after="planned")


def show_resolved(turn: Turn, ticket: Ticket, by: Actor) -> None:
    """Let the group see on the request itself that somebody has resolved it away from the chat; once for each ticket.

    Only for what a person pressed on the dashboard: a reaction takes its turn among all that a number may send.
    """
    asked = next((entry for entry in ticket.messages if entry.role is Role.CUSTOMER), None)
    if by.kind is not ActorKind.DASHBOARD or asked is None or not may_speak(turn):
        return
    reaction = Outbound(
        id=derived_id("resolved", ticket.id),
        kind="reaction",
        purpose="receipt",
        instance=turn.state.instance,
        group=turn.state.group,
        emoji=_RESOLVED,
        target_id=asked.message_id,
        decided_at=turn.now,
    )
    turn.outbound.append(reaction)


def may_speak(turn: Turn) -> bool:
    """Tell whether the team has let Groupdesk write in this group at all."""
    return turn.config.mode in (GroupMode.TICKETS, GroupMode.TICKETS_AND_FOLLOW_UPS)


def say(turn: Turn, message: Outbound) -> None:
    """Hand a message to the sender, and remember it until it has come back."""
    turn.outbound.append(message)
    if message.kind == "text" and message.group == turn.state.group:
        said = Said(outbound_id=message.id, purpose=message.purpose, ticket_ids=message.ticket_ids, text=message.text)
        turn.state = turn.state.but(said=(*turn.state.said, said)[-_SAID_KEPT:])


def note_sent(turn: Turn, outbound_id: str, message_id: str) -> None:
    """The sender tells under which id a message went out; if it has come back already, it is put on its tickets."""
    said = tuple(one.but(message_id=message_id) if one.outbound_id == outbound_id else one for one in turn.state.said)
    turn.state = turn.state.but(said=said)
    recognise(turn, message_id)


def recognise(turn: Turn, message_id: str) -> None:
    """Put our own message on the tickets it was for, once both are known: that it was sent, and that it came back."""
    recent = turn.find_recent(message_id)
    said = next((one for one in turn.state.said if one.message_id == message_id), None)
    if recent is None or said is None:
        return
    for ticket_id in said.ticket_ids:
        ticket = turn.tickets.get(ticket_id)
        if ticket is None or any(entry.message_id == message_id for entry in ticket.messages):
            continue
        turn.keep_recent(recent.but(ticket_id=ticket_id))
        if said.purpose == "reply":
            answer = Detection(
                label=Label.UPDATE, stage=Stage.PERSON, decided_by="reply", status=UpdateStatus.WAITING, confidence=1.0
            )
            add_message(turn, ticket, recent, answer, Evidence.COMMAND)
        else:
            entry = to_entry(recent, Evidence.COMMAND)
            turn.save(ticket.but(messages=(*ticket.messages, entry), message_count=ticket.message_count + 1))
