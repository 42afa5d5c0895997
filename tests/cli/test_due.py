"""`groupdesk due` on a real broker: the list is what the follow-up rules say of the tickets in the topic."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from stream.adapters.kafka import Publisher
from stream.adapters.rule_files import load_book
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.cli import due as due_module
from stream.core.detection import Detection, Label
from stream.core.group_facts import GroupFacts
from stream.core.states import enter
from stream.core.ticket import Ticket, TicketState
from stream.core.ticket_life import keep_time
from stream.settings import Settings

RULES_DIR = Path(__file__).parents[2] / "rules"
GROUP = "120363000000000001@g.us"


def ticket(name: str, at: datetime) -> Ticket:
    fresh = Ticket(
        id=name,
        instance="i",
        group=GROUP,
        group_name="Acme\x1b[31m",
        title="where is it \x1b]0;x\x07",
        opened_by="ana",
        detected_by=Detection(label=Label.TICKET),
        opened_at=at,
        updated_at=at,
        last_customer_at=at,
    )
    return keep_time(None, fresh, load_book(RULES_DIR).follow_ups, GroupFacts(mode="tickets+follow-ups"), at)


@pytest.mark.kafka
def test_the_list_is_made_of_the_latest_snapshots(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "followups.yaml").write_bytes((RULES_DIR / "followups.yaml").read_bytes())
    (rules / "groups.yaml").write_text(f"version: 1\ngroups:\n  - {{jid: {GROUP}, mode: tickets+follow-ups}}\n", encoding="utf-8")
    settings = settings.model_copy(update={"rules_dir": rules})
    monkeypatch.setattr(due_module, "load_settings", lambda: settings)
    ensure_topics(settings)
    now = datetime.now(UTC)
    waiting, settled = ticket("T-WAIT-0000", now), ticket("T-DONE-0000", now)
    publisher = Publisher(settings)
    for snapshot in (waiting, settled, enter(settled, TicketState.CLOSED, now).but(window=None)):
        publisher.publish(Topic.TICKETS, snapshot.id, snapshot.to_json())
    publisher.close()

    told = CliRunner().invoke(due_module.due, ["--hours", str(24 * 7), "--json"], catch_exceptions=False)
    items = [json.loads(line) for line in told.output.splitlines()]
    assert {item["ticket_id"] for item in items} == {"T-WAIT-0000"}
    assert (items[0]["expected"], items[0]["step"]) == ("said", 0)
    assert datetime.fromisoformat(items[0]["at"]) >= now + timedelta(minutes=15)
    assert "T-WAIT-0000" in items[0]["text"]

    shown = CliRunner().invoke(due_module.due, ["--hours", str(24 * 7)], catch_exceptions=False).output
    assert "T-WAIT-0000  said in the group" in shown
    assert "\x1b" not in shown
