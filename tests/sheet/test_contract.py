"""What we rely on Google for, with a stand-in by default and with a real account where one is given.

For the real one: make an empty spreadsheet for this alone, share it with the service account as Editor, and set SHEETS_LIVE=1,
SHEETS_LIVE_ID (its id or address) and GOOGLE_SERVICE_ACCOUNT_KEY. All of our tabs in it are removed afterwards.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.google_sheet import GoogleSheet, open_google_sheet
from stream.adapters.google_sheet_key import read_sheet_id
from stream.adapters.sheet_port import ARCHIVE_TAB, GUIDE_TAB, TICKET_TAB, SheetBusy
from stream.core.commands import COMMAND
from stream.core.sheet_plan import Options
from stream.errors import SheetError
from stream.settings import Settings
from stream.sheet.sink import Sink
from stream.sheet.store import SheetStore, Stored
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import make_ticket
from tests.stand_ins.sheets_server import SheetsServer

_NEEDED = ("SHEETS_LIVE_ID", "GOOGLE_SERVICE_ACCOUNT_KEY")
_LACKING = [name for name in _NEEDED if not os.environ.get(name)]
_IS_LIVE = os.environ.get("SHEETS_LIVE") == "1"
_WHY = f"a real account is asked only with SHEETS_LIVE=1, {' and '.join(_NEEDED)}; the stand-in is asked the same"
_TEXTS = ["=1+1", "+5511999", "00123", "1e5", "TRUE", "'lead", "2026-01-02", "a\x00b", "\u202eabc", "😀 ok", "two\nlines", " -1"]
_SHOWN = [*_TEXTS[:7], "ab", "abc", *_TEXTS[9:]]


class Account:
    """A spreadsheet, our sink on it, and a person who changes it through the same interface."""

    def __init__(self, settings: Settings, sheet: GoogleSheet, sink: Sink, store: SheetStore, sent: list[bytes]) -> None:
        self.id = read_sheet_id(settings.cs_sheet_id)
        self.sheet, self.sink, self.store, self.sent = sheet, sink, store, sent

    def settle(self) -> None:
        for _ in range(20):
            try:
                done = self.sink.run(datetime.now(UTC), Options())
            except SheetBusy as error:
                self.sheet._quota._sleep(error.retry_after_s)
                continue
            assert done.stop is None
            if not (done.written or done.added or done.edits or done.pending):
                return
        raise AssertionError("never settled")

    def cells(self) -> list[list[str]]:
        return self.sheet._http.values(self.id, TICKET_TAB)

    def column(self, header: str) -> list[str]:
        lines = self.cells()
        place = lines[0].index(header)
        return [line[place] if place < len(line) else "" for line in lines[1:]]

    def put(self, cell: str, text: str) -> None:
        data = [{"range": f"'{TICKET_TAB}'!{cell}", "values": [[text]]}]
        self.sheet._http.values_batch_update(self.id, body={"valueInputOption": "RAW", "data": data})

    def tabs(self) -> dict[str, Any]:
        return {tab["properties"]["title"]: tab for tab in self.sheet._http.metadata(self.id)["sheets"]}

    def change(self, *requests: dict[str, Any]) -> None:
        self.sheet._http.batch_update(self.id, body={"requests": list(requests)})

    def clear(self) -> None:
        ours = [tab for title, tab in self.tabs().items() if title in (TICKET_TAB, ARCHIVE_TAB, GUIDE_TAB)]
        if ours:
            self.change(*({"deleteSheet": {"sheetId": tab["properties"]["sheetId"]}} for tab in ours))


def _settings(server: SheetsServer, tmp_path: Path, *, live: bool) -> Settings:
    if not live:
        return Settings(_env_file=None, cs_sheet_id="sheet", sheets_api_url=server.url, data_dir=tmp_path)
    sheet_id, key = (os.environ[name] for name in _NEEDED)
    return Settings(_env_file=None, cs_sheet_id=sheet_id, google_service_account_key=key, data_dir=tmp_path)


@pytest.fixture(params=["stand-in", "live"])
def account(
    request: pytest.FixtureRequest, server: SheetsServer, store: SheetStore, rows: WantedRows, tmp_path: Path
) -> Iterator[Account]:
    live = request.param == "live"
    if live and (not _IS_LIVE or _LACKING):
        pytest.skip(_WHY)
    settings = _settings(server, tmp_path, live=live)
    now = [0.0]
    server.clock = lambda: now[0]
    clock = (time.monotonic, time.sleep) if live else (server.clock, lambda seconds: now.__setitem__(0, now[0] + seconds))
    sheet = open_google_sheet(settings, *clock)
    sent: list[bytes] = []
    sink = Sink(store, sheet, lambda _topic, _key, body, _headers: sent.append(body), rows, 1000)
    opened = Account(settings, sheet, sink, store, sent)
    if TICKET_TAB in opened.tabs():
        pytest.fail(f"The spreadsheet has a tab “{TICKET_TAB}”: give this test one of its own, or remove the tab.")
    yield opened
    opened.clear()
    sheet.close()


def _keep(account: Account, *changed: Any) -> None:
    account.store.save([Stored(id=ticket.id, epoch=0, ticket=ticket) for ticket in changed])


@pytest.mark.timeout(600)
def test_what_we_rely_on_holds(account: Account) -> None:
    tickets = [make_ticket(number, title=text) for number, text in enumerate(_TEXTS)]
    _keep(account, *tickets)
    account.settle()
    assert account.column("Title") == _SHOWN  # RAW: nothing is computed, nothing becomes a number or a date
    tab = account.tabs()[TICKET_TAB]
    assert tab["properties"]["gridProperties"]["frozenRowCount"] == 1
    dressed = (len(tab["conditionalFormats"]), len(tab["protectedRanges"]))
    assert account.tabs()[GUIDE_TAB]

    where = {"sheetId": tab["properties"]["sheetId"]}
    table = {**where, "startRowIndex": 1, "endRowIndex": len(_TEXTS) + 1, "startColumnIndex": 0, "endColumnIndex": 15}
    account.put("B2", "resolved")
    account.change(
        {"sortRange": {"range": table, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]}},
        {"insertDimension": {"range": {**where, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}}},
        {"insertDimension": {"range": {**where, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}}},
    )
    _keep(account, tickets[3].but(version=2, title="changed meanwhile"), make_ticket(50))
    account.settle()
    assert [command.kind for command in map(COMMAND.validate_json, account.sent)] == ["set_state"]
    ids, titles = account.column("ID"), account.column("Title")
    assert titles[ids.index(tickets[3].id)] == "changed meanwhile"
    assert sorted(filter(None, ids)) == sorted([*(ticket.id for ticket in tickets), make_ticket(50).id])

    again = account.tabs()[TICKET_TAB]
    assert (len(again["conditionalFormats"]), len(again["protectedRanges"])) == dressed
    with pytest.raises(SheetError, match="exceeds grid limits"):
        account.put("A90000", "too far down")
    with pytest.raises(SheetError, match=r"50,?000"):
        account.put("Z1", "x" * 50_001)
    with pytest.raises(SheetError, match="404"):
        account.sheet._http.metadata("0" * 44)


def test_a_read_shows_the_write_that_was_answered_before(account: Account) -> None:
    """Passes are built on that."""
    _keep(account, make_ticket(1))
    account.settle()
    for number in range(3):
        account.put("M2", f"note {number}")
        assert account.column("Note") == [f"note {number}"]
