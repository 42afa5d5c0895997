"""The looks of the Google Sheet as requests: only what is missing is asked for, so that people's own looks stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stream.adapters.google_sheet_rows import column_letter
from stream.adapters.sheet_port import Layout
from stream.core.sheet_columns import BY_NAME, COLUMNS, Column, Owner, find_columns
from stream.core.sheet_guide import COLOURS, guide_lines
from stream.core.sheet_plan import Plan

_OURS = "Groupdesk keeps these columns"
_DARK = {"red": 0.122, "green": 0.161, "blue": 0.216}
_BLUE = {"red": 0.114, "green": 0.306, "blue": 0.847}  # columns that people may change
_WHITE = {"red": 1, "green": 1, "blue": 1}
_PIXELS = 7  # a character of the usual font


def dress_requests(tab: Mapping[str, Any], plan: Plan, layout: Layout) -> list[list[dict[str, Any]]]:
    """Return groups of requests, each to be sent as one; a group that is refused must not keep the others away."""
    properties = tab["properties"]
    sheet = int(properties["sheetId"])
    groups = [
        _freeze(sheet, plan, properties),
        [_offer(sheet, plan, name, choices) for name, choices in layout.choices.items()],
        _colour(sheet, plan, tab),
        [_as_text(sheet, plan, name) for name in ("id", "customer", "mark")],
        _header(sheet, plan),
        _protect(sheet, plan, tab),
        [] if tab.get("basicFilter") else [_filter(sheet, plan)],
    ]
    return [group for group in groups if group]


def archive_requests(tab: Mapping[str, Any], headers: Sequence[str]) -> list[dict[str, Any]]:
    """Return the looks of the tab of closed tickets: those of the first tab, less what is for working in it."""
    sheet = int(tab["properties"]["sheetId"])
    requests = _freeze_rows(sheet, 1)
    for name, place in find_columns(headers).items():
        requests += _dress_column(sheet, 1, place, BY_NAME[name], _DARK)
    return requests


def guide_values(layout: Layout) -> list[list[str]]:
    """Return the guide, a line a row."""
    return [[line] for line in guide_lines(layout.zone)]


def _area(sheet: int, first_row: int, place: int, until: int | None = None) -> dict[str, int]:
    return {
        "sheetId": sheet,
        "startRowIndex": first_row,
        "startColumnIndex": place,
        "endColumnIndex": (place + 1 if until is None else until),
    }


def _freeze(sheet: int, plan: Plan, properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    if properties.get("gridProperties", {}).get("frozenRowCount"):
        return []
    return _freeze_rows(sheet, plan.header_row)


def _freeze_rows(sheet: int, number: int) -> list[dict[str, Any]]:
    frozen = {"sheetId": sheet, "gridProperties": {"frozenRowCount": number}}
    return [{"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}}]


def _offer(sheet: int, plan: Plan, name: str, choices: tuple[str, ...]) -> dict[str, Any]:
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": choice} for choice in choices]}
    rule = {"condition": condition, "showCustomUi": True, "strict": False}
    return {"setDataValidation": {"range": _area(sheet, plan.header_row, plan.places[name]), "rule": rule}}


def _colour(sheet: int, plan: Plan, tab: Mapping[str, Any]) -> list[dict[str, Any]]:
    present = {_rgb(rule) for rule in tab.get("conditionalFormats", [])}
    requests: list[dict[str, Any]] = []
    for colour in COLOURS:
        if colour.rgb in present:
            continue
        place = plan.places[colour.column]
        formula = f'=${column_letter(place)}{plan.header_row + 1}="{colour.value}"'
        condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
        red, green, blue = (int(colour.rgb[at : at + 2], 16) / 255 for at in (0, 2, 4))
        look = {"backgroundColor": {"red": red, "green": green, "blue": blue}}
        rule = {"ranges": [_area(sheet, plan.header_row, place)], "booleanRule": {"condition": condition, "format": look}}
        requests.append({"addConditionalFormatRule": {"index": 0, "rule": rule}})
    return requests


def _rgb(rule: Mapping[str, Any]) -> str:
    colour = rule.get("booleanRule", {}).get("format", {}).get("backgroundColor", {})
    return "".join(f"{round(float(colour.get(part, 0)) * 255):02X}" for part in ("red", "green", "blue"))


def _as_text(sheet: int, plan: Plan, name: str) -> dict[str, Any]:
    """Keep a column plain text, so that an id or number that somebody types again is not turned into a number."""
    cell = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}}}
    area = _area(sheet, plan.header_row, plan.places[name])
    return {"repeatCell": {"range": area, "cell": cell, "fields": "userEnteredFormat.numberFormat"}}


def _header(sheet: int, plan: Plan) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = []
    for column in COLUMNS:
        if plan.places[column.name] in plan.headers:
            colour = _BLUE if column.owner is Owner.SHARED else _DARK
            requests += _dress_column(sheet, plan.header_row, plan.places[column.name], column, colour)
    return requests


def _dress_column(sheet: int, header_row: int, place: int, column: Column, colour: Mapping[str, float]) -> list[dict[str, Any]]:
    look = {
        "backgroundColor": colour,
        "textFormat": {"bold": True, "foregroundColor": _WHITE},
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "WRAP",
    }
    area = {**_area(sheet, header_row - 1, place), "endRowIndex": header_row}
    fields = "userEnteredFormat(backgroundColor,textFormat,verticalAlignment,wrapStrategy)"
    shape = {"pixelSize": column.width * _PIXELS, "hiddenByUser": column.owner is Owner.MARK}
    span = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": place, "endIndex": place + 1}
    return [
        {"repeatCell": {"range": area, "cell": {"userEnteredFormat": look}, "fields": fields}},
        _body(sheet, header_row, place, is_wrapped=column.is_wrapped),
        {"updateDimensionProperties": {"range": span, "properties": shape, "fields": "pixelSize,hiddenByUser"}},
    ]


def _body(sheet: int, header_row: int, place: int, *, is_wrapped: bool) -> dict[str, Any]:
    look = {"verticalAlignment": "TOP", "wrapStrategy": "WRAP" if is_wrapped else "CLIP"}
    fields = "userEnteredFormat(verticalAlignment,wrapStrategy)"
    return {"repeatCell": {"range": _area(sheet, header_row, place), "cell": {"userEnteredFormat": look}, "fields": fields}}


def _protect(sheet: int, plan: Plan, tab: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Warn whoever types into our columns; only warn, or people could not sort."""
    if any(str(area.get("description", "")).startswith(_OURS) for area in tab.get("protectedRanges", [])):
        return []
    names = [column for column in COLUMNS if column.owner in (Owner.MACHINE, Owner.KEY, Owner.MARK)]
    return [
        {
            "addProtectedRange": {
                "protectedRange": {
                    "range": _area(sheet, plan.header_row, plan.places[column.name]),
                    "description": f"{_OURS}: {column.header}",
                    "warningOnly": True,
                }
            }
        }
        for column in names
    ]


def _filter(sheet: int, plan: Plan) -> dict[str, Any]:
    area = _area(sheet, plan.header_row - 1, min(plan.places.values()), max(plan.places.values()) + 1)
    return {"setBasicFilter": {"filter": {"range": area}}}
