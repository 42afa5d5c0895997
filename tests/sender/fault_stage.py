"""Where a fault run takes place: a broker, settings and a rules folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stream.broker import start_broker
from stream.settings import Settings

ROOT = Path(__file__).parents[2]
WORDS = ("First", "Second", "Third", "Fourth")  # how the texts of a ticket's follow-ups begin; four minutes lie between them
_RULES = """\
version: 1
sending: {quiet_hours: [], quiet_days: false, after_talk: 0, group_gap: 0, ticket_gap: 0, per_ticket: 50, per_group_and_day: 50,
  unanswered: 50, together_within: 1, expires_after: 1d}
"""


def rules() -> str:
    """Return a followups.yaml that says something about every ticket so many times."""
    steps = ", ".join(f"{{after: {1 + 4 * number}, say: {word.lower()}}}" for number, word in enumerate(WORDS))
    texts = "".join(f'  {word.lower()}: {{en: "{word} word on {{{{ ticket.id }}}}"}}\n' for word in WORDS)
    return f"{_RULES}policies:\n  - id: all\n    steps: [{steps}]\ntexts:\n{texts}"


def spread(tickets: int, most: int) -> dict[str, int]:
    """Return how many of the tickets each group has: one, two and so on up to `most`, and again."""
    groups: dict[str, int] = {}
    while tickets > 0:
        here = min(len(groups) % most + 1, tickets)
        groups[f"1203630{len(groups):011d}@g.us"] = here
        tickets -= here
    return groups


def write_rules(folder: Path, groups: list[str], *, with_detection: bool) -> None:
    """Write a folder in which every group may be spoken in at any time, and every ticket has four follow-ups."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("detect", "lists") if with_detection else ():
        shutil.copytree(ROOT / "rules" / part, folder / part, dirs_exist_ok=True)
    (folder / "followups.yaml").write_text(rules())
    lines = "".join(f"  - {{jid: {group}, mode: tickets+follow-ups}}\n" for group in groups)
    (folder / "groups.yaml").write_text(f"version: 1\ngroups:\n{lines}")
    (folder / "team.yaml").write_text("version: 1\nteam: []\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_in(folder: Path, bootstrap: str) -> Settings:
    """Return settings of a run of its own: nothing comes from `.env`."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    own: dict[str, Any] = {"data_dir": folder / "data", "rules_dir": folder / "rules", "bridge_port": free_port()}
    return Settings(
        _env_file=None,
        kafka_bootstrap_servers=bootstrap,
        topic_prefix=f"f{uuid.uuid4().hex[:8]}.",
        topic_partitions=2,
        webhook_secret="a-secret-of-the-fault-run-0123456789",
        **own,
    )


@contextlib.contextmanager
def broker_in(folder: Path) -> Iterator[str]:
    """Run an Apache Kafka of our own, or use the one that GROUPDESK_TEST_BOOTSTRAP names."""
    if running := os.environ.get("GROUPDESK_TEST_BOOTSTRAP"):
        yield running
        return
    broker = start_broker(folder, allow_trial=False)
    try:
        yield broker.bootstrap
    finally:
        broker.stop()
