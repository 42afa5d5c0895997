from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stream.bench import run
from stream.bench.figures import median, percentile
from stream.bench.load import delivery, group_jid, requests, talk
from stream.bench.open_tickets import busy_groups
from stream.bench.parts import PARTS, Part
from stream.bench.plots import draw
from stream.bench.processes import Fleet
from stream.bench.rate import _Look, _rate
from stream.bench.scale import quick
from stream.bench.table import as_table
from stream.bench.team import copy_rules
from stream.cli.bench import bench
from stream.core.delivery import Delivery
from stream.errors import GroupdeskError
from stream.settings import Settings
from stream.worker.encoding import read_summary
from stream.worker.record import GroupRecord

ROOT = Path(__file__).parents[2]
PROMISED = {
    "bridge_acked_per_s",
    "bridge_p99_ms_at_500",
    "worker_per_s",
    "worker_vs_bare_faust",
    "visible_p50_ms",
    "visible_p99_ms_at_200",
    "rules_us_at_1000",
    "ready_s",
    "recovery_100k_s",
    "cost_ratio_100k_to_1k",
}


def test_a_part_alone_tells_its_figures_and_starts_no_broker(tmp_path: Path) -> None:
    kept = tmp_path / "bench.json"
    told = subprocess.run(
        [sys.executable, "-m", "stream", "bench", "--only", "d", "--quick", "--json", "--save", str(kept)],
        cwd=ROOT,
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["rules_us_at_1000"] > 0
    assert found["machine"]
    assert found["broker"]
    assert set(found["parts"]["d"]) == {"10", "100", "1000"}
    assert found["failed"] == {}
    assert json.loads(kept.read_text()) == found
    table = CliRunner().invoke(bench, ["--from", str(kept)])
    assert table.exit_code == 0
    assert f"| a message by 1,000 rules | {found['rules_us_at_1000']:,.1f} µs |" in table.output


def test_the_parts_promise_every_figure() -> None:
    assert {name for part in PARTS.values() for name in part.names} >= PROMISED
    assert list(PARTS) == list("abcdefg")


async def _fail(_place: object, _scale: object) -> dict[str, Any]:
    raise GroupdeskError("The broker is gone; start it.")


def test_a_part_that_fails_is_told_and_the_others_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS, "c", Part("lateness", _fail, {"visible_p50_ms": ("groupdesk", "p50_ms")}, needs_broker=False))
    said: list[str] = []
    found = run.run_bench(["c", "d"], quick(Path(sys.executable)), ROOT / "rules", "", said.append)
    assert found["failed"] == {"c": "The broker is gone; start it."}
    assert found["visible_p50_ms"] is None
    assert found["rules_us_at_1000"] > 0
    assert "(c) failed: The broker is gone; start it." in as_table(found)


def test_parts_that_do_not_exist_are_told() -> None:
    told = CliRunner().invoke(bench, ["--only", "a,x"])
    assert told.exit_code == 2
    assert "'a,x' is no list of parts such as a,c; there are a,b,c,d,e,f,g." in told.output


def test_a_load_comes_again_and_is_what_the_bridge_writes() -> None:
    assert talk(200, 5) == talk(200, 5)
    assert len({each.id for each in talk(500, 5) + requests(500, 5)}) == 1000
    said = next(each for each in talk(200, 5) if each.quotes)
    written = Delivery.from_json(delivery(said, datetime(2026, 1, 5, tzinfo=UTC)))
    assert written.chat == said.group
    assert written.data["key"]["id"] == said.id
    assert written.data["contextInfo"]["stanzaId"] == said.quotes


def test_the_groups_of_the_table_are_groups_of_their_own(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, rules_dir=copy_rules(ROOT / "rules", tmp_path / "rules"))
    written = list(busy_groups(settings, 3, 5))
    records = [GroupRecord.from_json(raw) for _, raw in written]
    assert [record.state.group.encode() for record in records] == [key for key, _ in written]
    assert [record.state.group for record in records] == [group_jid(number) for number in range(3)]
    assert len({ticket_id for record in records for ticket_id in record.state.tickets}) == 15
    assert all(ticket.group == record.state.group for record in records for ticket in record.state.tickets.values())
    assert all(ticket.state.is_open for record in records for ticket in record.state.tickets.values())
    assert [read_summary(raw).tickets_open for _, raw in written] == [5, 5, 5]


def test_percentiles_are_those_of_the_values() -> None:
    assert percentile([3, 1, 2], 0.99) == 3
    assert median([5, 1, 9]) == 5
    assert percentile([], 0.5) == 0


def test_no_process_is_left_when_a_measurement_fails(tmp_path: Path) -> None:
    started = []

    def fail() -> None:
        with Fleet(tmp_path) as fleet:
            started.append(fleet.start("sleeper", ["sleep", "600"]))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [running.is_alive() for running in started] == [False]


def test_what_was_done_before_the_first_look_is_taken_off() -> None:
    first, last = _Look(at=10.0, written=50, cpu_s=1.0), _Look(at=12.0, written=200, cpu_s=1.6)
    rate = _rate(first, last, 400)
    assert rate.per_s == pytest.approx(150)  # 300 of 400 messages in two seconds
    assert rate.cpu_us == pytest.approx(2000)


def test_without_what_draws_one_sentence_tells_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(GroupdeskError, match="vl-convert-python"):
        draw({"parts": {}}, tmp_path / "bench.png")


def test_a_part_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert", reason="the extra `bench` is not installed")
    each = {"ours": 11.0, "re_each": 2.0, "re_joined": 1.0}
    found = {"parts": {"d": {"10": each, "100": each}}, "machine": "a machine", "broker": "none"}
    draw(found, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
