"""What the lines of a timeline do, as the inputs and commands that the step knows."""

from __future__ import annotations

from datetime import datetime

from stream.core.commands import (
    Actor,
    ActorKind,
    AnyCommand,
    CancelFollowUp,
    Merge,
    SendFollowUpNow,
    SetState,
    Snooze,
    Split,
    Undo,
)
from stream.core.inputs import Deletion, Edit, Message, Reaction
from stream.core.people import Sender
from stream.core.timeline import Line

GROUP = "120363000000000001@g.us"
STAFF = Actor(kind=ActorKind.DASHBOARD, name="staff")
_INSTANCE = "timeline"


def lid_of(who: str) -> str:
    """Return an address for a name of a story: always the same one."""
    number = int.from_bytes(who.encode()[:7].ljust(7, b"\0"), "big")
    return f"9{number:018d}@lid"


def message_of(line: Line, message_id: str, quoted_id: str | None, at: datetime) -> Message:
    """Return what somebody writes."""
    return Message(
        instance=_INSTANCE,
        chat=GROUP,
        received_at=at,
        id=message_id,
        sender=_sender(line),
        sent_at=at,
        text=line.says,
        quoted_id=quoted_id,
    )


def change_of(line: Line, target_id: str, number: int, at: datetime) -> Edit | Deletion | Reaction:
    """Return what somebody does to a message; `number` makes the ids of reactions differ."""
    common = {"instance": _INSTANCE, "chat": GROUP, "received_at": at, "target_id": target_id}
    if line.does == "edit":
        return Edit.model_validate({**common, "text": line.says, "edited_at": at})
    if line.does == "delete":
        return Deletion.model_validate({**common, "deleted_by": _sender(line), "deleted_at": at})
    return Reaction.model_validate(
        {**common, "id": f"reaction-{number}", "sender": _sender(line), "sent_at": at, "emoji": line.emoji}
    )


def command_of(
    line: Line, command_id: str, at: datetime, *, ticket_id: str, into: str, message_id: str, last: str, until: datetime
) -> AnyCommand:
    """Return what staff presses; of the ids, those that the line does not speak of are left aside."""
    common = {"id": command_id, "group": GROUP, "at": at, "actor": STAFF}
    match line.does:
        case "set":
            return SetState.model_validate({**common, "ticket_id": ticket_id, "state": line.state})
        case "snooze":
            return Snooze.model_validate({**common, "ticket_id": ticket_id, "until": until})
        case "merge":
            return Merge.model_validate({**common, "ticket_id": ticket_id, "into": into})
        case "split":
            return Split.model_validate({**common, "ticket_id": ticket_id, "message_id": message_id})
        case "undo":
            return Undo.model_validate({**common, "command_id": last})
        case "cancel":
            return CancelFollowUp.model_validate({**common, "ticket_id": ticket_id})
        case _:
            return SendFollowUpNow.model_validate({**common, "ticket_id": ticket_id})


def _sender(line: Line) -> Sender:
    return Sender(lid=lid_of(line.who), name=line.who.title())
