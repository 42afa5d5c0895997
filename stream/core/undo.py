"""Take a command back: what it changed is put back, what others did since stays.

`remember` is called once a command, with the group's state before and after it; it serves every kind of command, since it
looks at what is different and not at what was asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from stream.core.group import GroupState
from stream.core.reattach import Rearranged
from stream.core.states import enter
from stream.core.ticket import Entry, Evidence, Ticket, TicketState
from stream.core.undoable import Changed, Moved, Undoable
from stream.errors import CommandRefused

_KEPT = 12  # commands of a group
_KEPT_FOR = timedelta(hours=1)  # as long as a closed ticket stays in the group's state
# Messages are compared one by one, versions and times tell of the change itself, and what was said cannot be taken back.
_NOT_COMPARED = {"messages", "version", "updated_at", "follow_ups"}


def remember(before: GroupState, after: GroupState, command_id: str, at: datetime) -> GroupState:
    """Return `after` with what the command changed kept in it; as it is when no ticket and no message has moved."""
    done = _difference(before, after, command_id, at)
    kept = [earlier for earlier in after.undoable if at - earlier.at <= _KEPT_FOR and earlier.command_id != command_id]
    if done.opened or done.changed or done.moved:
        kept.append(done)
    return after.but(undoable=tuple(kept[-_KEPT:]))


def undo(state: GroupState, command_id: str, now: datetime) -> Rearranged:
    """Return what is different once the command is taken back; raises `CommandRefused` when it cannot be.

    A field that something else has changed since stays as it is now. A ticket that the command opened is left closed and
    empty, since it has been shown to people.
    """
    done = next((kept for kept in state.undoable if kept.command_id == command_id), None)
    if done is None:
        raise CommandRefused("That command changed no ticket, or it is too long ago to be taken back.")
    tickets = dict(state.tickets)
    for involved in sorted(_involved(done)):
        if involved not in tickets:
            raise CommandRefused(f"{involved} is not in this group any more; what was done to it stays.")
    _move_back(tickets, done)
    for opened in done.opened:
        if tickets[opened].messages:
            raise CommandRefused(f"{opened} has got other messages since; merge it into another ticket instead.")
        home = next((moved.from_ticket for moved in done.moved if moved.to_ticket == opened), None)
        tickets[opened] = enter(tickets[opened], TicketState.CLOSED, now).but(merged_into=home, window=None, message_count=0)
    for changed in done.changed:
        tickets[changed.ticket_id] = _restored(tickets[changed.ticket_id], changed)
    different = tuple(ticket for key, ticket in tickets.items() if ticket != state.tickets[key])
    if not different:
        raise CommandRefused("Everything that the command did has been changed again since.")
    home_of = {(moved.message_id, moved.to_ticket): moved.from_ticket for moved in done.moved}
    recent = tuple(
        message.but(ticket_id=home_of[message.id, message.ticket_id]) if (message.id, message.ticket_id) in home_of else message
        for message in state.recent
    )
    return Rearranged(tickets=different, recent=recent)


def forget(state: GroupState, command_id: str) -> GroupState:
    """Return the state without what the command changed: once taken back, it cannot be again."""
    return state.but(undoable=tuple(kept for kept in state.undoable if kept.command_id != command_id))


def _difference(before: GroupState, after: GroupState, command_id: str, at: datetime) -> Undoable:
    pairs = [(before.tickets.get(key), ticket) for key, ticket in after.tickets.items()]
    pairs = [(old, new) for old, new in pairs if old is not new]
    stood = _places((old for old, _ in pairs if old is not None), before)
    stand = _places((new for _, new in pairs), after)
    moved = tuple(
        Moved(message_id=key, from_ticket=was, to_ticket=stand[key][0], because=because, place=place)
        for key, (was, because, place) in stood.items()
        if key in stand and stand[key][:2] != (was, because)
    )
    changes = [_change(old, new) for old, new in pairs if old is not None]
    return Undoable(
        command_id=command_id,
        at=at,
        opened=tuple(new.id for old, new in pairs if old is None),
        changed=tuple(change for change in changes if change.before),
        moved=moved,
    )


def _places(tickets: Iterable[Ticket], state: GroupState) -> dict[str, tuple[str | None, Evidence | None, int]]:
    """Return where each message is: its ticket, why, and its place there; recent messages on no ticket are told too."""
    found: dict[str, tuple[str | None, Evidence | None, int]] = {m.id: (m.ticket_id, None, -1) for m in state.recent}
    for ticket in tickets:
        found |= {entry.message_id: (ticket.id, entry.attached_because, at) for at, entry in enumerate(ticket.messages)}
    return found


def _change(old: Ticket, new: Ticket) -> Changed:
    before, after = (ticket.model_dump(mode="json", exclude=_NOT_COMPARED) for ticket in (old, new))
    names = [name for name in after if before[name] != after[name]]
    return Changed(ticket_id=new.id, before={name: before[name] for name in names}, after={name: after[name] for name in names})


def _involved(done: Undoable) -> set[str]:
    moved = {moved.from_ticket for moved in done.moved} | {moved.to_ticket for moved in done.moved}
    return {ticket_id for ticket_id in moved if ticket_id} | {*done.opened} | {changed.ticket_id for changed in done.changed}


def _move_back(tickets: dict[str, Ticket], done: Undoable) -> None:
    """Put each moved message back to its place; one that was moved on since stays where it is."""
    for moved in sorted(done.moved, key=lambda moved: moved.place):
        held = tickets[moved.to_ticket].messages if moved.to_ticket else ()
        entry = next((entry for entry in held if entry.message_id == moved.message_id), None)
        if entry is None or moved.to_ticket is None:
            continue
        left = tuple(other for other in held if other is not entry)
        tickets[moved.to_ticket] = tickets[moved.to_ticket].but(messages=left)
        if moved.from_ticket is not None and moved.because is not None:
            home = tickets[moved.from_ticket]
            tickets[home.id] = home.but(messages=_inserted(home.messages, entry.but(attached_because=moved.because), moved.place))


def _inserted(entries: tuple[Entry, ...], entry: Entry, place: int) -> tuple[Entry, ...]:
    return (*entries[:place], entry, *entries[place:])


def _restored(ticket: Ticket, changed: Changed) -> Ticket:
    now = ticket.model_dump(mode="json", exclude=_NOT_COMPARED)
    back: dict[str, Any] = {
        name: value for name, value in changed.before.items() if name != "message_count" and now[name] == changed.after[name]
    }
    if "message_count" in changed.before:  # a number of things, some of which came since
        back["message_count"] = now["message_count"] + changed.before["message_count"] - changed.after["message_count"]
    fields = Ticket.model_validate(now | back | {"updated_at": ticket.updated_at, "messages": ()})
    return fields.but(messages=ticket.messages, version=ticket.version, follow_ups=ticket.follow_ups)
