"""The Sheet beside the state: what each says, cell by cell, and whose word will hold. Pure: shows what `sheet diff` found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import safe
from dashboard.card import Card
from dashboard.tables import Row, chip
from dashboard.words import say
from stream.core.commands import AnyCommand
from stream.core.sheet_columns import COLUMNS, Owner
from stream.core.sheet_drift import Difference, Drift, Right
from stream.core.sheet_edits import Edit, command_for, team_of
from stream.core.team import Member

SHOWN = 200
PULL, PUSH = "pull", "push"
# They move by the clock, and are written now and then.
_SLOW = frozenset(column.header for column in COLUMNS if column.is_slow)
# Columns that people may change, by the header under which a difference names them.
_SHARED = {column.header: column.name for column in COLUMNS if column.owner is Owner.SHARED}


@dataclass(frozen=True)
class Comparison:
    """How many tickets are the same in both, and all that is not."""

    tickets: int
    drift: Drift

    @property
    def differing(self) -> int:
        return len({one.ticket_id for one in self.drift.differences})

    @property
    def only_here(self) -> tuple[str, ...]:
        return (*self.drift.missing, *self.drift.deleted)

    @property
    def equal(self) -> int:
        return max(0, self.tickets - self.differing - len(self.only_here))


def read_comparison(told: Mapping[str, Any]) -> Comparison:
    """Return the comparison that `groupdesk sheet diff --json` told; raises pydantic's `ValidationError`."""
    drift = {name: told[name] for name in Drift.model_fields if name in told}
    found = Drift.model_validate(drift)
    kept = tuple(one for one in found.differences if one.column not in _SLOW)
    return Comparison(int(told.get("tickets", 0)), found.but(differences=kept))


def rows(found: Comparison, cards: Mapping[str, Card], language: str, *, may_act: bool, reveal: bool) -> list[Row]:
    """Return a row for each cell that differs and each ticket that is on one side only, with what can be done about it."""

    def shown(text: str) -> str:
        return safe.show(text) if reveal else safe.mask_numbers(safe.show(text))

    def button(does: str, *about: str) -> dict[str, str]:
        return {"text": say(language, f"sheet.{does}"), "press": " ".join((does, *about))}

    def lone(ticket_id: str, why: str, tone: str, *, push: bool) -> Row:
        act = [button(PUSH, ticket_id)] if push and may_act else None
        ours = shown(cards[ticket_id].title) if ticket_id in cards else None
        return {"id": safe.show(ticket_id), "ours": ours, "whose": chip(say(language, f"sheet.{why}"), tone), "act": act}

    told = []
    for one in found.drift.differences[:SHOWN]:
        column = _SHARED.get(one.column)
        pull = [button(PULL, one.ticket_id, column)] if column else []
        is_theirs = one.right is Right.SHEET
        told.append(
            {
                "id": one.ticket_id,
                "column": one.column,
                "ours": shown(one.in_ticket),
                "theirs": shown(one.in_sheet),
                "whose": chip(say(language, "sheet.theirs_holds" if is_theirs else "sheet.ours_holds"), _tone(one)),
                "because": safe.show(one.because),
                "act": [*pull, button(PUSH, one.ticket_id)] if may_act else None,
            }
        )
    told += [lone(one, "will_be_added", "none", push=True) for one in found.drift.missing[:SHOWN]]
    told += [lone(one, "was_deleted", "warn", push=True) for one in found.drift.deleted[:SHOWN]]
    told += [lone(one, "is_twice", "warn", push=False) for one in found.drift.twice[:SHOWN]]
    told += [lone(one, "unknown_row", "warn", push=False) for one in found.drift.unknown[:SHOWN]]
    return told


def _tone(one: Difference) -> str:
    return "warn" if one.right is Right.SHEET else "none"


def find(found: Comparison, ticket_id: str, column: str) -> Difference | None:
    """Return the difference that a button was about, if it is still there."""
    wanted = (one for one in found.drift.differences if one.ticket_id == ticket_id and _SHARED.get(one.column) == column)
    return next(wanted, None)


def command_of(one: Difference, card: Card, team: Iterable[Member], now: datetime) -> AnyCommand:
    """Return the command that the sheet's side of a difference asks for; raises `CommandRefused` when it cannot be read."""
    column = _SHARED[one.column]
    edit = Edit(ticket_id=card.id, group=card.group, column=column, old=one.in_ticket, new=one.in_sheet, number=0, at=now)
    return command_for(edit, team_of({member.name: () for member in team}))
