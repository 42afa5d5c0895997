"""Settings that are wrong by themselves, and settings that contradict each other."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from stream.check.finding import Finding, note, problem, well
from stream.settings import Settings

_SHORT = 10  # characters; a password that many share is typed by people, and tried by machines


def describe_problems(error: ValidationError) -> list[str]:
    """Return one sentence a setting that cannot be read; the value itself is left out, as it may be a secret."""
    return [f"{str(each['loc'][0]).upper()}: {each['msg']}." for each in error.errors(include_input=False)]


def check_values() -> tuple[Settings | None, list[Finding]]:
    """Return the settings, or None and what is wrong with each value that cannot be read."""
    try:
        settings = Settings()
    except ValidationError as error:
        return None, [problem("settings", told, "Correct it in .env or in the environment.") for told in describe_problems(error)]
    return settings, []


def check_settings(settings: Settings) -> list[Finding]:
    """Return what contradicts itself in the settings; one finding that says so when nothing does."""
    found = [*_kafka(settings), *_reach(settings), *_passwords(settings), *_outside(settings), *_misspelt(Path(".env"))]
    return found or [well("settings", "All settings can be read and fit each other.")]


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
    if not _is_this_machine(settings.dashboard_host) and not any(each.get_secret_value() for each in passwords):
        yield note(
            "settings",
            f"DASHBOARD_HOST={settings.dashboard_host} is reachable from other machines and no password is set.",
            "Set DASHBOARD_PASSWORD or configure a sign-in; without either, the dashboard refuses to start.",
        )
    if settings.bridge_port == settings.dashboard_port != 0:
        yield problem(
            "settings", f"BRIDGE_PORT and DASHBOARD_PORT are both {settings.bridge_port}.", "Give each a port of its own."
        )


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
            "settings", f"{' and '.join(same)} are the same, so they open the same rights.", "Give each a password of its own."
        )
    for name, password in given.items():
        if len(password) < _SHORT:
            yield note("settings", f"{name} has {len(password)} characters and is soon guessed.", f"Take {_SHORT} or more.")


def _outside(settings: Settings) -> Iterable[Finding]:
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


def _misspelt(env_file: Path) -> Iterable[Finding]:
    known = {name.upper() for name in Settings.model_fields}
    try:
        lines = env_file.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        name = line.removeprefix("export ").partition("=")[0].strip()
        meant = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if "=" in line and not line.startswith("#") and name.upper() not in known and meant:
            yield problem("settings", f"{name} in .env is no setting and has no effect.", f"Did you mean {meant[0]}?")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
