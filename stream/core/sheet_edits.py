"""A person's change of a cell, read as a command; what cannot be read is refused with a sentence for that person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from stream.core.commands import Actor, ActorKind, AnyCommand, Assign, SetCategory, SetNote, SetPriority, SetState
from stream.core.detection import Priority
from stream.core.ids import derived_id
from stream.core.sheet_cells import LONGEST_NOTE, PRIORITY_LABELS, STATUS_LABELS
from stream.core.ticket import TicketState
from stream.core.value import Value
from stream.errors import CommandRefused

_T = TypeVar("_T")

ACTOR = Actor(kind=ActorKind.SHEET)  # Sheets and .xlsx do not tell who changed a cell


class People(Value):
    """The team as the sheet needs it: `choices` for the dropdown, `names` by folded name or address, for showing and reading."""

    choices: tuple[str, ...] = ()
    names: dict[str, str] = {}

    def name_of(self, text: str) -> str:
        """Return the name of the member called or addressed like this; anybody else is who they are said to be."""
        return self.names.get(_fold(text), text)


class Edit(Value):
    """A cell that a person changed. `number` counts the changes of that cell: the same change made twice is two commands."""

    ticket_id: str
    group: str
    column: str
    old: str
    new: str
    number: int
    at: datetime

    @property
    def command_id(self) -> str:
        """The same if the change is seen again after a crash, and another for the next change."""
        return "sheet-" + derived_id("sheet", self.ticket_id, self.column, self.old, self.new, self.number)


def _fold(text: str) -> str:
    return " ".join(text.replace("_", " ").replace("-", " ").casefold().split())


_STATES = {_fold(text): state for state, label in STATUS_LABELS.items() for text in (label, state.value)}
_PRIORITIES = {_fold(text): priority for priority, label in PRIORITY_LABELS.items() for text in (label, priority.value)}


def read_state(text: str) -> TicketState:
    """Read a status as people write it; raises `CommandRefused`."""
    return _read(text, _STATES, "status", STATUS_LABELS.values())


def read_priority(text: str) -> Priority:
    """Read a priority as people write it; raises `CommandRefused`."""
    return _read(text, _PRIORITIES, "priority", PRIORITY_LABELS.values())


def _read(text: str, known: Mapping[str, _T], what: str, labels: Iterable[str]) -> _T:
    found = known.get(_fold(text))
    if found is None:
        said = f"“{text.strip()[:40]}” is no {what}" if text.strip() else f"A ticket always has a {what}"
        raise CommandRefused(f"{said}; use one of: {', '.join(labels)}.")
    return found


def same_value(column: str, one: str, other: str) -> bool:
    """Tell whether two cells of a shared column mean the same: spelling of labels, line ends and outer blanks do not count."""
    if one == other:
        return True
    if column == "status":
        return _STATES.get(_fold(one), one) == _STATES.get(_fold(other), other)
    if column == "priority":
        return _PRIORITIES.get(_fold(one), one) == _PRIORITIES.get(_fold(other), other)
    if column == "category":
        return _fold(one) == _fold(other)
    if column == "note":
        return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def command_for(edit: Edit, people: People) -> AnyCommand:
    """Return the command that an edit asks for; raises `CommandRefused` with a sentence for the person."""
    build = _BUILDERS[edit.column]
    return build(edit, people)


def _set_state(edit: Edit, _people: People) -> AnyCommand:
    return SetState(**_common(edit), state=read_state(edit.new))


def _set_priority(edit: Edit, _people: People) -> AnyCommand:
    return SetPriority(**_common(edit), priority=read_priority(edit.new))


def _set_category(edit: Edit, _people: People) -> AnyCommand:
    category = "_".join(edit.new.split()).casefold()
    if not category:
        raise CommandRefused("A ticket always has a category; use `general` where none fits.")
    if len(category) > 60:
        raise CommandRefused("A category is a short word, of at most 60 letters.")
    return SetCategory(**_common(edit), category=category)


def _assign(edit: Edit, people: People) -> AnyCommand:
    typed = " ".join(edit.new.split())
    if len(typed) > 120:
        raise CommandRefused("An assignee is a name, of at most 120 letters.")
    return Assign(**_common(edit), assignee=people.name_of(typed) or None)


def _set_note(edit: Edit, _people: People) -> AnyCommand:
    note = edit.new.strip()
    if len(note) > LONGEST_NOTE:
        raise CommandRefused(f"A note has at most {LONGEST_NOTE:,} letters; yours has {len(note):,}.")
    return SetNote(**_common(edit), note=note)


def _common(edit: Edit) -> dict[str, Any]:
    return {"id": edit.command_id, "group": edit.group, "at": edit.at, "actor": ACTOR, "ticket_id": edit.ticket_id}


_BUILDERS: dict[str, Callable[[Edit, People], AnyCommand]] = {
    "status": _set_state,
    "priority": _set_priority,
    "assignee": _assign,
    "category": _set_category,
    "note": _set_note,
}


def team_of(members: Mapping[str, Iterable[str]]) -> People:
    """Return the team from its members' addresses by name."""
    names = {_fold(text): name for name, addresses in members.items() for text in (name, *addresses)}
    return People(choices=tuple(members), names=names)
