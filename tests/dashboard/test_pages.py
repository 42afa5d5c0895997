from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import showroom
from still import Posts, drawn, snapshot_of, text_of
from streamlit.testing.v1 import AppTest

from dashboard.desk import Snapshot
from stream.core.commands import COMMAND, Claim, SetState
from stream.core.events import EventKind, TicketEvent
from stream.core.ticket import TicketState

Page = Callable[..., AppTest]
PAGES = ("board", "ticket", "followups", "insights", "rules", "simulator", "sheet", "health", "connection")
NOW = datetime.now(UTC)
DESK = showroom.desk(NOW)
FULL = snapshot_of(*DESK, *showroom.events(DESK[0], NOW), *showroom.parts(NOW))
EMPTY = snapshot_of()
BROKEN = snapshot_of(*DESK, error="Kafka at 10.0.0.1:9092 does not answer.")
MAIN = DESK[0]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("snapshot", [FULL, EMPTY, BROKEN], ids=["full", "empty", "error"])
def test_each_page_is_drawn_in_each_state(page: Page, name: str, snapshot: Snapshot) -> None:
    app = page(name, snapshot)
    assert not app.exception
    assert drawn(app, "strip_figures")["figures"][0]["value"] == len(snapshot.open_by_due)
    assert (snapshot.error or "") in text_of(app)
    assert bool(app.warning) is bool(snapshot.error)


def test_while_it_catches_up_progress_stands_in_for_every_page(page: Page) -> None:
    app = page("board", snapshot_of(*DESK, is_caught_up=False, lag=91))
    assert "9 of 100" in app.get("progress")[0].proto.text
    assert not [one for one in app.get("bidi_component") if one.proto.id.endswith("-board")]


def test_the_board_lists_what_is_open_by_deadline(page: Page) -> None:
    rows = drawn(page("board", FULL), "board")["rows"]
    assert rows[0]["id"] == MAIN.id
    assert len(rows) == 7
    dues = [row["due_at"] for row in rows if row["due_at"]]
    assert dues == sorted(dues)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"view": "done"}, 2),
        ({"view": "late"}, 1),
        ({"view": "unassigned"}, 4),
        ({"q": "OTP masuk"}, 1),
        ({"group": showroom.ES}, 2),
    ],
)
def test_a_link_with_filters_shows_the_same_to_everybody(page: Page, query: dict[str, str], count: int) -> None:
    app = page("board", FULL, query)
    assert drawn(app, "board")["total"] == count
    assert {key: app.query_params[key] for key in query} in (query, {key: [value] for key, value in query.items()})


def test_nonsense_in_the_address_is_ignored(page: Page) -> None:
    app = page("board", FULL, {"view": "<script>", "layout": "x", "group": "none", "lang": "tlh"})
    assert not app.exception
    assert drawn(app, "board")["total"] == 7


def test_an_empty_view_says_so(page: Page) -> None:
    assert "Nothing in this view" in text_of(page("board", FULL, {"view": "mine"}))
    assert "No tickets yet" in text_of(page("board", EMPTY))


def ticket_page(page: Page, snapshot: Snapshot = FULL, ticket_id: str = MAIN.id, **settings: object) -> AppTest:
    app = page("board", snapshot, **settings)
    app.query_params["id"] = ticket_id
    return app.switch_page("views/ticket.py").run()


def test_a_ticket_shows_conversation_facts_and_history(page: Page) -> None:
    app = ticket_page(page)
    chat = drawn(app, "chat")["messages"]
    assert [one["role"] for one in chat] == ["customer", "customer", "staff", "self", "customer"]
    assert chat[0]["why"] == "Opened the ticket"
    facts = {one["label"]: one["text"] for one in drawn(app, "facts")["facts"]}
    assert facts["Assignee"] == "Ana Lima"
    assert facts["Note"] == MAIN.note
    assert len(drawn(app, "timeline")["events"]) == 8


def test_an_unknown_ticket_is_a_friendly_search(page: Page) -> None:
    app = ticket_page(page, ticket_id="T-0000-0000")
    assert "There is no ticket T-0000-0000" in text_of(app)
    app.text_input[0].set_value(MAIN.id.lower())
    app.run()
    assert drawn(app, "headline")["id"] == MAIN.id


def test_claiming_asks_in_the_visitors_name_and_tells_when_it_has_happened(page: Page, posts: Posts) -> None:
    app = ticket_page(page)
    app.sidebar.text_input[0].set_value("Rui Costa").run()
    next(one for one in app.button if one.label == "Claim").click().run()
    command = COMMAND.validate_json(posts.sent[0][2])
    assert isinstance(command, Claim)
    assert (command.assignee, command.actor.name, posts.sent[0][1]) == ("Rui Costa", "Rui Costa", MAIN.group)
    assert "waiting for the worker" in text_of(app)


@pytest.mark.parametrize(("kind", "words"), [(EventKind.ASSIGNED, "Claim: done"), (EventKind.REFUSED, "Claim: refused")])
def test_the_answer_of_the_worker_is_told_once(
    page: Page, posts: Posts, monkeypatch: pytest.MonkeyPatch, kind: EventKind, words: str
) -> None:
    app = ticket_page(page)
    next(one for one in app.button if one.label == "Claim").click().run()
    command = COMMAND.validate_json(posts.sent[0][2])
    answer = TicketEvent(
        id="a",
        kind=kind,
        group=MAIN.group,
        ticket_id=MAIN.id,
        at=NOW,
        command_id=command.id,
        because="It is [closed](http://x.example).",
    )
    answered = snapshot_of(*DESK, answer)
    monkeypatch.setattr("dashboard.resources.snapshot", lambda: answered)
    app.run()
    assert words in text_of(app)
    assert "](http" not in text_of(app)
    app.run()
    assert words not in text_of(app)


def test_resolving_and_replying(page: Page, posts: Posts) -> None:
    app = ticket_page(page)
    next(one for one in app.button if one.label == "Resolve").click().run()
    resolve = COMMAND.validate_json(posts.sent[-1][2])
    assert isinstance(resolve, SetState)
    assert resolve.state is TicketState.RESOLVED
    app.text_area[0].set_value("Chega **amanhã** cedo.")
    next(one for one in app.button if one.label == "Reply in the group").click().run()
    assert len(posts.sent) == 1, "nothing is sent before the second look"
    assert "Chega **amanhã** cedo." in [one.value for one in app.text]


def sign_in(app: AppTest, password: str, name: str = "Ana") -> AppTest:
    app.text_input[0].set_value(name)
    app.text_input[1].set_value(password)
    next(one for one in app.button if one.label == "Sign in").click().run()
    return app


def test_a_password_guards_every_page_and_decides_the_role(page: Page) -> None:
    app = page("board", FULL, dashboard_password="all", dashboard_viewer_password="look")
    assert not app.get("bidi_component")
    assert "not right" in text_of(sign_in(app, "wrong"))
    assert not app.get("bidi_component")
    sign_in(app, "look", "Vera")
    assert len(drawn(app, "board")["rows"]) == 7
    assert "Signed in as Vera, viewer" in text_of(app)


def test_ten_wrong_passwords_close_the_door(page: Page) -> None:
    app = page("board", FULL, dashboard_password="right")
    for _ in range(10):
        sign_in(app, "wrong")
    assert "Too many attempts" in text_of(sign_in(app, "right"))


def test_a_viewer_can_look_and_not_change(page: Page, posts: Posts) -> None:
    app = ticket_page(page, dashboard_viewer_password="look")
    sign_in(app, "look")
    assert drawn(app, "chat")["can_split"] is False
    assert all(one.disabled for one in app.button if one.label in ("Claim", "Resolve", "Reply in the group"))
    assert "Show phone numbers" not in [one.label for one in app.toggle]
    assert not posts.sent


def test_numbers_are_masked_until_they_are_asked_for(page: Page) -> None:
    unnamed = next(one for one in DESK if one.opened_by_name is None)
    app = page("board", FULL)
    row = next(row for row in drawn(app, "board")["rows"] if row["id"] == unnamed.id)
    assert row["who"].startswith("••••")
    app.toggle[0].set_value(True).run()
    row = next(row for row in drawn(app, "board")["rows"] if row["id"] == unnamed.id)
    assert row["who"] == unnamed.opened_by.split("@")[0]


@pytest.mark.parametrize(("language", "word"), [("id", "Terbuka"), ("pt", "Abertos"), ("es", "Abiertos")])
def test_the_interface_speaks_four_languages(page: Page, language: str, word: str) -> None:
    app = page("board", FULL, {"lang": language})
    assert word in str(app.get("button_group")[0].proto)


def test_a_broken_rule_file_is_shown_with_file_and_line(page: Page, tmp_path: Path) -> None:
    (tmp_path / "rules" / "detect").mkdir(parents=True)
    (tmp_path / "rules" / "detect" / "bad.yaml").write_text("version: 1\nrules:\n  - id: x\n    when: {any: [{regex: '('}]}\n")
    app = page("rules", FULL)
    assert drawn(app, "rule_problems")["rows"][0]["place"].endswith("bad.yaml:3") or "bad.yaml:" in str(
        drawn(app, "rule_problems")["rows"]
    )


def test_trying_a_message_tells_the_verdict(page: Page) -> None:
    app = page("rules", FULL, {"part": "try"}, rules_dir=Path(__file__).parents[2] / "rules")
    app.text_area[0].set_value("bom dia").run()
    facts = {one["label"]: one["text"] for one in drawn(app, "trial")["facts"]}
    assert facts["Verdict"] in ("Noise", "Ticket", "Update", "Undecided")
    assert facts["Read as"] == "bom dia"


def test_a_silent_part_is_gone_and_no_data_is_not_zero(page: Page) -> None:
    old = showroom.parts(NOW - timedelta(minutes=5))
    app = page("health", snapshot_of(*DESK, *old))
    states = {row["part"]: row["state"]["text"] for row in drawn(app, "parts")["rows"]}
    assert states["worker"] == "gone"
    assert states["dashboard"] == "not started"
    assert "No living process counts anything yet." in text_of(app)
    assert drawn(app, "strip_figures")["worker"]["level"] == "down"
