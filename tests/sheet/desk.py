"""A sink on the stand-in for Google, in virtual time, and a person at the same sheet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from stream.adapters.google_sheet import GoogleSheet, open_google_sheet
from stream.adapters.sheet_port import SheetBusy
from stream.adapters.topics import Topic
from stream.core.sheet_plan import Options
from stream.settings import Settings
from stream.sheet.sink import Pass, Sink
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import NOW
from tests.stand_ins.sheets_grid import Tab
from tests.stand_ins.sheets_server import SheetsServer


class Clock:
    """A clock that sleeping moves: a day passes at once."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Desk:
    """A sink on the stand-in, with what it published."""

    def __init__(self, server: SheetsServer, store: SheetStore, rows: WantedRows, tmp_path: Path) -> None:
        self.server, self.store = server, store
        self.clock = Clock()
        server.clock = self.clock
        settings = Settings(_env_file=None, cs_sheet_id="sheet", sheets_api_url=server.url, data_dir=tmp_path)
        self.sheet: GoogleSheet = open_google_sheet(settings, clock=self.clock, sleep=self.clock.sleep)
        self.published: list[tuple[Topic, str, bytes, Any]] = []
        self.sink = Sink(store, self.sheet, lambda *sent: self.published.append(sent), rows, 1000)

    def run(self, **options: Any) -> Pass:
        self.clock.now += 4
        return self.sink.run(NOW + timedelta(seconds=self.clock.now), Options(**options))

    def settle(self) -> Pass:
        """Make passes, as the role does, until nothing is left to do."""
        for _ in range(60):
            try:
                done = self.run()
            except SheetBusy as error:
                self.clock.now += error.retry_after_s
                continue
            if not (done.written or done.added or done.pending or done.edits or done.moved):
                return done
        raise AssertionError("never settled")

    @property
    def tab(self) -> Tab:
        return self.server.book.titled("Tickets")

    def column(self, header: str) -> int:
        return self.tab.cells[0].index(header)

    def find(self, ticket_id: str) -> int:
        return next(number for number, line in enumerate(self.tab.cells) if line and line[self.column("ID")] == ticket_id)

    def cell(self, ticket_id: str, header: str) -> str:
        return self.tab.get(self.find(ticket_id), self.column(header))

    def edit(self, ticket_id: str, header: str, text: str) -> None:
        with self.server.lock:
            self.tab.put(self.find(ticket_id), self.column(header), text)

    def ids(self) -> list[str]:
        return [line[self.column("ID")] for line in self.tab.cells[1:] if line and line[self.column("ID")]]
