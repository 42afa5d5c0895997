"""What a failure means for the next try."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.transport.failures import Retry, classify, flatten


def answer(message: object) -> dict[str, Any]:
    return {"status": 400, "error": "Bad Request", "response": {"message": message}}


@pytest.mark.parametrize(
    ("status", "message", "retry", "stops"),
    [
        (400, ["Error: Connection Closed"], Retry.SAFE, False),
        (500, "Connection Closed", Retry.SAFE, False),
        (400, ["Error: rate-overlimit"], Retry.SAFE, False),
        (400, ["[object Object]"], Retry.SAFE, False),
        (429, "Too many", Retry.SAFE, False),
        (401, "Unauthorized", Retry.SAFE, True),
        (404, ['The "x" instance does not exist'], Retry.SAFE, True),
        (403, "Forbidden", Retry.NEVER, True),
        (400, ["Error: forbidden"], Retry.NEVER, True),
        (302, "", Retry.NEVER, True),
        (400, ["Text is required"], Retry.NEVER, False),
        (400, [["Invalid format"]], Retry.NEVER, False),
        (400, [["mentioned does not meet minimum length of 1"]], Retry.NEVER, False),
        (400, [["mentioned contains duplicate item"]], Retry.NEVER, False),
        (400, ["Reaction must be a single emoji or empty string"], Retry.NEVER, False),
        (404, ["Error fetching group", "Error: Connection Closed"], Retry.SAFE, False),
        (404, ["Error fetching group", "Error: rate-overlimit"], Retry.SAFE, False),
        (400, [["instance.number is not of a type(s) string"]], Retry.NEVER, False),
        (400, [{"jid": "1@s.whatsapp.net", "exists": False, "number": "1"}], Retry.NEVER, False),
        (400, ["Error: Timed Out"], Retry.UNCERTAIN, False),
        (400, ["SessionError: No sessions"], Retry.UNCERTAIN, False),
        (400, ["not-acceptable"], Retry.UNCERTAIN, False),
        (500, "Internal server error", Retry.UNCERTAIN, False),
        (502, "", Retry.UNCERTAIN, False),
        (400, ["something new"], Retry.UNCERTAIN, False),
        (400, ["TypeError: Cannot read properties of undefined (reading 'undefined')"], Retry.SAFE, False),
        (400, ["TypeError: Cannot read properties of undefined (reading 'key')"], Retry.UNCERTAIN, False),
        (500, "Cannot read properties of undefined (reading 'textMessage')", Retry.SAFE, False),
        (500, "Cannot read properties of undefined (reading 'reactionMessage')", Retry.SAFE, False),
        (500, "Cannot read properties of undefined (reading 'findGroup')", Retry.SAFE, False),
        (403, ['This name "x" is already in use.'], Retry.SAFE, False),
        (400, ["PrismaClientKnownRequestError: Connection closed"], Retry.UNCERTAIN, False),
    ],
)
def test_the_text_decides_and_what_is_new_is_uncertain(status: int, message: object, retry: Retry, stops: bool) -> None:
    verdict = classify(status, answer(message))
    assert (verdict.retry, verdict.needs_person) == (retry, stops)


def test_a_missing_licence_asks_for_a_person() -> None:
    verdict = classify(503, {"error": "service not activated", "code": "LICENSE_REQUIRED"})
    assert (verdict.retry, verdict.needs_person) == (Retry.SAFE, True)
    assert classify(503, {"error": "busy"}).retry is Retry.UNCERTAIN


def test_an_address_with_something_behind_it_is_told_from_an_absent_instance() -> None:
    assert "EVOLUTION_API_URL" in classify(404, answer(["Cannot GET /api/instance/connectionState/desk"])).because
    assert "EVOLUTION_API_URL" not in classify(404, answer(['The "desk" instance does not exist'])).because


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("one", "one"),
        (["one", "two"], "one; two"),
        ([["one"], ["two\nthree"]], "one; two three"),
        ([{"jid": "1", "exists": False}], "jid: 1, exists: false"),
        (None, "Bad Request"),
    ],
)
def test_messages_of_any_nesting_become_one_line(message: object, line: str) -> None:
    assert flatten(answer(message)) == line


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["response", "message", "error", "code"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(st.integers(100, 599), json_values)
def test_no_answer_is_too_odd_to_be_classified(status: int, body: Any) -> None:
    assert classify(status, body).retry in Retry
    assert "\n" not in flatten(body)
