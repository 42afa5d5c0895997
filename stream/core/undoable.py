"""What a command changed, kept for a while in the group's state so that it can be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stream.core.ticket import Evidence
from stream.core.value import Value


class Moved(Value):
    """A message that changed its ticket, or the reason for being on it. `place` is where it stood there (-1: not kept on it)."""

    message_id: str
    from_ticket: str | None = None
    to_ticket: str | None = None
    because: Evidence | None = None
    place: int = -1


class Changed(Value):
    """The fields of one ticket that are not what they were, as JSON, messages aside."""

    ticket_id: str
    before: dict[str, Any]
    after: dict[str, Any]


class Undoable(Value):
    """One command's changes; a few hundred bytes, whatever the length of its tickets."""

    command_id: str
    at: datetime
    opened: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()
    moved: tuple[Moved, ...] = ()
