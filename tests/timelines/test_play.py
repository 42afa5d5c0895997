"""Timelines told on the shipped rules: the stories of a support team, and stories that must fail."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from pydantic import ValidationError

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.timeline import Timeline
from stream.timelines import play, run_timelines

ASKS = 'customer says "Hi, my order 4512 has not arrived yet, can you check?"'
ASKS_TOO = 'customer Bob says "I was charged twice on my invoice, please refund"'


@lru_cache
def book() -> Book:
    return load_book(Path(__file__).parents[2] / "rules")


def fails(*story: str, mode: str = "tickets+follow-ups", policy: str = "standard", language: str = "en") -> list[str]:
    told = {"name": "t", "on": "2026-03-02", "policy": policy, "mode": mode, "language": language, "story": story}
    return [failure.message for failure in play(book(), Timeline.model_validate(told))]


def test_the_shipped_timelines_come_true() -> None:
    assert len(book().follow_ups.timelines) >= 3
    assert run_timelines(book()) == []


STORIES = {
    "a reminder, an alarm, a second reminder, then silence": [
        f"at 10:00 {ASKS}",
        "at 10:15 expect reminder 1",
        "at 10:45 expect escalation 1",
        "at 15:00 expect reminder 2",
        "expect nothing until next day 18:00",
    ],
    "a reply typed on a phone stops the reminder": [
        f"at 10:00 {ASKS}",
        'at 10:14 staff says "It is at the front desk" quoting 1',
        "at 10:15 expect ticket waiting_customer",
        "expect nothing until 17:59",
    ],
    "a promise moves the window and the team is warned before it is due": [
        f"at 10:00 {ASKS}",
        'at 10:10 staff says "I will send you the tracking tomorrow at 10" quoting 1',
        "at 10:11 expect ticket waiting_us",
        "at next day 09:30 expect escalation",
        "at 10:15 expect reminder 1",
    ],
    "a promise kept leaves nothing": [
        f"at 10:00 {ASKS}",
        'at 10:10 staff says "I will send you the tracking today at 16" quoting 1',
        "at 15:30 expect escalation",
        'at 15:50 staff says "Here is the tracking number: BR123" quoting 1',
        "expect nothing until next day 12:00",
    ],
    "thanks neither reopens nor starts anything": [
        f"at 10:00 {ASKS}",
        'at 10:05 staff says "It is at the front desk" quoting 1',
        'at 10:06 customer says "thanks!"',
        "at 10:07 expect ticket waiting_customer",
        "at 10:08 staff sets ticket resolved",
        'at 10:09 customer says "thank you so much"',
        "expect nothing until next day 18:00",
        "at wed 09:00 expect ticket resolved",
    ],
    "nudge, then close": [
        f"at 10:00 {ASKS}",
        'at 10:05 staff says "It is at the front desk" quoting 1',
        "at tue 10:05 expect reminder 1",
        "at thu 10:05 expect close",
    ],
    "an answer to the nudge keeps it open": [
        f"at 10:00 {ASKS}",
        'at 10:05 staff says "It is at the front desk" quoting 1',
        "at tue 10:05 expect reminder 1",
        'at tue 11:00 customer says "it is still not working" quoting 1',
        "at 11:01 expect ticket waiting_us",
        "at 11:15 expect reminder 1",
    ],
    "two tickets are spoken of in one message": [
        f"at 10:00 {ASKS}",
        f"at 10:02 {ASKS_TOO}",
        'at 10:15 expect message "These 2 are with our team"',
        "at 10:16 expect ticket 2 new",
        "at 10:45 expect escalation of ticket 2",
    ],
    "people who are talking are not interrupted": [
        f"at 10:00 {ASKS}",
        'at 10:14 customer Bob says "good morning all"',
        "at 10:17 expect reminder 1",
    ],
    "put aside until tomorrow": [
        f"at 10:00 {ASKS}",
        "at 10:05 staff snoozes ticket until next day 11:00",
        "expect nothing until next day 11:14",
        "at 11:15 expect reminder 1",
    ],
    "restarts change nothing": [
        f"at 10:00 {ASKS}",
        "at 10:05 worker restarts",
        "at 10:15 expect reminder 1",
        "at 10:16 worker restarts",
        "at 10:45 expect escalation 1",
    ],
    "a weekend is quiet": [
        f"at sat 12:55 {ASKS}",
        "expect nothing until mon 09:09",
        "at 09:10 expect reminder 1",
    ],
    "a person cancels, a person sends": [
        f"at 10:00 {ASKS}",
        "at 10:05 cancel the reminder of ticket 1",
        "expect nothing until 10:44",
        "at 10:45 expect escalation 1",
        "at 11:30 staff sends the reminder now",
        "at 11:30 expect reminder 2",
    ],
}


@pytest.mark.parametrize("name", STORIES)
def test_stories_that_come_true(name: str) -> None:
    assert fails(*STORIES[name]) == []


def test_in_a_group_that_is_observed_nothing_is_said() -> None:
    assert fails(f"at 10:00 {ASKS}", "expect nothing until fri 18:00", mode="observe") == []


@pytest.mark.parametrize(("language", "words"), [("pt", "Não esquecemos"), ("es", "No nos olvidamos"), ("id", "Kami belum lupa")])
def test_the_text_is_in_the_language_of_the_group(language: str, words: str) -> None:
    asks = {
        "pt": 'customer says "meu pedido 4512 não chegou, podem verificar?"',
        "es": 'customer says "mi pedido 4512 todavía no ha llegado, pueden revisar?"',
        "id": 'customer says "pesanan saya 4512 belum sampai, tolong dicek kak"',
    }[language]
    said = fails(f"at 10:00 {asks}", f'at 10:15 expect message "{words.rsplit(maxsplit=1)[-1]}"', language=language)
    assert said == []


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ([f"at 10:00 {ASKS}", "at 10:16 expect reminder 1"], "not expected: reminder at Mon 10:15"),
        ([f"at 10:00 {ASKS}", "expect nothing until 10:30"], "not expected: reminder at Mon 10:15"),
        ([f"at 10:00 {ASKS}", "at 10:15 expect reminder 2"], "it did not happen"),
        ([f"at 10:00 {ASKS}", "at 10:10 expect reminder 1"], "planned next is"),
        ([f"at 10:00 {ASKS}", "at 10:01 expect ticket 2 new"], "there is no ticket 2"),
        ([f"at 10:00 {ASKS}", "at 10:01 expect ticket resolved"], "is new"),
        ([f"at 10:00 {ASKS}", "at 09:00 expect ticket new"], "before that of the line above"),
        ([f"at 10:00 {ASKS} as noise"], "the rules read this as ticket"),
        (['at 10:00 customer says "lunch at one then"', "at 10:15 expect reminder 1"], "undecided"),
    ],
)
def test_stories_that_do_not_come_true_say_what_happened_instead(story: list[str], words: str) -> None:
    assert any(words in message for message in fails(*story)), fails(*story)


def test_a_message_the_rules_leave_open_can_be_told_how_to_be_read() -> None:
    assert fails('at 10:00 customer says "the blue one again" as ticket', "at 10:15 expect reminder 1") == []


@pytest.mark.parametrize("line", ["at 10:00 customer shouts", "at 25:00 expect reminder 1", "expect reminder 1", 7])
def test_a_line_that_is_no_sentence_is_refused(line: object) -> None:
    with pytest.raises(ValidationError):
        Timeline.model_validate({"name": "t", "on": "2026-03-02", "story": [line]})
