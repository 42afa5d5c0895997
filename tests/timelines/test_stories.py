"""Stories with everything that a group does in them, on the shipped rules: reactions, merges, promises, a kill switch."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from tests.timelines.telling import ASKS, fails

RULES_DIR = Path(__file__).parents[2] / "rules"
BOB_ASKS = 'customer Bob says "I was charged twice on my invoice, please refund"'


@pytest.fixture(scope="module")
def shipped() -> Book:
    return load_book(RULES_DIR)


STORIES: dict[str, list[str]] = {
    "a lunch break does not count": [
        f"at 12:25 {ASKS}",
        "at 13:40 expect reminder 1",
        "at 14:10 expect escalation 1",
    ],
    "a promise in Portuguese": [
        'at 10:00 customer says "Bom dia, meu pedido 4512 não chegou, podem verificar?"',
        'at 10:05 staff says "te mando amanhã às 10" quoting 1',
        "at next day 09:30 expect escalation",
        "at 10:15 expect reminder 1",
    ],
    "a promise in Spanish": [
        'at 10:00 customer says "mi pedido 4512 todavía no ha llegado, pueden revisar?"',
        'at 10:05 staff says "te lo mando mañana a las 10" quoting 1',
        "at next day 09:30 expect escalation",
        "at 10:15 expect reminder 1",
    ],
    "a promise in Indonesian": [
        'at 10:00 customer says "pesanan saya 4512 belum sampai, tolong dicek kak"',
        'at 10:05 staff says "saya kirim besok jam 10 ya"',
        "at next day 09:30 expect escalation",
        "at 10:15 expect reminder 1",
    ],
    "a snooze from the chat": [
        f"at 10:00 {ASKS}",
        'at 10:05 staff says "#snooze 2 hours" quoting 1',
        "at 10:06 expect ticket on_hold",
        "at 12:05:02 expect ticket waiting_us",
        "at 12:20 expect reminder 1",
        "at 13:50 expect escalation 1",
    ],
    "a reaction taken back within a minute never was": [
        f"at 10:00 {ASKS}",
        "at 10:05 staff reacts ✅ to 1",
        "at 10:05:01 expect ticket resolved",
        "at 10:05:59 staff takes back the reaction to 1",
        "at 10:06 expect ticket new",
        "at 10:15 expect reminder 1",
    ],
    "a reaction taken back later only tidies up": [
        f"at 10:00 {ASKS}",
        "at 10:05 staff reacts ✅ to 1",
        "at 10:06:01 staff takes back the reaction to 1",
        "at 10:07 expect ticket resolved",
    ],
    "a ticket that was merged is spoken of no more": [
        f"at 10:00 {ASKS}",
        f"at 10:02 {BOB_ASKS}",
        "at 10:05 staff merges ticket 2 into 1",
        "at 10:06 expect ticket 2 closed",
        'at 10:15 expect message "order 4512"',
        "at 10:45 expect escalation of ticket 1",
        "expect nothing until 14:00",
    ],
    "a merge taken back": [
        f"at 10:00 {ASKS}",
        f"at 10:02 {BOB_ASKS}",
        "at 10:05 staff merges ticket 2 into 1",
        "at 10:06 staff undoes it",
        "at 10:07 expect ticket 2 new",
        'at 10:15 expect message "These 2"',
        "at 10:45 expect escalation of ticket 1",
    ],
    "a message that is split off has a window of its own": [
        f"at 10:00 {ASKS}",
        'at 10:01 customer says "and the app shows an error when I log in"',
        "at 10:05 staff splits off message 2",
        "at 10:06 expect ticket 2 new",
        'at 10:15 expect message "These 2"',
        "at 10:45 expect escalation",
    ],
    "what was edited is spoken of as it is now": [
        f"at 10:00 {ASKS}",
        'at 10:01 customer edits 1 to "Hi, my order 9999 has not arrived yet, can you check?"',
        'at 10:15 expect message "9999"',
        "at 10:45 expect escalation",
    ],
    "a request that is deleted is withdrawn": [
        f"at 10:00 {ASKS}",
        "at 10:01 customer deletes 1",
        "at 10:02 expect ticket closed",
        "expect nothing until 18:00",
    ],
    "thanks after it was resolved": [
        f"at 10:00 {ASKS}",
        "at 10:05 staff reacts ✅ to 1",
        'at next day 10:11 customer says "obrigado"',
        "at 10:12 expect ticket resolved",
        "expect nothing until wed 12:00",
    ],
    "it comes back within the window": [
        f"at 10:00 {ASKS}",
        "at 10:05 staff reacts ✅ to 1",
        'at next day 10:10 customer says "it is still not working" quoting 1',
        "at 10:11 expect ticket waiting_us",
        "at 10:25 expect reminder 1",
        "at 10:55 expect escalation",
    ],
    "what comes after the window is a new ticket": [
        f"at 10:00 {ASKS}",
        "at 10:05 staff reacts ✅ to 1",
        f"at thu 10:10 {ASKS} quoting 1",
        "at 10:11 expect ticket 2 new",
        "at 10:25 expect reminder 1 of ticket 2",
        "at 10:55 expect escalation",
    ],
    "an answer one second before": [
        f"at 10:00 {ASKS}",
        'at 10:14:59 staff says "It is at the front desk, please look there" quoting 1',
        "at 17:00 expect ticket waiting_customer",
    ],
    "somebody else agrees": [
        f"at 10:00 {ASKS}",
        'at 10:01 customer Bob says "same here, mine did not arrive either"',
        "at 10:15 expect reminder 1",
        "at 10:45 expect escalation",
    ],
    "the kill switch lets go of what comes due": [
        f"at 10:00 {ASKS}",
        "at 10:10 sending is off",
        "at 16:00 sending is on",
        "expect nothing until next day 18:00",
    ],
    "a group that is only watched for a while": [
        f"at 10:00 {ASKS}",
        "at 10:01 the group is set to observe",
        "at 10:40 the group is set to tickets+follow-ups",
        "at 10:45 expect escalation 1",
        "at 15:00 expect reminder 2",
    ],
    "two that come due in the same second": [
        f"at 10:00 {ASKS}",
        f"at 10:00 {BOB_ASKS}",
        'at 10:15 expect message "These 2"',
        "at 10:45 expect escalation",
    ],
    "an answer to one of two": [
        f"at 10:00 {ASKS}",
        f"at 10:02 {BOB_ASKS}",
        'at 10:10 staff says "the refund is on its way, you will have it today" quoting 2',
        "at 10:15 expect reminder 1 of ticket 1",
        "at 10:45 expect escalation of ticket 1",
    ],
    "a question of ours and its answer": [
        f"at 10:00 {ASKS}",
        'at 10:05 staff says "could you send me the tracking number?" quoting 1',
        "at 10:06 expect ticket waiting_customer",
        'at 10:30 customer says "BR123456789"',
        "at 10:31 expect ticket waiting_us",
        "at 10:45 expect reminder 1",
        "at 11:15 expect escalation",
    ],
}


@pytest.mark.parametrize("name", STORIES)
def test_stories_on_the_shipped_rules(shipped: Book, name: str) -> None:
    assert fails(shipped, STORIES[name], "standard") == []


def test_urgent_by_reaction_has_the_windows_of_urgent_tickets(shipped: Book) -> None:
    story = [f"at 10:00 {ASKS}", "at 10:01 staff reacts 🚨 to 1", "at 10:05 expect escalation", "at 10:10 expect reminder 1"]
    assert fails(shipped, [*story, "at 10:30 expect escalation"], None) == []


def test_a_holiday_is_no_business_day(shipped: Book) -> None:
    story = [f"at 17:50 {ASKS}", "expect nothing until 2026-04-22 09:04", "at 2026-04-22 09:05 expect reminder 1"]
    assert fails(shipped, [*story, "at 2026-04-22 09:35 expect escalation 1"], "standard", "2026-04-20") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("at 10:01 customer edits 7 to nothing", "is no sentence"),
        ('at 10:01 customer edits 7 to "nothing"', "there is no message 7"),
        ("at 10:01 staff merges ticket 1 into 9", "there is no ticket 9"),
        ("at 10:01 staff undoes it", "it was refused"),
    ],
)
def test_what_cannot_be_done_is_told(shipped: Book, line: str, words: str) -> None:
    try:
        said = fails(shipped, [f"at 10:00 {ASKS}", line, "at 10:15 expect reminder 1", "at 10:45 expect escalation"], "standard")
    except ValueError as error:
        said = [str(error)]
    assert words in " ".join(said)
