"""The Sheet beside the state: what `sheet diff` found, and what can be done about each row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import showroom
from still import Answers, Posts, drawn, press, snapshot_of, text_of
from streamlit.testing.v1 import AppTest

from dashboard import sheet_view
from dashboard.card import card_of
from dashboard.tools import Told
from stream.core.commands import COMMAND, ActorKind, PushRow, SetPriority
from stream.core.detection import Priority
from stream.core.sheet_drift import Difference, Right
from stream.core.team import Member
from stream.errors import CommandRefused

Page = Callable[..., AppTest]
NOW = datetime.now(UTC)
ONE = showroom.ticket(NOW, "x")
DIFF = ("sheet", "diff")


def differs(column: str = "Priority", sheet: str = "Urgent", right: str = "sheet") -> dict[str, str]:
    return {
        "ticket_id": ONE.id,
        "column": column,
        "in_sheet": sheet,
        "in_ticket": "Normal",
        "right": right,
        "because": "A person changed it; the ticket follows when the worker has agreed.",
    }


def told(**found: Any) -> Told:
    empty = {"stop": None, "differences": [], "missing": [], "unknown": [], "deleted": [], "twice": []}
    return Told({"equal": False, "tickets": 12, **empty, **found}, at=datetime.now(UTC))


def rows_of(body: Told, *, may_act: bool = True) -> list[dict[str, Any]]:
    return sheet_view.rows(
        sheet_view.read_comparison(body.body), {"T-GONE-0001": card_of(ONE, b"")}, "en", may_act=may_act, reveal=False
    )


def presses(row: dict[str, Any]) -> list[str]:
    return [button["press"] for button in row["act"] or []]


def test_each_side_is_shown_with_whose_word_holds_and_what_can_be_done() -> None:
    body = told(
        differences=[differs(), differs("Title", "Other", "ticket"), differs("Age (hours)", "3", "ticket")],
        missing=["T-MISS-0001"],
        deleted=["T-GONE-0001"],
        unknown=["T-WHAT-0001"],
        twice=["T-TWIN-0001"],
    )
    shared, machine, missing, deleted, twin, unknown = rows_of(body)
    assert (shared["ours"], shared["theirs"], shared["whose"]["text"]) == ("Normal", "Urgent", "edited by a person")
    assert presses(shared) == [f"pull {ONE.id} priority", f"push {ONE.id}"]
    assert presses(machine) == [f"push {ONE.id}"], "nobody can take over a column that is ours"
    assert (presses(missing), presses(deleted)) == (["push T-MISS-0001"], ["push T-GONE-0001"])
    assert (missing["ours"], deleted["ours"]) == (None, ONE.title)
    assert not presses(twin)
    assert not presses(unknown)
    assert not [row for row in rows_of(body, may_act=False) if row["act"]]
    found = sheet_view.read_comparison(body.body)
    assert (found.differing, found.only_here, found.equal) == (1, ("T-MISS-0001", "T-GONE-0001"), 9)


def test_the_sheets_word_becomes_a_command() -> None:
    card, team = card_of(ONE, b""), [Member(name="Ana Lima", phones=("5511900000012",))]
    one = Difference(ticket_id=ONE.id, column="Priority", in_sheet="urgent", in_ticket="Normal", right=Right.SHEET, because="")
    command = sheet_view.command_of(one, card, team, NOW)
    assert isinstance(command, SetPriority)
    assert (command.ticket_id, command.priority) == (ONE.id, Priority.URGENT)
    with pytest.raises(CommandRefused):
        sheet_view.command_of(one.but(in_sheet="soon!"), card, team, NOW)


@pytest.mark.parametrize(("pressed", "kind"), [(f"pull {ONE.id} priority", SetPriority), (f"push {ONE.id}", PushRow)])
def test_theirs_can_be_taken_and_ours_written(
    page: Page, posts: Posts, answers: Answers, monkeypatch: pytest.MonkeyPatch, pressed: str, kind: type
) -> None:
    answers.answers[DIFF] = told(differences=[differs()])
    press(monkeypatch, "sheet_differences", pressed)
    app = page("sheet", snapshot_of(ONE))
    assert drawn(app, "sheet_differences")["rows"][0]["theirs"] == "Urgent"
    command = COMMAND.validate_json(posts.sent[0][2])
    assert isinstance(command, kind)
    assert (command.actor.kind, command.actor.name, posts.sent[0][1]) == (ActorKind.DASHBOARD, "local", ONE.group)


def test_a_halt_and_a_sheet_that_cannot_be_read_say_why(page: Page, answers: Answers) -> None:
    answers.answers[DIFF] = told(stop="40 of 41 rows have vanished at once.")
    assert "40 of 41 rows have vanished" in text_of(page("sheet", snapshot_of(ONE)))
    answers.answers[DIFF] = Told({}, "Google does not know the sheet.", NOW)
    assert "Google does not know the sheet." in text_of(page("sheet", snapshot_of(ONE))).replace("\\", "")


def test_google_is_asked_once_a_minute_and_a_file_only_when_something_changed(page: Page, answers: Answers) -> None:
    page("sheet", snapshot_of(ONE), cs_sheet_id="https://docs.google.com/spreadsheets/d/x")
    assert answers.asked == [DIFF], "the first visitor has it compared"
    answers.answers[DIFF] = told()
    page("sheet", snapshot_of(ONE), cs_sheet_id="https://docs.google.com/spreadsheets/d/x")
    assert answers.asked == [DIFF], "and the next one sees the same"
