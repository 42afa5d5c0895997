"""How long each hop takes, how far readers are behind, and which old heartbeats are no alarm."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import showroom
from still import record, snapshot_of

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from system import wait_for

from dashboard import hops, lags, tables
from dashboard.desk import Desk
from dashboard.lags import LagWatch
from dashboard.tools import Told, Toolbox, run_command
from stream.adapters.kafka import Publisher
from stream.adapters.kafka_offsets import GroupLags
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.core.events import EventKind, TicketEvent
from stream.core.status import Health, PartStatus
from stream.settings import Settings

NOW = datetime.now(UTC)


def ms(number: float) -> timedelta:
    return timedelta(milliseconds=number)


def event(number: int, cause: str, took_ms: float, command: str | None = None) -> TicketEvent:
    at = NOW - ms(took_ms)
    return TicketEvent(id=f"{cause}:{number}", kind=EventKind.OPENED, group="g", ticket_id="T", at=at, command_id=command)


def test_hops_are_measured_from_what_passes_and_told_by_the_processes() -> None:
    desk = Desk()
    desk.take(record(event(0, "old", 9_000_000), at=NOW))  # it was read from the past: it tells nothing of now
    for number in range(100):
        desk.take(record(event(0, f"m{number}", 40 + number), at=NOW), NOW + ms(12))
    desk.take(record(event(1, "m99", 5_000), at=NOW), NOW + ms(12))  # the same message again
    desk.take(record(event(0, "c", 20, "command"), at=NOW), NOW + ms(12))
    measured = desk.snapshot(is_caught_up=True).hops
    assert measured[hops.MESSAGE][2] == 100
    assert [round(one) for one in measured[hops.MESSAGE][:2]] == [90, 134]
    assert round(measured[hops.COMMAND][0]) == 20
    assert [round(one) for one in measured[hops.SHOWN][:2]] == [12, 12]
    bridge = PartStatus(
        part="bridge",
        process="b",
        status=Health.OK,
        detail="",
        since=NOW,
        at=NOW,
        gauges={"stored_ms_p50": 8, "stored_ms_p99": 31},
    )
    rows = hops.rows(hops.hops(measured, [bridge]), "en")
    assert [row["usual"] for row in rows] == ["8 ms", "90 ms", "20 ms", "12 ms"]
    assert rows[0]["slow"] == "31 ms"
    assert hops.hops({}, []) == []


def test_lags_are_told_by_reader_topic_and_partition(settings: Settings) -> None:
    ensure_topics(settings)
    publisher = Publisher(settings)
    for number in range(5):
        publisher.publish(Topic.INBOUND, f"g{number}", b"{}")
    publisher.close()
    watch = LagWatch(settings)
    sight = wait_for("the first look", watch.look)
    watch.close()
    assert not sight.problem
    rows = {(row["reader"], row["topic"]): row for row in lags.rows(sight.by_reader, "en")}
    assert rows["worker", "inbound"]["lag"]["text"] == "5"
    assert sum(map(int, rows["worker", "inbound"]["partitions"].split(" · "))) == 5
    assert set(sight.by_reader[("worker", Topic.COMMANDS)].values()) == {0}
    many = GroupLags(settings, {})
    assert many.read() == {}


def test_lags_of_many_partitions_name_those_that_lag() -> None:
    [row] = lags.rows({("worker", Topic.INBOUND): {number: 2_000 * (number == 17) for number in range(20)}}, "en")
    assert (row["partitions"], row["lag"]["tone"]) == ("17: 2,000", "bad")


def test_an_old_heartbeat_of_what_was_never_set_up_is_no_alarm() -> None:
    def beat(part: str, ago: timedelta) -> PartStatus:
        return showroom.parts(NOW - ago)[0].but(part=part, process=part)

    shown = snapshot_of(
        beat("whatsapp", timedelta(minutes=1)), beat("sender", timedelta(minutes=1)), beat("trial", timedelta(hours=1))
    )
    without = {row["part"]: row["state"]["tone"] for row in tables.parts(shown, NOW, "en", not_set_up=("whatsapp",))}
    assert without["sender"] == "bad"
    assert "whatsapp" not in without
    assert "trial" not in without
    assert {row["part"]: row["state"]["tone"] for row in tables.parts(shown, NOW, "en")}["whatsapp"] == "bad"


def test_a_command_runs_once_at_a_time_and_says_why_it_failed() -> None:
    failed = run_command(("rules", "backtest", "no-such-folder"))
    assert not failed.body
    assert "no-such-folder" in failed.problem
    ran: list[tuple[str, ...]] = []
    ended: list[str] = []
    gate = threading.Event()

    def run(words: tuple[str, ...]) -> Told:
        assert gate.wait(20)
        ran.append(words)
        return Told({"well": True})

    toolbox = Toolbox(run)
    toolbox.ask("a", stamp=1, then=lambda: ended.append("a"))
    toolbox.ask("a", stamp=2)
    assert toolbox.is_running("a")
    gate.set()
    told = wait_for("the answer", lambda: toolbox.told("a"))
    assert (ran, ended, told.stamp, told.body) == ([("a",)], ["a"], 1, {"well": True})
    assert not toolbox.is_running("a")
    toolbox.close()
