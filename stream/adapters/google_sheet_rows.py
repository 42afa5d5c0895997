"""Rows on their way to Google: as requests of a bearable size, and halved until the one that it refuses is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from stream.adapters.google_sheet_errors import CellsRefused
from stream.adapters.google_sheet_http import quote_tab
from stream.core.sheet_plan import NewRow, RowWrite
from stream.errors import SheetError

LARGEST = 1_500_000  # characters a request; Google recommends 2 MB at most
_MOST_ROWS = 5_000
_MOST_REFUSED = 5  # rows; more than that are not each other's fault

_Row = TypeVar("_Row", RowWrite, NewRow)


def column_letter(place: int) -> str:
    """Return the letters of a column counted from 0: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cells_range(tab: str, row: int, cells: Mapping[int, str]) -> dict[str, Any]:
    """Return a value range for these cells of one row; what lies between them is null, which leaves it alone."""
    first, last = min(cells), max(cells)
    values = [cells.get(place) for place in range(first, last + 1)]
    return {"range": f"{quote_tab(tab)}!{column_letter(first)}{row}:{column_letter(last)}{row}", "values": [values]}


def first_part(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Return as many rows, from the first on, as one request should carry; at least one."""
    size = 0
    for number, row in enumerate(rows):
        size += 80 + sum(len(text) + 4 for text in row.cells.values())
        if number and (size > LARGEST or number >= _MOST_ROWS):
            return rows[:number]
    return rows


def send_halving(rows: Sequence[_Row], send: Callable[[Sequence[_Row]], None]) -> dict[str, str]:
    """Send rows together; where Google refuses them, send halves. Returns the tickets whose rows it refuses, with the reason.

    A refusal changes nothing in the sheet, so the same rows may be sent again. Raises `SheetError` where so many are refused
    that it cannot be the rows.
    """
    refused: dict[str, str] = {}
    waiting = [rows] if rows else []
    while waiting:
        part = waiting.pop()
        try:
            send(part)
        except CellsRefused as error:
            if len(part) > 1:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
                continue
            refused[part[0].ticket_id] = str(error)
            if len(refused) > _MOST_REFUSED:
                raise SheetError(f"Google refuses row after row; something is wrong with the sheet. {error}") from error
    return refused


def row_values(rows: Iterable[NewRow], first: int, width: int) -> list[list[str | None]]:
    """Return new rows as lists that begin at column `first` and all reach to `width`, so that the table stays one table."""
    return [[row.cells.get(place) or None for place in range(first, width)] for row in rows]
