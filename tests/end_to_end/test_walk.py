"""A webhook becomes a ticket, a row and nothing twice: with real processes on a real broker, and a rebalance in each walk."""

from __future__ import annotations

import random
import time
from typing import Any

import openpyxl
import pytest
from deliveries import GROUP, OTHER_CUSTOMER, OTHER_GROUP, envelope, message
from system import System, wait_for

from stream.adapters.topics import Topic
from stream.core.detection import Label
from stream.core.status import Health, PartStatus
from stream.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

COMPLAINT = "Good morning, my order 4417 has not arrived and the tracking page shows an error"


def rows_of(system: System) -> list[dict[str, Any]]:
    path = system.settings.sheet_path
    if not path.exists():
        return []
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        lines = list(book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()
    header = [str(name) for name in lines[0]]
    return [dict(zip(header, line, strict=False)) for line in lines[1:] if any(line)]


def ids_in_rows(system: System) -> list[str]:
    return sorted(str(row["ID"]) for row in rows_of(system))


def test_a_webhook_becomes_one_ticket_and_one_row(system: System) -> None:
    for role in ("bridge", "worker", "sheet"):
        system.start(role)
    system.wait_until_ready("worker")
    system.post_until_accepted(message("MSG1", COMPLAINT))
    system.share_with("worker-2")
    system.post_until_accepted(message("MSG2", "thanks!!", sender=OTHER_CUSTOMER))
    ticket = wait_for("the ticket", lambda: next(iter(system.tickets().values()), None))
    assert ticket.group == GROUP
    assert ticket.detected_by.label is Label.TICKET
    assert ticket.messages[0].message_id == "MSG1"
    wait_for("the row", lambda: ids_in_rows(system) == [ticket.id])
    counts = wait_for("the counts", lambda: (c := system.health()["counts"])["received"] == 2 and c["tickets_opened"] == 1 and c)
    assert counts["dead_letters"] == 0


def test_a_message_delivered_five_times_across_a_restart_is_one_ticket(system: System) -> None:
    system.start("bridge")
    system.start("worker")
    system.wait_until_ready("worker")
    bodies = [message("MSG1", COMPLAINT), message("MSG2", "login is broken since yesterday, error 500", group=OTHER_GROUP)]
    deliveries = [body for body in bodies for _ in range(5)]
    random.Random(7).shuffle(deliveries)
    for body in deliveries[:5]:
        system.post_until_accepted(body)
    system.share_with("worker-2")
    system.kill("worker")
    for body in deliveries[5:8]:
        system.post_until_accepted(body)
    system.start("worker")
    for body in deliveries[8:]:
        system.post_until_accepted(body)
    wait_for("all to be handled", lambda: _handled(system) == 10, seconds=60)
    tickets = system.tickets()
    assert sorted(ticket.messages[0].message_id for ticket in tickets.values()) == ["MSG1", "MSG2"]
    assert all(ticket.message_count == 1 for ticket in tickets.values())
    assert system.health()["counts"]["duplicates"] == 8


def test_nothing_acknowledged_is_lost_when_processes_are_killed(system: System) -> None:
    """Kill each role in turn while messages flow, and let a second worker come and go: every message is accounted for."""
    for role in ("bridge", "worker", "sheet"):
        system.start(role)
    system.wait_until_ready("worker")
    expected = set()
    for number in range(30):
        group = f"12036304000000{number % 4:04d}@g.us"
        text = f"parcel {number} has not arrived, where is my delivery?"
        sender = {"lid": f"18001111222{number:04d}@lid", "phone": f"552199000{number:04d}@s.whatsapp.net", "name": f"C{number}"}
        system.post_until_accepted(message(f"KILL{number}", text, group=group, sender=sender))
        expected.add(f"KILL{number}")
        if number == 2:
            system.start("worker", "worker-2")  # it takes half of the groups, in the middle of everything
        if number % 10 == 4:
            victim = ("bridge", "worker", "sheet")[number // 10]
            system.kill(victim)
            system.start(victim)
        if number == 27:
            system.kill("worker-2")
    wait_for("all tickets", lambda: len(system.tickets()) >= 30, seconds=90)
    tickets = system.tickets()
    assert {ticket.messages[0].message_id for ticket in tickets.values()} == expected
    assert len(tickets) == 30
    wait_for("one row a ticket", lambda: ids_in_rows(system) == sorted(tickets), seconds=40)


def test_two_workers_share_the_groups_and_one_takes_over(system: System) -> None:
    system.start("bridge")
    system.start("worker", "worker-a")
    system.start("worker", "worker-b")
    system.wait_until_ready("worker", seconds=60)
    for number in range(12):
        group = f"12036304000000{number:04d}@g.us"
        system.post_until_accepted(message(f"TWO{number}", "the internet is down, nothing works", group=group))
    wait_for("twelve tickets", lambda: len(system.tickets()) == 12, seconds=60)
    system.kill("worker-a")
    for number in range(12):
        group = f"12036304000000{number:04d}@g.us"
        again = message(f"TWO{number}", "the internet is down, nothing works", group=group)
        system.post_until_accepted(again)
        system.post_until_accepted(message(f"MORE{number}", "still not working", group=group, sent_at=time.time() + 1))
    wait_for(
        "the second messages",
        lambda: sum(ticket.message_count for ticket in system.tickets().values()) == 24,
        seconds=90,
    )
    assert len(system.tickets()) == 12


def test_a_worker_that_has_no_groups_is_well_and_takes_over(settings: Settings) -> None:
    system = System(settings.model_copy(update={"topic_partitions": 1}))
    try:
        system.start("bridge")
        for name in ("worker-a", "worker-b"):
            system.start("worker", name)
        wait_for("both workers to be well", lambda: _workers(system, Health.OK) == {"worker-a", "worker-b"}, seconds=60)
        system.post_until_accepted(message("MSG1", COMPLAINT))
        wait_for("the ticket", lambda: len(system.tickets()) == 1)
        (owner,) = wait_for("its owner", lambda: _workers(system, Health.OK, groups=1))
        system.kill(owner)
        system.post_until_accepted(message("MSG2", "the login is broken too", group=OTHER_GROUP))
        wait_for("the second ticket", lambda: len(system.tickets()) == 2, seconds=60)
    finally:
        system.close()


def test_bad_input_is_a_dead_letter_and_the_next_message_a_ticket(system: System) -> None:
    system.start("bridge")
    system.start("worker")
    system.wait_until_ready("worker")
    assert system.post(envelope("messages.upsert", {"key": "not an object"})).status_code == 200
    assert system.post(envelope("no.such.event", {"x": [1]})).status_code == 200
    system.share_with("worker-2")
    system.post_until_accepted(message("AFTER", COMPLAINT))
    wait_for("the ticket", lambda: len(system.tickets()) == 1)
    wait_for("the dead letters", lambda: system.health()["counts"]["dead_letters"] >= 1)
    assert system.count_of(Topic.DEAD_LETTER) >= 1


def test_the_api_key_of_the_instance_is_never_stored(system: System) -> None:
    system.start("bridge")
    system.start("worker")
    system.wait_until_ready("worker")
    system.post_until_accepted(message("SECRET", COMPLAINT))
    system.share_with("worker-2")
    system.post(envelope("messages.upsert", ["not a message", "CANARY"]))
    wait_for("the ticket", lambda: len(system.tickets()) == 1)
    stored = [record for topic in Topic for record in system._read(topic)]
    assert stored
    assert not [record for record in stored if b"CANARY-API-KEY" in (record.value or b"")]
    for name in ("bridge", "worker", "worker-2"):
        assert "CANARY-API-KEY" not in system.log_of(name)
        assert "4417" not in system.log_of(name), "message text in a log"


def _handled(system: System) -> int:
    counts = system.health()["counts"]
    return int(counts.get("seen", 0))


def _workers(system: System, status: Health, groups: int = 0) -> set[str]:
    """Return which workers said of themselves last that they are so, and have so many groups or more."""
    told = [PartStatus.from_json(record.value) for record in system._read(Topic.STATUS)]
    last = {each.process: each for each in told if each.part == "worker"}
    return {name for name, each in last.items() if each.status is status and each.gauges["groups"] >= groups}
