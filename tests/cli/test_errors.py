"""What a person types wrong, or what is not there: one sentence that says what to do, and an exit status that is not 0."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stream.cli import main
from stream.settings import load_settings

ROOT = Path(__file__).parents[2]
CHAT = str(ROOT / "demo" / "support.yaml")
NO_KAFKA = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
EVOLUTION = {"EVOLUTION_API_URL": "http://127.0.0.1:1", "EVOLUTION_API_KEY": "k"}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("bad.yaml").write_text("title: x\nlines: [\n")
    Path("latin.yaml").write_bytes("title: não\n".encode("latin-1"))


def run(command: str, **settings: str) -> Result:
    load_settings.cache_clear()
    return CliRunner().invoke(main, command.split(), env={"RULES_DIR": str(ROOT / "rules"), "BRIDGE_PORT": "1"} | settings)


@pytest.mark.parametrize(
    ("command", "settings", "told"),
    [
        ("simulate nofile", {}, r"nofile cannot be read \(No such file or directory\); give the path of a chat file\."),
        ("simulate folder", {}, r"folder cannot be read \(Is a directory\); .*"),
        ("simulate bad.yaml", {}, r"bad\.yaml:3 is not valid YAML: .*; demo/README\.md shows the form\."),
        ("simulate latin.yaml", {}, r"latin\.yaml is not UTF-8; .*"),
        ("demo nofile", {}, r"nofile cannot be read .*"),
        ("topics", NO_KAFKA, r"Kafka at 127\.0\.0\.1:1 does not answer yet; check KAFKA_BOOTSTRAP_SERVERS .*"),
        ("dead-letters list", NO_KAFKA, r"Kafka at 127\.0\.0\.1:1 does not answer .*"),
        ("due", {"RULES_DIR": "nowhere"}, r"There is no rules folder at .*nowhere; set RULES_DIR .*"),
        ("rules check", {"RULES_DIR": "nowhere"}, r"There is no rules folder at .*"),
        ("whatsapp status", {}, r"EVOLUTION_API_URL is not set; .*"),
        ("whatsapp status", EVOLUTION, r"GET /instance/fetchInstances failed: nothing answers at EVOLUTION_API_URL"),
        ("whatsapp connect", EVOLUTION, r"GET /instance/fetchInstances failed: .*"),
        ("whatsapp groups", EVOLUTION | {"EVOLUTION_API_URL": "http://[::1]:1"}, r"GET /group/fetchAllGroups failed: .*"),
    ],
)
def test_one_sentence_and_no_trace(command: str, settings: dict[str, str], told: str) -> None:
    result = run(command, **settings)
    assert result.exit_code == 1
    assert re.fullmatch(rf"Error: {told}\n", result.output), result.output


@pytest.mark.parametrize("role", ["bridge", "worker", "classifier", "sheet", "sender", "dashboard", "up"])
def test_a_data_folder_that_cannot_be_written_ends_every_role(role: str) -> None:
    Path("plain").write_text("")
    result = run(role, DATA_DIR="plain/data")
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: \S*plain/data cannot be written \(Not a directory\); set DATA_DIR to .*\n", result.output)


@pytest.mark.parametrize(
    ("role", "setting"),
    [("bridge", "BRIDGE_PORT"), ("dashboard", "DASHBOARD_PORT"), ("simulator", "SIMULATOR_PORT"), ("up", "BRIDGE_PORT")],
)
def test_a_taken_port_is_told_with_its_setting(role: str, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(role, **({"SHEET_TIMEZONE": "UTC"} | {setting: port}))
    assert result.exit_code == 1
    assert re.search(rf"^Error: Port {port} .*is in use by another program; .*{setting}.*$", result.output, re.MULTILINE)


def test_a_chat_that_nobody_takes_is_not_played_to_its_end() -> None:
    result = run(f"simulate {CHAT}")
    assert result.exit_code == 1
    assert "0 of 1 webhooks taken" in result.output
    assert result.output.endswith("No bridge answers there; start `groupdesk up`, or give --url.\n")


def test_an_unknown_command_or_option_is_a_usage_error() -> None:
    for command in ("nonsense", "up --nonsense", "up --without nobody", "whatsapp nonsense", "simulate", "rules explain"):
        assert run(command).exit_code == 2
