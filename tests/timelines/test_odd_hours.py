"""Stories in odd business hours: daylight saving, holidays, nights, three ranges a day, days off by a calendar file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from tests.timelines.telling import ASKS, fails

RULES_DIR = Path(__file__).parents[2] / "rules"
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
def odd(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder = tmp_path_factory.mktemp("odd") / "rules"
    shutil.copytree(RULES_DIR, folder)
    (folder / "days.ics").write_text(OFFSITE)
    (folder / "followups.yaml").write_text(ODD_HOURS)
    return load_book(folder)


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
