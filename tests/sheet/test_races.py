"""People change the sheet between our read and our write, which nothing in Google's interface prevents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream.core.ticket import TicketState
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import make_ticket
from tests.sheet.desk import Desk
from tests.stand_ins.sheets_grid import Tab
from tests.stand_ins.sheets_server import SheetsServer

_OWN = 20


@pytest.fixture
def desk(server: SheetsServer, store: SheetStore, rows: WantedRows, tmp_path: Path) -> Desk:
    return Desk(server, store, rows, tmp_path)


def _rename(tab: Tab) -> None:
    tab.put(0, tab.cells[0].index("Note"), "Notes of ours")


def _double(tab: Tab) -> None:
    place = tab.cells[0].index("Status")
    for line in tab.cells:
        line.insert(place + 1, line[place] if place < len(line) else "")


def _title_above(tab: Tab) -> None:
    tab.insert_rows(0, 1)
    tab.put(0, 0, "Our tickets")


ACTS: dict[str, Callable[[Tab], None]] = {
    "a row above the header": lambda tab: tab.insert_rows(0, 1),
    "a title above the header": _title_above,
    "a row in the table": lambda tab: tab.insert_rows(3, 1),
    "sorted": lambda tab: tab.sort(1, 0, descending=True),
    "a column before all": lambda tab: tab.insert_columns(0, 1),
    "a column moved": lambda tab: tab.move_column(1, 6),
    "a row deleted": lambda tab: tab.delete_rows(2, 3),
    "a header renamed": _rename,
    "a column copied": _double,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_whatever_a_person_does_during_our_write_it_ends_equal(
    desk: Desk, keep: Callable[..., None], act: Callable[[Tab], None]
) -> None:
    tickets = [make_ticket(number, note=f"note {number}") for number in range(8)]
    keep(*tickets)
    desk.settle()
    with desk.server.lock:
        desk.tab.put(0, _OWN, "Mine")
        for number in range(1, 9):
            desk.tab.put(number, _OWN, f"mine {desk.tab.get(number, 0)}")
    desk.settle()
    changed = [ticket.but(version=2, title=f"new {n}", state=TicketState.WAITING_US) for n, ticket in enumerate(tickets[2:6])]
    added = [make_ticket(20), make_ticket(21)]
    keep(*changed, *added)
    desk.server.before_write = lambda: act(desk.tab)
    desk.settle()
    desk.settle()
    top = next(number for number, line in enumerate(desk.tab.cells) if "Sync" in line)
    header, lines = desk.tab.cells[top], [line for line in desk.tab.cells[top + 1 :] if any(line)]
    places = {name: header.index(name) for name in ("ID", "Title", "Status", "Note", "Sync")}
    found = {line[places["ID"]]: line for line in lines}
    now = {ticket.id: ticket for ticket in (*tickets, *changed, *added)}
    gone = set(now) - set(found)
    assert len(found) == len(lines)
    assert len(gone) <= (act is ACTS["a row deleted"])
    labels = {TicketState.NEW: "New", TicketState.WAITING_US: "Waiting for us"}
    for key, line in found.items():
        said = {name: line[place] if place < len(line) else "" for name, place in places.items()}
        assert (said["Title"], said["Status"], said["Note"]) == (now[key].title, labels[now[key].state], now[key].note or "")
        own = line[header.index("Mine")] if header.index("Mine") < len(line) else ""
        assert own == (f"mine {key}" if now[key] not in added else "")
    assert not any(any(cell.startswith("T-") for cell in line) for line in desk.tab.cells[:top])
    assert desk.published == []
