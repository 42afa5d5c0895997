"""The local sheet: an .xlsx file that people edit with Excel or LibreOffice, replaced as a whole or not at all."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from stream.adapters.sheet_port import ARCHIVE_TAB, TICKET_TAB, Applied, Batch, SheetBusy, SheetChanged
from stream.adapters.xlsx_sheet_cells import cell_text, copy_style, put_text
from stream.adapters.xlsx_sheet_layout import dress_row, dress_workbook
from stream.adapters.xlsx_sheet_lock import find_editor
from stream.core.sheet_columns import COLUMNS, Kind, find_columns
from stream.core.sheet_plan import NewRow, RowWrite
from stream.core.sheet_table import Grid
from stream.errors import SheetError

_GONE_S = 4.0
_KINDS = {column.name: column.kind for column in COLUMNS}


class XlsxSheet:
    """One .xlsx file. Keeps the workbook it last read or wrote, and reads the file again only when its bytes have changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending = path.with_name(f"{path.stem}.pending{path.suffix}")
        self._book: Any = None
        self._digest: str | None = None
        self._stat: tuple[int, int, int] | None = None
        self._kept_pending: Batch | None = None
        self._is_tidy = False

    @property
    def name(self) -> str:
        return str(self._path)

    @property
    def target(self) -> str:
        return f"xlsx:{self._path.resolve()}"

    def has_news(self) -> bool:
        """Tell whether the file is not the one that was last read or written."""
        return self._look() != self._stat

    def is_missing(self) -> bool:
        """Tell whether there is no file.

        Raises `SheetBusy` when it was there a moment ago: programs that save take the old file away before the new one comes.
        """
        if self._look() is not None:
            return False
        if self._stat is not None:
            self._stat, self._book = None, None
            raise SheetBusy(f"{self._path.name} has just gone; a new one is made if it does not come back.", _GONE_S)
        return True

    def read(self) -> Grid:
        book = self._load()
        return _grid(book[TICKET_TAB]) if TICKET_TAB in book.sheetnames else _absent(book)

    def read_archive(self) -> Grid:
        book = self._load()
        return _grid(book[ARCHIVE_TAB]) if ARCHIVE_TAB in book.sheetnames else ()

    def apply(self, batch: Batch) -> Applied:
        """Change the workbook and put it in the file's place.

        Raises `SheetChanged` when somebody saved the file meanwhile, and `SheetBusy` while a program has it open: what is to
        be written then stands in the pending file beside it.
        """
        self._tidy()
        editor = find_editor(self._path)
        if editor and batch == self._kept_pending:
            raise self._busy(editor)
        book, self._book = self._load(), None  # half changed from here on: read again unless the write succeeds
        _change(book, batch)
        dress_workbook(book, batch.plan, batch.layout)
        if editor:
            self._save(book, self._pending, check=False)
            self._kept_pending = batch
            raise self._busy(editor)
        try:
            self._save(book, self._path, check=True)
        except PermissionError as error:
            self._save(book, self._pending, check=False)
            raise self._busy("another program") from error
        self._book = book
        self._kept_pending = None
        self._pending.unlink(missing_ok=True)
        return Applied(placed=tuple(row.ticket_id for row in batch.plan.appends))

    def close(self) -> None:
        """Forget the workbook."""
        self._book = None

    def _tidy(self) -> None:
        """Remove what a write left behind that was cut short, once; only the process that writes may do so."""
        if not self._is_tidy:
            for left in self._path.parent.glob(f".{self._path.name}.*.tmp"):
                left.unlink(missing_ok=True)
            self._is_tidy = True

    def _busy(self, editor: str) -> SheetBusy:
        return SheetBusy(f"{self._path.name} is open in {editor}; new rows wait in {self._pending.name} until it is closed.")

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _load(self) -> Any:
        stat = self._look()
        if self._book is not None and stat == self._stat:
            return self._book
        if stat is None:
            self._book, self._digest, self._stat = _new_book(), None, None
            return self._book
        try:
            digest = _digest(self._path)
            if self._book is None or digest != self._digest:
                self._book = openpyxl.load_workbook(self._path)
                self._digest = digest
            self._stat = stat
        except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError) as error:
            self._book = None
            raise SheetError(f"{self._path} cannot be read as .xlsx ({error}); put a good copy back, or move it away.") from error
        return self._book

    def _save(self, book: Any, path: Path, *, check: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                book.save(file)
                file.flush()
                os.fsync(file.fileno())
            written = _digest(temporary)
            if path.exists():
                temporary.chmod(path.stat().st_mode & 0o777)
            if check and (_digest(path) if path.exists() else None) != self._digest:
                raise SheetChanged
            temporary.replace(path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
        if path == self._path:
            self._digest, self._stat = written, self._look()


def _new_book() -> Any:
    book = openpyxl.Workbook()
    book.worksheets[0].title = TICKET_TAB
    return book


def _absent(book: Any) -> Grid:
    """Return an empty grid for a workbook with nothing in it, and refuse one whose ticket tab was renamed or removed."""
    for sheet in book.worksheets:
        if sheet.title != ARCHIVE_TAB and any(cell_text(value) for row in sheet.iter_rows(values_only=True) for value in row):
            raise SheetError(
                f"The workbook has no tab “{TICKET_TAB}”: rename the tab of tickets back, or move the file away to get a new one."
            )
    return ()


def _grid(sheet: Any) -> Grid:
    return [[cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _change(book: Any, batch: Batch) -> None:
    plan = batch.plan
    sheet = book[TICKET_TAB] if TICKET_TAB in book.sheetnames else book.create_sheet(TICKET_TAB, 0)
    kinds = {place: _KINDS[name] for name, place in plan.places.items()}
    for place, text in plan.headers.items():
        put_text(sheet.cell(plan.header_row, place + 1), text)
    for write in plan.writes:
        _put_row(sheet, write.number, write, kinds)
    _append(sheet, plan.header_row, plan.appends, plan.places)
    _remove(sheet, batch.remove)
    if batch.archive or batch.archive_cells:
        _change_archive(book, batch)


def _put_row(sheet: Any, number: int, row: RowWrite | NewRow, kinds: Mapping[int, Kind]) -> None:
    for place, text in row.cells.items():
        put_text(sheet.cell(number, place + 1), text, kinds.get(place, Kind.TEXT))


def _append(sheet: Any, header_row: int, rows: Iterable[NewRow], places: Mapping[str, int]) -> None:
    kinds = {place: _KINDS[name] for name, place in places.items()}
    number, width = max(_last_row(sheet), header_row), sheet.max_column
    for row in rows:
        number += 1
        if number - 1 > header_row:
            copy_style(sheet, number - 1, number, width)
        else:
            dress_row(sheet, number, places)
        _put_row(sheet, number, row, kinds)


def _last_row(sheet: Any) -> int:
    for number in range(sheet.max_row, 0, -1):
        if any(cell.value is not None for cell in sheet[number]):
            return number
    return 0


def _remove(sheet: Any, numbers: Sequence[int]) -> None:
    """Take rows off by moving what stands between them up, once a block: `delete_rows` would move everything for every row."""
    if not numbers:
        return
    gone, last, width = sorted(numbers), sheet.max_row, sheet.max_column
    letter = openpyxl.utils.get_column_letter(width)
    for up, (number, until) in enumerate(zip(gone, [*gone[1:], last + 1], strict=True), start=1):
        if number + 1 <= until - 1:
            sheet.move_range(f"A{number + 1}:{letter}{until - 1}", rows=-up, translate=True)
    sheet.delete_rows(last - len(gone) + 1, len(gone))


def _change_archive(book: Any, batch: Batch) -> None:
    sheet = book[ARCHIVE_TAB] if ARCHIVE_TAB in book.sheetnames else book.create_sheet(ARCHIVE_TAB)
    for place, text in enumerate(batch.archive_headers):
        if sheet.cell(1, place + 1).value is None:
            put_text(sheet.cell(1, place + 1), text)
    for number, cells in batch.archive_cells.items():
        for place, text in cells.items():
            put_text(sheet.cell(number, place + 1), text)
    _append(sheet, 1, batch.archive, find_columns(batch.archive_headers))
