"""Edits and deletions: they give the same state whether they come after their message, as a rule, or before it."""

from __future__ import annotations

from stream.core.attach import attach
from stream.core.deciding import TEXT_KEPT, decide, detect_recent
from stream.core.detection import Detection, Label, Stage
from stream.core.events import EventKind
from stream.core.group import EarlyChange, Recent
from stream.core.inputs import Deletion, Edit
from stream.core.opening import title_of
from stream.core.people import Role
from stream.core.progress import set_state
from stream.core.seen import Seen, look_up
from stream.core.ticket import DELETED_TITLE, Entry, Ticket, TicketState
from stream.core.turn import Turn

_EARLY_KEPT = 50


def apply_edit(turn: Turn, edit: Edit) -> None:
    """An edited message is read again: text on its ticket changes, and a message that was nothing may become a ticket."""
    turn.count(applied=1)
    recent = turn.find_recent(edit.target_id)
    if recent is not None and recent.edited_at is not None and recent.edited_at > edit.edited_at:
        return  # edited again since
    if edit.text is not None and recent is None and _is_awaited(turn, edit.target_id, EarlyChange(at=edit.edited_at)):
        _keep_early(turn, edit.target_id, EarlyChange(at=edit.edited_at, text=edit.text[:TEXT_KEPT]))
        return
    if recent is not None and edit.text is not None:
        recent = recent.but(text=edit.text[:TEXT_KEPT], edited_at=edit.edited_at)
        turn.keep_recent(recent)
    detection = detect_recent(turn, recent) if recent is not None and edit.text is not None else None
    for ticket in list(turn.tickets.values()):
        entries = tuple(_edited(entry, edit) if entry.message_id == edit.target_id else entry for entry in ticket.messages)
        if entries == ticket.messages:
            continue
        changed = ticket.but(messages=entries)
        if recent is not None and detection is not None and ticket.messages[0].message_id == edit.target_id:
            changed = _reread(changed, recent, detection)
        turn.save(changed)
        turn.record(EventKind.EDITED, ticket.id, message_id=edit.target_id)
    if recent is not None and detection is not None and recent.ticket_id is None:
        attachment = attach(recent, turn.state_now, detection, turn.now)
        decide(turn, recent.but(label=detection.label), detection, attachment)


def apply_deletion(turn: Turn, deletion: Deletion) -> None:
    """A deleted message is redacted wherever its text stands; a ticket of nothing else is withdrawn with it."""
    turn.count(applied=1)
    recent = turn.find_recent(deletion.target_id)
    early = EarlyChange(at=deletion.deleted_at, is_deletion=True)
    if recent is None and _is_awaited(turn, deletion.target_id, early):
        _keep_early(turn, deletion.target_id, early)
    if recent is not None:
        turn.keep_recent(recent.but(text="", edited_at=deletion.deleted_at))
    for ticket in list(turn.tickets.values()):
        entries = tuple(e.but(text=None) if e.message_id == deletion.target_id else e for e in ticket.messages)
        if entries == ticket.messages:
            continue
        is_opener = ticket.messages[0].message_id == deletion.target_id
        redacted = turn.save(ticket.but(messages=entries, title=DELETED_TITLE if is_opener else ticket.title))
        turn.record(EventKind.REDACTED, ticket.id, message_id=deletion.target_id)
        if _is_withdrawn(redacted):
            set_state(turn, redacted, TicketState.CLOSED, because="its author deleted all of it before anybody answered")


def _is_awaited(turn: Turn, message_id: str, change: EarlyChange) -> bool:
    """Tell whether the message has never been here: one that was handled and forgotten will not come again."""
    return look_up(turn.state.seen, message_id, change.at) is Seen.NEW


def _keep_early(turn: Turn, message_id: str, change: EarlyChange) -> None:
    known = turn.state.early.get(message_id)
    if known is not None and (known.is_deletion or known.at > change.at):
        return
    others = {key: kept for key, kept in turn.state.early.items() if key != message_id}
    kept = dict([*others.items(), (message_id, change)][-_EARLY_KEPT:])
    turn.state = turn.state.but(early=kept)


def _edited(entry: Entry, edit: Edit) -> Entry:
    if entry.text is None or (entry.edited_at is not None and entry.edited_at > edit.edited_at):
        return entry  # deleted, or edited again since: an edit that comes late must not bring the old text back
    return entry.but(text=entry.text if edit.text is None else edit.text[:TEXT_KEPT], edited_at=edit.edited_at)


def _reread(ticket: Ticket, recent: Recent, detection: Detection) -> Ticket:
    """Let what its opening message says now stand on the ticket, where people have not said otherwise."""
    found = ticket.detected_by
    if detection.label is not Label.TICKET or found.stage is not Stage.RULES:
        return ticket.but(title=title_of(recent))
    return ticket.but(
        title=detection.title or title_of(recent),
        category=detection.category or ticket.category if ticket.category == found.category else ticket.category,
        priority=detection.priority or ticket.priority if ticket.priority == found.priority else ticket.priority,
        detected_by=detection.but(title=None),
    )


def _is_withdrawn(ticket: Ticket) -> bool:
    by_customers = [entry for entry in ticket.messages if entry.role is Role.CUSTOMER]
    is_answered = any(entry.role is not Role.CUSTOMER for entry in ticket.messages)
    return ticket.state.is_open and not is_answered and all(entry.text is None for entry in by_customers)
