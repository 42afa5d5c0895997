"""What people do in the group: messages, reactions, and the group's own news."""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core import on_chat, own_words
from stream.core.aliases import current_key, learn, person_key
from stream.core.attach import attach
from stream.core.deciding import TEXT_KEPT, decide, detect_recent
from stream.core.done import Done
from stream.core.group import Recent
from stream.core.inputs import Echo, Message, Reaction, Roster, Source
from stream.core.people import Role, Sender
from stream.core.retelling import Place, retell
from stream.core.seen import Seen, look_up, remember
from stream.core.turn import Turn

_LATE_AFTER = timedelta(minutes=15)  # the transport's own retries end after about 20


def apply_message(turn: Turn, message: Message) -> None:
    """A person wrote something: find out what it is and which ticket it belongs to."""
    if not _is_first_time(turn, message.id, message.sent_at):
        return
    turn.new_id = message.id
    early = turn.state.early.get(message.id)
    if early is not None:
        turn.state = turn.state.but(early={key: kept for key, kept in turn.state.early.items() if key != message.id})
        message = message.but(text="" if early.is_deletion else early.text or message.text)
    recent = _remember(turn, message).but(edited_at=early.at if early else None)
    if early is not None and early.is_deletion:
        turn.keep_recent(recent)
        return
    late = is_late(message.sent_at, message.received_at, message.source)
    if late:
        turn.count(late=1)
    is_word = on_chat.is_word(recent)
    if is_word and on_chat.is_history(turn, recent.sent_at, late=late):
        turn.keep_recent(recent)
        return
    place = retell(turn, recent)
    if place is Place.TOLD_AGAIN:
        return
    if is_word:
        with turn.at(recent.sent_at if place is Place.NEWEST else turn.now):
            on_chat.obey_text(turn, recent, late=late)
        return
    if place is Place.OUT_OF_ORDER:
        turn.doing = Done(id=f"late:{recent.id}", at=turn.now, form="wall")
    detection = detect_recent(turn, recent)
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
            id=echo.id, author="self", role=Role.SELF, sent_at=echo.sent_at, text=echo.text[:TEXT_KEPT], quoted_id=echo.quoted_id
        )
    )
    own_words.recognise(turn, echo.id)


def apply_reaction(turn: Turn, reaction: Reaction) -> None:
    """Somebody reacted to a message; from staff some reactions are commands, and taking one back undoes it."""
    if not _is_first_time(turn, reaction.id, reaction.sent_at):
        return
    _learn(turn, reaction.sender)
    late = is_late(reaction.sent_at, reaction.received_at, reaction.source)
    if role_of(turn, reaction.sender) is Role.CUSTOMER or on_chat.is_history(turn, reaction.sent_at, late=late):
        return
    author = person_key(turn.state.people, reaction.sender)
    done = Done(
        id=on_chat.reaction_id(author, reaction.target_id, reaction.id),
        at=min(reaction.sent_at, turn.now),
        form="reaction",
        author=author,
        author_name=reaction.sender.name,
        emoji=reaction.emoji,
        target_id=reaction.target_id,
    )
    place = retell(turn, done)
    if place is Place.TOLD_AGAIN:
        return
    with turn.at(done.at if place is Place.NEWEST else turn.now):
        on_chat.obey_reaction(turn, done, late=late)


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
        text=(message.text or message.file_name or "")[:TEXT_KEPT],
        quoted_id=message.quoted_id,
        mentions=tuple(current_key(turn.state.people, address) for address in message.mentions),
    )
