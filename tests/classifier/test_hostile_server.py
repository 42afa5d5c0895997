"""The real client against a server that fails in every way: each message is decided or queued, none is lost or judged twice."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.classifier.breaker import Breaker
from stream.core.detection import Label, Stage
from stream.core.model_rules import Calls
from tests.classifier.asked import Desk, ask, book
from tests.stand_ins.openai_server import Reply, Request, Script, answer, item, label_all, serving

RIGHT = label_all("ticket", title="A title", category=None)
USELESS: dict[str, Callable[[], Reply]] = {
    "refused": lambda: Reply(content=None, refusal="I cannot help with that"),
    "filtered": lambda: Reply(content="", finish_reason="content_filter"),
    "empty": lambda: Reply(content=""),
    "prose": lambda: Reply(content="These look like tickets to me."),
    "cut short": lambda: Reply(content='{"items":[{"ref":1,"label":"tick', finish_reason="length"),
    "not an object": lambda: Reply(content="[1, 2]"),
    "items of another kind": lambda: Reply(content='{"items": "all of them"}'),
    "a wrong label": lambda: answer(item(1, "complaint")),
    "refs that were not given": lambda: answer(item(7, "noise"), item(0, "noise"), item(-1, "noise")),
    "a ref twice": lambda: answer(item(1, "noise"), item(1, "ticket")),
    "a megabyte": lambda: Reply(content="x" * 1_000_000),
    "a megabyte of braces": lambda: Reply(content="{" * 1_000_000),
    "a page of a proxy": lambda: Reply(raw=b"<html>Welcome</html>"),
    "a list for a body": lambda: Reply(raw=b"[]"),
    "no choices": lambda: Reply(raw=b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}'),
    "choices that are no list": lambda: Reply(raw=b'{"id":"x","object":"chat.completion","created":1,"choices":{"0":1}}'),
    "a choice that is nothing": lambda: Reply(raw=b'{"choices":[null]}'),
    "an error in place of an answer": lambda: Reply(raw=b'{"error":{"message":"no quota"}}'),
    "nothing but brackets": lambda: Reply(raw=b"[" * 100_000),
    "brackets in the answer": lambda: Reply(content='{"items":' + "[" * 100_000),
    "a bad request": lambda: Reply(status=400, error="this content cannot be processed"),
}
AWAY: dict[str, Callable[[], Reply]] = {
    "500": lambda: Reply(status=500, error="boom"),
    "503": lambda: Reply(status=503, error="overloaded"),
    "429": lambda: Reply(status=429, error="slow down", headers={"Retry-After": "30"}),
    "401": lambda: Reply(status=401, error="wrong key"),
    "404": lambda: Reply(status=404, error="no such model"),
    "another address that is not there": lambda: Reply(status=307, raw=b"", headers={"Location": "http://127.0.0.1:9/"}),
    "packed wrongly": lambda: Reply(raw=b"not packed", headers={"Content-Encoding": "gzip"}),
    "hangs": lambda: Reply(content="late", hang_s=3),
    "drips": lambda: Reply(content="x" * 400, drip_s=0.05),
    "hangs up": lambda: Reply(content="x" * 400, cut_at=30),
}


@pytest.mark.parametrize("fault", USELESS)
def test_an_answer_that_is_of_no_use_leaves_the_message_to_people_and_says_why(fault: str, tmp_path: Path) -> None:
    with serving(lambda _request, _number: USELESS[fault]()) as server:
        desk = Desk(server.url, tmp_path)
        assert desk.run([ask(1, "the till beeps")], book())
    detection = desk.verdict("M1").detection
    assert (detection.label, detection.stage) == (Label.UNDECIDED, Stage.MODEL)
    assert detection.reason


@pytest.mark.parametrize("fault", AWAY)
def test_a_model_that_does_not_answer_makes_messages_wait_and_they_are_judged_later(fault: str, tmp_path: Path) -> None:
    with serving(lambda _request, _number: AWAY[fault]()) as server:
        desk = Desk(server.url, tmp_path, Breaker(open_for_s=0))
        asked = [ask(number, f"the till beeps {number} times") for number in range(3)]
        assert not desk.run(asked, book())
        assert desk.judges == []
        server.script = RIGHT
        assert desk.run(asked, book())
    assert [judge.message_id for judge in desk.judges] == ["M0", "M1", "M2"]
    assert {judge.detection.label for judge in desk.judges} == {Label.TICKET}


def test_one_in_five_calls_failing_loses_and_doubles_nothing(tmp_path: Path) -> None:
    dice = random.Random(11)
    faults = [fault for name, fault in {**USELESS, **AWAY}.items() if name not in {"hangs", "drips", "401", "404"}]
    faults += [lambda: Reply(content="late", hang_s=1.5), lambda: Reply(content="x" * 400, drip_s=0.05)]

    def script(request: Request, number: int) -> Reply:
        return dice.choice(faults)() if dice.random() < 0.2 else RIGHT(request, number)

    asked = [
        ask(f"{group}-{number}", f"the till {number} of shop {group} beeps", f"{number % 4}@lid", f"{group}@g.us")
        for group in range(6)
        for number in range(20)
    ]
    with serving(script) as server:
        desk = Desk(server.url, tmp_path, Breaker(open_for_s=0))
        assert desk.run(asked, book(), tries=60)
    judged = Counter((judge.group, judge.message_id) for judge in desk.judges)
    assert set(judged) == {(one.group, one.message.id) for one in asked}
    assert set(judged.values()) == {1}
    labels = Counter(judge.detection.label for judge in desk.judges)
    assert set(labels) == {Label.TICKET, Label.UNDECIDED}
    assert labels[Label.TICKET] > labels[Label.UNDECIDED]
    for group in range(6):
        assert [judge.message_id for judge in desk.judges if judge.group == f"{group}@g.us"] == [
            f"M{group}-{n}" for n in range(20)
        ]


def test_after_five_failures_the_model_is_left_alone(tmp_path: Path) -> None:
    with serving(lambda _request, _number: AWAY["500"]()) as server:
        desk = Desk(server.url, tmp_path)
        desk.run(
            [ask(number, f"text {number}", f"{number}@lid") for number in range(9)], book(calls=Calls(retries=0, at_once=1)), 5
        )
        assert len(server.requests) == 5
    assert desk.breaker.is_open
    assert desk.asker.trouble == "the model's server answers 500"


def test_a_message_that_always_fails_does_not_hold_the_others_for_ever(tmp_path: Path) -> None:
    def script(request: Request, number: int) -> Reply:
        return AWAY["500"]() if any("poison" in text for text in request.texts) else RIGHT(request, number)

    asked = [ask(1, "poison", "1@lid"), *(ask(n, f"the till beeps {n}", f"{n}@lid") for n in range(2, 6))]
    with serving(script) as server:
        desk = Desk(server.url, tmp_path)
        fresh = (ask(f"later{n}", f"another till {n}", group=f"{n}@g.us") for n in range(50))
        for _ in range(12):
            done = {judge.message_id for judge in desk.judges}
            desk.run([*(one for one in asked if one.message.id not in done), next(fresh)], book())
    assert desk.verdict("M1").detection.label is Label.UNDECIDED
    assert all(desk.verdict(f"M{n}").detection.label is Label.TICKET for n in range(2, 6))


def test_what_the_model_forgets_is_asked_about_again_alone(tmp_path: Path) -> None:
    def script(request: Request, _number: int) -> Reply:
        return answer(
            *(item(one["ref"], "ticket") for one in request.part["classify"] if len(request.texts) == 1 or one["ref"] != 2)
        )

    with serving(script) as server:
        desk = Desk(server.url, tmp_path)
        assert desk.run([ask(number, f"text {number}") for number in range(1, 4)], book())
        assert [len(request.texts) for request in server.requests] == [3, 1]
        assert server.requests[1].texts == ["text 2"]
    assert {judge.detection.label for judge in desk.judges} == {Label.TICKET}


@pytest.mark.parametrize(
    "wrap", ["```json\n{}\n```", "Here you are: {} Anything else?", "{{not json}} {}", "<think>{{a}}</think>\n{}"]
)
def test_json_is_found_in_what_models_wrap_around_it(wrap: str, tmp_path: Path) -> None:
    content = wrap.replace("{}", json.dumps({"items": [item(1, "noise")]})).replace("{{", "{").replace("}}", "}")
    with serving(lambda _request, _number: Reply(content=content)) as server:
        desk = Desk(server.url, tmp_path)
        assert desk.run([ask(1, "lovely weather")], book())
    assert desk.verdict("M1").detection.label is Label.NOISE


def test_a_server_without_schemas_is_stepped_down_once_and_remembered(tmp_path: Path) -> None:
    def script(request: Request, number: int) -> Reply:
        if "response_format" in request.body:
            return Reply(status=400, error="response_format is not supported here", param="response_format")
        if "max_completion_tokens" in request.body:
            return Reply(status=422, error="unknown field max_completion_tokens")
        return RIGHT(request, number)

    with serving(script) as server:
        desk = Desk(server.url, tmp_path)
        assert desk.run([ask(1, "the till beeps")], book())
        forms = [request.body.get("response_format", {}).get("type", "text") for request in server.requests]
        assert forms == ["json_schema", "json_object", "text", "text"]
        assert "JSON Schema" in server.requests[-1].body["messages"][0]["content"]
        assert server.requests[-1].body["max_tokens"] == 4000
        again = Desk(server.url, tmp_path / "other")
        assert again.run([ask(2, "the printer hums")], book())
        assert len(server.requests) == 5
    assert desk.verdict("M1").detection.label is again.verdict("M2").detection.label is Label.TICKET


def test_the_schema_is_strict(tmp_path: Path) -> None:
    with serving(RIGHT) as server:
        Desk(server.url, tmp_path).run([ask(1, "the till beeps")], book())
        asked = server.requests[0].body["response_format"]["json_schema"]
    assert asked["strict"] is True
    schemas = [asked["schema"], *asked["schema"]["$defs"].values()]
    for schema in schemas:
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(schema["properties"])
        assert "default" not in json.dumps(schema)


@pytest.mark.parametrize("with_usage", [True, False])
def test_when_the_tokens_of_the_day_are_used_up_people_decide_and_nobody_waits(with_usage: bool, tmp_path: Path) -> None:
    right: Script = RIGHT
    with serving(lambda request, number: Reply(**{**vars(right(request, number)), "with_usage": with_usage})) as server:
        desk = Desk(server.url, tmp_path)
        asked = [ask(number, f"the till beeps {number} times", f"{number}@lid") for number in range(300)]
        assert desk.run(asked, book(tokens_per_day=20_000))
        assert len(server.requests) < 200
        labels = Counter(judge.detection.label for judge in desk.judges)
        assert labels.total() == 300
        assert labels[Label.UNDECIDED] >= 100
        calls = len(server.requests)
        # The count is kept: a restart does not begin the day anew.
        after = Desk(server.url, tmp_path)
        after.asker.model.name = "stand-in"
        assert after.run([ask("x", "one more thing")], book(tokens_per_day=2_000))
        assert len(server.requests) == calls
    assert desk.asker.is_spent


def test_a_server_that_lies_about_tokens_does_not_use_up_the_day(tmp_path: Path) -> None:
    def script(request: Request, number: int) -> Reply:
        said = json.loads(RIGHT(request, number).content or "")
        choice = {"index": 0, "message": {"role": "assistant", "content": json.dumps(said)}, "finish_reason": "stop"}
        return Reply(
            raw=json.dumps({"choices": [choice], "usage": {"prompt_tokens": 10**18, "completion_tokens": "many"}}).encode()
        )

    with serving(script) as server:
        desk = Desk(server.url, tmp_path)
        for number in range(3):
            assert desk.run([ask(number, f"the till beeps {number} times")], book())
        assert len(server.requests) == 3
    assert {judge.detection.label for judge in desk.judges} == {Label.TICKET}
    assert desk.tally.input_tokens < 1_000_000


def test_the_same_words_are_asked_about_once(tmp_path: Path) -> None:
    with serving(RIGHT) as server:
        desk = Desk(server.url, tmp_path)
        assert desk.run([ask(1, "The till  beeps")], book())
        assert desk.run([ask(2, "the till beeps", "2@lid")], book())
        assert len(server.requests) == 1
    assert desk.tally.cache_hits == 1
    assert desk.verdict("M2").detection.label is Label.TICKET


def test_a_switched_off_model_hears_nothing(tmp_path: Path) -> None:
    with serving(RIGHT) as server:
        desk = Desk(server.url, tmp_path)
        assert desk.run([ask(1, "the till beeps")], book(enabled=False))
        assert server.requests == []
    assert desk.verdict("M1").detection.label is Label.UNDECIDED
