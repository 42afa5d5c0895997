"""The looks of the .xlsx sheet: dropdowns, colours, a header that stays, and a tab that explains. Repaired, never forced.

Everything is looked for before it is added, so people's own formats, columns and rules stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.xml.constants import MAX_COLUMN, MAX_ROW

from stream.adapters.sheet_port import ARCHIVE_TAB, GUIDE_TAB, TICKET_TAB, Layout
from stream.adapters.xlsx_sheet_cells import put_text
from stream.adapters.xlsx_sheet_heights import fit_heights
from stream.core.sheet_columns import BY_NAME, COLUMNS, Owner, find_columns
from stream.core.sheet_guide import COLOURS, guide_lines
from stream.core.sheet_plan import Plan

_LAST = 1_048_576  # rows of an .xlsx tab
_HEADER_FILL = PatternFill("solid", start_color="FF1F2937")
_SHARED_FILL = PatternFill("solid", start_color="FF1D4ED8")
_HEADER_FONT = Font(name="Calibri", size=11, bold=True, color="FFFFFFFF")
_HEADER_POINTS = 32  # two lines: a time's header names its zone below
_LONGEST_LIST = 255  # Excel takes no longer list in a rule; what is longer stands on the guide tab


def dress_workbook(book: Any, plan: Plan, layout: Layout) -> None:
    """Repair what is missing on all our tabs."""
    sheet = book[TICKET_TAB]
    is_new = bool(plan.headers)
    for column in COLUMNS:
        place = plan.places[column.name]
        if place in plan.headers:
            width = max(column.width, *(len(word) + 2 for word in plan.headers[place].split()))
            _dress_header(sheet, plan.header_row, place + 1, width, is_shared=column.owner is Owner.SHARED)
            if column.owner is Owner.MARK:
                sheet.column_dimensions[get_column_letter(place + 1)].hidden = True
    if is_new and sheet.freeze_panes is None:
        sheet.freeze_panes = sheet.cell(plan.header_row + 1, 2)
        _fit_to_paper(sheet, plan.header_row)
    guide = _guide(book, layout)
    for name, choices in layout.choices.items():
        _offer(sheet, plan.header_row + 1, plan.places[name] + 1, _source(guide, name, choices))
    _colour(sheet, plan)
    _filter(sheet, plan)
    fit_heights(sheet, plan.header_row, plan.places)
    if ARCHIVE_TAB in book.sheetnames:
        _dress_archive(book[ARCHIVE_TAB])


def dress_row(sheet: Any, number: int, places: Mapping[str, int]) -> None:
    """Give the first row of a table its looks; the rows below take over those of the row above them."""
    for name, place in places.items():
        sheet.cell(number, place + 1).alignment = Alignment(vertical="top", wrap_text=BY_NAME[name].is_wrapped)


def _dress_header(sheet: Any, row: int, column: int, width: int, *, is_shared: bool = False) -> None:
    cell = sheet.cell(row, column)
    cell.fill, cell.font = _SHARED_FILL if is_shared else _HEADER_FILL, _HEADER_FONT
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    sheet.column_dimensions[get_column_letter(column)].width = width


def _fit_to_paper(sheet: Any, header_row: int) -> None:
    """Make the header high enough for two lines; print all columns on one page's width, with the header on every page."""
    sheet.row_dimensions[header_row].height = _HEADER_POINTS
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{header_row}:{header_row}"


def _source(guide: Any, name: str, choices: tuple[str, ...]) -> str:
    """Return where a dropdown takes its choices from: written out, or a column of the guide tab where they are many."""
    written = ",".join(choices)
    if len(written) <= _LONGEST_LIST - 2 and not any("," in choice or '"' in choice for choice in choices):
        return f'"{written}"'
    column = 27 + sorted(("status", "priority", "assignee", "category")).index(name)  # AA and on: out of sight
    for number, choice in enumerate(choices, start=1):
        put_text(guide.cell(number, column), choice)
    letter = get_column_letter(column)
    return f"'{GUIDE_TAB}'!${letter}$1:${letter}${len(choices)}"


def _offer(sheet: Any, first: int, column: int, source: str) -> None:
    """Put a dropdown on a column that has none; one of ours whose choices have changed is renewed."""
    found = None
    for rule in sheet.data_validations.dataValidation:
        if rule.type == "list" and any(area.min_col <= column <= area.max_col for area in rule.sqref.ranges):
            found = rule
    if found is not None:
        if found.promptTitle == "Groupdesk":
            found.formula1 = source
        return
    rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
    rule.promptTitle = "Groupdesk"  # not shown (showInputMessage is off); tells our rules from people's
    rule.showInputMessage = False
    letter = get_column_letter(column)
    rule.add(f"{letter}{first}:{letter}{_LAST}")
    sheet.add_data_validation(rule)


def _colour(sheet: Any, plan: Plan) -> None:
    present = {
        rule.dxf.fill.bgColor.rgb
        for area in sheet.conditional_formatting
        for rule in area.rules
        if rule.dxf is not None and rule.dxf.fill is not None
    }
    first, last = plan.header_row + 1, get_column_letter(max(plan.places.values()) + 1)
    for colour in COLOURS:
        rgb = f"FF{colour.rgb}"
        if rgb in present:
            continue
        letter = get_column_letter(plan.places[colour.column] + 1)
        fill = PatternFill("solid", start_color=rgb, end_color=rgb)
        formula = f'${letter}{first}="{colour.value}"'
        area = f"{letter}{first}:{letter}{_LAST}" if not colour.whole_row else f"A{first}:{last}{_LAST}"
        sheet.conditional_formatting.add(area, FormulaRule(formula=[formula], fill=fill))  # type: ignore[no-untyped-call] # the stubs leave it untyped


def _filter(sheet: Any, plan: Plan) -> None:
    """Give the header filter buttons, and let a filter or a table that is there reach over the new rows."""
    last = max(sheet.max_row, plan.header_row + 1)
    for table in sheet.tables.values():
        left, top, right, bottom = _bounds(table.ref)
        if top == plan.header_row:
            if bottom < last:
                table.ref = _area(left, top, right, last)
                if table.autoFilter is not None:
                    table.autoFilter.ref = table.ref
            return
    if sheet.auto_filter.ref:
        left, top, right, _ = _bounds(sheet.auto_filter.ref)
        if top == plan.header_row:
            sheet.auto_filter.ref = _area(left, top, right, last)
    else:
        sheet.auto_filter.ref = _area(1, plan.header_row, max(plan.places.values()) + 1, last)


def _bounds(reference: str) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a range; one of whole columns or rows begins and ends where the sheet does."""
    left, top, right, bottom = range_boundaries(reference)
    return left or 1, top or 1, right or MAX_COLUMN, bottom or MAX_ROW


def _area(left: int, top: int, right: int, bottom: int) -> str:
    return f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom}"


def _guide(book: Any, layout: Layout) -> Any:
    if GUIDE_TAB in book.sheetnames:
        return book[GUIDE_TAB]
    sheet = book.create_sheet(GUIDE_TAB)
    for number, line in enumerate(guide_lines(layout.zone), start=1):
        put_text(sheet.cell(number, 1), line)
        sheet.cell(number, 1).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    sheet.column_dimensions["A"].width = 110
    return sheet


def _dress_archive(sheet: Any) -> None:
    if sheet.freeze_panes is None:
        sheet.freeze_panes = "B2"
        for place in range(1, sheet.max_column + 1):
            known = find_columns([str(sheet.cell(1, place).value or "")])
            column = BY_NAME[next(iter(known))] if known else None
            _dress_header(sheet, 1, place, column.width if column else 18)
            sheet.column_dimensions[get_column_letter(place)].hidden = column is not None and column.owner is Owner.MARK
        _fit_to_paper(sheet, 1)
