"""Stories with everything that a group does in them: daylight saving, holidays, reactions, merges, a kill switch.

The first kind is told on the shipped rules; the second on a book of its own with odd business hours.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.timeline import Timeline
from stream.timelines import play

RULES_DIR = Path(__file__).parents[2] / "rules"
ASKS = 'customer says "Hi, my order 4512 has not arrived yet, can you check?"'
BOB_ASKS = 'customer Bob says "I was charged twice on my invoice, please refund"'
ODD_HOURS = """\
version: 1
sending: {quiet_hours: ["22:00-06:00"], after_talk: 2m, group_gap: 5m, ticket_gap: 10m, together_within: 1m, unanswered: 10}
calendars:
  night: {time_zone: Europe/Berlin, hours: {mon-sun: ["00:00-05:00", "20:00-24:00"]}}
  broken:
    time_zone: America/New_York
    hours: {mon-fri: ["08:00-10:00", "11:00-12:00", "15:30-17:00"]}
    holidays: {country: US}
    ical: [days.ics]
  always: {time_zone: Europe/Berlin, hours: {mon-sun: "00:00-24:00"}}
policies:
  - id: broken
    applies_to: {tags: [broken]}
    calendar: broken
    steps: [{after: 3h, say: hello}, {after: 5h, escalate: hello}]
  - {id: night, applies_to: {tags: [night]}, calendar: night, steps: [{after: 2h, escalate: hello}, {after: 8h, escalate: hello}]}
  - id: always
    calendar: always
    steps:
      - {after: 2h, say: hello}
      - {after: 24h, time: wall, escalate: hello}
      - {waiting_for: customer, after: 1h, say: hello}
      - {waiting_for: customer, after: 1d, close: true}
texts: {hello: {en: "About {{ ticket.id }}"}}
"""
OFFSITE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:own
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20260401
DTEND;VALUE=DATE:20260403
SUMMARY:Offsite
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
def shipped() -> Book:
    return load_book(RULES_DIR)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder = tmp_path_factory.mktemp("odd") / "rules"
    shutil.copytree(RULES_DIR, folder)
    (folder / "days.ics").write_text(OFFSITE)
    (folder / "followups.yaml").write_text(ODD_HOURS)
    return load_book(folder)


def fails(book: Book, story: list[str], policy: str | None, on: str = "2026-03-02") -> list[str]:
    told = Timeline.model_validate({"name": "t", "on": on, "policy": policy, "story": story})
    return [str(failure) for failure in play(book, told)]


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


# policy, first day, when it is asked, what comes of it
ODD: dict[str, tuple[str, str, list[str]]] = {
    "three ranges a day": (
        "broken",
        "2026-03-10",
        [f"at 09:30 {ASKS}", "at 17:00 expect reminder 1", "at next day 10:00 expect escalation"],
    ),
    "a weekend on which the clocks go forward": (
        "broken",
        "2026-03-06",
        [f"at 16:30 {ASKS}", "at mon 11:30 expect reminder 1", "at 17:00 expect escalation"],
    ),
    "Thanksgiving": ("broken", "2026-11-25", [f"at 16:30 {ASKS}", "at 2026-11-27 11:30 expect reminder 1"]),
    "two days off by a calendar file": ("broken", "2026-03-31", [f"at 16:30 {ASKS}", "at 2026-04-03 11:30 expect reminder 1"]),
    "a night that lacks an hour": (
        "night",
        "2026-03-28",
        [f"at 23:00 {ASKS}", "at next day 01:00 expect escalation 1", "at 23:00 expect escalation 2"],
    ),
    "a night that has an hour twice": (
        "night",
        "2026-10-24",
        [f"at 23:00 {ASKS}", "at next day 01:00 expect escalation 1", "at 21:00 expect escalation 2"],
    ),
    "24 hours by the wall over the spring": (
        "always",
        "2026-03-28",
        [f"at 12:00 {ASKS}", "at 14:00 expect reminder 1", "at next day 13:00 expect escalation 1"],
    ),
    "tomorrow at 10 is 10 by the new clock": (
        "always",
        "2026-10-24",
        [
            f"at 12:00 {ASKS}",
            'at 12:30 staff says "I will send it tomorrow at 10"',
            "at next day 12:00 expect reminder 1",
            "at mon 10:00 expect escalation",
        ],
    ),
    "a customer wakes what was put aside": (
        "always",
        "2026-03-10",
        [
            f"at 12:00 {ASKS}",
            'at 12:05 staff says "#snooze 3h"',
            'at 13:00 customer says "any update?"',
            "at 13:01 expect ticket waiting_us",
            "at 15:00 expect reminder 1",
            "at next day 13:00 expect escalation",
        ],
    ),
    "quiet at night": (
        "always",
        "2026-03-10",
        [f"at 21:00 {ASKS}", "expect nothing until next day 05:59", "at 06:00 expect reminder 1", "at 21:00 expect escalation"],
    ),
    "a nudge waits until people have talked, and the ticket closes in its time": (
        "always",
        "2026-03-10",
        [
            f"at 12:00 {ASKS}",
            'at 12:05 staff says "it is at the front desk" quoting 1',
            'at 13:04 customer Bob says "good morning"',
            "at 13:06 expect reminder 1",
            "at next day 12:05 expect close",
        ],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_stories_in_odd_hours(odd: Book, name: str) -> None:
    policy, on, story = ODD[name]
    assert fails(odd, story, policy, on) == []


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
