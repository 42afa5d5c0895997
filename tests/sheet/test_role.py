"""The role against a real broker: tickets become rows, cells become commands, and no kill doubles or breaks anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import openpyxl
import pytest

from stream.adapters.kafka import Publisher, Tail
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.core.commands import COMMAND, ActorKind, SetState
from stream.core.events import EventKind, TicketEvent
from stream.core.status import Health, PartStatus
from stream.core.ticket import Ticket, TicketState
from stream.settings import Settings
from stream.sheet.role import keep_sheet
from tests.sheet.conftest import NOW, make_ticket

pytestmark = pytest.mark.kafka


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)
    return found


@pytest.fixture
def publisher(settings: Settings) -> Iterator[Publisher]:
    ensure_topics(settings)
    made = Publisher(settings)
    yield made
    made.close()


@contextmanager
def role(settings: Settings) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=keep_sheet, args=(settings, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(10)
        assert not thread.is_alive()


def tell(publisher: Publisher, *tickets: Ticket) -> None:
    for ticket in tickets:
        publisher.publish(Topic.TICKETS, ticket.id, ticket.to_json())


def table(settings: Settings) -> list[dict[str, Any]]:
    if not settings.sheet_path.exists():
        return []
    lines = list(openpyxl.load_workbook(settings.sheet_path)["Tickets"].iter_rows(values_only=True))
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def cells(settings: Settings, header: str) -> list[Any]:
    return [line[header] for line in table(settings)]


def edit(settings: Settings, ticket_id: str, header: str, text: str) -> None:
    book = openpyxl.load_workbook(settings.sheet_path)
    sheet = book["Tickets"]
    column = next(cell.column for cell in sheet[1] if cell.value == header)
    row = next(line[0].row for line in sheet.iter_rows() if line[0].value == ticket_id)
    sheet.cell(row, column).value = text
    book.save(settings.sheet_path)


def test_tickets_become_rows_and_rows_follow_them(settings: Settings, publisher: Publisher) -> None:
    first, second = make_ticket(1), make_ticket(2)
    tell(publisher, first, second, first.but(version=3, title="Newest"), first.but(version=2, title="Older, late"))
    with role(settings):
        until(lambda: cells(settings, "Title") == ["Newest", second.title])
        tell(publisher, second.but(version=2, state=TicketState.RESOLVED), first)
        until(lambda: cells(settings, "Status") == ["New", "Resolved"])
        publisher.publish(Topic.TICKETS, make_ticket(3).id, make_ticket(3).to_json())
        until(lambda: len(table(settings)) == 3)
    assert cells(settings, "Title")[0] == "Newest"


def test_a_cell_becomes_a_command_and_a_refusal_is_shown(settings: Settings, publisher: Publisher) -> None:
    ticket = make_ticket(1)
    tell(publisher, ticket)
    tail = Tail(settings, [Topic.COMMANDS])
    with role(settings):
        until(lambda: len(table(settings)) == 1)
        edit(settings, ticket.id, "Status", "closed")
        [record] = until(lambda: tail.poll(0.2))
        command = COMMAND.validate_json(record.value)
        assert isinstance(command, SetState)
        assert (record.key, command.state, command.actor.kind) == (ticket.group, TicketState.CLOSED, ActorKind.SHEET)
        refused = TicketEvent(id="e", kind=EventKind.REFUSED, group=ticket.group, ticket_id=ticket.id, at=NOW)
        refused = refused.but(command_id=command.id, because="Someone is still waiting.")
        publisher.publish(Topic.TICKET_EVENTS, ticket.id, refused.to_json())
        until(lambda: cells(settings, "Groupdesk says") == ["Someone is still waiting."])
        assert cells(settings, "Status") == ["New"]
        assert tail.poll(1.0) == []
    tail.close()


def test_a_ticket_that_was_erased_leaves_only_its_id(settings: Settings, publisher: Publisher) -> None:
    ticket = make_ticket(1, title="secret words", note="secret note")
    tell(publisher, ticket, make_ticket(2))
    with role(settings):
        until(lambda: len(table(settings)) == 2)
        producer = publisher._connected(f"{settings.topic_prefix}tickets.v1")
        producer.send(f"{settings.topic_prefix}tickets.v1", key=ticket.id.encode(), value=None).get(5)
        until(lambda: "secret words" not in str(table(settings)))
    assert table(settings)[0]["ID"] == ticket.id
    assert b"secret" not in b"".join(path.read_bytes() for path in settings.data_dir.glob("*sqlite*"))


def test_the_heartbeat_tells_rows_and_how_long_a_pass_took(settings: Settings, publisher: Publisher) -> None:
    tell(publisher, make_ticket(1), make_ticket(2))
    tail = Tail(settings, [Topic.STATUS])

    def told() -> PartStatus | None:
        beats = [PartStatus.from_json(record.value) for record in tail.poll(0.2) if record.value is not None]
        return next((beat for beat in beats if beat.gauges.get("rows") == 2), None)

    with role(settings):
        status = until(told)
    tail.close()
    assert status.part == "sheet"
    assert status.status is Health.OK
    assert status.gauges["pending"] == 0
    assert "the last pass took" in status.detail


def start(settings: Settings) -> subprocess.Popen[bytes]:
    code = "from stream.settings import Settings; from stream.sheet.role import run; run(Settings(_env_file=None))"
    names = ("kafka_bootstrap_servers", "topic_prefix", "topic_partitions", "data_dir")
    environment = {**os.environ, **{name.upper(): str(getattr(settings, name)) for name in names}}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)


def test_killed_at_any_moment_it_goes_on_without_double_rows(settings: Settings, publisher: Publisher) -> None:
    number = 0
    for pause in (0.9, 1.3, 1.8):
        process = start(settings)
        deadline = time.monotonic() + pause
        while time.monotonic() < deadline:
            number += 1
            tell(publisher, make_ticket(number), make_ticket(max(1, number - 3), version=2))
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = start(settings)
    try:
        until(lambda: len(table(settings)) == number)
        found = cells(settings, "ID")
        assert sorted(found) == sorted(make_ticket(each + 1).id for each in range(number))
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)
    assert code == 0
    assert time.monotonic() - began < 10


def test_a_broker_that_forgot_everything_is_believed(settings: Settings, publisher: Publisher) -> None:
    tell(publisher, make_ticket(1, version=7, title="of the old days"), make_ticket(2))
    with role(settings):
        until(lambda: len(table(settings)) == 2)
    fresh = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}new."})
    ensure_topics(fresh)
    other = Publisher(fresh)
    tell(other, make_ticket(1, version=1, title="of the new days"))
    with role(fresh):
        until(lambda: "of the new days" in cells(settings, "Title"))
    other.close()
    assert len(table(settings)) == 2


def test_a_second_role_on_the_same_folder_says_so(settings: Settings, publisher: Publisher) -> None:
    tell(publisher, make_ticket(1))
    with role(settings):
        until(lambda: len(table(settings)) == 1)
        with pytest.raises(Exception, match="already"):
            keep_sheet(settings, threading.Event())
