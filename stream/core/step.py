"""The ticket step: (state of a group, input, rules, now) -> (new state, outputs). The one place where tickets change.

Inputs are what happened in the group (`stream.core.inputs`) and commands (`stream.core.commands`). The same inputs in the
same order give the same state and the same ids, whatever the clock of the machine says: `now` is when the bridge took the
delivery, or when the command was given.
"""

from __future__ import annotations

from datetime import datetime

from stream.core import on_change, on_command, on_message
from stream.core.book import Book
from stream.core.commands import AnyCommand, Command
from stream.core.group import GroupState
from stream.core.groups_config import GroupMode
from stream.core.housekeeping import retire
from stream.core.ids import derived_id
from stream.core.inputs import (
    AnyInput,
    Connection,
    Deletion,
    Echo,
    Edit,
    Ignored,
    Message,
    NotUnderstood,
    Reaction,
    Receipt,
    Roster,
)
from stream.core.outcome import Outcome
from stream.core.turn import Turn


def step(state: GroupState, event: AnyInput | AnyCommand, book: Book, now: datetime) -> Outcome:
    """Apply one input to a group. Total: whatever a person, the transport or a program asks has an Outcome."""
    turn = Turn(state, book, now, _cause(event))
    if isinstance(event, Command):
        retire(turn)
        on_command.apply(turn, event)
        return turn.finish()
    turn.count(seen=1)
    if isinstance(event, NotUnderstood):
        turn.count(dead=1)
        return turn.finish(dead=event.reason)
    if isinstance(event, Ignored):
        turn.count_ignored(event.reason)
        return turn.finish()
    if turn.config.mode is GroupMode.OFF and not isinstance(event, Connection):
        turn.count_ignored("group_off")
        return turn.finish()
    if not turn.state.instance:
        turn.state = turn.state.but(instance=event.instance)
    retire(turn)
    _apply_input(turn, event)
    return turn.finish()


def refuse_input(state: GroupState, reason: str) -> Outcome:
    """Return the outcome of a record that could not be handled at all: counted, and a dead letter."""
    ledger = state.ledger
    return Outcome(state=state.but(ledger=ledger.but(seen=ledger.seen + 1, dead=ledger.dead + 1)), dead=reason)


def _apply_input(turn: Turn, event: AnyInput) -> None:
    match event:
        case Message():
            on_message.apply_message(turn, event)
        case Echo():
            on_message.apply_echo(turn, event)
        case Edit():
            on_change.apply_edit(turn, event)
        case Deletion():
            on_change.apply_deletion(turn, event)
        case Reaction():
            on_message.apply_reaction(turn, event)
        case Roster():
            on_message.apply_roster(turn, event)
        case Receipt() | Connection():
            turn.count(applied=1)  # read by the sender and the watch from the same topic; they change no ticket
        case Ignored() | NotUnderstood():
            raise AssertionError  # sorted out by `step`


def _cause(event: AnyInput | AnyCommand) -> str:
    """Return an id of this input that a replay makes again, and a second delivery of the same message too."""
    match event:
        case Message() | Echo() | Reaction():
            return derived_id(event.kind, event.chat, event.id)
        case Edit():
            return derived_id(event.kind, event.chat, event.target_id, event.edited_at.timestamp())
        case Deletion():
            return derived_id(event.kind, event.chat, event.target_id)
        case Command():
            return derived_id(event.kind, event.group, event.id)
        case _:
            return derived_id(event.kind, event.chat, event.received_at.timestamp())
