"""Run the attachment ladder over recorded chats in which several conversations go on at once.

The ladder is that of live messages (`stream.core.attach`); only what a message is (request, update, noise) is left open,
so that attachment is measured alone. A message that no evidence ties to a ticket starts one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pydantic import ValidationError, field_validator

from stream.core.attach import attach
from stream.core.detection import Detection, Label
from stream.core.group import GroupState, Recent
from stream.core.ids import ticket_id
from stream.core.people import Role
from stream.core.ticket import Ticket
from stream.core.value import Value
from stream.errors import GroupdeskError
from stream.evaluation.messages import Scalar

_RECENT_KEPT = 60  # as many as the ticket step keeps
_UNDECIDED = Detection(label=Label.UNDECIDED)


class Line(Value):
    """One message of a conversations file. Whatever else stands in the line, such as the right answer, is not read."""

    chat: Scalar
    id: Scalar
    at: datetime
    author: str
    text: str
    mentions: tuple[str, ...] = ()

    @field_validator("at")
    @classmethod
    def _is_aware(cls, at: datetime) -> datetime:
        return at if at.tzinfo else at.replace(tzinfo=UTC)


class Prediction(Value):
    """The ticket that a message was put on; its name means something within its chat only."""

    chat: Scalar
    id: Scalar
    ticket: str


def attach_conversations(lines: Iterable[str | bytes]) -> Iterator[Prediction]:
    """Yield a prediction for each line of JSON, in order; chats may alternate. Empty lines are skipped.

    Raises `GroupdeskError` naming the first line that is no message.
    """
    chats: dict[str, GroupState] = {}
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        line = _read(raw, number)
        name = str(line.chat)
        state = chats.get(name) or GroupState(group=name)
        chats[name], ticket = hear(state, line)
        yield Prediction(chat=line.chat, id=line.id, ticket=ticket)


def hear(state: GroupState, line: Line) -> tuple[GroupState, str]:
    """Attach one message as it arrives; returns the chat's new state and the ticket."""
    message = to_recent(line)
    found = attach(message, state, _UNDECIDED, line.at).ticket_id
    return remember(state, message, found or ticket_id(str(line.chat), message.id))


def remember(state: GroupState, message: Recent, on: str) -> tuple[GroupState, str]:
    """Keep the message on its ticket. A ticket that no recent message is on is let go, as one that was resolved."""
    recent = (*state.recent, message.but(ticket_id=on))[-_RECENT_KEPT:]
    tickets = state.tickets if on in state.tickets else {**state.tickets, on: _opened(on, state.group, message)}
    if len(state.recent) == _RECENT_KEPT:
        spoken_on = {kept.ticket_id for kept in recent}
        tickets = {key: ticket for key, ticket in tickets.items() if key in spoken_on}
    return state.but(recent=recent, tickets=tickets), on


def to_recent(line: Line) -> Recent:
    """Return the message as WhatsApp would give it: people named in the text stand there as `@name`."""
    text = line.text
    for name in dict.fromkeys(line.mentions):
        text = re.sub(
            rf"(?<!\w){re.escape(name)}(?!\w)", lambda found: "@" + found[0].replace(" ", "_"), text, flags=re.IGNORECASE
        )
    return Recent(
        id=str(line.id),
        author=line.author,
        role=Role.CUSTOMER,
        sent_at=line.at,
        text=text,
        mentions=line.mentions,
        label=Label.UNDECIDED,
    )


def _read(raw: str | bytes, number: int) -> Line:
    try:
        return Line.from_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        raise GroupdeskError(
            f"Line {number} of the conversations file is no message ({place}: {first['msg']}); "
            "each line needs chat, id, at, author and text."
        ) from error


def _opened(key: str, group: str, message: Recent) -> Ticket:
    return Ticket(
        id=key,
        instance="",
        group=group,
        opened_by=message.author,
        detected_by=_UNDECIDED,
        opened_at=message.sent_at,
        updated_at=message.sent_at,
    )
