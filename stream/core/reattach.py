"""Merge, split and re-attach: put messages on another ticket than the one they were found to belong to.

Each function returns what is then different, or raises `CommandRefused` with a sentence for whoever asked. No message is
ever on two tickets or on none because of them. Clocks and windows follow from the states, as after any other command.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from stream.core.detection import Detection, Label, Priority, Stage
from stream.core.group import GroupState, Recent
from stream.core.ids import ticket_id as id_of
from stream.core.opening import to_entry
from stream.core.people import Role
from stream.core.states import enter
from stream.core.text import title
from stream.core.ticket import Entry, Evidence, Ticket, TicketState
from stream.core.value import Value
from stream.errors import CommandRefused

_URGENCY = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
# Of two tickets that become one, the state that asks most of the team stands.
_CALLS_FOR_MORE = (
    TicketState.RESOLVED,
    TicketState.ON_HOLD,
    TicketState.WAITING_CUSTOMER,
    TicketState.NEW,
    TicketState.WAITING_US,
)


class Rearranged(Value):
    """The tickets that changed, as they are now, and all recent messages of the group."""

    tickets: tuple[Ticket, ...]
    recent: tuple[Recent, ...]


def merge(state: GroupState, ticket_id: str, into: str, now: datetime) -> Rearranged:
    """Move everything of a ticket into another one; it is left closed and empty, and points there."""
    source, target = _open(state, ticket_id), _open(state, into)
    if ticket_id == into:
        raise CommandRefused(f"{into} cannot be merged with itself; name the other ticket.")
    return _changed(state, [_emptied(source, into, now), _joined(target, source, now)], {ticket_id: into})


def split(state: GroupState, ticket_id: str, message_id: str, now: datetime, by: str) -> Rearranged:
    """Make a ticket of its own of this message and those after it by the same author. `by` is who asked for it."""
    source = _open(state, ticket_id)
    place = _place(source, message_id)
    if place is None:
        raise CommandRefused(f"That message is not on {ticket_id}; look at which ticket it is on.")
    if place == 0:
        raise CommandRefused(f"That message began {ticket_id}; split off a later one.")
    new_id = id_of(state.group, message_id)
    known = state.tickets.get(new_id)
    if known is not None and known.messages:
        raise CommandRefused(f"That message once opened {new_id}; attach it to that ticket again.")
    first = source.messages[place]
    taken = [entry for entry in source.messages[place:] if entry.author == first.author]
    opened = _opened(new_id, source, taken, now, by)
    return _changed(state, [_without(source, taken), opened], {entry.message_id: new_id for entry in taken})


def attach_to(state: GroupState, ticket_id: str, message_id: str, now: datetime) -> Rearranged:
    """Put one message on a ticket, from wherever it is. A ticket that has no other message is merged in as a whole."""
    target = _open(state, ticket_id)
    source = next((ticket for ticket in state.tickets.values() if _place(ticket, message_id) is not None), None)
    if source is None:
        recent = next((message for message in state.recent if message.id == message_id), None)
        if recent is None:
            raise CommandRefused("That message is not remembered any more; only recent ones can be attached.")
        entry = to_entry(recent, Evidence.COMMAND)
        return _changed(state, [_with(target, [entry], more=1)], {message_id: ticket_id})
    if source.id == ticket_id:
        raise CommandRefused(f"That message is on {ticket_id} already.")
    if len(source.messages) == 1:
        return merge(state, source.id, ticket_id, now)
    entries = [entry for entry in source.messages if entry.message_id == message_id]
    return _changed(state, [_without(source, entries), _with(target, entries, more=1)], {message_id: ticket_id})


def _open(state: GroupState, ticket_id: str) -> Ticket:
    ticket = state.tickets.get(ticket_id)
    if ticket is None:
        raise CommandRefused(f"There is no ticket {ticket_id} in this group any more; closed tickets cannot be changed.")
    if ticket.state is TicketState.CLOSED:
        went = f"it was merged into {ticket.merged_into}" if ticket.merged_into else "which is final"
        raise CommandRefused(f"{ticket_id} is closed, {went}; name an open ticket.")
    return ticket


def _place(ticket: Ticket, message_id: str) -> int | None:
    return next((place for place, entry in enumerate(ticket.messages) if entry.message_id == message_id), None)


def _emptied(source: Ticket, into: str, now: datetime) -> Ticket:
    return enter(source, TicketState.CLOSED, now).but(merged_into=into, window=None, messages=(), message_count=0)


def _joined(target: Ticket, source: Ticket, now: datetime) -> Ticket:
    state = max(target.state, source.state, key=_CALLS_FOR_MORE.index)
    joined = _with(enter(target, state, now), source.messages, more=source.message_count)
    return joined.but(
        priority=max(target.priority, source.priority, key=_URGENCY.index),
        tags=tuple(dict.fromkeys((*target.tags, *source.tags))),
        assignee=target.assignee or source.assignee,
        last_customer_at=_latest(target.last_customer_at, source.last_customer_at),
        last_staff_at=_latest(target.last_staff_at, source.last_staff_at),
    )


def _opened(new_id: str, source: Ticket, taken: list[Entry], now: datetime, by: str) -> Ticket:
    first = taken[0]
    entries = (
        first.but(attached_because=Evidence.OPENED),
        *(entry.but(attached_because=Evidence.COMMAND) for entry in taken[1:]),
    )
    return Ticket(
        id=new_id,
        instance=source.instance,
        group=source.group,
        group_name=source.group_name,
        category=source.category,
        priority=source.priority,
        language=source.language,
        title=title(first.text or "", is_small_talk=lambda _: False) or first.form.value.capitalize(),
        opened_by=first.author,
        opened_by_name=first.author_name,
        detected_by=Detection(label=Label.TICKET, stage=Stage.PERSON, decided_by=by, confidence=1.0, category=source.category),
        opened_at=first.sent_at,
        updated_at=now,
        last_customer_at=taken[-1].sent_at if first.role is Role.CUSTOMER else None,
        split_from=source.id,
        message_count=len(entries),
        messages=entries,
    )


def _with(ticket: Ticket, entries: Iterable[Entry], *, more: int) -> Ticket:
    moved = [entry.but(attached_because=Evidence.COMMAND) for entry in entries]
    messages = tuple(sorted((*ticket.messages, *moved), key=lambda entry: entry.sent_at))
    return ticket.but(messages=messages, message_count=ticket.message_count + more)


def _without(ticket: Ticket, entries: list[Entry]) -> Ticket:
    gone = {entry.message_id for entry in entries}
    left = tuple(entry for entry in ticket.messages if entry.message_id not in gone)
    return ticket.but(messages=left, message_count=ticket.message_count - len(gone))


def _changed(state: GroupState, tickets: list[Ticket], went: dict[str, str]) -> Rearranged:
    """Close the change: `went` maps a message, or a whole ticket, to where it went."""
    recent = tuple(
        message.but(ticket_id=went.get(message.id) or went[message.ticket_id or ""])
        if message.id in went or message.ticket_id in went
        else message
        for message in state.recent
    )
    return Rearranged(tickets=tuple(tickets), recent=recent)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
