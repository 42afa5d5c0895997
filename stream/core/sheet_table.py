"""The sheet as it was read: where the table stands in it, and which ticket each row is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stream.core.sheet_columns import COLUMNS, find_columns, find_extras

Grid = Sequence[Sequence[str]]
"""All cells of a tab as text, row by row from the top; blank cells at the end of a row may be missing."""

_ENOUGH = len(COLUMNS) // 2  # of our headers make a row the header


class Row(NamedTuple):
    """One row; `number` counts from 1 as the sheet does."""

    number: int
    cells: Sequence[str]

    def cell(self, place: int) -> str:
        return self.cells[place] if place < len(self.cells) else ""


class Table(NamedTuple):
    """Where our table stands: the row of its header, the places of our columns and of those that people added.

    `above` are the lines over the header, where people may put a title.
    """

    header_row: int
    places: Mapping[str, int]
    extras: Mapping[str, int]
    width: int
    rows: Sequence[Row]
    above: Sequence[Row] = ()

    def by_id(self) -> dict[str, list[Row]]:
        """Return the rows of each ticket id, as typed in whatever case; a copied row stands under the same id."""
        place = self.places["id"]
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            ticket_id = row.cell(place).strip().upper()
            if ticket_id:
                found.setdefault(ticket_id, []).append(row)
        return found


def is_blank(grid: Grid) -> bool:
    """Tell whether there is nothing at all on the tab."""
    return not any(cell.strip() for row in grid for cell in row)


def find_table(grid: Grid) -> Table | None:
    """Find our table by its header; None where no row has the id and enough of our columns."""
    for index, header in enumerate(grid):
        places = find_columns(header)
        if "id" in places and len(places) >= _ENOUGH:
            rows = [Row(number, cells) for number, cells in enumerate(grid[index + 1 :], start=index + 2)]
            width = max((_used(row) for row in grid[index:]), default=0)
            above = [Row(number, cells) for number, cells in enumerate(grid[:index], start=1)]
            extras = find_extras(header, places)
            return Table(header_row=index + 1, places=places, extras=extras, width=width, rows=rows, above=above)
    return None


def empty_table() -> Table:
    """Return the table of a blank tab, before its header is written."""
    return Table(header_row=1, places={}, extras={}, width=0, rows=())


def _used(cells: Sequence[str]) -> int:
    return next((place for place in range(len(cells), 0, -1) if cells[place - 1].strip()), 0)
