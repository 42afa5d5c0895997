from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from stream.check.finding import Finding, Level
from stream.check.machine import check_machine
from stream.check.parts import check_parts
from stream.check.settings import check_settings
from stream.check.whatsapp import check_whatsapp
from stream.cli import COMMANDS, main
from stream.settings import Settings, as_environment, load_settings

ROOT = Path(__file__).parents[2]
LONG = SecretStr("Rp8_vJx2-Wq5tZk7yB")


def problems(found: list[Finding]) -> list[str]:
    return [f"{each.told} {each.to_do}" for each in found if each.level is Level.PROBLEM]


@pytest.fixture
def plain(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", bridge_port=0, dashboard_port=0, rules_dir=ROOT / "rules")


@pytest.fixture(autouse=True)
def _away_from_any_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()


def test_the_defaults_have_no_problem(plain: Settings) -> None:
    assert problems([*check_settings(plain), *check_machine(plain)]) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "KAFKA_SECURITY_PASSWORD"),
        ({"kafka_security_cafile": Path("/nowhere.pem")}, "KAFKA_SECURITY_CAFILE"),
        ({"topic_replication": 3}, "TOPIC_REPLICATION"),
        ({"bridge_port": 4000, "dashboard_port": 4000}, "DASHBOARD_PORT"),
        ({"evolution_api_url": "http://evolution:8080"}, "EVOLUTION_API_KEY"),
        ({"dashboard_host": "::"}, "DASHBOARD_PASSWORD"),
        ({"xlsx_path": Path("tickets.csv")}, "XLSX_PATH"),
        ({"local_head": Path("/nowhere.json")}, "LOCAL_HEAD"),
        ({"cloud_api_token": SecretStr("EAAG7")}, "CLOUD_API_PHONE_NUMBER_ID, CLOUD_API_APP_SECRET and CLOUD_API_VERIFY_TOKEN"),
        ({"webhook_secret": LONG, "operator_secret": LONG}, "OPERATOR_SECRET"),
        ({"cs_sheet_id": "1AbC"}, "GOOGLE_SERVICE_ACCOUNT_KEY"),
        ({"dashboard_password": LONG, "dashboard_viewer_password": LONG}, "VIEWER"),
    ],
)
def test_settings_that_contradict_each_other_are_named(plain: Settings, changes: dict[str, object], named: str) -> None:
    found = problems(check_settings(plain.model_copy(update=changes)))
    assert len(found) == 1
    assert named in found[0]


def test_another_server_of_sheets_may_do_without_a_key(plain: Settings) -> None:
    changes = {"cs_sheet_id": "1AbC", "sheets_api_url": "http://127.0.0.1:9"}
    assert problems(check_settings(plain.model_copy(update=changes))) == []


def test_a_short_password_is_worth_a_note_and_is_not_printed(plain: Settings) -> None:
    found = check_settings(plain.model_copy(update={"dashboard_operator_password": SecretStr("hunter2")}))
    assert [each.level for each in found] == [Level.NOTE]
    assert "DASHBOARD_OPERATOR_PASSWORD has 7 characters" in found[0].told
    assert "hunter2" not in str(found)


def test_a_sheet_that_is_none_is_told(plain: Settings) -> None:
    plain.data_dir.mkdir()
    plain.sheet_path.write_text("no workbook")
    found = [each for each in check_parts(plain) if each.about == "sheet"]
    assert [each.level for each in found] == [Level.PROBLEM]
    assert str(plain.sheet_path) in found[0].told
    assert found[0].to_do


@pytest.mark.parametrize(
    ("rows", "level", "named"),
    [
        ([{"connectionStatus": "open", "Setting": {"groupsIgnore": True}}], Level.PROBLEM, "groupsIgnore"),
        ([{"connectionStatus": "open", "Setting": {"groupsIgnore": False}}], Level.OK, "hands on groups"),
        ([{"connectionStatus": "close", "Setting": {"groupsIgnore": False}}], Level.NOTE, "whatsapp connect"),
        ([], Level.NOTE, "no instance cs-ticket-monitor"),
    ],
)
def test_the_instance_is_looked_at_where_evolution_answers(
    plain: Settings, rows: list[dict[str, object]], level: Level, named: str
) -> None:
    with evolution_with([{"name": plain.cs_instance, **row} for row in rows]) as url:
        found = list(check_whatsapp(plain.model_copy(update={"evolution_api_url": url, "evolution_api_key": SecretStr("k")})))
    assert [each.level for each in found] == [level]
    assert named in f"{found[0].told} {found[0].to_do}"


def test_an_evolution_that_does_not_answer_is_a_problem(plain: Settings) -> None:
    away = plain.model_copy(update={"evolution_api_url": "http://127.0.0.1:1", "evolution_api_key": SecretStr("k")})
    assert [each.level for each in check_whatsapp(away)] == [Level.PROBLEM]


@contextmanager
def evolution_with(rows: list[dict[str, object]]) -> Iterator[str]:
    """Serve the one answer that is asked for here, as Evolution gives it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(rows).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_misspelt_name_in_the_env_file_is_told_with_the_right_one(plain: Settings) -> None:
    Path(".env").write_text("# a comment\nWEBHOK_SECRET=x\nHTTP_PROXY=y\nDATA_DIR=data\n")
    assert problems(check_settings(plain)) == [
        "WEBHOK_SECRET in .env is no setting and has no effect. Did you mean WEBHOOK_SECRET?"
    ]


def test_a_taken_port_is_told_with_the_setting_to_change(plain: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = problems(check_machine(plain.model_copy(update={"bridge_port": port})))
    assert found == [f"Port {port} of the bridge is in use by another program. Stop that program, or set BRIDGE_PORT."]


def test_every_problem_of_the_rules_folder_is_told(plain: Settings, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    (rules / "groups.yaml").write_text("version: 1\nnonsense: true\n")
    (rules / "team.yaml").write_text("[")
    told = problems(check_parts(plain.model_copy(update={"rules_dir": rules})))
    assert any("groups.yaml:2" in each for each in told)
    assert any("team.yaml" in each for each in told)


@pytest.mark.kafka
def test_a_broker_that_answers_and_one_that_does_not(plain: Settings, kafka: str) -> None:
    there = plain.model_copy(update={"kafka_bootstrap_servers": kafka, "topic_prefix": "unseen."})
    assert [each.level for each in check_parts(there) if each.about == "topics"] == [Level.NOTE]
    away = plain.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    assert any("127.0.0.1:1" in each for each in problems(check_parts(away)))


class TestCommand:
    def test_all_unreadable_settings_are_told_at_once_and_the_exit_status_is_1(self) -> None:
        told = CliRunner().invoke(
            main, ["check"], env={"BRIDGE_PORT": "x", "TOPIC_PARTITIONS": "0", "RULES_DIR": str(ROOT / "rules")}
        )
        assert told.exit_code == 1
        assert "BRIDGE_PORT" in told.output
        assert "TOPIC_PARTITIONS" in told.output
        assert "2 problems" in told.output

    def test_a_secret_that_does_not_fit_is_never_printed(self) -> None:
        told = CliRunner().invoke(main, ["check"], env={"BRIDGE_PORT": "hunter2"})
        assert "hunter2" not in told.output

    def test_json_is_one_object_a_script_can_read(self, plain: Settings) -> None:
        told = CliRunner().invoke(main, ["check", "--json"], env=as_environment(plain))
        read = json.loads(told.output)
        assert read["ok"] is (told.exit_code == 0)
        assert {"about", "level", "told", "to_do"} == set(read["findings"][0])

    def test_another_command_tells_a_settings_problem_in_one_line_too(self) -> None:
        told = CliRunner().invoke(main, ["topics"], env={"BRIDGE_PORT": "x"})
        assert told.exit_code == 1
        assert told.output == "Error: BRIDGE_PORT must be a whole number from 0 to 65535.\n"

    def test_a_wrong_option_is_exit_status_2(self) -> None:
        assert CliRunner().invoke(main, ["check", "--nonsense"]).exit_code == 2
        assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2

    @pytest.mark.parametrize("name", [name for section in COMMANDS.values() for name in section])
    def test_every_command_loads_and_has_help_worth_reading(self, name: str) -> None:
        told = CliRunner().invoke(main, [name, "--help"])
        assert told.exit_code == 0, told.output
        assert len(told.output) > 150


def test_the_example_of_settings_is_the_one_that_the_settings_give() -> None:
    from stream.check.env_example import render

    text = (ROOT / ".env.example").read_text()
    assert text == render(), "run `make env-example`"
    for name, field in Settings.model_fields.items():
        if field.exclude:
            continue
        assert f"\n#{name.upper()}=" in text
        assert field.description, f"{name} has no description"
