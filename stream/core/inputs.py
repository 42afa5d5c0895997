"""What can happen in a group, as the transport tells it: the inputs of the ticket step.

`stream.translate` makes these from deliveries. Times are aware UTC. Ids are WhatsApp's own.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from stream.core.people import Sender
from stream.core.value import Value


class Form(StrEnum):
    """What kind of message it is, as far as a rule or a reader cares."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    CHOICE = "choice"  # a button, list or flow answer: treated as text
    OTHER = "other"


class Source(StrEnum):
    """How a delivery reached the bridge."""

    WEBHOOK = "webhook"
    BACKFILL = "backfill"


class Input(Value):
    """What all inputs share. `chat` is the group's JID, `received_at` when the bridge took it."""

    instance: str
    chat: str
    received_at: datetime
    source: Source = Source.WEBHOOK


class Message(Input):
    """A person wrote something. `text` is the text or caption, "" when there is none."""

    kind: Literal["message"] = "message"
    id: str
    sender: Sender
    sent_at: datetime
    form: Form = Form.TEXT
    text: str = ""
    file_name: str | None = None
    quoted_id: str | None = None
    quoted_author: str | None = None
    mentions: tuple[str, ...] = ()
    is_forwarded: bool = False


class Echo(Input):
    """A message that we sent through the API came back (`send.message`), or a row of ours was found again."""

    kind: Literal["echo"] = "echo"
    id: str
    sent_at: datetime
    text: str = ""
    quoted_id: str | None = None


class Edit(Input):
    """A message was edited; `text` is None when the new text cannot be known (encrypted edits)."""

    kind: Literal["edit"] = "edit"
    target_id: str
    text: str | None = None
    edited_at: datetime


class Deletion(Input):
    """A message was deleted for everyone."""

    kind: Literal["deletion"] = "deletion"
    target_id: str
    deleted_by: Sender | None = None
    deleted_at: datetime


class Reaction(Input):
    """Somebody reacted to a message; an empty `emoji` takes the reaction back."""

    kind: Literal["reaction"] = "reaction"
    id: str
    sender: Sender
    sent_at: datetime
    target_id: str
    emoji: str = ""


class Receipt(Input):
    """A delivery status of a message of ours; in groups only `ERROR` ever arrives."""

    kind: Literal["receipt"] = "receipt"
    target_id: str
    status: str


class Roster(Input):
    """The group told about itself: its name, or people who came, went or are there."""

    kind: Literal["roster"] = "roster"
    subject: str | None = None
    action: Literal["add", "remove", "promote", "demote", "modify", "list"] = "list"
    people: tuple[Sender, ...] = ()


class Connection(Input):
    """The instance changed its connection; `chat` is `instance:<name>`."""

    kind: Literal["connection"] = "connection"
    state: str
    reason: str | None = None
    own_phone: str | None = None


class Ignored(Input):
    """Understood and of no use to us; `reason` is one snake_case word of a fixed set, so that it can be counted."""

    kind: Literal["ignored"] = "ignored"
    reason: str


class NotUnderstood(Input):
    """A shape we do not know; counted and kept in the dead-letter topic. `reason` names the shape, never its content."""

    kind: Literal["not_understood"] = "not_understood"
    reason: str


AnyInput = Annotated[
    Message | Echo | Edit | Deletion | Reaction | Receipt | Roster | Connection | Ignored | NotUnderstood,
    Field(discriminator="kind"),
]
INPUT: TypeAdapter[AnyInput] = TypeAdapter(AnyInput)
