"""The state of one group: the single value that the ticket step reads and writes."""

from __future__ import annotations

from datetime import datetime

from stream.core.detection import Label
from stream.core.done import Done
from stream.core.inputs import Form
from stream.core.people import Person, Role
from stream.core.ticket import Ticket
from stream.core.undoable import Undoable
from stream.core.value import Value


class Recent(Value):
    """A message of the last while, kept for quotes, bursts, context of the model and commands on a message."""

    id: str
    author: str
    author_name: str | None = None
    role: Role
    sent_at: datetime
    form: Form = Form.TEXT
    text: str = ""
    quoted_id: str | None = None
    mentions: tuple[str, ...] = ()
    label: Label = Label.UNDECIDED
    ticket_id: str | None = None
    edited_at: datetime | None = None


class Ledger(Value):
    """What became of everything the group received: `seen` is the sum of the others, to the message."""

    seen: int = 0
    duplicates: int = 0
    ignored: dict[str, int] = {}
    dead: int = 0
    applied: int = 0
    late: int = 0  # applied, but arrived long after it was written: counted in `applied` too
    tickets_opened: int = 0
    echoes: int = 0  # our own messages coming back: counted in `applied` too


class SeenIds(Value):
    """The ids of messages already handled, bounded in time and number.

    `at` maps a short hash of an id to the Unix second it was written. `horizon` is the newest second that was forgotten:
    a message as old as that, or older, cannot be told from a duplicate and is ignored as `too_old`, never handled twice.
    """

    at: dict[str, int] = {}
    horizon: int = 0


class Said(Value):
    """Something of ours that was, or may have been, said in the group for tickets. `message_id` is known once it was sent."""

    outbound_id: str
    purpose: str
    ticket_ids: tuple[str, ...]
    text: str
    message_id: str | None = None


class EarlyChange(Value):
    """An edit or a deletion that came before its message: order is not kept on the way to us."""

    at: datetime
    text: str | None = None
    is_deletion: bool = False


class GroupState(Value):
    """Everything that Groupdesk knows of one group. One changelog record an input, so it changes as a whole or not at all."""

    schema_version: int = 1
    group: str
    instance: str = ""
    name: str | None = None
    people: dict[str, Person] = {}
    tickets: dict[str, Ticket] = {}
    recent: tuple[Recent, ...] = ()
    done: tuple[Done, ...] = ()  # what was done besides talking, in order, to be told again around a message that comes late
    seen: SeenIds = SeenIds()
    ledger: Ledger = Ledger()
    last_message_at: datetime | None = None
    said_at: tuple[datetime, ...] = ()  # our own automatic messages of the last days, for caps and pauses
    early: dict[str, EarlyChange] = {}  # by the id of the message that has not come yet
    said: tuple[Said, ...] = ()  # our latest messages, to know them when they come back
    undoable: tuple[Undoable, ...] = ()  # what the last commands changed, so that they can be taken back
