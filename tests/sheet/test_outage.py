"""A day without Google: the role's own timing, with the clock as an argument, and a server that answers 503 or not at all."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.google_sheet import open_google_sheet
from stream.adapters.sheet_port import SheetBusy
from stream.core.sheet_plan import Options
from stream.core.ticket import Ticket, TicketState
from stream.settings import Settings
from stream.sheet.pace import Pace
from stream.sheet.sink import Sink
from stream.sheet.store import SheetStore, Stored
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import NOW, make_ticket
from tests.stand_ins.sheets_server import SheetsServer

_HOUR = 3_600.0


class Day:
    """A sink paced as in the role, in virtual seconds; `requests` counts what reached Google, by minute and kind."""

    def __init__(self, server: SheetsServer, store: SheetStore, rows: WantedRows, folder: Path) -> None:
        self.now = 0.0
        self.server, self.store = server, store
        server.clock = lambda: self.now
        settings = Settings(_env_file=None, cs_sheet_id="sheet", sheets_api_url=server.url, data_dir=folder)
        self.sheet = open_google_sheet(settings, clock=lambda: self.now, sleep=self._sleep)
        self.sink = Sink(store, self.sheet, lambda *_: None, rows, 10**6)
        self.pace = Pace(look_every_s=4.0, gap_s=3.0)
        self.failures = 0

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def hear(self, *tickets: Ticket) -> None:
        self.store.save([Stored(id=ticket.id, epoch=0, ticket=ticket) for ticket in tickets])
        self.pace.news(self.now)

    def play(self, until: float) -> bool:
        """Make passes as the role does until this time; returns whether the last one found nothing to do."""
        is_quiet = False
        while self.now < until:
            self.now = max(self.now, self.pace.due_at())
            began = self.now
            self.pace.begin()
            try:
                done = self.sink.run(NOW + timedelta(seconds=self.now), Options())
            except SheetBusy as error:
                self.failures += 1
                self.pace.failed(self.now, error.retry_after_s)
                continue
            assert done.stop is None
            self.pace.succeeded(self.now, self.now - began, slow=False, again=done.pending > 0)
            is_quiet = not (done.written or done.added or done.pending)
        return is_quiet

    def minutes(self) -> Counter[tuple[int, str]]:
        taken = self.server.admitted
        return Counter((int(at // 60), kind) for at, kind in taken)


@pytest.fixture
def day(server: SheetsServer, store: SheetStore, rows: WantedRows, tmp_path: Path) -> Day:
    return Day(server, store, rows, tmp_path)


def test_a_days_outage_drains_without_help_and_within_the_quota(day: Day) -> None:
    tickets = {number: make_ticket(number) for number in range(100)}
    day.hear(*tickets.values())
    assert day.play(until=120)
    day.server.faults.rate = 1.0
    for hour in range(24):
        day.server.faults.kinds = ("503",) if hour < 12 else ("reset",)
        born = {number: make_ticket(number) for number in range(100 + hour * 40, 140 + hour * 40)}
        changes: dict[int, Any] = {
            number: ticket.but(version=ticket.version + 1, title=f"hour {hour}", state=TicketState.WAITING_US)
            for number, ticket in tickets.items()
            if (number + hour) % 3 == 0
        }
        tickets |= changes | born
        day.hear(*changes.values(), *born.values())
        day.play(until=120 + (hour + 1) * _HOUR)
    assert day.failures <= 24 * 60 + 10  # one try a minute, no storm
    day.server.faults.rate = 0.0
    back_at = day.now
    while not day.play(until=day.now + 10):
        assert day.now < back_at + 180, "not drained three minutes after Google came back"
    tab = day.server.book.titled("Tickets")
    shown = {line[0]: line[tab.cells[0].index("Title")] for line in tab.cells[1:]}
    assert shown == {ticket.id: ticket.title for ticket in tickets.values()}
    assert len(tab.cells) == len(tickets) + 1
    assert day.server.overdrawn == 0
    assert max(day.minutes().values()) <= 56
