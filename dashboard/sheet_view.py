"""The Sheet beside the state: what each says, cell by cell, and whose word will hold. Reads the local sheet, never writes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from dashboard.card import Card
from stream.adapters.sheet_port import TICKET_TAB
from stream.adapters.xlsx_sheet_cells import cell_text
from stream.core.commands import AnyCommand
from stream.core.sheet_cells import ticket_cells
from stream.core.sheet_columns import BY_NAME, Owner
from stream.core.sheet_edits import Edit, command_for, same_value, team_of
from stream.core.sheet_table import Grid, Row, find_table
from stream.core.team import Member
from stream.errors import SheetError

# They move by the clock, or are the sheet's own.
_NOT_COMPARED = ("id", "age", "notice", "mark")


@dataclass(frozen=True)
class Difference:
    """One cell in which they differ. `by_person` tells that the column is one that people may change."""

    ticket_id: str
    column: str
    ours: str
    theirs: str
    by_person: bool


@dataclass(frozen=True)
class Comparison:
    """How many tickets are in both and equal, and what is not: differing cells, ids only here and only in the sheet."""

    equal: int
    differences: tuple[Difference, ...]
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]


def read_grid(path: Path) -> Grid:
    """Return the cells of the local sheet's tab. Raises `SheetError` when the file is not there or is no workbook."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            return [[cell_text(value) for value in row] for row in book[TICKET_TAB].iter_rows(values_only=True)]
        finally:
            book.close()
    except FileNotFoundError as error:
        raise SheetError(f"There is no sheet at {path} yet; start the role `sheet`.") from error
    except (KeyError, OSError, ValueError, zipfile.BadZipFile, InvalidFileException) as error:
        raise SheetError(f"{path} cannot be read as a sheet ({type(error).__name__}).") from error


def compare(
    grid: Grid, cards: Iterable[Card], now: datetime, zone: ZoneInfo, name_of: Callable[[str], str] = lambda name: name
) -> Comparison:
    """Compare the sheet with the tickets. Closed tickets may have moved to the second tab and are not missed."""
    table = find_table(grid)
    if table is None:
        raise SheetError("No table of tickets was found on the sheet's first tab; its header row may have been changed.")
    rows = table.by_id()
    equal, differences, only_here = 0, [], []
    known = set()
    for card in cards:
        known.add(card.id)
        if card.id not in rows:
            if card.is_open:
                only_here.append(card.id)
            continue
        cells = ticket_cells(card.ticket(), now, zone, name_of)
        found = _differ(card.id, cells, rows[card.id][0], table.places)
        differences += found
        equal += not found
    return Comparison(equal, tuple(differences), tuple(sorted(only_here)), tuple(sorted(set(rows) - known)))


def command_of(one: Difference, card: Card, team: Iterable[Member], now: datetime) -> AnyCommand:
    """Return the command that the sheet's side of a difference asks for; raises `CommandRefused` when it cannot be read."""
    edit = Edit(ticket_id=card.id, group=card.group, column=one.column, old=one.ours, new=one.theirs, number=0, at=now)
    return command_for(edit, team_of({member.name: () for member in team}))


def _differ(ticket_id: str, cells: Mapping[str, str], row: Row, places: Mapping[str, int]) -> list[Difference]:
    return [
        Difference(ticket_id, name, ours, row.cell(places[name]), BY_NAME[name].owner is Owner.SHARED)
        for name, ours in cells.items()
        if name in places and name not in _NOT_COMPARED and not same_value(name, ours, row.cell(places[name]))
    ]
