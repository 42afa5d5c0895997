"""`groupdesk check --full` on real processes: started for it, running already, and with a part missing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from stream.adapters.bridge_address import bridge_address
from stream.adapters.kafka import Tail
from stream.adapters.topics import Topic
from stream.check.full import _take_steps, check_fully
from stream.check.loading import describe_rules, load_rules
from stream.check.stages import Result, StageFailed, Stages
from stream.check.trial_chat import MARK, TEST_GROUP
from stream.core.ticket import Ticket, TicketState
from stream.settings import Settings, as_environment
from tests.processes import running_from
from tests.stand_ins.openai_server import label_all, serving
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
IS_LONG = os.environ.get("GROUPDESK_TEST_LONG") == "1"
# As the original system's report of its full test run names them.
NAMED_BY_THE_ORIGINAL = {
    "Orchestrator Loading",
    "Module Loading",
    "Mock Sheets Service Init",
    "Webhook Processing",
    "Null Message Handling",
    "Empty Message Handling",
    "Invalid Message Data Handling",
    "Detection Performance",
    "Ticket Detection Pipeline",
    "Status Update Detection",
    "Follow-up Scheduler Integration",
    "End to End",
}


def test_it_starts_what_it_needs_without_any_account_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Settings of a team at work: none of them may be reached, not even by a process that reads .env again.
    work = {
        "EVOLUTION_API_URL": "http://127.0.0.1:9",
        "EVOLUTION_API_KEY": "k",
        "CS_SHEET_ID": "x",
        "SHEETS_API_URL": "http://[::1]:9",
    }
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in work.items()))
    settings = Settings(rules_dir=ROOT / "rules", kafka_bootstrap_servers="127.0.0.1:1", bridge_port=0, topic_partitions=3)
    assert settings.evolution_api_url
    with tempfile.TemporaryDirectory(prefix="gd") as folder, serving(label_all("noise")) as model:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        checked = check_fully(settings.model_copy(update={"openai_base_url": model.url}))
        assert [str(each) for each in Path(folder).iterdir()] == []
        assert running_from(folder) == []
    assert Path.cwd() == tmp_path
    assert not checked.in_running
    assert not (tmp_path / "data").exists()
    told = {stage.name: stage for stage in checked.stages}
    assert {name: stage for name, stage in told.items() if stage.result is not Result.OK} == {}
    assert told["Model"].told.endswith("said noise.")
    assert set(told) >= NAMED_BY_THE_ORIGINAL
    assert "dry run" in told["Sender Dry Run"].told
    assert "worded" in told["Follow-up Scheduler Integration"].told
    assert "resolved now" in told["Status Update Detection"].told


def test_it_uses_the_groupdesk_that_runs_names_the_part_that_is_missing_and_cleans_up_after_one_that_was_cut_short(
    settings: Settings,
) -> None:
    # The bridge takes whichever port is free, and is found all the same.
    settings = settings.model_copy(update={"bridge_port": 0, "rules_dir": ROOT / "rules"})
    with up(settings, *(f"--without={role}" for role in ("dashboard", "classifier", "worker"))):
        told, code = check(settings)
        assert code == 1
        assert told["fix"]["told"].startswith("worker: worker is not running")
        assert "`groupdesk worker`" in told["fix"]["to_do"]
        stages = by_name(told)
        assert [name for name, stage in stages.items() if stage["result"] == "failed"] == ["Worker"]
        assert stages["Ticket Detection Pipeline"]["told"] == "It needs “Worker”."
        assert stages["Webhook Processing"]["result"] == "ok"

        with process(settings, "worker"):
            wait_for("a worker that is well", lambda: part(settings, "worker") == "ok", 90)
            if IS_LONG:
                assert interrupted_check(settings, signal.SIGINT) == 1
                assert states(settings) == [TicketState.CLOSED]
            assert interrupted_check(settings, signal.SIGKILL) == -signal.SIGKILL
            assert states(settings)[-1] is TicketState.NEW
            told, code = check(settings)
        assert code == 0, told
        assert told["ok"]
        assert told["where"] == "running"
        stages = by_name(told)
        assert set(stages) >= NAMED_BY_THE_ORIGINAL
        assert {name: stage["result"] for name, stage in stages.items() if stage["result"] != "ok"} == {"Model": "skipped"}
        assert "was left open by a check that was killed, and is closed now" in stages["Earlier Checks"]["told"]
        assert stages["Follow-up Scheduler Integration"]["told"].endswith("the group's mode is observe.")
        what_is_left_is_closed_and_marked(settings)


def interrupted_check(settings: Settings, number: signal.Signals) -> int:
    """Run a check until its ticket is there, end it by this signal, and return its exit status."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "stream", "check", "--full"],
        cwd=settings.data_dir.parent,
        env=environment(settings),
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert any("Ticket Detection Pipeline" in line and "T-" in line for line in running.stdout)
        running.send_signal(number)
        running.stdout.read()
        return running.wait(60)


def states(settings: Settings) -> list[TicketState]:
    return [ticket.state for ticket in tickets(settings).values()]


def tickets(settings: Settings) -> dict[str, Ticket]:
    return {(each := Ticket.from_json(value)).id: each for topic, value in read(settings) if topic is Topic.TICKETS}


def what_is_left_is_closed_and_marked(settings: Settings) -> None:
    left = tickets(settings).values()
    assert [ticket.state for ticket in left] == [TicketState.CLOSED] * (3 if IS_LONG else 2)
    assert all(ticket.group == TEST_GROUP and ticket.title.startswith(MARK) for ticket in left)
    assert any(MARK in text for text in sheet_texts(settings))


def test_whatever_interrupts_a_check_it_cleans_up() -> None:
    cleaned: list[str] = []

    class Interrupted:
        posted_at = None

        def __getattr__(self, name: str) -> Callable[[], str]:
            return lambda: "well"

        def is_well(self, _part: str) -> str:
            return "ok"

        def open_ticket(self) -> str:
            raise KeyboardInterrupt

        def clean_up(self) -> str:
            cleaned.append("yes")
            return "closed"

    with pytest.raises(KeyboardInterrupt):
        _take_steps(Interrupted(), Stages())  # type: ignore[arg-type] # what is tested is the order of its calls
    assert cleaned == ["yes"]


def test_a_group_that_is_not_read_is_told_as_what_to_fix(settings: Settings, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    (rules / "groups.yaml").write_text("version: 1\nunlisted: off\n")
    with pytest.raises(StageFailed) as failed:
        describe_rules(load_rules(settings.model_copy(update={"rules_dir": rules})))
    assert "unlisted: off" in str(failed.value)
    assert "observe" in failed.value.to_do


@contextmanager
def up(settings: Settings, *arguments: str) -> Iterator[None]:
    with process(settings, "up", *arguments) as printed:
        wait_for("the demo to be open", lambda: "\nOpen\n" in printed.read_text(), 90)
        yield


@contextmanager
def process(settings: Settings, *arguments: str) -> Iterator[Path]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    printed = settings.data_dir / f"printed-{arguments[0]}"
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "stream", *arguments],
            cwd=settings.data_dir.parent,  # where no .env is
            env=environment(settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield printed
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def part(settings: Settings, name: str) -> str:
    with urllib.request.urlopen(f"{bridge_address(settings)}/webhook/cs-tickets") as answer:  # noqa: S310 -- a local one
        return str(json.load(answer)["parts"][name]["status"])


def by_name(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {stage["name"]: stage for stage in told["stages"]}


def check(settings: Settings) -> tuple[dict[str, Any], int]:
    done = subprocess.run(
        [sys.executable, "-m", "stream", "check", "--full", "--json"],
        cwd=settings.data_dir.parent,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told, done.returncode


def environment(settings: Settings) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **as_environment(settings)}


def read(settings: Settings) -> list[tuple[Topic, bytes]]:
    tail = Tail(settings, [Topic.INBOUND, Topic.TICKETS, Topic.DEAD_LETTER])
    found: list[tuple[Topic, bytes]] = []
    try:
        while not tail.is_caught_up():
            found += [(record.topic, record.value) for record in tail.poll(0.2) if record.value is not None]
    finally:
        tail.close()
    return found


def sheet_texts(settings: Settings) -> list[str]:
    book = load_workbook(settings.sheet_path, read_only=True)
    try:
        return [str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    finally:
        book.close()
