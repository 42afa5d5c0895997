"""A sink on an .xlsx file, and texts that a spreadsheet would make something else of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

from stream.adapters.xlsx_sheet import XlsxSheet
from stream.core.sheet_plan import Options
from stream.sheet.sink import Pass, Sink
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import NOW

# What customers write, and what a spreadsheet would make of it.
CORPUS = [
    "=1+1",
    '=HYPERLINK("http://evil","x")',
    "=cmd|' /C calc'!A0",
    "+5511999887766",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "\uff1d1+1",
    "'lead",
    "00123",
    "1e5",
    "TRUE",
    "#N/A",
    "2026-01-02",
    "_x0041_",
    "a\x00\x07b",
    "line\r\nline",
    "x" * 40_000,
    "😀" * 20_000,
    "￾￿",
    "<b>&amp;",
]
Keep = Callable[..., None]


class File:
    """A sink on a file, and a person with a spreadsheet program."""

    def __init__(self, path: Path, store: SheetStore, rows: WantedRows) -> None:
        self.path = path
        self.mirror = path.with_suffix(".csv")
        self.store, self.rows = store, rows
        self.published: list[Any] = []
        self.sheet = XlsxSheet(path)
        self.sink = Sink(store, self.sheet, lambda *sent: self.published.append(sent), rows, 1000, self.mirror)

    def run(self, **options: Any) -> Pass:
        return self.sink.run(NOW, Options(**options))

    def open(self) -> Any:
        return openpyxl.load_workbook(self.path)

    def table(self) -> list[dict[str, Any]]:
        lines = list(self.open()["Tickets"].iter_rows(values_only=True))
        return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
