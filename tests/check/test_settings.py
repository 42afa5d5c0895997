"""Wrong settings of every kind are told at once, each by its name and in words of ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from stream.bridge.auth import _SAMPLES, Gate
from stream.check.examples import is_example
from stream.check.finding import Level
from stream.check.settings import check_settings
from stream.cli import main
from stream.errors import SettingsError
from stream.settings import Settings, load_settings, read_settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 -- nothing is bound here

UNREADABLE = {
    "KAFKA_BOOTSTRAP_SERVERS": "http://wrong-kafka:9092",
    "KAFKA_SECURITY_PROTOCOL": "wrong-TLS",
    "KAFKA_SECURITY_MECHANISM": "wrong-scram",
    "TOPIC_PREFIX": "wrong topics/",
    "TOPIC_PARTITIONS": "wrong-many",
    "TOPIC_REPLICATION": "10",
    "BRIDGE_HOST": "wrong host",
    "BRIDGE_PORT": "70000",
    "SPOOL_LIMIT_MB": "-1",
    "DASHBOARD_HOST": "http://wrong",
    "DASHBOARD_PORT": "wrong-web",
    "DASHBOARD_ADMINS": "wrong-ann",
    "DASHBOARD_OPERATORS": "bo@team.example, wrong-cy",
    "EVOLUTION_API_URL": "wrong-evolution:8080",
    "CS_INSTANCE": "wrong ticket monitor",
    "WEBHOOK_URL": "wrong-bridge/webhook",
    "SIMULATOR_PORT": "3.5",
    "SENDING_ENABLED": "wrong-perhaps",
    "SEND_GAP_S": "nan",
    "SENDS_PER_MINUTE": "100",
    "CLOUD_API_PHONE_NUMBER_ID": "+55 11 99999",
    "CLOUD_API_URL": "http://user:wrong@graph.example",
    "OPENAI_BASE_URL": "ftp://wrong",
    "OPENAI_MODEL": "wrong\x1bmodel",
    "SHEETS_API_URL": "http://wrong sheets",
    "SHEET_TIMEZONE": "wrong/Olympus",
    "SHEET_CLOSED_LIMIT": "wrong-few",
    "SHEET_READS_PER_MINUTE": "0",
    "SHEET_WRITES_PER_MINUTE": "1e3",
    "LOG_LEVEL": "wrong-verbose",
    "LOG_JSON": "wrong-si",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    load_settings.cache_clear()


@pytest.fixture
def plain(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data")


def write_env(values: dict[str, str]) -> None:
    Path(".env").write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))


def test_every_setting_that_cannot_be_used_is_told_at_once_by_check_and_by_a_role() -> None:
    write_env(UNREADABLE)
    checked = CliRunner().invoke(main, ["check", "--json"])
    read = json.loads(checked.output)
    told = [each["told"] for each in read["findings"] if each["level"] == "problem" and each["about"] == "settings"]
    told, contradictions = told[: len(UNREADABLE)], told[len(UNREADABLE) :]
    assert [each.split(" ", 1)[0] for each in told] == list(UNREADABLE)
    assert [each.partition(":")[0] for each in contradictions] == ["The Cloud API is set up in part"]
    role = CliRunner().invoke(main, ["bridge"])
    assert role.exit_code == 1
    assert role.output.removeprefix("Error: ").splitlines() == told
    for output in (checked.output, role.output):
        assert "Input should" not in output
        assert "wrong" not in output  # a value may be a secret that stands in the wrong line
    assert [each for each in told if not re.fullmatch(r"[A-Z_]+ (must be|may hold|holds) .*\.", each)] == []


def test_what_does_not_depend_on_an_unreadable_setting_is_checked_too() -> None:
    write_env(
        {"KAFKA_BOOTSTRAP_SERVERS": "kafka", "RULES_DIR": "/nowhere", "BRIDGE_PORT": "x", "EVOLUTION_API_URL": "http://e:1"}
    )
    told = CliRunner().invoke(main, ["check"]).output
    assert "KAFKA_BOOTSTRAP_SERVERS must be" in told
    assert "EVOLUTION_API_URL is set without EVOLUTION_API_KEY" in told
    assert "There is no rules folder at /nowhere" in told
    assert "broker  " not in told  # it would be another than is meant
    assert "of the bridge" not in told


def test_a_full_check_ends_at_a_setting_that_cannot_be_used() -> None:
    write_env({"CS_INSTANCE": "a b"})
    told = CliRunner().invoke(main, ["check", "--full"])
    assert told.exit_code == 1
    assert "To fix first: CS_INSTANCE may hold" in told.output
    assert "Orchestrator Loading" not in told.output


@pytest.mark.parametrize("name", ["cs-ticket-monitor", "Team_2.A", "x" * 64])
def test_names_that_evolution_takes_are_taken(name: str) -> None:
    assert Settings(_env_file=None, cs_instance=name).cs_instance == name


@pytest.mark.parametrize(
    "good",
    [
        {"kafka_bootstrap_servers": "kafka-1:9092, [::1]:9093,10.0.0.3:9092"},
        {"bridge_host": EVERYWHERE},
        {"bridge_host": "::1"},
        {"bridge_host": "bridge.internal"},
        {"evolution_api_url": "https://evolution.example/base/"},
        {"topic_prefix": ""},
        {"dashboard_admins": "ann@team.example, bo@team.example"},
        {"sheet_timezone": "Asia/Jakarta"},
    ],
)
def test_values_of_real_installations_are_taken(good: dict[str, str]) -> None:
    (name, value), = good.items()  # fmt: skip
    assert getattr(Settings(_env_file=None, **good), name) == value


def test_blanks_around_a_value_do_not_count() -> None:
    write_env({"CS_INSTANCE": " cs-2 ", "LOG_LEVEL": "INFO"})
    assert read_settings()[0].cs_instance == "cs-2"


def test_an_env_file_in_another_encoding_is_one_sentence() -> None:
    Path(".env").write_bytes("OPENAI_MODEL=größe\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        load_settings()
    told = CliRunner().invoke(main, ["check"])
    assert (told.exit_code, told.output) == (1, "Error: The file .env is not UTF-8; save it anew as UTF-8.\n")


SECRETS = [
    "webhook_secret",
    "webhook_secret_previous",
    "operator_secret",
    "dashboard_password",
    "evolution_api_key",
    "openai_api_key",
]


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "sample", ["change-me", "s3cret", "your-webhook-secret", "<your key>", "sk-proj-your-actual-key", "xxxx"]
)
def test_a_secret_out_of_an_example_is_a_problem_and_is_not_printed(plain: Settings, name: str, sample: str) -> None:
    found = [each for each in check_settings(plain.model_copy(update={name: SecretStr(sample)})) if each.level is Level.PROBLEM]
    assert [each.told for each in found] == [f"{name.upper()} is what an example shows, not a value of your own."]
    assert sample not in found[0].told + found[0].to_do


@pytest.mark.parametrize(
    "sample", ["CHANGE_ME_PLEASE", "changeme123", "REPLACE-WITH-SECRET", "a-long-random-string", "sk-...", "***"]
)
def test_placeholders_are_known_however_they_are_written(sample: str) -> None:
    assert is_example(sample)


def test_whatever_the_bridge_refuses_as_a_sample_is_told_by_check() -> None:
    assert {sample for sample in _SAMPLES if not is_example(sample)} == set()


@pytest.mark.parametrize(
    "own",
    [
        "Rp8_vJx2-Wq5tZk7yB",
        "sk-proj-4fJ0aLmZ",
        "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
        "correct horse",
        "replacement-part-7",
    ],
)
def test_a_secret_of_ones_own_is_none_of_an_example(own: str) -> None:
    assert not is_example(own)
    Gate([own])


def test_a_sign_in_by_oidc_lets_the_dashboard_stand_open(plain: Settings) -> None:
    open_to_all = plain.model_copy(update={"dashboard_host": EVERYWHERE})
    assert [each.level for each in check_settings(open_to_all)] == [Level.PROBLEM]
    Path(".streamlit").mkdir()
    Path(".streamlit/secrets.toml").write_text('[auth]\nclient_id = "x"\n')
    assert [each.level for each in check_settings(open_to_all)] == [Level.OK]


def test_the_cloud_api_without_a_token_only_reads(plain: Settings) -> None:
    reading = {
        "cloud_api_phone_number_id": "1063",
        "cloud_api_app_secret": SecretStr("Rp8vJx2"),
        "cloud_api_verify_token": SecretStr("Wq5tZk"),
    }
    assert [each.level for each in check_settings(plain.model_copy(update=reading))] == [Level.NOTE]
    sending = reading | {"cloud_api_token": SecretStr("EAAG7")}
    assert [each.level for each in check_settings(plain.model_copy(update=sending))] == [Level.OK]
