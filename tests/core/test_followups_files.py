"""rules/followups.yaml: what is read, and what is said of mistakes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stream.adapters.calendar_files import read_ical
from stream.adapters.follow_up_files import FollowUpFile, load_follow_ups
from stream.adapters.yaml_lines import Problem
from stream.core.calendar import Hours
from stream.core.followup_policy import FollowUps

SHIPPED = Path(__file__).parents[2] / "rules" / "followups.yaml"
GOOD = """\
version: 1
calendars:
  office:
    time_zone: Europe/Berlin
    hours: {mon-fri: ["09:00-12:30", "13:30-18:00"], sat: "22:00-02:00"}
    holidays: {country: DE, subdivision: BE}
    days_off:
      2026-12-24: Christmas Eve
    works_on: [2026-05-01]
    ical: days.ics
policies:
  - id: vip
    applies_to: {tags: [vip]}
    steps:
      - {after: 5m, time: wall, say: hello}
  - id: all
    calendar: office
    targets: {first_response: 30m}
    steps:
      - {after: 15m, say: hello}
      - {after: 1h30m, escalate: hello}
texts:
  hello: {en: "about {{ ticket.id }}"}
"""
ICAL = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//team//days//EN
BEGIN:VEVENT
UID:1
SUMMARY:Team days
DTSTART;VALUE=DATE:20260610
DTEND;VALUE=DATE:20260612
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Founding day
DTSTART;VALUE=DATE:20240701
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:Dentist
DTSTART:20260615T100000Z
DTEND:20260615T110000Z
END:VEVENT
END:VCALENDAR
"""


def read(folder: Path, text: str) -> tuple[FollowUps | None, list[Problem]]:
    (folder / "days.ics").write_text(ICAL, encoding="utf-8")
    path = folder / "followups.yaml"
    path.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return load_follow_ups(path, problems), problems


def test_the_shipped_file_has_no_problem_and_four_languages() -> None:
    problems: list[Problem] = []
    rules = load_follow_ups(SHIPPED, problems)
    assert problems == []
    assert rules is not None
    assert all({"en", "id", "pt", "es"} <= set(text.one) for text in rules.texts.values())


def test_a_file_becomes_calendars_policies_and_texts(tmp_path: Path) -> None:
    rules, problems = read(tmp_path, GOOD)
    assert problems == []
    assert rules is not None
    office = rules.calendars["office"]
    assert office.week[0] == (Hours(start=540, end=750), Hours(start=810, end=1080))
    assert (office.week[5], office.week[6]) == ((Hours(start=1320, end=1440),), (Hours(start=0, end=120),))
    assert office.days_off.name_of(date(2026, 12, 24)) == "Christmas Eve"
    assert office.days_off.name_of(date(2026, 3, 8)) is not None  # a holiday of Berlin alone
    assert office.days_off.name_of(date(2026, 5, 1)) is None
    assert [step.after for step in rules.policies[1].steps] == [15, 90]


def test_all_day_events_of_an_ical_file_are_days_off(tmp_path: Path) -> None:
    (tmp_path / "days.ics").write_text(ICAL, encoding="utf-8")
    days = read_ical(tmp_path / "days.ics")
    assert (days[date(2026, 6, 10)], days[date(2026, 6, 11)]) == ("Team days", "Team days")
    assert date(2026, 6, 12) not in days
    assert days[date(2031, 7, 1)] == "Founding day"
    assert date(2026, 6, 15) not in days


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("calendar: office", "calendar: ofice", 17, "there is no calendar ofice, did you mean office?"),
        (
            "say: hello}\n      - {after: 1h30m",
            "say: helo}\n      - {after: 1h30m",
            20,
            "there is no text helo, did you mean hello?",
        ),
        ("after: 15m", "after: 15 minutes", 20, "not a length of time"),
        ("after: 15m", "after: 99h", 16, "must come in order"),
        ("escalate: hello", "escalat: hello", 21, "unknown key"),
        ("escalate: hello", "escalate: hello, say: hello", 21, "a step does one thing"),
        ("escalate: hello", "close: true", 21, "waiting_for: customer"),
        (
            "after: 1h30m, escalate: hello",
            "after: 1h, waiting_for: customer, close: true",
            16,
            "only after the customer was asked",
        ),
        ("{{ ticket.id }}", "{{ ticket.phone }}", 23, "phone"),
        ("{{ ticket.id }}", "{{ ticket.id }} http://x.y/z", 23, "it has a link"),
        ("Europe/Berlin", "Europe/Berlim", 3, "not a time zone"),
        ("09:00-12:30", "09:00-25:30", 3, "not a range of hours"),
        ("09:00-12:30", "09:00-14:30", 3, "must not overlap"),
        ("mon-fri", "mon-fry", 3, "is no day"),
        ("country: DE", "country: XX", 3, "no public holidays are known for XX"),
        ("ical: days.ics", "ical: other.ics", 10, "other.ics cannot be read"),
        ("ical: days.ics", "ical: ../days.ics", 10, "outside of the rules folder"),
        ("ical: days.ics", "ical: followups.yaml", 10, "not a calendar that can be read"),
        ("id: vip", "id: all", 16, "there is a policy all above already"),
        ("  - id: all\n", "  - id: all\n    applies_to: {tags: [x]}\n", 16, "the last policy must fit every ticket"),
        ("version: 1", "version: 1\nsending: {quiet_hours: 20-8}", 2, "not a range of hours"),
        ("version: 1", "version: 1\nsending: {enabeld: false}", 2, "did you mean enabled?"),
        (
            "version: 1",
            "version: 1\ntimelines:\n  - {name: x, on: 2026-03-02, story: [at 10:00 customer shouts]}",
            3,
            "no sentence of a timeline",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    rules, problems = read(tmp_path, GOOD.replace(old, new, 1))
    assert rules is None
    assert any(words in problem.message for problem in problems), [str(problem) for problem in problems]
    assert any(abs(problem.line - line) <= 1 for problem in problems), [str(problem) for problem in problems]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    _, problems = read(tmp_path, GOOD.replace("calendar: office", "calendar: x").replace("{{ ticket.id }}", "hi"))
    assert len(problems) == 2


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert load_follow_ups(tmp_path / "none.yaml", problems) is None
    assert "cannot be read" in problems[0].message


def test_editors_get_a_schema() -> None:
    schema = FollowUpFile.model_json_schema()
    assert schema["$defs"]["Step"]["properties"]["after"]["type"] == "string"
