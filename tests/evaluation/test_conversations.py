from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from stream.cli.evaluate import evaluate
from stream.errors import GroupdeskError
from stream.evaluation.conversations import Prediction, attach_conversations

# (author, text, mentions): two requests at once, each with its helper, in the manner of a busy support channel
TALK = [
    ("mira", "how do I print the labels for the night delivery?", []),
    ("noah", "the scanner in the cold store beeps all the time, what can I do?", []),
    ("olga", "mira: open the tour and choose labels", ["mira"]),
    ("pete", "noah, is the red lamp on?", ["noah"]),
    ("mira", "olga: there is no such button", ["olga"]),
    ("noah", "yes it is", []),
    ("pete", "noah: then its battery is flat, put it on the charger", ["noah"]),
    ("olga", "mira: you need the role of a dispatcher for it", ["mira"]),
    ("mira", "ah ok, thanks", []),
]
MIRAS, NOAHS = (0, 2, 4, 7, 8), (1, 3, 5, 6)


def lines(chat: str = "c1", start: int = 0) -> list[str]:
    return [
        json.dumps(
            {
                "chat": chat,
                "id": f"m{start + number}",
                "at": f"2026-03-02T09:{number:02}:00Z",
                "author": author,
                "text": text,
                "mentions": mentions,
            }
        )
        for number, (author, text, mentions) in enumerate(TALK)
    ]


def tickets(predictions: Iterable[Prediction]) -> list[str]:
    return [prediction.ticket for prediction in predictions]


def test_two_conversations_at_once_are_told_apart() -> None:
    found = tickets(attach_conversations(lines()))
    assert len({found[number] for number in MIRAS}) == 1
    assert len({found[number] for number in NOAHS}) == 1
    assert found[0] != found[1]


def test_chats_may_alternate_and_know_nothing_of_each_other() -> None:
    mixed = [line for pair in zip(lines("c1"), lines("c2"), strict=True) for line in pair]
    alone = tickets(attach_conversations(lines("c1")))
    together = [prediction for prediction in attach_conversations(mixed) if prediction.chat == "c1"]
    assert tickets(together) == alone
    assert not set(alone) & {p.ticket for p in attach_conversations(mixed) if p.chat == "c2"}


def test_only_what_was_said_is_read() -> None:
    told = [json.dumps({**json.loads(line), "conversation": "same", "opener": True}) for line in lines()]
    assert tickets(attach_conversations(told)) == tickets(attach_conversations(lines()))


def test_a_talk_stays_bounded_in_memory_and_a_forgotten_one_starts_anew() -> None:
    rows = [
        {**json.loads(lines()[0]), "id": f"x{n}", "author": f"a{n}", "text": f"hello, who can help with thing {n}?"}
        for n in range(200)
    ]
    found = tickets(attach_conversations([json.dumps(row) for row in rows]))
    assert len(set(found)) > 150


def test_ids_may_be_numbers_and_come_back_as_such() -> None:
    rows = [{**json.loads(line), "chat": 1, "id": number} for number, line in enumerate(lines())]
    found = list(attach_conversations(json.dumps(row) for row in rows))
    assert [(one.chat, one.id) for one in found] == [(1, number) for number in range(len(TALK))]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{", "Line 2 .*JSON"),
        ('{"chat": "c"}', "Line 2 .*id"),
        ('{"chat":"c","id":"m","at":"noon","author":"a","text":""}', "Line 2 .*at"),
    ],
)
def test_a_line_that_is_no_message_is_named(bad: str, says: str) -> None:
    with pytest.raises(GroupdeskError, match=says):
        list(attach_conversations([lines()[0], bad]))


def test_the_command_writes_one_prediction_a_message(tmp_path: Path) -> None:
    source, out = tmp_path / "talk.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join([*lines(), ""]), encoding="utf-8")
    result = CliRunner().invoke(evaluate, ["--conversations", str(source), "--predictions", str(out)])
    assert result.exit_code == 0, result.output
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["chat"], row["id"]) for row in written] == [("c1", f"m{number}") for number in range(len(TALK))]
    assert all(set(row) == {"chat", "id", "ticket"} for row in written)
