"""Text in and out of .xlsx cells: what goes in as text stays text, whatever it looks like."""

from __future__ import annotations

import re
from copy import copy
from datetime import date, datetime, time
from typing import Any

from stream.core.sheet_cells import looks_like_formula
from stream.core.sheet_columns import Kind

TIME_FORMAT = "yyyy-mm-dd hh:mm"
_TIME = "%Y-%m-%d %H:%M"
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # `_x0041_` in a file means the letter A


def cell_text(value: Any) -> str:
    """Return what a cell says as the text that we would write there; formulas as their text."""
    match value:
        case None:
            return ""
        case str():
            return value.replace("_x005F_x", "_x") if "_x005F_x" in value else value
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.strftime(_TIME)
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M")
        case _:
            return str(value)


def put_text(cell: Any, text: str, kind: Kind = Kind.TEXT) -> None:
    """Write text into a cell: times as dates without a zone, numbers as numbers, all else as text that is never a formula."""
    if not text:
        cell.value = None
    elif kind is Kind.TIME:
        cell.value = datetime.strptime(text, _TIME)  # noqa: DTZ007 # a spreadsheet has no zones; the header names ours
        cell.number_format = TIME_FORMAT
    elif kind is Kind.NUMBER:
        cell.value = int(text)
    else:
        cell.value = _ESCAPE.sub("_x005F_", text)
        cell.data_type = "s"
        if looks_like_formula(text):
            cell.quotePrefix = True  # Excel then keeps it text when somebody edits it


def copy_style(sheet: Any, source: int, target: int, width: int) -> None:
    """Give a new row the looks of the one above, people's columns included."""
    for column in range(1, width + 1):
        above = sheet.cell(source, column)
        if above.has_style:
            cell = sheet.cell(target, column)
            cell._style = copy(above._style)  # noqa: SLF001 # the way of openpyxl's own documentation
            cell.quotePrefix = False
