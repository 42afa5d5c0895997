"""A card: what lists, counts and charts need of one ticket, small enough to keep by the ten thousand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import inf

from stream.core.detection import Stage
from stream.core.ticket import Clock, FollowUpStatus, Ticket, TicketState


@dataclass(frozen=True, slots=True)
class Card:
    """One ticket at a glance; `raw` holds the whole snapshot as Kafka gave it, parsed only when somebody opens the ticket.

    `order` sorts cards by deadline. `due_at` is the nearest deadline that runs, `due_kind` which clock it is, `due_from` when
    that clock started.
    """

    id: str
    version: int
    group: str
    group_name: str | None
    state: TicketState
    category: str
    priority: str
    title: str
    language: str | None
    opened_by: str
    opened_by_name: str | None
    assignee: str | None
    stage: Stage
    decided_by: str
    confidence: float
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    snoozed_until: datetime | None
    due_at: datetime | None
    due_kind: str
    due_from: datetime | None
    breached_at: datetime | None
    first_response: Clock | None
    resolution: Clock | None
    next_step: int | None
    next_step_at: datetime | None
    follow_ups: tuple[tuple[int, str], ...]
    was_answered: bool
    tags: tuple[str, ...]
    policy: str | None
    messages: int
    haystack: str
    order: tuple[float, float, str]
    raw: bytes

    @property
    def is_open(self) -> bool:
        return self.state.is_open

    def is_late(self, now: datetime) -> bool:
        """Tell whether somebody should have acted by now."""
        return self.is_open and (self.breached_at is not None or (self.due_at is not None and self.due_at <= now))

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now

    def ticket(self) -> Ticket:
        """Return the whole ticket."""
        return Ticket.from_json(self.raw)


def card_of(ticket: Ticket, raw: bytes) -> Card:
    """Return the card of this ticket; `raw` are the bytes it was read from."""
    clocks = ticket.clocks
    named = (
        ("first_response", clocks.first_response),
        ("next_response", clocks.next_response),
        ("resolution", clocks.resolution),
    )
    running = [(clock.due_at, kind, clock) for kind, clock in named if clock and clock.due_at and not clock.met_at]
    due_at, due_kind, nearest = min(running, key=lambda one: one[0], default=(None, "", None))
    late = [clock.breached_at for _, clock in named if clock and clock.breached_at and not clock.met_at]
    words = (ticket.id, ticket.title, ticket.group_name, ticket.opened_by_name, ticket.assignee, ticket.category, *ticket.tags)
    return Card(
        id=ticket.id,
        version=ticket.version,
        group=ticket.group,
        group_name=ticket.group_name,
        state=ticket.state,
        category=ticket.category,
        priority=ticket.priority.value,
        title=ticket.title,
        language=ticket.language,
        opened_by=ticket.opened_by,
        opened_by_name=ticket.opened_by_name,
        assignee=ticket.assignee,
        stage=ticket.detected_by.stage,
        decided_by=ticket.detected_by.decided_by,
        confidence=ticket.detected_by.confidence,
        opened_at=ticket.opened_at,
        updated_at=ticket.updated_at,
        resolved_at=ticket.resolved_at,
        snoozed_until=ticket.snoozed_until,
        due_at=due_at,
        due_kind=due_kind,
        due_from=nearest.started_at if nearest else None,
        breached_at=min(late, default=None),
        first_response=clocks.first_response,
        resolution=clocks.resolution,
        next_step=ticket.window.step if ticket.window else None,
        next_step_at=ticket.window.due_at if ticket.window else None,
        follow_ups=tuple((one.step, one.status.value) for one in ticket.follow_ups if one.status is not FollowUpStatus.PLANNED),
        was_answered=_was_answered(ticket),
        tags=ticket.tags,
        policy=ticket.detected_by.follow_up,
        messages=max(ticket.message_count, len(ticket.messages)),
        haystack=" ".join(filter(None, words)).casefold(),
        order=(due_at.timestamp() if due_at else inf, ticket.opened_at.timestamp(), ticket.id),
        raw=raw,
    )


def _was_answered(ticket: Ticket) -> bool:
    """Tell whether somebody wrote after a follow-up was sent."""
    sent = [one.changed_at for one in ticket.follow_ups if one.status is FollowUpStatus.SENT]
    spoken = [at for at in (ticket.last_customer_at, ticket.last_staff_at) if at]
    return bool(sent and spoken) and max(spoken) > min(sent)
