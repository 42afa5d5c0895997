"""When a pass must not go on: what was read looks like an accident, and going on would make it worse."""

from __future__ import annotations

from stream.core.sheet_table import Grid, Table, is_blank

_MANY = 50  # rows that vanish at once are more likely a slip than a tidy-up
_SHARE = 0.2
_FEW = 10  # below this many a share of the rows says nothing
_REBUILD = "Undo it in the sheet, or run `groupdesk sheet rebuild` to write the rows again"


def guard_table(grid: Grid, table: Table | None, placed: int) -> str | None:
    """Return why a tab without our table must be left alone, or None where it may be set up or used."""
    if table is not None:
        return None
    if is_blank(grid):
        return f"The sheet was cleared: {placed} rows were there before. {_REBUILD}." if placed else None
    if placed:
        return f"This tab has no column ID with our columns beside it: a wrong tab, or the header was changed. {_REBUILD}."
    return "This tab holds something else: choose an empty tab, or give the sheet a new one."


def guard_vanished(vanished: int, placed: int) -> str | None:
    """Return why so many rows that are not there any more cannot be taken for deleted."""
    all_gone = placed > 2 and vanished == placed
    if not all_gone and vanished <= _MANY and not (vanished >= _FEW and vanished > placed * _SHARE):
        return None
    keep = "or `groupdesk sheet rebuild --keep-deleted` if they are meant to be gone"
    return f"{vanished} of {placed} rows are missing from the sheet. {_REBUILD}, {keep}."


def guard_blanked(blanked: int, rows: int) -> str | None:
    """Return why so many emptied cells that are never empty cannot be taken for changes."""
    if blanked < _FEW or blanked <= rows * _SHARE:
        return None
    return f"{blanked} cells of Status, Priority or Category were emptied at once. {_REBUILD}."
