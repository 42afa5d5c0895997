"""Ticket events: what has happened, append only. They are the audit trail and the timeline.

They carry ids, states and reasons, and never the text of a message: that stands in the ticket's snapshot alone, so
that a deletion or an erasure has one place to reach.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from stream.core.commands import Actor
from stream.core.value import Value


class EventKind(StrEnum):
    OPENED = "opened"
    ATTACHED = "attached"
    DETACHED = "detached"
    EDITED = "edited"
    REDACTED = "redacted"
    STATE_CHANGED = "state_changed"
    ASSIGNED = "assigned"
    PRIORITY_CHANGED = "priority_changed"
    CATEGORY_CHANGED = "category_changed"
    NOTE_CHANGED = "note_changed"
    SNOOZED = "snoozed"
    MERGED = "merged"
    SPLIT = "split"
    CORRECTED = "corrected"
    UNDONE = "undone"
    WINDOW_OPENED = "window_opened"
    WINDOW_CLOSED = "window_closed"
    CLOCK_MET = "clock_met"
    CLOCK_BREACHED = "clock_breached"
    FOLLOW_UP = "follow_up"
    REPLIED = "replied"
    ANNOUNCED = "announced"
    ROW_PUSHED = "row_pushed"
    REFUSED = "refused"


class TicketEvent(Value):
    """One thing that happened to a ticket. `id` is the input's id and a counter: the same on every replay.

    `before` and `after` are short values (a state, a name, a step), `because` the reason in words, `command_id` the
    command that asked for it, where there was one. A refused command has `kind` refused and says why.
    """

    schema_version: int = 1
    id: str
    kind: EventKind
    group: str
    ticket_id: str | None = None
    at: datetime
    actor: Actor | None = None
    message_id: str | None = None
    command_id: str | None = None
    before: str | None = None
    after: str | None = None
    because: str = ""
