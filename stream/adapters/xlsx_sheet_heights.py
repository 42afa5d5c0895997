"""Rows high enough for what they say: programs other than Excel do not work it out when they open a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream.core.sheet_columns import BY_NAME

_LINE_POINTS = 15.0
_LETTERS = 1.15  # to a unit of width, which is that of a digit
_MOST_LINES = 6  # longer texts are read in the cell itself


def fit_heights(sheet: Any, header_row: int, places: Mapping[str, int]) -> None:
    """Set the heights of all rows below the header, but for those that a person chose.

    Ours are whole lines, so that they are known again after rows were sorted.
    """
    wrapped = [(place + 1, int(BY_NAME[name].width * _LETTERS)) for name, place in places.items() if BY_NAME[name].is_wrapped]
    for number in range(header_row + 1, sheet.max_row + 1):
        known = sheet.row_dimensions[number].height if number in sheet.row_dimensions else None
        if known is not None and known not in _OURS:
            continue
        lines = max((_lines(sheet.cell(number, column).value, width) for column, width in wrapped), default=1)
        if lines > 1 or known is not None:
            sheet.row_dimensions[number].height = None if lines == 1 else _LINE_POINTS * lines


_OURS = {_LINE_POINTS * lines for lines in range(1, _MOST_LINES + 1)}


def _lines(value: Any, width: int) -> int:
    if not isinstance(value, str) or (len(value) < width and "\n" not in value):
        return 1
    return min(_MOST_LINES, sum(-(-max(len(line), 1) // width) for line in value.splitlines()[:_MOST_LINES] or [""]))
