"""The Ticket: one request of one client. A group has many at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from stream.core.detection import Detection, Priority
from stream.core.inputs import Form
from stream.core.people import Role
from stream.core.value import Value

DELETED_TITLE = "(deleted by its author)"  # of a ticket whose first message was deleted; never said in a group


class TicketState(StrEnum):
    """`new` until somebody of the team answers; `resolved` may come back for a while; `closed` is final."""

    NEW = "new"
    WAITING_US = "waiting_us"
    WAITING_CUSTOMER = "waiting_customer"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        return self not in (TicketState.RESOLVED, TicketState.CLOSED)


class Evidence(StrEnum):
    """Why a message belongs to its ticket, strongest first."""

    OPENED = "opened"  # it is the message that opened the ticket
    EXPLICIT_ID = "explicit_id"
    COMMAND = "command"
    QUOTE = "quote"
    REACTION = "reaction"
    BURST = "burst"
    MENTION = "mention"
    ONLY_OPEN = "only_open"
    ANSWER = "answer"
    MODEL = "model"
    PERSON = "person"


class Entry(Value):
    """One message on a ticket. `author` is the person key; `text` is None once redacted."""

    message_id: str
    author: str
    author_name: str | None = None
    role: Role
    sent_at: datetime
    form: Form = Form.TEXT
    text: str | None = None
    edited_at: datetime | None = None
    attached_because: Evidence


class Clock(Value):
    """One deadline of a ticket, in business time. It runs while `due_at` is set and `met_at` is not.

    A paused clock has `paused_left` (business seconds still to go) and no `due_at`.
    """

    started_at: datetime
    target_minutes: int
    due_at: datetime | None = None
    paused_left: float | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None


class Clocks(Value):
    """First response is met once; next response restarts whenever the customer waits again; resolution runs to the end."""

    first_response: Clock | None = None
    next_response: Clock | None = None
    resolution: Clock | None = None


class Window(Value):
    """The follow-up that comes next if nobody acts: step `step` of `policy`, due at `due_at`."""

    policy: str
    step: int
    due_at: datetime
    opened_at: datetime
    because: str = ""
    promised_until: datetime | None = None


class FollowUpStatus(StrEnum):
    PLANNED = "planned"
    CANCELLED = "cancelled"
    INTENT = "intent"
    SENT = "sent"
    UNKNOWN = "unknown"


class FollowUp(Value):
    """A follow-up of this ticket and what became of it. `id` is the same on every replay."""

    id: str
    step: int
    status: FollowUpStatus
    due_at: datetime
    changed_at: datetime
    because: str = ""
    message_id: str | None = None
    outbound_id: str | None = None  # the message that carried it, alone or with those of other tickets
    purpose: Literal["follow_up", "escalation", "close"] = "follow_up"


class Ticket(Value):
    """The snapshot that Sheet and dashboard read; `version` grows by one with every change."""

    schema_version: int = 1
    id: str
    version: int = 1
    instance: str
    group: str
    group_name: str | None = None
    state: TicketState = TicketState.NEW
    category: str = "general"
    priority: Priority = Priority.NORMAL
    title: str = ""
    language: str | None = None
    opened_by: str
    opened_by_name: str | None = None
    assignee: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    detected_by: Detection
    opened_at: datetime
    updated_at: datetime
    last_customer_at: datetime | None = None
    last_staff_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    snoozed_until: datetime | None = None
    waiting_since: datetime | None = None  # when the present turn began; None: when the ticket was opened
    reopens_until: datetime | None = None  # a resolved ticket: when it cannot come back any more
    promised_until: datetime | None = None  # when whoever's turn it is said they would be back
    reopened: int = 0
    merged_into: str | None = None
    split_from: str | None = None
    follows: str | None = None  # the closed ticket that this one takes up again
    clocks: Clocks = Clocks()
    window: Window | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    message_count: int = 0
    messages: tuple[Entry, ...] = ()
