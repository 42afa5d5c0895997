"""The Google Sheet: one read a pass, at most one update and one append, rows and columns as they were just read.

All values are sent RAW: what looks like a formula is text. An append is never repeated before the sheet was read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from stream import logs
from stream.adapters.google_sheet_http import SheetsHttp, quote_tab
from stream.adapters.google_sheet_key import account_email, make_credentials, read_sheet_id
from stream.adapters.google_sheet_layout import archive_requests, dress_requests, guide_values
from stream.adapters.google_sheet_quota import Quota
from stream.adapters.google_sheet_rows import cells_range, column_letter, first_part, row_values, send_halving
from stream.adapters.sheet_port import ARCHIVE_TAB, GUIDE_TAB, TICKET_TAB, Applied, Batch, SheetBusy
from stream.core.sheet_plan import NewRow, RowWrite
from stream.core.sheet_table import Grid
from stream.errors import SettingsError, SheetError
from stream.settings import Settings

log = logs.get(__name__)

_RAW = {"valueInputOption": "RAW"}


def open_google_sheet(
    settings: Settings, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> GoogleSheet:
    """Return the sheet that the settings name; nothing is asked of Google yet. Raises `SettingsError`."""
    if not settings.cs_sheet_id.strip():
        raise SettingsError("GOOGLE_SERVICE_ACCOUNT_KEY is set and CS_SHEET_ID is not; paste the address of the Google Sheet.")
    sheet_id, email = read_sheet_id(settings.cs_sheet_id), account_email(settings)
    quota = Quota(settings.sheet_reads_per_minute, settings.sheet_writes_per_minute, clock, sleep)
    return GoogleSheet(SheetsHttp(make_credentials(settings), settings.sheets_api_url, quota, email), quota, sheet_id)


class GoogleSheet:
    """One spreadsheet. Belongs to one thread."""

    def __init__(self, http: SheetsHttp, quota: Quota, sheet_id: str) -> None:
        self._http = http
        self._quota = quota
        self._id = sheet_id
        self._tabs: dict[str, Mapping[str, Any]] | None = None
        self._grid: Grid = ()
        self._is_dressed = False
        self._misplaced = ""

    @property
    def name(self) -> str:
        return f"https://docs.google.com/spreadsheets/d/{self._id}"

    @property
    def target(self) -> str:
        return f"google:{self._id}"

    def has_news(self) -> bool:
        """Always: only a read tells."""
        return True

    def is_missing(self) -> bool:
        """Never: only a person can make the spreadsheet, and one that is gone is an error."""
        return False

    def read(self) -> Grid:
        """Return the ticket tab; waits first for the quota of the whole pass, so that nothing waits between read and write."""
        self._quota.wait_for(reads=1, writes=2)
        if TICKET_TAB not in self.tabs():
            self._tabs, self._grid = None, ()  # somebody may add or rename it at any time
            return ()
        self._grid = self._read_tab(TICKET_TAB)
        return self._grid

    def read_archive(self) -> Grid:
        return self._read_tab(ARCHIVE_TAB) if ARCHIVE_TAB in self.tabs() else ()

    def apply(self, batch: Batch) -> Applied:
        if self._misplaced:
            raise SheetError(self._misplaced)
        try:
            applied = self._apply(batch)
        except SheetError:
            self._tabs = None  # whatever is remembered of tabs may be wrong now
            raise
        self._dress(batch)
        return applied

    def close(self) -> None:
        self._http.session.close()

    def tabs(self) -> dict[str, Mapping[str, Any]]:
        """Return what is known of the spreadsheet's tabs, by title; asks when nothing is."""
        if self._tabs is None:
            found = self._http.metadata(self._id)
            self._tabs = {tab["properties"]["title"]: tab for tab in found.get("sheets", [])}
        return self._tabs

    def _read_tab(self, tab: str) -> Grid:
        try:
            return self._http.values(self._id, tab)
        except SheetBusy:
            self._tabs = None
            raise

    def _apply(self, batch: Batch) -> Applied:
        plan = batch.plan
        self._need_tab(TICKET_TAB, max(plan.places.values(), default=0) + 1)
        writes, appends = first_part(plan.writes), first_part(plan.appends)
        refused = self._update(TICKET_TAB, plan.header_row, plan.headers, writes)
        start = self._table_start(plan.header_row, plan.headers, plan.places)
        width = max([*plan.places.values(), *(place for row in appends for place in row.cells)], default=0) + 1
        placed: list[str] = []
        refused |= send_halving(
            appends, lambda part: placed.extend(self._append(TICKET_TAB, plan.header_row, start, width, part))
        )
        self._change_archive(batch)
        if batch.remove:
            self._remove(batch.remove)
        return Applied(
            placed=tuple(placed),
            refused=refused,
            is_complete=len(writes) == len(plan.writes) and len(appends) == len(plan.appends),
        )

    def _update(self, tab: str, header_row: int, headers: Mapping[int, str], writes: Sequence[RowWrite]) -> dict[str, str]:
        header = [cells_range(tab, header_row, headers)] if headers else []
        if header:
            self._put(header)  # before and apart from the rows: a row that is refused must not keep the header away
        return send_halving(writes, lambda part: self._put([cells_range(tab, row.number, row.cells) for row in part]))

    def _put(self, data: list[dict[str, Any]]) -> None:
        self._http.values_batch_update(self._id, body={**_RAW, "data": data})

    def _append(self, tab: str, header_row: int, start: int, width: int, rows: Sequence[NewRow]) -> list[str]:
        """Add rows; returns the tickets of those that landed below the header, as they do unless it moved at that moment."""
        anchor = f"{quote_tab(tab)}!{column_letter(start)}{header_row}"
        answer = self._http.values_append(
            self._id,
            anchor,
            params={**_RAW, "insertDataOption": "INSERT_ROWS"},
            body={"values": row_values(rows, start, width), "majorDimension": "ROWS"},
        )
        landed = str(answer.get("updates", {}).get("updatedRange", "")).rpartition("!")[2]
        first = landed.partition(":")[0].replace("$", "")
        column, number = first.rstrip("0123456789"), first.lstrip(ascii_uppercase)
        if column and column != column_letter(start):
            self._misplaced = (
                f"New rows landed in column {column} ({landed}) instead of {column_letter(start)}: remove empty columns inside "
                "the table and the misplaced rows, then start the sheet role again."
            )
            raise SheetError(self._misplaced)
        return [row.ticket_id for row in rows] if number.isdigit() and int(number) > header_row else []

    def _table_start(self, header_row: int, headers: Mapping[int, str], places: Mapping[str, int]) -> int:
        """Return the column where Google sees our table begin: as far left of the id as headers stand without a gap."""
        known = list(self._grid[header_row - 1]) if len(self._grid) >= header_row else []
        start = places["id"]
        while start and ((start - 1 in headers) or (start - 1 < len(known) and known[start - 1].strip())):
            start -= 1
        return start

    def _need_tab(self, title: str, width: int) -> None:
        tab = self.tabs().get(title)
        if tab is None:
            grid = {"rowCount": 1000, "columnCount": max(26, width)}
            self._batch([{"addSheet": {"properties": {"title": title, "sheetType": "GRID", "gridProperties": grid}}}])
            self._tabs = None
            self._is_dressed = False
            return
        lacking = width - int(tab["properties"].get("gridProperties", {}).get("columnCount", width))
        if lacking > 0:
            where = {"sheetId": tab["properties"]["sheetId"], "dimension": "COLUMNS", "length": lacking}
            self._batch([{"appendDimension": where}])
            self._tabs = None

    def _change_archive(self, batch: Batch) -> None:
        if batch.archive:
            self._need_tab(ARCHIVE_TAB, len(batch.archive_headers))
            self._put([cells_range(ARCHIVE_TAB, 1, dict(enumerate(batch.archive_headers)))])
            width = len(batch.archive_headers)
            for number in range(0, len(batch.archive), 500):
                self._append(ARCHIVE_TAB, 1, 0, width, batch.archive[number : number + 500])
            self._dress_archive(batch.archive_headers)
        if batch.archive_cells:
            self._put([cells_range(ARCHIVE_TAB, number, cells) for number, cells in batch.archive_cells.items()])

    def _remove(self, numbers: Sequence[int]) -> None:
        sheet = self.tabs()[TICKET_TAB]["properties"]["sheetId"]
        self._batch(
            [
                {
                    "deleteDimension": {
                        "range": {"sheetId": sheet, "dimension": "ROWS", "startIndex": number - 1, "endIndex": number}
                    }
                }
                for number in sorted(numbers, reverse=True)  # from the bottom: the numbers above stay true
            ]
        )

    def _dress(self, batch: Batch) -> None:
        """Repair the looks once a start, and when columns were added. They are never a reason to put off rows."""
        if self._is_dressed and not batch.plan.headers:
            return
        try:
            self._need_tab(GUIDE_TAB, 1)
            if not self._http.values(self._id, GUIDE_TAB):
                self._put([{"range": f"{quote_tab(GUIDE_TAB)}!A1", "values": guide_values(batch.layout)}])
            self._tabs = None
            groups = dress_requests(self.tabs()[TICKET_TAB], batch.plan, batch.layout)
            if not self._dress_with([request for group in groups for request in group]):
                for group in groups:
                    self._dress_with(group)
        except SheetError as error:
            self._tabs = None
            log.info("looks put off", reason=str(error))
            return
        self._is_dressed = True

    def _dress_archive(self, headers: Sequence[str]) -> None:
        try:
            tab = self.tabs()[ARCHIVE_TAB]
            if not tab["properties"].get("gridProperties", {}).get("frozenRowCount"):
                self._dress_with(archive_requests(tab, headers))
                self._tabs = None
        except SheetError as error:
            log.info("looks put off", reason=str(error))

    def _dress_with(self, requests: list[dict[str, Any]]) -> bool:
        try:
            self._batch(requests)
        except SheetBusy:
            raise
        except SheetError as error:
            log.warning("looks refused", what=sorted({next(iter(request)) for request in requests}), reason=str(error))
            return False
        return True

    def probe(self) -> list[str]:
        """Return the titles of all tabs after making sure that we may write; changes nothing. Raises `SheetError`."""
        titles = list(self.tabs())
        if titles:
            self._put([{"range": f"{quote_tab(titles[0])}!A1", "values": [[None]]}])  # null leaves the cell alone
        return titles

    def _batch(self, requests: list[dict[str, Any]]) -> None:
        self._http.batch_update(self._id, body={"requests": requests})
