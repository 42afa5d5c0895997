"""`groupdesk sheet diff` and `rebuild` on a file, with the tickets in a real broker and with none that answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from stream.adapters.kafka import Publisher
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.adapters.xlsx_sheet import XlsxSheet
from stream.cli.sheet import sheet as sheet_command
from stream.core.sheet_plan import Options
from stream.core.ticket import Ticket
from stream.errors import BrokerError
from stream.settings import Settings
from stream.sheet.role import keep_sheet
from stream.sheet.sink import Sink
from stream.sheet.store import SheetStore, Stored
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import NOW, make_ticket

pytestmark = pytest.mark.kafka


@pytest.fixture
def publisher(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setattr("stream.cli.sheet.load_settings", lambda: settings)
    ensure_topics(settings)
    made = Publisher(settings)
    yield made
    made.close()


def tell(publisher: Publisher, *tickets: Ticket) -> None:
    for ticket in tickets:
        publisher.publish(Topic.TICKETS, ticket.id, ticket.to_json())


def write_rows(settings: Settings, rows: WantedRows, tickets: list[Ticket]) -> None:
    """Let a role that has ended since write these."""
    store = SheetStore(settings.data_dir / "sheet.sqlite")
    store.save([Stored(id=ticket.id, epoch=0, ticket=ticket) for ticket in tickets])
    Sink(store, XlsxSheet(settings.sheet_path), lambda *_: None, rows, 1000).run(NOW, Options())
    store.close()


def take_rows_off(settings: Settings, first: int, number: int) -> None:
    book = openpyxl.load_workbook(settings.sheet_path)
    book["Tickets"].delete_rows(first, number)
    book.save(settings.sheet_path)


def command(*arguments: str) -> Result:
    return CliRunner().invoke(sheet_command, arguments)


def count_rows(settings: Settings) -> int:
    lines: Any = openpyxl.load_workbook(settings.sheet_path)["Tickets"].iter_rows(min_row=2, max_col=1, values_only=True)
    return sum(1 for (ticket_id,) in lines if ticket_id)


def test_diff_tells_cell_by_cell_whose_side_is_right(settings: Settings, publisher: Publisher, rows: WantedRows) -> None:
    tickets = [make_ticket(number) for number in range(5)]
    write_rows(settings, rows, tickets)
    changed = tickets[1].but(version=2, title="says something else")
    tell(publisher, *tickets, changed, make_ticket(7))  # the role has not heard of the last two
    book = openpyxl.load_workbook(settings.sheet_path)
    book["Tickets"]["B2"] = "Resolved"
    book["Tickets"].delete_rows(5)
    book.save(settings.sheet_path)
    before = settings.sheet_path.read_bytes()
    result = command("diff", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    sides = {
        (each["ticket_id"], each["column"]): each["right"] for each in found["differences"] if each["column"] != "Age (hours)"
    }
    assert sides == {(tickets[0].id, "Status"): "sheet", (tickets[1].id, "Title"): "ticket"}
    assert (found["deleted"], found["missing"]) == ([tickets[3].id], [make_ticket(7).id])
    assert settings.sheet_path.read_bytes() == before
    assert "right: sheet" in command("diff").output


def test_rebuilding_writes_deleted_and_unheard_rows(settings: Settings, publisher: Publisher, rows: WantedRows) -> None:
    tickets = [make_ticket(number) for number in range(30)]
    write_rows(settings, rows, tickets)
    tell(publisher, *tickets, make_ticket(40))
    take_rows_off(settings, 2, 25)
    assert "25 of 30 rows are missing" in command("diff").output
    assert "26 were added" in command("rebuild").output
    assert count_rows(settings) == 31


def test_rebuilding_while_the_role_runs_is_done_by_the_role(settings: Settings, publisher: Publisher) -> None:
    tell(publisher, *[make_ticket(number) for number in range(30)])
    stopping = threading.Event()
    thread = threading.Thread(target=keep_sheet, args=(settings, stopping))
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not settings.sheet_path.exists() or count_rows(settings) < 30:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        take_rows_off(settings, 2, 25)
        assert "25 were added" in command("rebuild").output
    finally:
        stopping.set()
        thread.join(10)
    assert count_rows(settings) == 30


def test_without_kafka_it_never_says_that_all_is_equal(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:9"})
    monkeypatch.setattr("stream.cli.sheet.load_settings", lambda: alone)
    result = command("diff")
    assert isinstance(result.exception, BrokerError)
    assert "does not answer" in str(result.exception)
    assert "equal" not in result.output
