"""The rules folder of the proof: the project's own rules, with groups, team and times for a day that lasts minutes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.proof.chat import STAFF, Chat
from tests.proof.crew import ROOT


def write_rules(into: Path, chat: Chat) -> Path:
    """Write the folder and return it."""
    shutil.copytree(ROOT / "rules", into)
    groups = [{"jid": room.jid, "mode": "tickets+follow-ups", "language": "en"} for room in chat.rooms]
    team = [{"name": person.name, "phones": [_digits(person.phone)], "lids": [_digits(person.lid)]} for person in STAFF]
    _write(into / "groups.yaml", {"version": 1, "groups": groups})
    _write(into / "team.yaml", {"version": 1, "team": team})
    follow_ups = yaml.safe_load((ROOT / "rules" / "followups.yaml").read_text())
    follow_ups["sending"] = {
        "quiet_hours": [], "quiet_days": False, "after_talk": 0, "group_gap": 0, "ticket_gap": 0, "per_ticket": 2,
        "per_group_and_day": 3, "unanswered": 50, "expires_after": 30, "together_within": 1,
    }  # fmt: skip
    follow_ups["policies"] = [{"id": "proof", "calendar": "always", "steps": [{"after": 1, "say": "still_on_it"}]}]
    follow_ups["timelines"] = []
    _write(into / "followups.yaml", follow_ups)
    model = yaml.safe_load((ROOT / "rules" / "model.yaml").read_text())
    model["calls"] |= {"collect_s": 0.5, "timeout_s": 2.0, "retries": 1, "at_once": 4}
    model["patience_minutes"] = 1
    _write(into / "model.yaml", model)
    return into


def _digits(address: str | None) -> str:
    return (address or "").partition("@")[0]


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
