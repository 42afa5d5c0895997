from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pydantic import SecretStr

from stream.adapters.own_secrets import operator_secret, webhook_secret
from stream.errors import GroupdeskError, PortTaken, StateError
from stream.settings import Settings, as_environment
from stream.up import Session
from stream.up.roles import ROLES
from tests.processes import running_from
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]


class Groupdesk:
    """`groupdesk up` as a person starts it: a process of its own, with what it prints."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        self._printed = settings.data_dir.parent / f"printed-{time.monotonic_ns()}"
        with self._printed.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stream", "up", *arguments],
                cwd=settings.data_dir.parent,  # where no .env is
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": os.environ["HOME"],
                    "RULES_DIR": str(ROOT / "rules"),
                    **as_environment(settings),
                },
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    def wait_for(self, pattern: str, deadline_s: float = 90) -> re.Match[str]:
        found: list[re.Match[str]] = []

        def appeared() -> bool:
            found[:] = re.finditer(pattern, self.printed, re.MULTILINE)
            return bool(found) or self.process.poll() is not None

        wait_for(f"{pattern} on the terminal", appeared, deadline_s)
        assert found, self.printed
        return found[-1]

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def started(settings: Settings, *arguments: str) -> Iterator[Groupdesk]:
    groupdesk = Groupdesk(settings, *arguments)
    try:
        yield groupdesk
    finally:
        if groupdesk.process.poll() is None:
            groupdesk.stop(signal.SIGTERM)


def role_pids(settings: Settings) -> dict[str, int]:
    log = (settings.data_dir / "logs" / "supervisor.log").read_text()
    return {name: int(pid) for name, pid in re.findall(r"spawned: '(\w+)' with pid (\d+)", log)}


def test_everything_comes_up_stops_without_a_trace_and_finds_its_state_again(settings: Settings) -> None:
    own = settings.model_copy(update={"kafka_bootstrap_servers": "", "webhook_secret": SecretStr("")})
    for round_number in (1, 2):
        with started(own) as groupdesk:
            address = groupdesk.wait_for(r"^  health +(http://\S+)")[1]
            for role in ROLES:
                groupdesk.wait_for(rf"^  {role} +ready after")
            assert "Broker: " in groupdesk.printed
            with urllib.request.urlopen(address) as answer:  # noqa: S310 -- our own address
                assert json.load(answer)["parts"]
            if round_number == 1:
                deliver(address, webhook_secret(own))
            wait_for("the row in the sheet", lambda: sheet_rows(own) == 1, 60)
            assert open_to_others(own.data_dir) == []
            assert groupdesk.stop() == 0
        assert groupdesk.printed.endswith("Stopped.\n")
        assert running_from(own.data_dir) == []


def deliver(address: str, secret: str) -> None:
    message = {
        "key": {
            "remoteJid": "120363402000000001@g.us",
            "fromMe": False,
            "id": "3EB0UP01",
            "participant": "5511988887777@s.whatsapp.net",
        },
        "pushName": "Ana",
        "message": {"conversation": "Hello, my order 4711 has not arrived, can you check it please?"},
        "messageType": "conversation",
        "messageTimestamp": int(time.time()),
    }
    body = {"event": "messages.upsert", "instance": "cs-ticket-monitor", "data": message}
    request = urllib.request.Request(  # noqa: S310 -- our own address
        address, json.dumps(body).encode(), {"Content-Type": "application/json", "X-Webhook-Secret": secret}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 -- our own address
        assert answer.status == 200


def open_to_others(folder: Path) -> list[Path]:
    """Return the folder itself and what is in it, as far as others than its owner have any right to it."""
    found: list[Path] = []
    for each in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):  # Kafka and SQLite remove files meanwhile
            if each.stat().st_mode & 0o077:
                found.append(each)
    return found


def sheet_rows(settings: Settings) -> int:
    if not settings.sheet_path.exists():
        return 0
    book = load_workbook(settings.sheet_path, read_only=True)
    try:
        return sum(
            1 for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) if row and "order 4711" in str(row)
        )
    finally:
        book.close()


def test_a_role_that_dies_is_started_again_and_told_even_from_an_odd_folder(settings: Settings) -> None:
    settings = settings.model_copy(update={"data_dir": settings.data_dir.with_name("da ta 100%")})
    with started(settings, "--without", "dashboard", "--without", "sheet", "--without", "worker") as groupdesk:
        groupdesk.wait_for(r"^Open")
        before = role_pids(settings)["bridge"]
        os.kill(before, signal.SIGKILL)
        groupdesk.wait_for(r"bridge +was killed \(signal 9\); it is started again$(.|\n)*bridge +ready after")
        assert role_pids(settings)["bridge"] != before
        assert groupdesk.stop(signal.SIGTERM) == 0


def has_told_kills(said: list[str], kills: int) -> bool:
    return sum("was killed (signal 9)" in line for line in said) == kills


def test_a_role_that_is_killed_again_and_again_comes_back_each_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.up.supervision._TRIES", 0)  # so that supervisord gives up at the first kill
    said: list[str] = []
    with Session(settings, without=frozenset(ROLES) - {"bridge"}, say=said.append) as session:
        for number in range(4):
            assert session.wait_until_ready()
            os.kill(role_pids(settings)["bridge"], signal.SIGKILL)
            watching = threading.Thread(target=session.watch)
            watching.start()
            wait_for("the kill to be told", partial(has_told_kills, said, number + 1), 60)
            session.stopping.set()
            watching.join()
            session.stopping.clear()
        assert session.wait_until_ready()
    assert not any("cannot start" in line for line in said)


def test_what_a_person_must_mend_before_a_role_can_start_ends_the_start_with_its_sentence(settings: Settings) -> None:
    open_to_all = settings.model_copy(update={"dashboard_host": "0.0.0.0"})  # noqa: S104 -- what must be refused
    nothing = [argument for role in ROLES if role != "dashboard" for argument in ("--without", role)]
    with started(open_to_all, *nothing) as groupdesk:
        assert groupdesk.process.wait(60) == 2  # as of the role itself
        assert re.search(r"^Error: DASHBOARD_HOST=0.0.0.0 would show .*DASHBOARD_PASSWORD.*\n\Z", groupdesk.printed, re.MULTILINE)
    assert running_from(settings.data_dir) == []


def test_the_demo_plays_a_chat_and_tells_which_tickets_came_of_it(settings: Settings) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "stream", "demo", "--once", "--without", "dashboard", "--without", "sheet"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **as_environment(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    taken = re.search(r"^(\d+) of (\d+) webhooks taken .*; (\d+) tickets came of them", told.stdout, re.MULTILINE)
    assert taken, told.stdout
    assert taken[1] == taken[2]
    assert len(re.findall(r"^  T-\w{4}-\w{4}  ", told.stdout, re.MULTILINE)) == int(taken[3]) > 0
    assert running_from(settings.data_dir) == []


def test_a_second_one_in_the_same_folder_is_one_clear_sentence(settings: Settings) -> None:
    nothing = [argument for role in ROLES if role != "bridge" for argument in ("--without", role)]
    with started(settings, *nothing) as first:
        first.wait_for(r"^Open")
        second = Groupdesk(settings, *nothing)
        assert second.process.wait(30) == 1
        assert re.fullmatch(r"Error: `groupdesk up` already runs in \S+; [^\n]+\n", second.printed)


def test_what_a_killed_one_left_running_is_cleared_away_by_the_next(settings: Settings) -> None:
    nothing = [argument for role in ROLES if role != "bridge" for argument in ("--without", role)]
    with started(settings, *nothing) as first:
        first.wait_for(r"^Open")
        first.stop(signal.SIGKILL)
        assert running_from(settings.data_dir)
        left = role_pids(settings)["bridge"]
        with started(settings, *nothing) as second:
            second.wait_for(r"^Open")
            assert role_pids(settings)["bridge"] != left
            assert second.stop() == 0
    assert running_from(settings.data_dir) == []


def test_a_data_folder_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere/data")):
        settings = Settings(_env_file=None, data_dir=folder)
        told = rf"^{re.escape(str(folder))} cannot be written \(.+\); set DATA_DIR to "
        with pytest.raises(StateError, match=told), Session(settings):
            pass


def test_a_taken_port_is_told_before_anything_starts(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        session = Session(settings.model_copy(update={"bridge_port": port}))
        with pytest.raises(PortTaken, match=rf"Port {port} of the bridge .* BRIDGE_PORT"), session:
            pass
    assert running_from(settings.data_dir) == []


def test_fresh_is_refused_where_the_broker_is_not_ours(settings: Settings) -> None:
    with pytest.raises(GroupdeskError, match="KAFKA_BOOTSTRAP_SERVERS"), Session(settings, fresh=True):
        pass


def test_fresh_forgets_what_the_broker_kept_and_sets_the_sheet_aside(settings: Settings) -> None:
    from stream.up.fresh import forget_everything

    for name in ("broker/node-1/data", "worker", "logs"):
        (settings.data_dir / name).mkdir(parents=True)
    for name in ("sheet.sqlite", "spool.sqlite", "spool.sqlite-wal", "spool.sqlite-shm"):
        (settings.data_dir / name).touch()
    settings.sheet_path.write_text("edited by people")
    told: list[str] = []
    forget_everything(settings, told.append)
    assert sorted(each.name for each in settings.data_dir.iterdir() if not each.name.startswith("tickets")) == ["logs"]
    kept = next(settings.data_dir.glob("tickets until *.xlsx"))
    assert kept.read_text() == "edited by people"
    assert str(kept) in told[0]


def test_secrets_that_nobody_set_are_made_once_for_the_owner_alone(settings: Settings) -> None:
    assert webhook_secret(settings) == "test-webhook-secret"
    unset = settings.model_copy(update={"webhook_secret": SecretStr("")})
    made = webhook_secret(unset)
    assert made == webhook_secret(unset)
    assert len(made) >= 32
    file = unset.data_dir / "webhook-secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert operator_secret(settings) == "test-operator-secret"
    file.write_text("\n")
    with pytest.raises(StateError, match="is empty"):
        webhook_secret(unset)
