"""The .xlsx in a real spreadsheet program: it opens whole, nothing becomes a formula, and what people save there is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from stream.adapters.sheet_port import SheetBusy
from stream.core.commands import COMMAND, SetNote, SetState
from stream.core.ticket import TicketState
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import make_ticket
from tests.sheet.office import PROGRAM, Office
from tests.sheet.workbook import CORPUS, File, Keep

_WHY = "starts LibreOffice, some 10 s a time: set SHEET_OFFICE=1, with soffice (package libreoffice-calc) installed"
pytestmark = [
    pytest.mark.skipif(os.environ.get("SHEET_OFFICE") != "1" or PROGRAM is None, reason=_WHY),
    pytest.mark.timeout(400),
]


@pytest.fixture
def file(tmp_path: Path, store: SheetStore, rows: WantedRows) -> File:
    return File(tmp_path / "tickets.xlsx", store, rows)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    folder = tmp_path / "office"
    folder.mkdir()
    return Office(folder)


def rows_of(path: Path) -> dict[str, list[Any]]:
    sheet = openpyxl.load_workbook(path)["Tickets"]
    return {str(line[0].value): list(line) for line in sheet.iter_rows(min_row=2) if line[0].value}


def test_nothing_that_customers_write_becomes_a_formula(file: File, keep: Keep, office: Office, tmp_path: Path) -> None:
    tickets = [make_ticket(number, title=text, note=text, opened_by_name=text) for number, text in enumerate(CORPUS)]
    keep(*tickets)
    file.run()
    told = tmp_path / "formulas.txt"
    office.edit(
        file.path,
        "found = sheet.queryContentCells(com.sun.star.sheet.CellFlags.FORMULA)",
        "texts = sheet.queryContentCells(com.sun.star.sheet.CellFlags.STRING)",
        f'Open "{told}" For Output As #1',
        'Print #1, found.RangeAddressesAsString & "|" & sheet.getCellRangeByName("F2").String',
        "Close #1",
        'sheet.getCellRangeByName("A1").CharHeight = 13',  # a change of looks alone
    )
    assert told.read_text().strip() == "|=1+1"
    saved = rows_of(file.path)
    assert len(saved) == len(CORPUS)
    assert not [cell.coordinate for line in saved.values() for cell in line if cell.data_type in "fe"]
    done = file.run()
    assert (done.edits, done.refused_edits, done.deleted, file.published) == (0, 0, 0, [])


def test_what_people_save_in_it_is_read_back(file: File, keep: Keep, office: Office) -> None:
    tickets = [make_ticket(number) for number in range(8)]
    keep(*tickets)
    file.run()
    office.edit(
        file.path,
        'sheet.getCellRangeByName("B2").String = "resolved"',
        'sheet.getCellRangeByName("M3").String = "called" & Chr(10) & "twice, =1+1"',
        'sheet.getCellRangeByName("P1").String = "Ours"',
        'sheet.getCellRangeByName("P4").Formula = "=LEN(F4)"',
        'sheet.getCellRangeByName("F4").CellBackColor = RGB(255, 255, 0)',
        'sheet.getCellRangeByName("F4").CharHeight = 18',
        "sheet.Columns.insertByIndex(2, 1)",
        "sheet.Rows.removeByIndex(8, 1)",  # the last ticket's
        "Dim fields(0) As New com.sun.star.table.TableSortField",
        "fields(0).Field = 0",
        "fields(0).IsAscending = False",
        "Dim sorting(1) As New com.sun.star.beans.PropertyValue",
        'sorting(0).Name = "SortFields"',
        "sorting(0).Value = fields()",
        'sorting(1).Name = "ContainsHeader"',
        "sorting(1).Value = True",
        'sheet.getCellRangeByName("A1:Q8").sort(sorting())',
    )
    assert office.lock_seen.startswith(",")
    done = file.run()
    assert (done.edits, done.deleted, done.duplicates) == (2, 1, 0)
    commands = {type(command): command for command in (COMMAND.validate_json(sent[2]) for sent in file.published)}
    state, note = commands[SetState], commands[SetNote]
    assert isinstance(state, SetState)
    assert isinstance(note, SetNote)
    assert (state.ticket_id, state.state) == (tickets[0].id, TicketState.RESOLVED)
    assert (note.ticket_id, note.note) == (tickets[1].id, "called\ntwice, =1+1")
    keep(tickets[3].but(version=2, title="new words"), make_ticket(20))
    file.run()
    after = rows_of(file.path)
    assert set(after) == {ticket.id for ticket in tickets[:7]} | {make_ticket(20).id}
    assert after[tickets[3].id][6].value == "new words"
    assert after[tickets[2].id][6].fill.start_color.rgb == "FFFFFF00"
    assert str(after[tickets[2].id][16].value).startswith("=LEN(G")
    assert office.convert(file.path, "pdf").stat().st_size > 10_000


def test_its_lock_keeps_us_from_the_file(file: File, keep: Keep, office: Office) -> None:
    keep(make_ticket(1))
    file.run()
    office.edit(file.path, 'sheet.getCellRangeByName("M2").String = "typed"')
    lock = file.path.with_name(f".~lock.{file.path.name}#")
    lock.write_text(office.lock_seen)  # as it stood while the program had the file open
    before = file.path.read_bytes()
    keep(make_ticket(2))
    with pytest.raises(SheetBusy, match="LibreOffice by "):
        file.run()
    assert file.path.read_bytes() == before
    lock.unlink()
    file.run()
    assert [line["Note"] for line in file.table()] == ["typed", None]
    assert len(file.published) == 1
