"""Timelines: stories that say what a policy must do when, for tests and for teams.

    - at 10:00 customer says "my parcel has not arrived"
    - at 10:15 expect reminder 1
    - at 10:20 staff says "I am checking with the courier"
    - expect nothing until 11:20

A line is one sentence. What is not expected must not happen: a reminder that no line speaks of is a failure. Messages and tickets
have numbers, in the order in which they came: `at 10:21 staff reacts ✅ to 1`, `at 10:30 staff merges ticket 2 into 1`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from stream.core.detection import Label, UpdateStatus
from stream.core.durations import parse_length
from stream.core.ticket import TicketState
from stream.core.value import Value
from stream.core.written import Written

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = (
    r"(?:(?:(?P<date>\d{4}-\d\d-\d\d)|(?P<next>next day)|(?P<weekday>mon|tue|wed|thu|fri|sat|sun)[a-z]*) )?"
    r"(?P<clock>[0-2]?\d:[0-5]\d(?::[0-5]\d)?)"
    r"|(?:\+|after )(?P<later>[0-9dhm]+)"
)
_TICKET = r"(?: (?:of|for|on)? ?ticket (?P<ticket>\d+))?"
_STATES = "|".join(TicketState)
_READINGS = ("ticket", "noise", *UpdateStatus)


class Moment(Value):
    """A time of a story: a clock time on a day that is given, on the same day, or so many minutes after the line before."""

    clock: tuple[int, int, int] | None = None  # hour, minute, second
    day: date | None = None
    weekday: int | None = None
    is_next_day: bool = False
    later_minutes: int = 0


class Line(Value):
    """One sentence of a story. `about` is the number of the ticket meant, in order of opening, or None for the only one.

    `message` is the number of the message that is edited, deleted, reacted to or split off, and an empty `emoji` takes back.
    """

    text: str
    does: Literal[
        "say",
        "edit",
        "delete",
        "react",
        "set",
        "snooze",
        "cancel",
        "send_now",
        "merge",
        "split",
        "undo",
        "restart",
        "switch",
        "set_mode",
        "expect",
        "expect_state",
        "expect_nothing",
    ]
    at: Moment
    who: str = "customer"
    says: str = ""
    quoting: int | None = None
    read_as: str | None = None
    state: TicketState | None = None
    until: Moment | None = None
    about: int | None = None
    message: int | None = None
    into: int | None = None
    emoji: str = ""
    is_on: bool = True
    mode: Literal["off", "observe", "tickets", "tickets+follow-ups"] | None = None
    what: Literal["reminder", "escalation", "close", "message", ""] = ""
    number: int | None = None

    @property
    def is_staff(self) -> bool:
        return self.who.startswith("staff")

    @property
    def reading(self) -> tuple[Label, UpdateStatus | None] | None:
        """Return how the line says that its message is to be understood, if it does."""
        if self.read_as is None:
            return None
        if self.read_as in ("ticket", "noise"):
            return Label(self.read_as), None
        return Label.UPDATE, UpdateStatus(self.read_as)


def _sentence(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?i:at )?(?:{_MOMENT}):? {pattern}\.?", re.IGNORECASE)


_SAYS = _sentence(
    rf"(?P<who>(?:customer|staff)(?: \w+)?) says? (?P<quote>[\"'“])(?P<says>.*)[\"'”](?: quoting (?P<quoting>\d+))?"
    rf"(?: \(?as (?P<read_as>{'|'.join(_READINGS)})\)?)?"
)
_SETS = _sentence(rf"(?:staff )?(?:sets?|marks?) ticket(?: (?P<ticket>\d+))? (?:as )?(?P<state>{_STATES})")
_SNOOZES = _sentence(rf"(?:staff )?snoozes? ticket(?: (?P<ticket>\d+))? until (?P<until>{re.sub(r'[?]P<(.*?)>', '?:', _MOMENT)})")
_ACTS = _sentence(rf"(?:staff )?(?P<act>cancels?|sends?) (?:the )?(?:follow-up|reminder)(?: now)?{_TICKET}")
_WHO = r"(?P<who>(?:customer|staff)(?: \w+)?)"
_EDITS = _sentence(rf"{_WHO} edits? (?:message )?(?P<message>\d+) to (?P<quote>[\"'“])(?P<says>.*)[\"'”]")
_DELETES = _sentence(rf"{_WHO} deletes? (?:message )?(?P<message>\d+)")
_REACTS = _sentence(rf"{_WHO} reacts? (?:with )?(?P<emoji>[^\s\w]+) (?:to|on) (?:message )?(?P<message>\d+)")
_TAKES_BACK = _sentence(rf"{_WHO} takes? back the reaction (?:to|on|from) (?:message )?(?P<message>\d+)")
_MERGES = _sentence(r"(?:staff )?merges? ticket (?P<ticket>\d+) into (?:ticket )?(?P<into>\d+)")
_SPLITS = _sentence(r"(?:staff )?splits? (?:off )?(?:message )?(?P<message>\d+)(?: off)?")
_UNDOES = _sentence(r"(?:staff )?undo(?:es)?(?: it| that)?")
_SWITCHES = _sentence(r"sending is (?:switched |turned )?(?P<switch>on|off)")
_SETS_MODE = _sentence(r"the group is (?:set to )?(?P<mode>off|observe|tickets\+follow-ups|tickets)")
_RESTARTS = _sentence(r"(?:the )?worker restarts")
_EXPECTS_STATE = _sentence(rf"expect ticket(?: (?P<ticket>\d+))? (?:to be )?(?P<state>{_STATES})")
_EXPECTS_TEXT = _sentence(rf"expect message (?P<quote>[\"'“])(?P<says>.*)[\"'”]{_TICKET}")
_EXPECTS = _sentence(rf"expect (?P<what>reminder|escalation|close)(?: (?P<number>\d+))?{_TICKET}")
_EXPECTS_NOTHING = re.compile(rf"expect nothing until (?:{_MOMENT})\.?", re.IGNORECASE)
_MOMENT_ALONE = re.compile(_MOMENT, re.IGNORECASE)


def parse_line(text: object) -> Line:
    """Read one sentence of a story; raises ValueError with a sentence that shows what can be written."""
    if not isinstance(text, str):
        raise ValueError("a line of a story is a sentence, such as: at 10:15 expect reminder 1")  # noqa: TRY004 - pydantic wants ValueError
    sentence = " ".join(text.split())
    for does, pattern in _SENTENCES:
        match = pattern.fullmatch(sentence)
        if match is not None:
            return _to_line(sentence, does, match)
    raise ValueError(
        f'{sentence!r} is no sentence of a timeline; write: at 10:00 customer says "...", at 10:15 expect reminder 1, '
        f"expect nothing until 12:00, at 10:20 staff sets ticket 1 resolved, at 10:20 expect ticket 1 waiting_us, "
        f"at 10:20 staff reacts ✅ to 1; all sentences are in rules/README.md"
    )


_SENTENCES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("say", _SAYS),
    ("set", _SETS),
    ("snooze", _SNOOZES),
    ("act", _ACTS),
    ("edit", _EDITS),
    ("delete", _DELETES),
    ("react", _REACTS),
    ("react", _TAKES_BACK),
    ("merge", _MERGES),
    ("split", _SPLITS),
    ("undo", _UNDOES),
    ("switch", _SWITCHES),
    ("set_mode", _SETS_MODE),
    ("restart", _RESTARTS),
    ("expect_state", _EXPECTS_STATE),
    ("expect", _EXPECTS),
    ("expect", _EXPECTS_TEXT),
    ("expect_nothing", _EXPECTS_NOTHING),
)

StoryLine = Annotated[
    Line,
    BeforeValidator(lambda value: value if isinstance(value, Line) else parse_line(value)),
    WithJsonSchema({"type": "string", "examples": ['at 10:00 customer says "where is it"', "at 10:15 expect reminder 1"]}),
]


class Timeline(Written):
    """A story under a name. It starts on the day `on`, in the time zone of its policy's calendar."""

    name: str
    on: date
    policy: str | None = None
    mode: Literal["observe", "tickets", "tickets+follow-ups"] = "tickets+follow-ups"
    language: str = "en"
    tags: tuple[str, ...] = ()
    story: tuple[StoryLine, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _begins_with_a_time(self) -> Timeline:
        if self.story[0].at.clock is None:
            raise ValueError("the first line of a story needs a time of the day")
        return self


def _to_line(sentence: str, does: str, match: re.Match[str]) -> Line:
    parts = match.groupdict()
    if does == "act":
        does = "cancel" if parts["act"].lower().startswith("cancel") else "send_now"
    until = _MOMENT_ALONE.fullmatch(parts["until"]) if parts.get("until") else None
    return Line.model_validate(
        {
            "text": sentence,
            "does": does,
            "at": _to_moment(match),
            "who": (parts.get("who") or "customer").lower(),
            "says": parts.get("says") or "",
            "quoting": parts.get("quoting"),
            "read_as": (parts.get("read_as") or "").lower() or None,
            "state": (parts.get("state") or "").lower() or None,
            "until": _to_moment(until) if until else None,
            "about": parts.get("ticket"),
            "message": parts.get("message"),
            "into": parts.get("into"),
            "emoji": parts.get("emoji") or "",
            "is_on": (parts.get("switch") or "on").lower() == "on",
            "mode": (parts.get("mode") or "").lower() or None,
            "what": (parts.get("what") or ("message" if does == "expect" else "")).lower(),
            "number": parts.get("number"),
        }
    )


def _to_moment(match: re.Match[str]) -> Moment:
    parts = match.groupdict()
    if parts["later"]:
        return Moment(later_minutes=parse_length(parts["later"]))
    hour, minute, *rest = map(int, parts["clock"].split(":"))
    if hour > 23:
        raise ValueError(f"{parts['clock']} is not a time of the day")
    weekday = _WEEKDAYS.index(parts["weekday"].lower()) if parts["weekday"] else None
    day = date.fromisoformat(parts["date"]) if parts["date"] else None
    return Moment(clock=(hour, minute, rest[0] if rest else 0), day=day, weekday=weekday, is_next_day=bool(parts["next"]))
