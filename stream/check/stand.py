"""Where the walk takes place: in the Groupdesk that runs, or in one of its own that is started for it and leaves nothing."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from stream.adapters.bridge_address import bridge_address
from stream.adapters.own_secrets import webhook_secret
from stream.check.machine import is_up
from stream.check.stages import StageFailed
from stream.check.trial_chat import TEST_GROUP, TEST_GROUP_NAME
from stream.check.walk import has_model
from stream.check.witness import BridgeClient
from stream.settings import Settings
from stream.up import Session
from stream.up.ports import is_free
from stream.up.readiness import answers

START_WITHIN_S = 90.0
# Nothing that reaches outside: no account, no shared broker, no sheet of anybody's, and nothing is sent.
_NOTHING_OUTSIDE: dict[str, object] = {
    "kafka_bootstrap_servers": "",
    "kafka_security_protocol": "PLAINTEXT",
    "kafka_security_cafile": None,
    "topic_prefix": "groupdesk-check.",
    "topic_partitions": 1,
    "topic_replication": 1,
    "webhook_secret": SecretStr(""),
    "webhook_secret_previous": SecretStr(""),
    "bridge_host": "127.0.0.1",
    "bridge_port": 0,
    "webhook_url": "",
    "evolution_api_url": "",
    "evolution_api_key": SecretStr(""),
    "cloud_api_token": SecretStr(""),
    "sending_enabled": False,
    "cs_sheet_id": "",
    "google_service_account_key": SecretStr(""),
    "sheets_api_url": "",
    "xlsx_path": None,
    "process_name": "",
}


def runs_already(settings: Settings) -> bool:
    """Tell whether a Groupdesk of these settings runs: all in one, or a bridge at the port that they name."""
    if is_up(settings):
        return True
    is_taken = settings.bridge_port == 0 or not is_free(settings.bridge_host, settings.bridge_port)
    return is_taken and answers(f"{bridge_address(settings)}/healthz")


def bridge_of(settings: Settings) -> BridgeClient:
    """Return the bridge of a Groupdesk that runs with these settings."""
    return BridgeClient(bridge_address(settings), webhook_secret(settings))


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """Yield a folder that is gone afterwards, and work in it: where no .env is, so that an empty setting stays empty."""
    with tempfile.TemporaryDirectory(prefix="groupdesk-check-", ignore_cleanup_errors=True) as folder, contextlib.chdir(folder):
        yield Path(folder)


def settings_of_its_own(settings: Settings, folder: Path, rules_dir: Path) -> Settings:
    """Return settings for a Groupdesk in `folder`: the rules are a copy in which the test group may be talked to."""
    copy = folder / "rules"
    shutil.copytree(rules_dir, copy)
    _name_test_group(copy / "groups.yaml")
    head = settings.local_head and settings.local_head.resolve()
    return settings.model_copy(update=_NOTHING_OUTSIDE | {"data_dir": folder / "data", "rules_dir": copy, "local_head": head})


def start_session(settings: Settings, keep: contextlib.ExitStack) -> tuple[Settings, str]:
    """Start broker and roles, to be stopped by `keep`; return their settings and the sentence that the broker has to say."""
    told: list[str] = []
    not_asked = {"dashboard"} if has_model(settings) else {"dashboard", "classifier"}
    session = keep.enter_context(Session(settings, without=frozenset(not_asked), say=told.append))
    alarm = threading.Timer(START_WITHIN_S, session.stopping.set)
    alarm.daemon = True
    alarm.start()
    try:
        is_ready = session.wait_until_ready()
    finally:
        alarm.cancel()
    if not is_ready:
        told_last = f"Not all roles were ready within {START_WITHIN_S:.0f} s."
        raise StageFailed(told_last, "Start that role by itself to see what it says, such as `groupdesk worker`.")
    notice = next((line for line in told if line.startswith("Broker: ")), "").partition(";")[0].rstrip(".")
    return session.settings, f"{notice}; {len([line for line in told if 'ready after' in line])} roles are ready."


def _name_test_group(file: Path) -> None:
    """Let follow-ups be made for the test group, in the copy; comments are lost there, and nobody reads them."""
    written = yaml.safe_load(file.read_text()) if file.exists() else None
    said: dict[str, Any] = written if isinstance(written, dict) else {"version": 1}
    groups = [group for group in said.get("groups") or [] if group.get("jid") != TEST_GROUP]
    groups.append({"jid": TEST_GROUP, "name": TEST_GROUP_NAME, "mode": "tickets+follow-ups", "language": "en"})
    file.write_text(yaml.safe_dump({**said, "groups": groups}, allow_unicode=True))
