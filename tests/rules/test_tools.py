"""The tools for those who write rules: what a change would have done, what each rule did, how well it all does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from stream.cli.evaluate import evaluate
from stream.cli.rules import rules as rules_command
from stream.core.book import Book, empty_book
from stream.core.detection import Detection, Label, Stage
from stream.core.inputs import Message
from stream.core.people import Sender
from stream.core.rule_match import NamedLists
from stream.core.rule_match_compile import RuleSource, compile_rules
from stream.core.rules import Rule
from stream.core.team import Member, Team
from stream.evaluation.messages import LabelledMessage, Run, StageMissing, read_messages, run_stages
from stream.evaluation.scores import score
from stream.rules_tools.compare import compare
from stream.rules_tools.replay import Replayed
from stream.rules_tools.usage import measure_usage
from stream.settings import load_settings

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def book(*written: dict[str, object], team: Team | None = None) -> Book:
    sources = [RuleSource(Rule.model_validate({"title": str(one["id"]), **one})) for one in written]
    found, faults = compile_rules(sources, NamedLists(), "v")
    assert not faults
    return Book("v", found, empty_book().groups, team or Team())


def on(word: str, category: str = "c", **more: object) -> dict[str, object]:
    return {"id": f"on-{word}", "when": {"any": [{"words": word}]}, "then": {"ticket": {"category": category}}, **more}


def said(*texts: str, lid: str = "1@lid") -> list[Replayed]:
    return [
        Replayed(
            Message(
                instance="i",
                chat="1@g.us",
                received_at=AT,
                id=f"m{n}",
                sender=Sender(lid=lid),
                sent_at=AT + timedelta(minutes=n),
                text=text,
            )
        )
        for n, text in enumerate(texts)
    ]


def test_a_backtest_tells_what_is_gained_lost_and_changed_and_by_which_rule() -> None:
    found = compare(said("late", "torn", "both late", "fine"), book(on("late"), on("torn")), book(on("late", "d"), on("fine")))
    assert [(one.message_id, one.change, one.blamed) for one in found.differences] == [
        ("m0", "changed", "on-late"),
        ("m1", "lost", "on-torn"),
        ("m2", "changed", "on-late"),
        ("m3", "gained", "on-fine"),
    ]
    assert (found.messages, found.tickets_before, found.tickets_after) == (4, 3, 3)
    assert found.by_rule("changed") == [("on-late", 2)]


def test_a_backtest_knows_the_team_of_each_book() -> None:
    team = Team(team=(Member(name="Ana", lids=("11111",)),))
    found = compare(said("late", lid="11111@lid"), book(on("late")), book(on("late"), team=team))
    assert [one.change for one in found.differences] == ["lost"]


def test_usage_tells_which_rules_work_and_which_never_count() -> None:
    first = on("late", stop=True, priority=1)
    usage = measure_usage(said("late and torn", "late", "x"), book(first, on("torn"), on("never")))
    assert [(one.id, one.fitted, one.counted, one.decided, one.remark) for one in usage.rules] == [
        ("on-late", 2, 2, 2, ""),
        ("on-torn", 1, 0, 0, "always behind a rule with stop"),
        ("on-never", 0, 0, 0, "never fitted"),
    ]
    assert usage.rules[0].last_fitted_at == AT + timedelta(minutes=1)
    assert (usage.messages, usage.undecided) == (3, 1)


def run(*pairs: tuple[Label, Label]) -> Run:
    messages = tuple(LabelledMessage(id=str(n), text="", lang="en", label=truth) for n, (truth, _) in enumerate(pairs))
    detections = tuple(Detection(label=label, decided_by="" if label is Label.UNDECIDED else "r") for _, label in pairs)
    return Run(messages, detections, (Stage.RULES,), 1.0)


def test_scores_are_the_textbook_ones_and_undecided_counts_as_noise() -> None:
    t, u, n, x = Label.TICKET, Label.UPDATE, Label.NOISE, Label.UNDECIDED
    found = score(run((t, t), (t, x), (u, t), (u, u), (n, n), (n, x)), "v")
    assert {label: round(one.f1, 3) for label, one in found.per_class.items()} == {"ticket": 0.5, "update": 0.667, "noise": 0.8}
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0.8) / 3, abs=1e-4)
    assert found.decided_precision == 0.75
    assert found.stage_share == {"rules": round(4 / 6, 4)}
    assert found.undecided_share == round(2 / 6, 4)
    assert found.per_lang["en"].messages == 6


def test_an_evaluation_file_that_does_not_fit_is_told_by_line() -> None:
    with pytest.raises(Exception, match="Line 2 of the evaluation file"):
        read_messages(['{"id": "1", "text": "a", "lang": "en", "label": "noise"}', '{"id": "2", "text": "a"}'])


@pytest.mark.usefixtures("folder")
def test_ids_of_an_evaluation_come_back_as_they_were_given(tmp_path: Path) -> None:
    ids: list[object] = [7, "7", 1.5, None, True, "\u00e9"]
    rows = [{"id": one, "text": "late", "lang": "en", "label": "ticket"} for one in ids]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\ufeff" + "\n".join(map(json.dumps, rows)), encoding="utf-8")  # as some editors begin a file
    found = CliRunner().invoke(evaluate, [str(source), "--stage", "rules", "--predictions", str(out)])
    assert found.exit_code == 0, found.output
    assert [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()] == ids


def test_a_stage_that_is_not_set_up_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": 0.0}

    def tries_in_vain(*_: object) -> list[Detection]:
        clock["now"] += 60.0  # as looking for its files and libraries takes long
        raise StageMissing("it is not set up")

    monkeypatch.setattr("stream.evaluation.messages.time", SimpleNamespace(perf_counter=lambda: clock["now"], thread_time=float))
    monkeypatch.setattr("stream.evaluation.messages._decider", lambda _: tries_in_vain)
    messages = read_messages(['{"id": 1, "text": "qwerty", "lang": "en", "label": "noise"}'])
    found = run_stages(messages, book(), load_settings(), None)
    assert (found.stages, found.us_per_message) == ((Stage.RULES,), 0.0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "detect").mkdir()
    text = (
        "version: 1\nrules:\n  - {id: late, title: L, when: {any: [{words: late}]}, then: {ticket: {}}, "
        "match: [late], known_gap: [slow, late too]}\n"
    )
    (tmp_path / "detect" / "a.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("RULES_DIR", str(tmp_path))
    load_settings.cache_clear()
    yield tmp_path
    load_settings.cache_clear()


def test_check_gives_status_1_and_every_problem(folder: Path) -> None:
    assert CliRunner().invoke(rules_command, ["check"]).exit_code == 0
    (folder / "team.yaml").write_text("version: 1\nteem: []\n", encoding="utf-8")
    found = CliRunner().invoke(rules_command, ["check", "--json"])
    assert found.exit_code == 1
    (problem,) = json.loads(found.output)["problems"]
    assert (problem["line"], problem["path"], problem["message"]) == (2, "teem", "unknown key, did you mean team?")


@pytest.mark.usefixtures("folder")
def test_rules_test_tells_of_a_gap_that_has_closed() -> None:
    found = CliRunner().invoke(rules_command, ["test"])
    assert 'late now fits its known gap "late too"' in found.output
    assert '"slow"' not in found.output


@pytest.mark.usefixtures("folder")
def test_explain_tells_what_decided() -> None:
    found = CliRunner().invoke(rules_command, ["explain", "It is LATE"])
    assert "pass  any: words late  found: late" in found.output
    assert "TICKET    by rule late" in found.output
    assert (
        json.loads(CliRunner().invoke(rules_command, ["explain", "fine", "--json"]).output)["detection"]["label"] == "undecided"
    )


@pytest.mark.usefixtures("folder")
def test_eval_prints_one_object_and_writes_predictions(tmp_path: Path) -> None:
    lines = [
        {"id": "1", "text": "late", "lang": "en", "label": "ticket"},
        {"id": "2", "text": "hm", "lang": "es", "label": "noise"},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    out = tmp_path / "out.jsonl"
    found = CliRunner().invoke(evaluate, [str(tmp_path / "in.jsonl"), "--stage", "rules", "--json", "--predictions", str(out)])
    scores = json.loads(found.output)
    assert {"macro_f1", "per_class", "per_lang", "decided_precision", "stage_share", "us_per_message"} <= scores.keys()
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == [
        {"id": "1", "predicted": "ticket", "stage": "rules", "rule": "late"},
        {"id": "2", "predicted": "noise", "stage": "undecided", "rule": None},
    ]
