"""Erasing a person: their words and names go, and a pseudonym that nobody can turn back stands where their addresses stood.

The command does not say who: it carries salted hashes of the digits of their phones and LIDs, since it travels on a topic
that is kept for a while. Whoever has an address can tell whether it is meant; the command alone tells nobody.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, TypeVar

from stream.core.commands import Erase
from stream.core.events import EventKind
from stream.core.group import GroupState
from stream.core.ticket import Ticket
from stream.core.turn import Turn
from stream.core.value import Value

ERASED_TITLE = "(erased)"
# An address or a mention as WhatsApp writes it, and a number as people write it.
_ADDRESS = re.compile(r"@?\+?\d{6,20}(?::\d+)?(?:@[a-z.]+)?")
_SPACED = re.compile(r"\+?\d[\d ().\-]{5,24}\d")
_NOT_DIGIT = re.compile(r"\D")
# What names the group and the connection is a key, and stays.
_KEYS = {"group", "instance", "id", "schema_version"}

V = TypeVar("V", bound=Value)


class Eraser:
    """Knows a person when it sees one: `marks` are `mark_of` their digits under `salt`, `names` what they are called."""

    def __init__(self, salt: str, marks: frozenset[str], pseudonym: str, names: frozenset[str] = frozenset()) -> None:
        self.salt = salt
        self.marks = marks
        self.pseudonym = pseudonym
        self.names = names

    def owns(self, address: str | None) -> bool:
        """Tell whether this address (or key) is the person's."""
        return bool(address) and mark_of(self.salt, digits_of(address or "")) in self.marks

    def knowing(self, state: GroupState) -> Eraser:
        """Return an eraser that knows the person's other addresses and their names in this group too."""
        theirs = [p for p in state.people.values() if self.owns(p.key) or self.owns(p.lid) or self.owns(p.phone)]
        addresses = {address for person in theirs for address in (person.key, person.lid, person.phone) if address}
        marks = self.marks | {mark_of(self.salt, digits_of(address)) for address in addresses}
        wider = Eraser(self.salt, frozenset(marks), self.pseudonym)
        names = {person.name for person in theirs} | {r.author_name for r in state.recent if wider.owns(r.author)}
        return Eraser(self.salt, frozenset(marks), self.pseudonym, frozenset(name for name in names if name))

    def scrub(self, text: str) -> str:
        """Return the text with the pseudonym in place of the person's addresses, however they are written."""
        for pattern in (_ADDRESS, _SPACED):
            text = pattern.sub(lambda found: self.pseudonym if self.owns(found[0]) else found[0], text)
        return text

    def scrub_all(self, value: Any, names: frozenset[str] = frozenset()) -> Any:
        """Return a JSON value with every text in it scrubbed, and these names gone."""
        if isinstance(value, str):
            value = self.scrub(value)
            for name in names:
                value = value.replace(name, self.pseudonym)
            return value
        if isinstance(value, list):
            return [self.scrub_all(one, names) for one in value]
        if isinstance(value, dict):
            return {key: one if key in _KEYS else self.scrub_all(one, names) for key, one in value.items()}
        return value


def digits_of(address: str) -> str:
    """Return the digits that a person is known by: those of the address without its device and its server."""
    user = address.lstrip("@").partition("@")[0].partition(":")[0]
    return _NOT_DIGIT.sub("", user)


def mark_of(salt: str, digits: str) -> str:
    """Return what the command carries in place of an address; empty digits have a mark that is nobody's."""
    return hashlib.sha256(f"{salt}\x00{digits}".encode()).hexdigest() if digits else ""


def eraser_of(command: Erase) -> Eraser:
    """Return the eraser that a command asks for."""
    return Eraser(command.salt, frozenset(command.marks), command.pseudonym)


def erase(turn: Turn, command: Erase) -> None:
    """Erase the person from everything that the group's state holds; nothing changes where they do not appear."""
    eraser = eraser_of(command).knowing(turn.state_now)
    for ticket in list(turn.tickets.values()):
        erased = erase_from_ticket(ticket, eraser)
        if erased != ticket:
            turn.save(erased)
            turn.record(EventKind.REDACTED, ticket.id, actor=command.actor, command_id=command.id, because="a person was erased")
    turn.state = erase_from_group(turn.state, eraser)


def erase_from_ticket(ticket: Ticket, eraser: Eraser) -> Ticket:
    """Return the snapshot without the person; the ticket itself when they are not on it."""
    is_theirs = eraser.owns(ticket.opened_by)
    told = {entry.author_name for entry in ticket.messages if eraser.owns(entry.author)}
    told |= {ticket.opened_by_name} if is_theirs else set()
    names = eraser.names | {name for name in told if name}
    written = ticket.model_dump(mode="json")
    for entry in written["messages"]:
        if eraser.owns(entry["author"]):
            entry.update(text=None, author_name=None)
    if is_theirs:
        written.update(title=ERASED_TITLE, opened_by_name=None)
        written["detected_by"]["title"] = None
    if ticket.assignee in names:
        written["assignee"] = eraser.pseudonym
    # A name may be another person's too: it is looked for in texts of the person's own tickets alone.
    return Ticket.model_validate(eraser.scrub_all(written, names if is_theirs else frozenset()))


def erase_from_group(state: GroupState, eraser: Eraser) -> GroupState:
    """Return the group's state without the person, tickets aside."""
    theirs = {key for key, ticket in state.tickets.items() if eraser.owns(ticket.opened_by)}
    said = tuple(one.but(text="") if theirs & {*one.ticket_ids} else one for one in state.said)
    return state.but(
        people={
            key: person
            for key, person in state.people.items()
            if not (eraser.owns(key) or eraser.owns(person.lid) or eraser.owns(person.phone))
        },
        recent=tuple(_scrubbed(recent, eraser) for recent in state.recent if not eraser.owns(recent.author)),
        said=tuple(_scrubbed(one, eraser) for one in said),
        done=(),
        undoable=(),  # it may hold titles and notes; of the last hour's commands none can be taken back any more
    )


def erase_from_asked(value: V, eraser: Eraser) -> V:
    """Return what waits to be published (questions to the classifier, things to say) without the person's words."""
    written = value.model_dump(mode="json")
    _blank(written, eraser)
    return type(value).model_validate(eraser.scrub_all(written, eraser.names))


def _blank(written: Any, eraser: Eraser) -> None:
    if isinstance(written, dict):
        if eraser.owns(_text(written.get("author"))):
            written.update(text="", author_name=None)
        if eraser.owns(_text(written.get("opened_by"))):
            written["title"] = ERASED_TITLE
    for one in written.values() if isinstance(written, dict) else written if isinstance(written, list) else ():
        _blank(one, eraser)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _scrubbed(value: V, eraser: Eraser) -> V:
    written = value.model_dump(mode="json")
    scrubbed = eraser.scrub_all(written)
    return value if scrubbed == written else type(value).model_validate(scrubbed)
