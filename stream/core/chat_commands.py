"""Commands typed or reacted in the group: staff work tickets from the phone they already hold.

    reaction on a message of the ticket     text, alone or quoting a message of the ticket
    🎫  make a ticket of it                 #ticket
    👀  claim                               #claim
    ⏳  we are on it                        #progress
    ✅  resolve                             #resolve   #done
    🚨  urgent                              #urgent
    😴  snooze until tomorrow               #snooze 2h   #snooze 3d
    ❌  not a ticket                        #not
                                            #merge T-K7M3-9QXZ   #note TEXT   #assign NAME   #why   #status

👍 and ❤️ mean nothing here: people use them to be friendly.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from stream.core.value import Value
from stream.errors import CommandRefused

_SNOOZE_DEFAULT = timedelta(hours=16)  # an evening and a night
_SNOOZE_LONGEST = timedelta(days=90)
_UNITS = {
    timedelta(minutes=1): "m min mins minute minutes minuto minutos menit",
    timedelta(hours=1): "h hr hrs hour hours hora horas jam",
    timedelta(days=1): "d day days dia dias día días hari",
    timedelta(weeks=1): "w week weeks semana semanas minggu",
}
_UNIT_OF = {word: length for length, words in _UNITS.items() for word in words.split()}
_COMMAND = re.compile(r"^\s*#([a-z]+)\b\s*(.*)$", re.IGNORECASE | re.DOTALL)
_DURATION = re.compile(rf"(?<![\w-])(\d{{1,4}})\s*({'|'.join(sorted(_UNIT_OF, key=len, reverse=True))})\b", re.IGNORECASE)
_ONLY_NAMES = re.compile(r"[\s,.]*(?:[\w-]*\d[\w-]*[\s,.]*|t-[\w-]+[\s,.]*){0,2}", re.IGNORECASE)  # an id, whole or in two halves
_VARIATION = "\ufe0f"  # phones put it behind an emoji or not


class Wish(StrEnum):
    """What somebody wants done with a ticket, from the chat."""

    OPEN = "open"
    CLAIM = "claim"
    PROGRESS = "progress"
    RESOLVE = "resolve"
    URGENT = "urgent"
    SNOOZE = "snooze"
    NOT_A_TICKET = "not_a_ticket"
    MERGE = "merge"
    NOTE = "note"
    ASSIGN = "assign"
    WHY = "why"
    STATUS = "status"


_REACTIONS = {
    "🎫": Wish.OPEN,
    "👀": Wish.CLAIM,
    "⏳": Wish.PROGRESS,
    "✅": Wish.RESOLVE,
    "🚨": Wish.URGENT,
    "😴": Wish.SNOOZE,
    "❌": Wish.NOT_A_TICKET,
}
_WORDS = {
    "ticket": Wish.OPEN,
    "claim": Wish.CLAIM,
    "progress": Wish.PROGRESS,
    "resolve": Wish.RESOLVE,
    "resolved": Wish.RESOLVE,
    "done": Wish.RESOLVE,
    "urgent": Wish.URGENT,
    "snooze": Wish.SNOOZE,
    "not": Wish.NOT_A_TICKET,
    "merge": Wish.MERGE,
    "note": Wish.NOTE,
    "assign": Wish.ASSIGN,
    "why": Wish.WHY,
    "status": Wish.STATUS,
}


class ChatCommand(Value):
    """A wish and what was written behind it."""

    wish: Wish
    rest: str = ""


def read_reaction(emoji: str) -> Wish | None:
    """Return what a reaction asks for, or None for one that is only friendly."""
    return _REACTIONS.get(emoji.replace(_VARIATION, ""))


def read_text(text: str) -> ChatCommand | None:
    """Return the command that a message is, or None: a `#` inside a sentence is no command."""
    match = _COMMAND.match(text)
    if match is None:
        return None
    wish = _WORDS.get(match.group(1).lower())
    return None if wish is None else ChatCommand(wish=wish, rest=match.group(2).strip())


def snooze_until(rest: str, now: datetime) -> datetime:
    """Return until when `2h`, `3 days`, or nothing, puts a ticket aside; at most 90 days. The ticket may be named beside it.

    Raises `CommandRefused` for what is no length: a ticket that somebody wants back on Friday must not sleep until tomorrow.
    """
    match = _DURATION.search(rest)
    if match is not None:
        return now + min(int(match.group(1)) * _UNIT_OF[match.group(2).lower()], _SNOOZE_LONGEST)
    if _ONLY_NAMES.fullmatch(rest) is None:
        raise CommandRefused("For how long? Write `#snooze 2h`, `#snooze 3d` or `#snooze 1w`.")
    return now + _SNOOZE_DEFAULT
