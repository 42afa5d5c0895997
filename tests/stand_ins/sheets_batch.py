"""`spreadsheets.batchUpdate`: all of its requests or none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.stand_ins.sheets_grid import Refused, Tab


class Book:
    """One spreadsheet."""

    def __init__(self, sheet_id: str) -> None:
        self.id = sheet_id
        self.tabs: list[Tab] = [Tab(0, "Sheet1")]
        self._next_id = 100

    def titled(self, title: str) -> Tab:
        return next(tab for tab in self.tabs if tab.title == title)

    def titles(self) -> list[str]:
        return [tab.title for tab in self.tabs]

    def find(self, sheet_id: Any) -> Tab:
        for tab in self.tabs:
            if tab.id == int(sheet_id or 0):
                return tab
        raise Refused(400, f"No grid with id: {sheet_id}")

    def update(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        before = copy.deepcopy(self.tabs) if len(requests) > 1 else None
        replies = []
        for number, request in enumerate(requests):
            kind, body = next(iter(request.items()))
            do = _KINDS.get(kind)
            try:
                if do is None:
                    raise Refused(400, f'Unknown name "{kind}": Cannot find field.')  # noqa: TRY301 # one place adds the number
                replies.append(do(self, body) or {})
            except Refused as error:
                if before is not None:
                    self.tabs = before
                raise Refused(400, f"Invalid requests[{number}].{kind}: {error.message}") from error
        return replies

    def add_tab(self, title: str, rows: int = 1000, columns: int = 26) -> Tab:
        if title in self.titles():
            raise Refused(400, f'A sheet with the name "{title}" already exists. Please enter another name.')
        self._next_id += 1
        tab = Tab(self._next_id, title, rows, columns)
        self.tabs.append(tab)
        return tab


def _add_sheet(book: Book, body: dict[str, Any]) -> dict[str, Any]:
    wanted = body["properties"]
    grid = wanted.get("gridProperties", {})
    tab = book.add_tab(wanted["title"], grid.get("rowCount", 1000), grid.get("columnCount", 26))
    return {"addSheet": {"properties": tab.properties()}}


def _delete_sheet(book: Book, body: dict[str, Any]) -> None:
    book.tabs.remove(book.find(body["sheetId"]))


def _properties(book: Book, body: dict[str, Any]) -> None:
    wanted = body["properties"]
    tab = book.find(wanted.get("sheetId"))
    tab.title = wanted.get("title", tab.title)
    tab.frozen = wanted.get("gridProperties", {}).get("frozenRowCount", tab.frozen)


def _insert(book: Book, body: dict[str, Any]) -> None:
    span = body["range"]
    tab, number = book.find(span.get("sheetId")), span["endIndex"] - span["startIndex"]
    (tab.insert_rows if span["dimension"] == "ROWS" else tab.insert_columns)(span["startIndex"], number)


def _delete(book: Book, body: dict[str, Any]) -> None:
    span = body["range"]
    tab = book.find(span.get("sheetId"))
    if span["endIndex"] > tab.row_count:
        raise Refused(400, "Cannot delete a row that doesn't exist.")
    tab.delete_rows(span["startIndex"], span["endIndex"])


def _append_dimension(book: Book, body: dict[str, Any]) -> None:
    tab = book.find(body.get("sheetId"))
    if body["dimension"] == "ROWS":
        tab.row_count += body["length"]
    else:
        tab.column_count += body["length"]


def _validate(book: Book, body: dict[str, Any]) -> None:
    tab = book.find(body["range"].get("sheetId"))
    tab.validations = [kept for kept in tab.validations if kept["range"] != body["range"]] + [body]


def _colour(book: Book, body: dict[str, Any]) -> None:
    book.find(body["rule"]["ranges"][0].get("sheetId")).colours.insert(body.get("index", 0), body["rule"])


def _protect(book: Book, body: dict[str, Any]) -> dict[str, Any]:
    area = body["protectedRange"]
    tab = book.find(area["range"].get("sheetId"))
    tab.protected.append(area)
    return {"addProtectedRange": {"protectedRange": {**area, "protectedRangeId": len(tab.protected)}}}


def _filter(book: Book, body: dict[str, Any]) -> None:
    book.find(body["filter"]["range"].get("sheetId")).filter = body["filter"]


def _dimension(book: Book, body: dict[str, Any]) -> None:
    if body["properties"].get("hiddenByUser"):
        book.find(body["range"].get("sheetId")).hidden.add(body["range"]["startIndex"])


def _sort(book: Book, body: dict[str, Any]) -> None:
    span, spec = body["range"], body["sortSpecs"][0]
    descending = spec.get("sortOrder") == "DESCENDING"
    book.find(span.get("sheetId")).sort(span.get("startRowIndex", 0), spec.get("dimensionIndex", 0), descending=descending)


def _ignore(_book: Book, _body: dict[str, Any]) -> None:
    """Formats do not matter here."""


_KINDS: dict[str, Callable[[Book, dict[str, Any]], Any]] = {
    "addSheet": _add_sheet,
    "deleteSheet": _delete_sheet,
    "updateSheetProperties": _properties,
    "insertDimension": _insert,
    "deleteDimension": _delete,
    "appendDimension": _append_dimension,
    "setDataValidation": _validate,
    "addConditionalFormatRule": _colour,
    "addProtectedRange": _protect,
    "setBasicFilter": _filter,
    "updateDimensionProperties": _dimension,
    "sortRange": _sort,
    "repeatCell": _ignore,
}
