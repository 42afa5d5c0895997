"""The week in one page, and as a message that a person lets the team's group be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import showroom
from still import Posts, drawn, snapshot_of, text_of
from streamlit.testing.v1 import AppTest

from dashboard import digest
from stream.core.calendar import ALWAYS_OPEN
from stream.core.events import EventKind, TicketEvent
from stream.core.ticket import Clock, Clocks, TicketState

Page = Callable[..., AppTest]
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
NOW = datetime.now(UTC)
OPS = "120363000000000009@g.us"


def done(title: str, opened_at: datetime, minutes: float, hours: float) -> showroom.Ticket:
    clock = Clock(started_at=opened_at, target_minutes=30, met_at=opened_at + timedelta(minutes=minutes))
    return showroom.ticket(opened_at, title, age=0).but(
        clocks=Clocks(first_response=clock), state=TicketState.RESOLVED, resolved_at=opened_at + timedelta(hours=hours)
    )


def test_a_week_begins_on_monday_and_counts_what_was_in_it() -> None:
    assert digest.monday(MONDAY + timedelta(days=6, hours=23)) == MONDAY
    tickets = [
        done("first", MONDAY, 10, 2),
        done("second", MONDAY + timedelta(days=2), 30, 4),
        done("before", MONDAY - timedelta(minutes=1), 99, 1),
        done("after", MONDAY + timedelta(days=7), 99, 1),
    ]
    event = TicketEvent(id="e", kind=EventKind.CORRECTED, group="g", at=MONDAY + timedelta(days=1))
    week = digest.week_of(snapshot_of(*tickets).cards.values(), [event], MONDAY, lambda _: ALWAYS_OPEN)
    assert [card.title for card in week.opened] == ["first", "second"]
    assert (week.first, week.whole, week.corrected) == ((10.0, 30.0), (120.0, 240.0, 60.0), 1)


def test_the_message_is_one_that_a_phone_can_show_and_masks_numbers() -> None:
    tickets = [done("x", MONDAY, 10, 2), showroom.ticket(MONDAY, "call +44 7700 900022 \u202e", age=0)]
    snapshot = snapshot_of(*tickets)
    week = digest.week_of(snapshot.cards.values(), (), MONDAY, lambda _: ALWAYS_OPEN)
    before = digest.week_of(snapshot.cards.values(), (), MONDAY - digest.WEEK, lambda _: ALWAYS_OPEN)
    text = digest.as_text(week, before, snapshot.open_by_due, MONDAY + timedelta(days=1), "en")
    assert text.startswith("*Support from 2026-11-16 to 2026-11-22*")
    assert "Opened: 2 (week before: 0)" in text
    assert "First response, median: 10 min (week before: -)" in text
    assert "•••• 0022 ⟨202E⟩" in text
    assert "900022" not in text.replace(" ", "")
    assert len(text) < 4_000
    for language in ("id", "pt", "es"):
        assert "digest." not in digest.as_text(week, before, snapshot.open_by_due, MONDAY, language)


def test_the_digest_takes_a_second_look_before_anybody_is_told(page: Page, posts: Posts, tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[2] / "rules" / "followups.yaml").read_text()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "followups.yaml").write_text(shipped.replace("\nsending:\n", f"\nsending:\n  ops_group: {OPS}\n"))
    app = page("insights", snapshot_of(*showroom.desk(NOW)), {"show": "digest"})
    assert len(drawn(app, "digest")["figures"]) == 12
    next(one for one in app.button if one.label == "Send to the team's group").click().run()
    assert "*Support from" in text_of(app)
    assert not posts.sent


def test_without_a_group_of_the_team_it_says_what_to_do(page: Page) -> None:
    app = page("insights", snapshot_of(*showroom.desk(NOW)), {"show": "digest"})
    assert "ops_group" in text_of(app).replace("\\", "")
    assert next(one for one in app.button if one.label == "Send to the team's group").disabled
