"""Tickets, stores and sheets for the tests of the sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stream.core.detection import Detection, Label
from stream.core.ids import ticket_id
from stream.core.sheet_edits import team_of
from stream.core.ticket import Ticket
from stream.sheet.store import SheetStore, Stored
from stream.sheet.wanted import WantedRows
from tests.stand_ins.sheets_server import SheetsServer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GROUP = "120363000000000001@g.us"


def make_ticket(number: int, **changes: Any) -> Ticket:
    fields: dict[str, Any] = {
        "id": ticket_id(GROUP, f"M{number}"),
        "instance": "cs-ticket-monitor",
        "group": GROUP,
        "group_name": "Support Acme",
        "title": f"Printer {number} does not print",
        "opened_by": "5511988887777@s.whatsapp.net",
        "opened_by_name": "Rosa",
        "detected_by": Detection(label=Label.TICKET),
        "opened_at": NOW - timedelta(hours=1000 - number),
        "updated_at": NOW - timedelta(hours=1),
    }
    return Ticket(**(fields | changes))


@pytest.fixture
def rows() -> WantedRows:
    return WantedRows(team_of({"Ana": ["5511900000001"], "Beto": []}), ZoneInfo("UTC"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SheetStore]:
    opened = SheetStore(tmp_path / "sheet.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def keep(store: SheetStore) -> Callable[..., None]:
    """Put tickets into the store as if Kafka had told them."""

    def keep_tickets(*tickets: Ticket) -> None:
        store.save([Stored(id=ticket.id, epoch=0, ticket=ticket) for ticket in tickets])

    return keep_tickets


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    started = SheetsServer()
    yield started
    started.stop()
