"""Settings that are wrong by themselves, and settings that contradict each other."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from pydantic import SecretStr

from stream.check.examples import is_example
from stream.check.finding import Finding, note, problem, well
from stream.setting_values import is_this_machine
from stream.settings import Settings, read_settings

_SHORT = 10  # characters; a password that many share is typed by people, and tried by machines
_SHORT_SECRET = 16  # one that only machines use can as well be long
_PORTS = ("BRIDGE_PORT", "DASHBOARD_PORT", "SIMULATOR_PORT")
_OWN = "Set the real one, or leave it out where it is not used."
# What to do about a secret of our own that an example shows; of the others only the real one helps.
_INSTEAD = {
    "WEBHOOK_SECRET": "Leave it empty and one is made, or take what `openssl rand -hex 32` prints.",
    "WEBHOOK_SECRET_PREVIOUS": "Leave it empty once Evolution has the new secret.",
    "OPERATOR_SECRET": "Leave it empty and one is made, or take what `openssl rand -hex 32` prints.",
}
_SECRETS = (
    *_INSTEAD,
    *("DASHBOARD_PASSWORD", "DASHBOARD_OPERATOR_PASSWORD", "DASHBOARD_VIEWER_PASSWORD", "KAFKA_SECURITY_PASSWORD"),
    *("EVOLUTION_API_KEY", "CLOUD_API_TOKEN", "CLOUD_API_APP_SECRET", "CLOUD_API_VERIFY_TOKEN", "OPENAI_API_KEY", "CS_SHEET_ID"),
)
# What it takes to be told of messages; to send, CLOUD_API_TOKEN too.
_CLOUD_API = ("CLOUD_API_PHONE_NUMBER_ID", "CLOUD_API_APP_SECRET", "CLOUD_API_VERIFY_TOKEN")


def check_values() -> tuple[Settings, list[Finding], frozenset[str]]:
    """Return the settings, what is wrong with single values, and the names of these: they stand at their defaults.

    Raises `SettingsError` where .env as a whole cannot be read.
    """
    settings, problems = read_settings()
    found = [problem("settings", told, "Correct it in .env or in the environment.") for told in problems.values()]
    return settings, found, frozenset(problems)


def check_settings(settings: Settings, unreadable: frozenset[str] = frozenset()) -> list[Finding]:
    """Return what contradicts itself in the settings; one finding that says so when nothing does.

    An `unreadable` setting stands at its default, and counts as set.
    """
    found = [
        *_kafka(settings),
        *_reach(settings),
        *_secrets(settings),
        *_passwords(settings),
        *_outside(settings),
        *_cloud_api(settings, unreadable),
        *_misspelt(Path(".env")),
    ]
    return found or [well("settings", "All settings fit each other.")]


def _kafka(settings: Settings) -> Iterable[Finding]:
    sasl = settings.kafka_security_protocol.startswith("SASL")
    if sasl and not (settings.kafka_security_username and settings.kafka_security_password.get_secret_value()):
        yield problem(
            "settings",
            f"KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol}, but a user name or password is missing.",
            "Set KAFKA_SECURITY_USERNAME and KAFKA_SECURITY_PASSWORD.",
        )
    ca_file = settings.kafka_security_cafile
    if ca_file is not None and not ca_file.is_file():
        yield problem("settings", f"KAFKA_SECURITY_CAFILE names {ca_file}, which is no file.", "Correct the path.")
    if not settings.kafka_bootstrap_servers and settings.topic_replication > 1:
        yield problem(
            "settings",
            f"TOPIC_REPLICATION is {settings.topic_replication}, but the built-in broker is one node.",
            "Set TOPIC_REPLICATION=1, or KAFKA_BOOTSTRAP_SERVERS to a cluster.",
        )
    if settings.kafka_bootstrap_servers and settings.topic_replication == 1:
        yield note(
            "settings",
            "TOPIC_REPLICATION is 1: the loss of one broker loses tickets.",
            "Set 3 before the first start where there are three brokers.",
        )


def _reach(settings: Settings) -> Iterable[Finding]:
    passwords = (settings.dashboard_password, settings.dashboard_operator_password, settings.dashboard_viewer_password)
    has_password = any(each.get_secret_value() for each in passwords)
    if not (is_this_machine(settings.dashboard_host) or has_password or _signs_in_by_oidc()):
        yield problem(
            "settings",
            f"DASHBOARD_HOST is {settings.dashboard_host}, so other machines reach it, and nothing asks who they are: "
            "the dashboard refuses to start.",
            "Set DASHBOARD_PASSWORD, configure a sign-in by OIDC, or keep 127.0.0.1.",
        )
    ports = {name: port for name in _PORTS if (port := getattr(settings, name.lower()))}
    for port in sorted(set(ports.values())):
        same = [name for name, taken in ports.items() if taken == port]
        if len(same) > 1:
            yield problem(
                "settings", f"{_listed(same)} are {'both' if len(same) == 2 else 'all'} {port}.", "Give each a port of its own."
            )


def _signs_in_by_oidc() -> bool:
    """Tell whether Streamlit's secrets name a sign-in, where the dashboard looks for them."""
    for folder in (Path.cwd(), Path.home()):
        try:
            secrets = tomllib.loads((folder / ".streamlit" / "secrets.toml").read_text())
        except (OSError, ValueError):  # no such file, or one that Streamlit will complain of
            continue
        if "auth" in secrets:
            return True
    return False


def _secrets(settings: Settings) -> Iterable[Finding]:
    given = {name: value for name in _SECRETS if (value := _text_of(getattr(settings, name.lower())))}
    for name, value in given.items():
        if is_example(value):
            yield problem("settings", f"{name} is what an example shows, not a value of your own.", _INSTEAD.get(name, _OWN))
        elif name in _INSTEAD and len(value) < _SHORT_SECRET:
            yield note(
                "settings", f"{name} has {len(value)} characters; machines guess short ones.", f"Take {_SHORT_SECRET} or more."
            )
    if given.get("WEBHOOK_SECRET") and given["WEBHOOK_SECRET"] == given.get("OPERATOR_SECRET"):
        yield problem(
            "settings", "WEBHOOK_SECRET and OPERATOR_SECRET are the same: whoever may post may also pair.", "Give each its own."
        )


def _listed(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _text_of(value: SecretStr | str) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _passwords(settings: Settings) -> Iterable[Finding]:
    passwords = {
        "DASHBOARD_PASSWORD": settings.dashboard_password.get_secret_value(),
        "DASHBOARD_OPERATOR_PASSWORD": settings.dashboard_operator_password.get_secret_value(),
        "DASHBOARD_VIEWER_PASSWORD": settings.dashboard_viewer_password.get_secret_value(),
    }
    given = {name: password for name, password in passwords.items() if password}
    if len(set(given.values())) < len(given):
        same = [name for name, password in given.items() if list(given.values()).count(password) > 1]
        yield problem(
            "settings", f"{_listed(same)} are the same, so they open the same rights.", "Give each a password of its own."
        )
    for name, password in given.items():
        if len(password) < _SHORT and not is_example(password):
            yield note("settings", f"{name} has {len(password)} characters and is soon guessed.", f"Take {_SHORT} or more.")


def _outside(settings: Settings) -> Iterable[Finding]:
    if settings.local_head is not None and not settings.local_head.is_file():
        told = f"LOCAL_HEAD names {settings.local_head}, which is no file."
        yield problem("settings", told, "Correct the path, or leave it empty; `groupdesk learn` makes one.")
    if settings.xlsx_path is not None and settings.xlsx_path.suffix.lower() != ".xlsx":
        yield problem("settings", f"XLSX_PATH is {settings.xlsx_path}, which is no name of a workbook.", "End it in .xlsx.")
    if settings.evolution_api_url and not settings.evolution_api_key.get_secret_value():
        yield problem("settings", "EVOLUTION_API_URL is set without EVOLUTION_API_KEY.", "Set the key of that Evolution API.")
    has_key = bool(settings.google_service_account_key.get_secret_value())
    if settings.cs_sheet_id and not has_key and not settings.sheets_api_url:
        yield problem("settings", "CS_SHEET_ID is set without GOOGLE_SERVICE_ACCOUNT_KEY.", "Set the key of a service account.")
    if has_key and not settings.cs_sheet_id:
        yield problem(
            "settings",
            "GOOGLE_SERVICE_ACCOUNT_KEY is set without CS_SHEET_ID.",
            "Set both for a Google Sheet, none for a local one.",
        )


def _cloud_api(settings: Settings, unreadable: frozenset[str]) -> Iterable[Finding]:
    can_send = bool(settings.cloud_api_token.get_secret_value())
    needed = {name: _text_of(getattr(settings, name.lower())) or name.lower() in unreadable for name in _CLOUD_API}
    missing = [name for name, is_set in needed.items() if not is_set]
    if not (can_send or any(needed.values())):
        return
    if missing:
        yield problem(
            "settings",
            f"The Cloud API is set up in part: {_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
            "Set all of CLOUD_API_*, or none where Meta's Cloud API is not used.",
        )
    elif not can_send:
        yield note("settings", "The Cloud API is read and not written to.", "Set CLOUD_API_TOKEN for answers to leave by it.")


def _misspelt(env_file: Path) -> Iterable[Finding]:
    known = {name.upper() for name in Settings.model_fields}
    try:
        lines = env_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        name = line.removeprefix("export ").partition("=")[0].strip()
        meant = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if "=" in line and not line.startswith("#") and name.upper() not in known and meant:
            yield problem("settings", f"{name} in .env is no setting and has no effect.", f"Did you mean {meant[0]}?")
