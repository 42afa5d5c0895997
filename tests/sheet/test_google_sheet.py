from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from stream.adapters.sheet_port import OutcomeUnclear
from stream.adapters.topics import Topic
from stream.core.commands import COMMAND, SetState
from stream.core.ticket import TicketState
from stream.errors import SheetError
from stream.sheet.sink import Sink
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import NOW, make_ticket
from tests.sheet.desk import Desk
from tests.stand_ins.sheets_server import SheetsServer

Keep = Callable[..., None]


@pytest.fixture
def desk(server: SheetsServer, store: SheetStore, rows: WantedRows, tmp_path: Path) -> Desk:
    return Desk(server, store, rows, tmp_path)


def test_an_empty_spreadsheet_gets_a_tidy_table(desk: Desk, keep: Keep) -> None:
    keep(make_ticket(1), make_ticket(2))
    desk.settle()
    assert desk.ids() == [make_ticket(1).id, make_ticket(2).id]
    assert desk.tab.frozen == 1
    offered = [rule["range"]["startColumnIndex"] for rule in desk.tab.validations]
    assert {desk.column("Status"), desk.column("Priority"), desk.column("Assignee")} <= set(offered)
    assert len(desk.tab.colours) == 8
    assert desk.column("Sync") in desk.tab.hidden
    assert desk.server.book.titled("How this sheet works").cells[0] == ["How this sheet works"]


def test_setting_up_again_adds_nothing_twice(desk: Desk, keep: Keep, rows: WantedRows, tmp_path: Path) -> None:
    keep(make_ticket(1))
    desk.settle()
    colours, protected = len(desk.tab.colours), len(desk.tab.protected)
    again = Desk(desk.server, desk.store, rows, tmp_path)
    keep(make_ticket(2))
    again.settle()
    assert (len(desk.tab.colours), len(desk.tab.protected)) == (colours, protected)


def test_an_idle_pass_costs_one_read_and_a_busy_one_two_writes(desk: Desk, keep: Keep) -> None:
    keep(make_ticket(1), make_ticket(2))
    desk.settle()
    before = len(desk.server.log)
    desk.run()
    assert [line.split()[0] for line in desk.server.log[before:]] == ["GET"]
    before = len(desk.server.log)
    keep(make_ticket(1, version=2, title="Now it burns"), make_ticket(3))
    desk.run()
    assert [line.split()[0] for line in desk.server.log[before:]] == ["GET", "POST", "POST"]


def test_a_changed_status_becomes_one_command(desk: Desk, keep: Keep) -> None:
    ticket = make_ticket(1)
    keep(ticket)
    desk.settle()
    desk.edit(ticket.id, "Status", "resolved")
    desk.settle()
    desk.settle()
    [(topic, key, body, _)] = desk.published
    command = COMMAND.validate_json(body)
    assert (topic, key) == (Topic.COMMANDS, ticket.group)
    assert isinstance(command, SetState)
    assert command.state is TicketState.RESOLVED
    keep(ticket.but(version=2, state=TicketState.RESOLVED))
    desk.settle()
    assert len(desk.published) == 1
    assert desk.cell(ticket.id, "Status") == "resolved"


def test_people_may_sort_insert_move_and_add_columns(desk: Desk, keep: Keep) -> None:
    tickets = [make_ticket(number) for number in range(6)]
    keep(*tickets)
    desk.settle()
    with desk.server.lock:
        desk.tab.put(0, 18, "Their own")
        for line in range(1, 7):
            desk.tab.put(line, 18, f"note {desk.tab.get(line, 0)}")
        desk.tab.sort(1, 5, descending=True)
        desk.tab.insert_columns(2, 1)
        desk.tab.move_column(0, 4)
    keep(*(ticket.but(version=2, title=f"New {ticket.id}") for ticket in tickets), make_ticket(7))
    desk.settle()
    for ticket in tickets:
        assert desk.cell(ticket.id, "Title") == f"New {ticket.id}"
        assert desk.cell(ticket.id, "Their own") == f"note {ticket.id}"
    assert len(desk.ids()) == len(set(desk.ids())) == 7
    assert desk.published == []


@pytest.mark.parametrize("kind", ["lost", "cut", "late503", "hang", "reset", "503", "500", "html502", "429"])
def test_an_append_whose_answer_fails_is_never_doubled(desk: Desk, keep: Keep, kind: str) -> None:
    keep(make_ticket(1))
    desk.settle()
    keep(make_ticket(2), make_ticket(3))
    desk.server.faults.script.append((":append", kind))
    desk.settle()
    assert sorted(desk.ids()) == sorted(make_ticket(number).id for number in (1, 2, 3))
    assert desk.server.faults.made == {kind: 1}


def test_a_write_that_misses_its_row_is_repaired_and_is_nobodys_change(desk: Desk, keep: Keep) -> None:
    tickets = [make_ticket(number) for number in range(4)]
    keep(*tickets)
    desk.settle()
    keep(tickets[2].but(version=2, state=TicketState.WAITING_US, note="call back"))
    desk.server.before_write = lambda: desk.tab.insert_rows(1, 1)
    desk.settle()
    for ticket in (tickets[0], tickets[1], tickets[3]):
        assert desk.cell(ticket.id, "Status") == "New"
        assert desk.cell(ticket.id, "Note") == ""
    assert desk.cell(tickets[2].id, "Status") == "Waiting for us"
    assert desk.published == []


def test_one_bad_row_holds_up_nobody_and_is_kept_as_a_dead_letter(desk: Desk, keep: Keep) -> None:
    tickets = [make_ticket(number) for number in range(9)]
    desk.server.refuse_cells_with = "poison"
    keep(*tickets, make_ticket(20, title="poison"))
    desk.settle()
    assert sorted(desk.ids()) == sorted(ticket.id for ticket in tickets)
    [(topic, _, body, headers)] = desk.published
    assert topic is Topic.DEAD_LETTER
    assert b"poison" in body
    assert b"Invalid value" in b"".join(headers.values())
    before = len(desk.server.log)
    desk.run()
    assert len(desk.server.log) == before + 1
    keep(make_ticket(20, title="harmless", version=2))
    desk.settle()
    assert make_ticket(20).id in desk.ids()


def test_formulas_and_controls_stay_text(desk: Desk, keep: Keep) -> None:
    corpus = [
        "=1+1",
        "+5511999",
        "-1",
        "@x",
        "'lead",
        "\t=1",
        "00123",
        "1e5",
        "TRUE",
        "a\x00b",
        "\r\nz",
        "😀" * 40_000,
    ]
    tickets = [make_ticket(number, title=text) for number, text in enumerate(corpus)]
    keep(*tickets)
    done = desk.settle()
    assert desk.tab.formulas == []
    assert done.rows == len(corpus)
    assert desk.cell(tickets[0].id, "Title") == "=1+1"
    assert desk.cell(tickets[9].id, "Title") == "ab"


def test_a_cleared_sheet_stops_everything(desk: Desk, keep: Keep) -> None:
    tickets = [make_ticket(number) for number in range(5)]
    keep(*tickets)
    desk.settle()
    kept = [list(line) for line in desk.tab.cells]
    with desk.server.lock:
        desk.tab.cells = []
    keep(make_ticket(9))
    before = len(desk.server.log)
    done = desk.run()
    assert "cleared" in (done.stop or "")
    assert [line.split()[0] for line in desk.server.log[before:]] == ["GET"]
    with desk.server.lock:
        desk.tab.cells = kept
    desk.settle()
    assert len(desk.ids()) == 6


def test_closed_tickets_beyond_the_limit_move_with_peoples_columns(
    desk: Desk, keep: Keep, rows: WantedRows, store: SheetStore
) -> None:
    tickets = [make_ticket(number, state=TicketState.CLOSED, updated_at=NOW + timedelta(hours=number)) for number in range(40)]
    keep(*tickets, make_ticket(99))
    desk.settle()
    with desk.server.lock:
        desk.tab.put(0, 20, "Mine")
        desk.tab.put(desk.find(tickets[0].id), 20, "keep me")
    desk.sink = Sink(store, desk.sheet, lambda *sent: desk.published.append(sent), rows, 10)
    desk.settle()
    archive = desk.server.book.titled("Closed tickets")
    assert (archive.frozen, archive.hidden) == (1, {archive.cells[0].index("Sync")})
    moved = [line[0] for line in archive.cells[1:]]
    assert moved == [ticket.id for ticket in tickets[:30]]
    assert sorted(desk.ids()) == sorted([ticket.id for ticket in tickets[30:]] + [make_ticket(99).id])
    assert archive.cells[1][archive.cells[0].index("Mine")] == "keep me"
    desk.settle()
    assert len(archive.cells) == 31


def test_taking_off_the_wrong_row_puts_it_back(desk: Desk, keep: Keep, rows: WantedRows, store: SheetStore) -> None:
    tickets = [make_ticket(number, state=TicketState.CLOSED, updated_at=NOW + timedelta(hours=number)) for number in range(20)]
    others = [make_ticket(number) for number in range(50, 53)]
    keep(*others, *tickets)
    desk.settle()
    with desk.server.lock:
        desk.tab.put(0, 20, "Mine")
        for other in others:
            desk.tab.put(desk.find(other.id), 20, f"mine {other.id}")
    desk.sink = Sink(store, desk.sheet, lambda *sent: desk.published.append(sent), rows, 5)
    desk.run()
    desk.server.before_write = lambda: desk.tab.insert_rows(1, 1)
    desk.settle()
    expected = [ticket.id for ticket in tickets[15:]] + [other.id for other in others]
    assert sorted(desk.ids()) == sorted(expected)
    assert all(desk.cell(other.id, "Mine") == f"mine {other.id}" for other in others)


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda server: server.books.clear(), "404"),
        (lambda server: server.forbidden.update(sheet="The caller does not have permission"), "share it with"),
        (lambda server: server.forbidden.update(sheet="Google Sheets API has not been used in project 1"), "switched off"),
    ],
)
def test_what_a_person_must_mend_is_said(desk: Desk, prepare: Callable[[SheetsServer], None], words: str) -> None:
    prepare(desk.server)
    with pytest.raises(SheetError, match=words):
        desk.run()


def test_a_lost_answer_is_told_as_unclear(desk: Desk, keep: Keep) -> None:
    keep(make_ticket(1))
    desk.settle()
    keep(make_ticket(2))
    desk.server.faults.script.append((":append", "lost"))
    with pytest.raises(OutcomeUnclear):
        desk.run()
