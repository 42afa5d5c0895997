"""The CSV mirror: all tickets for machines, replaced as a whole; programs that open it find text, never a formula."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from stream.core.sheet_cells import looks_like_formula
from stream.core.sheet_columns import COLUMNS, Owner, header_text
from stream.core.sheet_plan import Wanted

_SHOWN = [column for column in COLUMNS if column.owner is not Owner.MARK and column.name != "notice"]


def escape(text: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula when it opens the file."""
    return f"'{text}" if looks_like_formula(text) else text


def write_mirror(path: Path, rows: Iterable[Wanted], zone: str) -> None:
    """Replace the file by these rows, with every cell quoted; raises `OSError`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow([header_text(column, zone) for column in _SHOWN])
            for row in rows:
                cells = {"id": row.id, **row.cells}
                writer.writerow([escape(cells[column.name]) for column in _SHOWN])
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
