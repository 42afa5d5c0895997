"""What people do in the group: messages, edits, deletions, reactions, and the group's own news."""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core import on_chat, own_words
from stream.core.aliases import current_key, learn, person_key
from stream.core.attach import attach
from stream.core.deciding import decide
from stream.core.detect import Facts, detect
from stream.core.detection import Detection
from stream.core.events import EventKind
from stream.core.group import Recent
from stream.core.inputs import Deletion, Echo, Edit, Form, Message, Reaction, Roster, Source
from stream.core.people import Role, Sender
from stream.core.seen import Seen, look_up, remember
from stream.core.ticket import Entry
from stream.core.turn import Turn

_LATE_AFTER = timedelta(minutes=15)  # the transport's own retries end after about 20
_TEXT_KEPT = 2000  # characters of a message that are kept on tickets; WhatsApp allows 65,536


def apply_message(turn: Turn, message: Message) -> None:
    """A person wrote something: find out what it is and which ticket it belongs to."""
    if not _is_first_time(turn, message.id, message.sent_at):
        return
    recent = _remember(turn, message)
    late = is_late(message.sent_at, message.received_at, message.source)
    if late:
        turn.count(late=1)
    if recent.role is not Role.CUSTOMER and on_chat.obey_text(turn, recent, late=late):
        return
    detection = _detect(turn, recent)
    attachment = attach(recent, turn.state.but(tickets=turn.tickets), detection, turn.now)
    recent = recent.but(label=detection.label)
    decide(turn, recent, detection, attachment)


def apply_echo(turn: Turn, echo: Echo) -> None:
    """Our own message came back: it is remembered as handled, so that the bot never answers itself, and put on its tickets."""
    if not _is_first_time(turn, echo.id, echo.sent_at):
        return
    turn.count(echoes=1)
    turn.keep_recent(
        Recent(
            id=echo.id, author="self", role=Role.SELF, sent_at=echo.sent_at, text=echo.text[:_TEXT_KEPT], quoted_id=echo.quoted_id
        )
    )
    own_words.recognise(turn, echo.id)


def apply_edit(turn: Turn, edit: Edit) -> None:
    """An edited message is read again: text on its ticket changes, and a message that was nothing may become a ticket."""
    turn.count(applied=1)
    recent = turn.find_recent(edit.target_id)
    if recent is not None and edit.text is not None:
        recent = recent.but(text=edit.text[:_TEXT_KEPT])
        turn.keep_recent(recent)
    for ticket in list(turn.tickets.values()):
        entries = tuple(_edited(entry, edit) if entry.message_id == edit.target_id else entry for entry in ticket.messages)
        if entries != ticket.messages:
            turn.save(ticket.but(messages=entries))
            turn.record(EventKind.EDITED, ticket.id, message_id=edit.target_id)
    if recent is not None and recent.ticket_id is None and edit.text is not None:
        detection = _detect(turn, recent)
        attachment = attach(recent, turn.state.but(tickets=turn.tickets), detection, turn.now)
        decide(turn, recent.but(label=detection.label), detection, attachment)


def apply_deletion(turn: Turn, deletion: Deletion) -> None:
    """A deleted message is redacted wherever its text stands; that it was there stays on record."""
    turn.count(applied=1)
    recent = turn.find_recent(deletion.target_id)
    if recent is not None:
        turn.keep_recent(recent.but(text=""))
    for ticket in list(turn.tickets.values()):
        entries = tuple(e.but(text=None) if e.message_id == deletion.target_id else e for e in ticket.messages)
        if entries != ticket.messages:
            is_opener = ticket.messages[0].message_id == deletion.target_id  # it has at least the one that was found
            turn.save(ticket.but(messages=entries, title="(deleted by its author)" if is_opener else ticket.title))
            turn.record(EventKind.REDACTED, ticket.id, message_id=deletion.target_id)


def apply_reaction(turn: Turn, reaction: Reaction) -> None:
    """Somebody reacted to a message; from staff some reactions are commands, and taking one back undoes it."""
    if not _is_first_time(turn, reaction.id, reaction.sent_at):
        return
    _learn(turn, reaction.sender)
    is_old = is_late(reaction.sent_at, reaction.received_at, reaction.source)
    if role_of(turn, reaction.sender) is not Role.CUSTOMER and not is_old:
        on_chat.obey_reaction(turn, reaction, person_key(turn.state.people, reaction.sender))


def apply_roster(turn: Turn, roster: Roster) -> None:
    """The group told its name or its people."""
    turn.count(applied=1)
    for sender in roster.people:
        _learn(turn, sender)
    if roster.subject and roster.subject != turn.state.name:
        turn.state = turn.state.but(name=roster.subject)
        for ticket in list(turn.tickets.values()):
            turn.save(ticket.but(group_name=roster.subject))


def is_late(sent_at: datetime, received_at: datetime, source: Source) -> bool:
    """Tell whether a message reached us so long after it was written that nothing may be said because of it."""
    return source is Source.BACKFILL or received_at - sent_at > _LATE_AFTER


def _is_first_time(turn: Turn, message_id: str, sent_at: datetime) -> bool:
    match look_up(turn.state.seen, message_id, sent_at):
        case Seen.DUPLICATE:
            turn.count(duplicates=1)
            return False
        case Seen.TOO_OLD:
            turn.count_ignored("too_old")
            return False
        case Seen.NEW:
            turn.state = turn.state.but(seen=remember(turn.state.seen, message_id, sent_at))
            turn.count(applied=1)
            return True


def _learn(turn: Turn, sender: Sender) -> None:
    turn.state = turn.state.but(people=learn(turn.state.people, sender))


def role_of(turn: Turn, sender: Sender) -> Role:
    """Return what the sender is to the team, by any address that is known of them."""
    if sender.is_self:
        return Role.SELF
    person = turn.state.people.get(person_key(turn.state.people, sender))
    known = (person.lid, person.phone) if person else (sender.lid, sender.phone)
    return turn.book.role_of(address for address in known if address)


def _remember(turn: Turn, message: Message) -> Recent:
    _learn(turn, message.sender)
    if turn.state.last_message_at is None or message.sent_at > turn.state.last_message_at:
        turn.state = turn.state.but(last_message_at=message.sent_at)
    return Recent(
        id=message.id,
        author=person_key(turn.state.people, message.sender),
        author_name=message.sender.name,
        role=role_of(turn, message.sender),
        sent_at=message.sent_at,
        form=message.form,
        text=(message.text or message.file_name or "")[:_TEXT_KEPT],
        quoted_id=message.quoted_id,
        mentions=tuple(current_key(turn.state.people, address) for address in message.mentions),
    )


def _detect(turn: Turn, recent: Recent) -> Detection:
    facts = Facts(
        text=recent.text,
        role=Role.STAFF if recent.role is Role.SELF else recent.role,
        form=recent.form if recent.form is not Form.CHOICE else Form.TEXT,
        group=turn.state.group,
        tags=frozenset(turn.config.tags),
        is_reply=recent.quoted_id is not None,
    )
    return detect(facts, turn.book.rules)


def _edited(entry: Entry, edit: Edit) -> Entry:
    if entry.text is None:  # deleted before: an edit that comes late must not bring it back
        return entry
    return entry.but(text=entry.text if edit.text is None else edit.text[:_TEXT_KEPT], edited_at=edit.edited_at)
