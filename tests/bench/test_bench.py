from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream.bench.figures import median, percentile
from stream.bench.load import conversation, delivery, requests
from stream.bench.matching import measure_matching
from stream.bench.open_tickets import _busy_group, _groups
from stream.bench.processes import Fleet
from stream.core.delivery import Delivery
from stream.settings import Settings
from stream.worker.encoding import read_summary
from stream.worker.record import GroupRecord

ROOT = Path(__file__).parents[2]
POSITIVE = {
    "bridge_acked_per_s",
    "bridge_p99_ms_at_500",
    "worker_per_s",
    "worker_vs_bare_faust",
    "bare_aiokafka_per_s",
    "visible_p50_ms",
    "visible_p99_ms_at_200",
    "rules_us_at_1000",
    "ready_s",
    "recovery_100k_s",
    "cost_ratio_100k_to_1k",
}


@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_a_quick_run_tells_every_figure(settings: Settings, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "stream", "bench", "--quick", "--json", "--out", str(tmp_path)],
        cwd=ROOT,
        env={"KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    found = json.loads(told.stdout[told.stdout.index("{") :])
    assert {name for name in POSITIVE if not found[name] > 0} == set()
    assert found["machine"]
    assert found["broker"]
    assert found["bridge_refused"] == 0
    assert found["visible_share"] > 0.9
    assert found["visible_p50_ms"] <= found["visible_p99_ms_at_200"]
    assert set(found["rules"]) == {"10", "100", "1000"}
    assert json.loads((tmp_path / "bench.json").read_text()) == found
    assert "| worker, messages a second |" in (tmp_path / "bench.md").read_text()


def test_a_load_comes_again_and_is_what_the_bridge_writes() -> None:
    assert conversation(50, 5) == conversation(50, 5)
    assert len({each.id for each in conversation(500, 5) + requests(500, 5)}) == 1000
    said = conversation(1, 1)[0]
    written = Delivery.from_json(delivery(said, datetime(2026, 1, 5, tzinfo=UTC)))
    assert written.chat == said.group
    assert written.data["key"]["id"] == said.id


def test_the_groups_of_the_table_are_read_as_groups_of_their_own(settings: Settings) -> None:
    settings = settings.model_copy(update={"rules_dir": ROOT / "rules"})
    written = list(_groups(settings, 3, 5))
    records = [GroupRecord.from_json(raw) for _, raw in written]
    assert [record.state.group.encode() for record in records] == [key for key, _ in written]
    assert len({ticket_id for record in records for ticket_id in record.state.tickets}) == 15
    assert all(ticket.group == record.state.group for record in records for ticket in record.state.tickets.values())
    assert [read_summary(raw).tickets_open for _, raw in written] == [5, 5, 5]
    assert len(_busy_group(settings, 5).state.tickets) == 5


def test_rules_are_measured_at_each_number() -> None:
    found = measure_matching((10, 100), 5)
    assert set(found) == {"10", "100"}
    assert all(figures["ours_ms_to_load"] > 0 for figures in found.values())


def test_percentiles_are_those_of_the_values() -> None:
    assert percentile([3, 1, 2], 0.99) == 3
    assert median([5, 1, 9]) == 5
    assert percentile([], 0.5) == 0


def test_no_process_is_left_when_a_measurement_fails() -> None:
    started = []

    def fail() -> None:
        with Fleet() as fleet:
            started.append(fleet.start(time.sleep, 600))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [running.is_alive for running in started] == [False]
