"""Commands: what somebody (a person, the model, a timer) asks of a group's tickets. A command may be refused.

All travel on one topic keyed by group, so that everything that happens in a group is handled in order in one place.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from stream.core.detection import Detection, Priority
from stream.core.group import Recent
from stream.core.ticket import TicketState
from stream.core.value import Value


class ActorKind(StrEnum):
    CHAT = "chat"
    DASHBOARD = "dashboard"
    SHEET = "sheet"
    CLI = "cli"
    MODEL = "model"
    TIMER = "timer"
    SENDER = "sender"


class Actor(Value):
    """Who asks: `kind` is the door they came through, `name` the person (or None where the door cannot tell)."""

    kind: ActorKind
    name: str | None = None


class Command(Value):
    """What all commands share. `id` makes a second delivery harmless; `at` is the time they asked."""

    id: str
    group: str
    at: datetime
    actor: Actor


class Judge(Command):
    """The classifier's answer for a message that the rules left undecided. `ticket_id` links an update.

    `message` is the message itself, for a group that has talked so much meanwhile that it does not remember it.
    """

    kind: Literal["judge"] = "judge"
    message_id: str
    detection: Detection
    ticket_id: str | None = None
    message: Recent | None = None


class Open(Command):
    """Make a ticket of this message, whatever was detected. `message` as in `Judge`, where whoever asks has it."""

    kind: Literal["open"] = "open"
    message_id: str
    category: str | None = None
    message: Recent | None = None


class Claim(Command):
    """Take the ticket. `assignee` is the one who takes it."""

    kind: Literal["claim"] = "claim"
    ticket_id: str
    assignee: str


class Assign(Command):
    """Give the ticket to somebody, or to nobody (None)."""

    kind: Literal["assign"] = "assign"
    ticket_id: str
    assignee: str | None = None


class SetState(Command):
    kind: Literal["set_state"] = "set_state"
    ticket_id: str
    state: TicketState


class SetPriority(Command):
    kind: Literal["set_priority"] = "set_priority"
    ticket_id: str
    priority: Priority


class SetCategory(Command):
    """Say which category is right; stored as a correction of the detection."""

    kind: Literal["set_category"] = "set_category"
    ticket_id: str
    category: str


class SetNote(Command):
    kind: Literal["set_note"] = "set_note"
    ticket_id: str
    note: str


class Snooze(Command):
    kind: Literal["snooze"] = "snooze"
    ticket_id: str
    until: datetime


class NotATicket(Command):
    """It should never have been a ticket; stored as a correction of the detection."""

    kind: Literal["not_a_ticket"] = "not_a_ticket"
    ticket_id: str


class Merge(Command):
    """Move everything of `ticket_id` into `into`."""

    kind: Literal["merge"] = "merge"
    ticket_id: str
    into: str


class Split(Command):
    """Make a ticket of its own of this message and those after it by the same author."""

    kind: Literal["split"] = "split"
    ticket_id: str
    message_id: str


class Attach(Command):
    """Put a message on another ticket than the one it was found to belong to."""

    kind: Literal["attach"] = "attach"
    ticket_id: str
    message_id: str


class Undo(Command):
    """Take back the command with id `command_id`."""

    kind: Literal["undo"] = "undo"
    command_id: str


class Reply(Command):
    """Say something in the group on behalf of a person who confirmed it."""

    kind: Literal["reply"] = "reply"
    ticket_id: str
    text: str
    quote: bool = True


class Announce(Command):
    """Tell the team's own group something that a person looked at first, such as the digest of a week. `group` is that group.

    `instance` is the number that says it: the team's group may not have said a word yet.
    """

    kind: Literal["announce"] = "announce"
    text: str
    instance: str = ""


class PushRow(Command):
    """Write the ticket's row in the Sheet as the ticket is: cells that people changed meanwhile are not taken."""

    kind: Literal["push_row"] = "push_row"
    ticket_id: str


class FollowUpDue(Command):
    """The timer saw that a window has passed. `due_at` and `step` must still be those of the ticket."""

    kind: Literal["follow_up_due"] = "follow_up_due"
    ticket_id: str
    step: int
    due_at: datetime


class CancelFollowUp(Command):
    kind: Literal["cancel_follow_up"] = "cancel_follow_up"
    ticket_id: str


class SendFollowUpNow(Command):
    kind: Literal["send_follow_up_now"] = "send_follow_up_now"
    ticket_id: str


class ReportDelivery(Command):
    """The sender tells what became of an outbound message."""

    kind: Literal["report_delivery"] = "report_delivery"
    outbound_id: str
    ticket_id: str | None = None
    status: Literal["intent", "sent", "cancelled", "unknown"]
    because: str = ""
    message_id: str | None = None


class Erase(Command):
    """Forget a person in this group. `marks` are salted hashes of their addresses, `pseudonym` what stands there afterwards."""

    kind: Literal["erase"] = "erase"
    salt: str
    marks: tuple[str, ...]
    pseudonym: str


AnyCommand = Annotated[
    Judge
    | Open
    | Claim
    | Assign
    | SetState
    | SetPriority
    | SetCategory
    | SetNote
    | Snooze
    | NotATicket
    | Merge
    | Split
    | Attach
    | Undo
    | Reply
    | Announce
    | PushRow
    | FollowUpDue
    | CancelFollowUp
    | SendFollowUpNow
    | ReportDelivery
    | Erase,
    Field(discriminator="kind"),
]
COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
