from __future__ import annotations

import csv
import subprocess
import sys
import threading
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from stream.adapters.sheet_port import SheetBusy, SheetChanged
from stream.adapters.xlsx_sheet import XlsxSheet
from stream.core.sheet_plan import Options
from stream.core.ticket import TicketState
from stream.errors import SheetError
from stream.sheet.sink import Sink
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import NOW, make_ticket
from tests.sheet.workbook import CORPUS, File, Keep


@pytest.fixture
def file(tmp_path: Path, store: SheetStore, rows: WantedRows) -> File:
    return File(tmp_path / "tickets.xlsx", store, rows)


def test_no_cell_becomes_a_formula_and_no_row_fails(file: File, keep: Keep) -> None:
    keep(*(make_ticket(number, title=text, note=text, opened_by_name=text) for number, text in enumerate(CORPUS)))
    file.run()
    sheet = file.open()["Tickets"]
    assert sheet.max_row == len(CORPUS) + 1
    assert not [cell.coordinate for line in sheet.iter_rows() for cell in line if cell.data_type in "fe"]
    with zipfile.ZipFile(file.path) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    assert max(len(str(line["Note"])) for line in file.table()) <= 32_767
    file.sheet = XlsxSheet(file.path)
    again = Sink(file.store, file.sheet, lambda *sent: file.published.append(sent), file.rows, 1000)
    done = again.run(NOW, Options())
    assert (done.written, done.edits, file.published) == (0, 0, [])


def test_the_mirror_holds_no_formula_either(file: File, keep: Keep) -> None:
    keep(*(make_ticket(number, title=text) for number, text in enumerate(CORPUS)))
    file.run()
    raw = file.mirror.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    with file.mirror.open(encoding="utf-8-sig", newline="") as opened:
        lines = list(csv.DictReader(opened))
    assert len(lines) == len(CORPUS)
    assert not [cell for line in lines for cell in line.values() if cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]


def test_times_are_dates_without_a_zone_and_ages_are_numbers(file: File, keep: Keep) -> None:
    keep(make_ticket(1))
    file.run()
    [line] = file.table()
    assert line["Opened (UTC)"] == (make_ticket(1).opened_at).replace(tzinfo=None)
    assert isinstance(line["Age (hours)"], int)
    assert isinstance(line["Opened (UTC)"], datetime)


def test_the_sheet_is_tidy_and_made_once(file: File, keep: Keep) -> None:
    keep(make_ticket(1))
    file.run()
    keep(make_ticket(2))
    file.sheet = XlsxSheet(file.path)
    file.sink = Sink(file.store, file.sheet, lambda *_: None, file.rows, 1000)
    file.run()
    book = file.open()
    sheet = book["Tickets"]
    assert book.sheetnames == ["Tickets", "How this sheet works"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:O3"
    assert sorted(str(rule.sqref)[0] for rule in sheet.data_validations.dataValidation) == ["B", "C", "D"]
    assert sum(len(area.rules) for area in sheet.conditional_formatting) == 8
    assert sheet.column_dimensions["O"].hidden


def test_long_texts_are_shown_on_as_many_lines_as_they_need(file: File, keep: Keep) -> None:
    keep(make_ticket(1, title="short"), make_ticket(2, title="many words " * 9), make_ticket(3, title="by hand " * 20))
    file.run()
    book = file.open()
    heights = [book["Tickets"].row_dimensions[number].height for number in (2, 3)]
    assert heights == [None, 30]
    book["Tickets"].row_dimensions[4].height = 44
    book.save(file.path)
    keep(make_ticket(2, version=2, title="short now"))
    file.run()
    sheet = file.open()["Tickets"]
    assert [sheet.row_dimensions[number].height for number in (3, 4)] == [None, 44]
    assert sheet["F3"].alignment.wrap_text


def test_what_hides_or_turns_text_round_is_left_out(file: File, keep: Keep) -> None:
    keep(make_ticket(1, title="pay \u202eexe.fdp\x1b[31m\x85 now", note="a\u2066b\u2069"))
    file.run()
    file.run()
    [line] = file.table()
    assert (line["Title"], line["Note"]) == ("pay exe.fdp[31m now", "ab")
    stored = file.store.tickets[make_ticket(1).id].ticket
    assert stored is not None
    assert "\u202e" in stored.title
    assert file.published == []


def test_formulas_fills_comments_and_other_tabs_are_kept(file: File, keep: Keep) -> None:
    keep(make_ticket(1), make_ticket(2))
    file.run()
    book = file.open()
    sheet = book["Tickets"]
    sheet["P1"], sheet["P2"], sheet["P3"] = "Ours", "=LEN(F2)", 7
    sheet["F3"].fill = PatternFill("solid", start_color="FF00FF00")
    sheet["F3"].comment = Comment("look", "Ana")
    sheet.column_dimensions["F"].width = 77
    book.create_sheet("Private")["A1"] = "mine"
    book.save(file.path)
    keep(make_ticket(2, version=2, title="new words"), make_ticket(3))
    file.run()
    book = file.open()
    sheet = book["Tickets"]
    assert (sheet["P2"].value, sheet["P3"].value, sheet["F3"].value) == ("=LEN(F2)", 7, "new words")
    assert sheet["F3"].fill.start_color.rgb == "FF00FF00"
    assert sheet["F3"].comment.text == "look"
    assert sheet.column_dimensions["F"].width == 77
    assert book["Private"]["A1"].value == "mine"


def test_while_a_program_has_it_open_rows_wait_and_then_merge(file: File, keep: Keep) -> None:
    keep(make_ticket(1), make_ticket(2))
    file.run()
    opened = file.open()
    lock = file.path.with_name(".~lock.tickets.xlsx#")
    lock.write_text(",ana,desk,22.11.2026 12:00,file:///home/ana;")
    keep(make_ticket(1, version=2, state=TicketState.WAITING_US), make_ticket(3))
    before = file.path.read_bytes()
    for _ in range(2):
        with pytest.raises(SheetBusy, match="LibreOffice by ana"):
            file.run()
    assert file.path.read_bytes() == before
    pending = openpyxl.load_workbook(file.path.with_name("tickets.pending.xlsx"))["Tickets"]
    assert pending.max_row == 4
    opened["Tickets"]["M3"] = "typed while it was open"
    opened.save(file.path)
    lock.unlink()
    file.run()
    first, second, third = file.table()
    assert first["Status"] == "Waiting for us"
    assert second["Note"] == "typed while it was open"
    assert third["ID"] == make_ticket(3).id
    assert [b"set_note" in sent[2] for sent in file.published] == [True]
    assert not file.path.with_name("tickets.pending.xlsx").exists()


def test_a_save_in_the_middle_of_our_write_is_seen(file: File, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(make_ticket(1))
    file.run()
    keep(make_ticket(1, version=2, title="ours"))
    real = file.sheet._save

    def save_after_a_person(book: Any, path: Path, *, check: bool) -> None:
        monkeypatch.undo()
        theirs = file.open()
        theirs["Tickets"]["M2"] = "theirs"
        theirs.save(file.path)
        real(book, path, check=check)

    monkeypatch.setattr(file.sheet, "_save", save_after_a_person)
    with pytest.raises(SheetChanged):
        file.run()
    file.run()
    [line] = file.table()
    assert (line["Title"], line["Note"]) == ("ours", "theirs")


def test_a_broken_file_is_left_alone(file: File, keep: Keep) -> None:
    keep(make_ticket(1))
    file.path.write_bytes(b"PK but no workbook")
    with pytest.raises(SheetError, match="cannot be read"):
        file.run()
    assert file.path.read_bytes() == b"PK but no workbook"


def test_a_renamed_tab_is_said_and_left_alone(file: File, keep: Keep) -> None:
    keep(make_ticket(1))
    file.run()
    book = file.open()
    book["Tickets"].title = "Chamados"
    book.save(file.path)
    with pytest.raises(SheetError, match="no tab"):
        file.run()


def test_a_file_that_was_taken_away_is_made_again_with_what_people_wrote(file: File, keep: Keep) -> None:
    keep(*(make_ticket(number) for number in range(5)))
    file.run()
    book = file.open()
    book["Tickets"]["P1"], book["Tickets"]["P2"] = "Ours", "precious"
    book["Tickets"].delete_rows(4)
    book.save(file.path)
    file.run()
    file.path.unlink()
    with pytest.raises(SheetBusy, match="has just gone"):
        file.run()
    assert file.run().added == 4
    assert len(file.table()) == 4


def test_a_sheet_that_was_cleared_is_left_alone_until_told(file: File, keep: Keep) -> None:
    keep(*(make_ticket(number) for number in range(5)))
    file.run()
    book = file.open()
    book["Tickets"].delete_rows(1, 100)
    book.save(file.path)
    before = file.path.read_bytes()
    assert "cleared" in (file.run().stop or "")
    assert file.path.read_bytes() == before
    assert file.run(restore=True).added == 5


def test_closed_tickets_move_to_the_second_tab_with_peoples_cells(file: File, keep: Keep) -> None:
    closed = [make_ticket(n, state=TicketState.CLOSED, updated_at=NOW + timedelta(hours=n)) for n in range(30)]
    keep(*closed, make_ticket(50))
    file.run()
    book = file.open()
    book["Tickets"]["P1"], book["Tickets"]["P2"] = "Ours", "keep"
    book.save(file.path)
    file.sink = Sink(file.store, file.sheet, lambda *_: None, file.rows, 5)
    for _ in range(4):
        file.run()
    archive = [line[0] for line in file.open()["Closed tickets"].iter_rows(min_row=2, values_only=True)]
    assert archive == [ticket.id for ticket in closed[:25]]
    assert file.open()["Closed tickets"].cell(2, 16).value == "keep"
    assert [line["ID"] for line in file.table()] == [ticket.id for ticket in closed[25:]] + [make_ticket(50).id]


def test_a_kill_in_the_middle_of_a_write_leaves_a_whole_file(file: File, keep: Keep, tmp_path: Path) -> None:
    keep(*(make_ticket(number) for number in range(300)))
    file.run()
    code = (
        "import sys; from pathlib import Path; from stream.adapters.xlsx_sheet import XlsxSheet\n"
        "sheet = XlsxSheet(Path(sys.argv[1])); sheet.read(); print('ready', flush=True)\n"
        "while True: sheet._save(sheet._load(), sheet._path, check=True)\n"
    )
    for wait in (0.05, 0.11, 0.17):
        process = subprocess.Popen([sys.executable, "-c", code, str(file.path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Event().wait(wait)
        process.kill()
        process.wait()
        process.stdout.close()
        assert len(file.table()) == 300
    keep(make_ticket(0, version=2, title="after the kill"))
    Sink(file.store, XlsxSheet(file.path), lambda *_: None, file.rows, 1000).run(NOW, Options())
    assert file.table()[0]["Title"] == "after the kill"
    assert [path.name for path in tmp_path.glob(".tickets*.tmp")] == []
