"""What rules did, what a change would do, and what corrections ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import showroom
from still import Answers, drawn, snapshot_of, text_of
from streamlit.testing.v1 import AppTest

from dashboard import rule_change, rule_usage, trial
from dashboard.rule_change import Change
from dashboard.tools import Told
from stream.adapters.rule_files import load_book
from stream.core.people import Role

Page = Callable[..., AppTest]
NOW = datetime.now(UTC)
RULES = Path(__file__).parents[2] / "rules"
BOOK = load_book(RULES)
DESK = snapshot_of(*showroom.desk(NOW))
RULE = """version: 1
rules:
  - id: fax
    title: Somebody asks for a fax
    when: {any: [{words: fax}]}
    then: {ticket: {category: fax}}
    match: ["please send me a fax"]
"""


NEW = RULE.replace("fax", "telex")


@pytest.fixture
def few_rules(tmp_path: Path) -> None:
    """Put two rules where the page looks for them: reading all that are shipped takes a second each time."""
    folder = tmp_path / "rules" / "detect"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(RULE)
    (folder / "b.yaml").write_text(RULE.replace("fax", "mail"))


def used(rule: str, fitted: int, counted: int, decided: int) -> dict[str, Any]:
    return {"id": rule, "fitted": fitted, "counted": counted, "decided": decided, "last_fitted_at": NOW.isoformat()}


def test_rules_are_told_by_their_hits_and_those_that_never_hit_or_stand_in_a_shadow() -> None:
    usage = {"delivery": used("delivery", 9, 9, 7), "login": used("login", 4, 0, 0), "billing": used("billing", 0, 0, 0)}
    rows = rule_usage.rows(BOOK, DESK.cards.values(), usage, "all", NOW, "en")
    assert (rows[0]["rule"], rows[0]["fitted"], rows[0]["decided"]) == ("delivery", {"share": 1.0, "text": "9"}, 7)
    assert len(rows) == len(BOOK.rules.rules)
    for view, rule in (("never", "billing"), ("shadowed", "login")):
        [row] = rule_usage.rows(BOOK, (), usage, view, NOW, "en")
        assert row["rule"] == rule
        assert row["remark"]["tone"] == "warn"
    assert rule_usage.count_views(BOOK, usage)["never"] == 1
    uncounted = rule_usage.rows(BOOK, (), None, "all", NOW, "en")
    assert not any(row["fitted"] for row in uncounted), "no data is not zero"


def test_a_trial_shows_each_condition_and_what_nearly_fitted() -> None:
    told = trial.explain("my order 4417 has not arrived", Role.CUSTOMER, BOOK.rules, "en", NOW)
    delivery = next(row for row in told.rules if row["rule"] == "delivery")
    assert delivery["counted"]["text"] == "counted"
    assert {"holds": True, "asked": "any: phrases $not_arrived", "found": "not arrived"} in delivery["checks"]
    staff = trial.explain("my order 4417 has not arrived", Role.STAFF, BOOK.rules, "en", NOW)
    delivery = next(row for row in staff.rules if row["rule"] == "delivery")
    assert delivery["counted"]["text"] == "nearly"
    assert [one["asked"] for one in delivery["checks"] if not one["holds"]] == ["from customer"]
    open_one = trial.explain("xyzzy +44 7700 900022", Role.CUSTOMER, BOOK.rules, "en", NOW)
    assert open_one.question is not None
    assert "900022" not in open_one.question, "the model would not see the number"


@pytest.mark.usefixtures("few_rules")
def test_a_changed_file_is_read_with_its_problems_and_the_folder_stays_as_it_is(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    good, bad = Change("detect/new.yaml", NEW), Change("detect/new.yaml", NEW.replace("when", "wehn"))
    assert rule_change.problems(rules, good) == []
    [problem, *_] = rule_change.problems(rules, bad)
    assert problem.file.endswith("detect/new.yaml")
    assert problem.line > 1
    assert "new.yaml" not in rule_change.text_of(rules, "detect/new.yaml")
    folder = rule_change.stage(rules, good)
    assert (folder / "detect" / "new.yaml").read_text() == NEW
    assert load_book(folder).rules.by_id["telex"]
    rule_change.unstage(folder)
    assert not folder.exists()
    assert not (rules / "detect" / "new.yaml").exists()
    assert all(name.startswith("detect/") for name in rule_change.files(rules))


def difference(change: str, text: str) -> dict[str, Any]:
    ticket, noise = {"label": "ticket", "category": "fax", "decided_by": "fax"}, {"label": "noise"}
    before, after = (noise, ticket) if change == "gained" else (ticket, noise)
    return {"change": change, "text": text, "before": before, "after": after, "sent_at": NOW.isoformat()}


def test_gains_come_before_losses_and_numbers_are_masked() -> None:
    told = {"differences": [difference("lost", "no fax"), difference("gained", "call\u202e +44 7700 900022")]}
    gained, lost = rule_change.rows(told, "en", reveal=False)
    assert (gained["change"]["text"], gained["before"], gained["after"], gained["by"]) == (
        "gained",
        "Noise",
        "Ticket, fax",
        "fax",
    )
    assert gained["text"] == "call⟨202E⟩ •••• 0022"
    assert lost["change"]["tone"] == "bad"


@pytest.mark.usefixtures("few_rules")
def test_a_change_is_tried_in_a_folder_of_its_own_and_its_gains_are_shown(page: Page, answers: Answers) -> None:
    app = page("rules", DESK, {"part": "backtest"})
    app.selectbox(key="backtest_file").set_value("detect/new.yaml").run()
    assert app.text_area(key="backtest_text").value == "version: 1\nrules:\n"
    app.text_area(key="backtest_text").set_value(NEW).run()
    next(one for one in app.button if one.label == "Try it").click().run()
    command = next(words for words in answers.asked if words[:2] == ("rules", "backtest"))
    assert command[3:] == ("--days", "7")
    assert not Path(command[2]).exists(), "the folder goes when the command has ended"
    body = {"messages": 40, "tickets_before": 3, "tickets_after": 4, "differences": [difference("gained", "a fax?")]}
    answers.answers[command] = Told(body, at=NOW)
    app.run()
    assert drawn(app, "backtest_rows")["rows"][0]["text"] == "a fax?"
    assert "40 messages: 3 tickets as it is, 4 with the change." in text_of(app)
    app.text_area(key="backtest_text").set_value(NEW.replace("when", "wehn")).run()
    assert next(one for one in app.button if one.label == "Try it").disabled
    assert drawn(app, "backtest_problems")["rows"][0]["place"].startswith("detect/new.yaml:")


@pytest.mark.usefixtures("few_rules")
def test_corrections_that_wait_become_a_rule_to_try(page: Page, answers: Answers) -> None:
    rule = {
        "id": "suggested-noise",
        "title": "People say so",
        "when": {"any": [{"phrases": ["good game"]}]},
        "then": {"noise": True},
    }
    answers.answers["rules", "suggest"] = Told(
        {"corrections": 5, "suggestions": [{"rule": rule, "mended": 4, "spoiled": 1}]}, at=NOW
    )
    app = page("rules", DESK, {"part": "corrections"})
    assert "Puts 4 corrections right, spoils 1" in text_of(app)
    app.button(key="try_0").click().run()
    assert "suggested-noise" in app.text_area(key="backtest_text").value
    assert app.selectbox(key="backtest_file").value == "detect/suggested.yaml"


@pytest.mark.usefixtures("few_rules")
def test_never_hit_and_shadowed_can_be_looked_at_by_a_link(page: Page, answers: Answers) -> None:
    answers.answers["rules", "stats"] = Told({"messages": 50, "rules": [used("fax", 3, 3, 3), used("mail", 0, 0, 0)]}, at=NOW)
    app = page("rules", DESK, {"hits": "never"})
    assert [row["rule"] for row in drawn(app, "rules_table")["rows"]] == ["mail"]
    assert "50 messages" in text_of(app)
