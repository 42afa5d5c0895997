"""What one step of a group brings about: the new state, and what is to be published because of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from stream.core.detection import Detection
from stream.core.events import TicketEvent
from stream.core.group import GroupState, Recent
from stream.core.ticket import Ticket
from stream.core.value import Value


class OpenTicket(Value):
    """An open ticket as the classifier sees it, to link an update to it."""

    id: str
    title: str
    state: str
    opened_by: str
    opened_at: datetime


class Undecided(Value):
    """A message that the rules leave open, with the context a classifier needs. Key: the group."""

    schema_version: int = 1
    group: str
    instance: str
    message: Recent
    detection: Detection
    asked_at: datetime
    open_tickets: tuple[OpenTicket, ...] = ()
    context: tuple[Recent, ...] = ()


class Wording(Value):
    """Leave to word a text anew with a model, from these facts alone; `text` is sent when that fails or does not pass."""

    language: str
    longest: int
    purpose: str
    facts: tuple[dict[str, str], ...] = ()


class Outbound(Value):
    """Something to say in a group, or to react with. `id` is the same on every replay; the sender acts on each id once.

    `not_if_spoken_since` is the time of the last message known when this was decided: a newer one cancels it. `covers` are the
    ids of the follow-ups that it carries: it is not sent when one of them has gone out in another message. `policies` are those
    of its tickets, by whose hours it is sent; `asked_by_person` says that somebody pressed "send now", at whatever hour.
    """

    schema_version: int = 1
    id: str
    kind: Literal["text", "reaction"] = "text"
    purpose: Literal["follow_up", "escalation", "reply", "receipt", "alert"] = "follow_up"
    instance: str
    group: str
    ticket_ids: tuple[str, ...] = ()
    text: str = ""
    wording: Wording | None = None
    covers: tuple[str, ...] = ()
    emoji: str = ""
    quoted_id: str | None = None
    target_id: str | None = None
    mentions: tuple[str, ...] = ()
    decided_at: datetime
    expires_at: datetime | None = None
    not_if_spoken_since: datetime | None = None
    policies: tuple[str, ...] = ()
    asked_by_person: bool = False


class Outcome(Value):
    """The result of `step`. `dead` names why the input belongs in the dead-letter topic, when it does."""

    state: GroupState
    tickets: tuple[Ticket, ...] = ()
    events: tuple[TicketEvent, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    dead: str | None = None
