"""What is done to a message later: `messages.edited`, `messages.update`, `messages.delete`.

An edit arrives as `messages.edited` and again as a twin in `messages.update`; a deletion as `messages.edited` with type
REVOKE and again as `messages.delete`. All are applied; the step makes the second one harmless.
"""

from __future__ import annotations

from typing import Any

from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput, Deletion, Edit, Ignored, NotUnderstood, Receipt
from stream.translate.clock import read_number, read_time
from stream.translate.content import PROTOCOL, find_content, read_words
from stream.translate.facts import common
from stream.translate.identity import read_sender
from stream.translate.reasons import Reason
from stream.translate.shapes import ident, is_true, obj, shape_name

# Names and numbers of the protocol's own enum: both occur, and 0 may be left out.
_REVOKE, _EDIT = ("REVOKE", 0), ("MESSAGE_EDIT", 14)
_DISAPPEARING = ("EPHEMERAL_SETTING", 3)
_STATUSES = {0: "ERROR", 1: "PENDING", 2: "SERVER_ACK", 3: "DELIVERY_ACK", 4: "READ", 5: "PLAYED"}


def read_edited(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return what `messages.edited` says: in spite of its name it carries every protocol message, as 2.3.7 has it bare."""
    content = find_content(data.get("message")) or find_content(data)
    if content is not None and content.kind == PROTOCOL:
        data = obj(content.body)
    return read_protocol(delivery, data, None)


def read_protocol(delivery: Delivery, body: dict[str, Any], told_at: Any) -> AnyInput:
    """Return the edit or deletion of a protocol message. Of its key only the id is of use: the rest is the author's view."""
    target_id = ident(obj(body.get("key")).get("id"))
    kind = _read_type(body.get("type"))
    at = read_time(read_number(body.get("timestampMs")) or told_at, delivery.received_at)
    if kind in _DISAPPEARING:
        return Ignored(reason=Reason.DISAPPEARING_SETTING, **common(delivery))
    if kind in _EDIT or (kind in (None, "?") and body.get("editedMessage") is not None):
        if target_id is None:
            return NotUnderstood(reason="edit without a target", **common(delivery))
        return Edit(target_id=target_id, text=_read_new_text(body.get("editedMessage")), edited_at=at, **common(delivery))
    if kind in _REVOKE or (kind is None and target_id is not None):
        if target_id is None:
            return NotUnderstood(reason="deletion without a target", **common(delivery))
        return Deletion(target_id=target_id, deleted_at=at, **common(delivery))
    if kind in (None, "?"):
        return NotUnderstood(reason="protocol message of no known type, or without a key", **common(delivery))
    return Ignored(reason=Reason.PROTOCOL_NOTICE, **common(delivery))


def _read_type(told: Any) -> str | int | None:
    """Return the name or the number of a protocol message's type, `?` for what is neither; None where it is left out."""
    number = read_number(told)
    return number if number is not None else None if told is None else shape_name(told)


def read_update(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return what `messages.update` says: the twin of an edit, or a status. A status DELETED is not to be believed."""
    key, update = obj(data.get("key")), obj(data.get("update"))  # nested so in 2.2
    target_id = ident(data.get("keyId")) or ident(key.get("id"))
    if target_id is None:
        return NotUnderstood(reason="update without a message id", **common(delivery))
    if data.get("pollUpdates") or update.get("pollUpdates"):
        return Ignored(reason=Reason.POLL_VOTE, **common(delivery))
    message = obj(data.get("message")) or obj(update.get("message"))
    if message:
        text = _read_new_text(message)
        return Edit(target_id=target_id, text=text, edited_at=delivery.received_at, **common(delivery))
    return _read_status(delivery, target_id, data.get("status", update.get("status")), {**key, **data})


def _read_status(delivery: Delivery, target_id: str, told: Any, facts: dict[str, Any]) -> AnyInput:
    number = read_number(told)
    status = _STATUSES.get(number, "?") if number is not None else shape_name(told)
    if status == "DELETED":
        return Ignored(reason=Reason.UNTRUSTED_DELETION, **common(delivery))
    if status == "?":
        return NotUnderstood(reason="status of an unknown name", **common(delivery))
    if not is_true(facts.get("fromMe")):
        return Ignored(reason=Reason.STATUS_OF_OTHERS, **common(delivery))
    return Receipt(target_id=target_id, status=status, **common(delivery))


def read_deletion(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return the deletion that `messages.delete` tells; its participant is the person who deleted."""
    key = obj(data.get("key")) or data
    target_id = ident(key.get("id")) or ident(data.get("keyId"))
    if target_id is None:
        return NotUnderstood(reason="deletion without a target", **common(delivery))
    person = read_sender(key, name=None, from_me=is_true(key.get("fromMe")), own_address=delivery.own_address)
    return Deletion(
        target_id=target_id,
        deleted_by=person if person.lid or person.phone else None,
        deleted_at=delivery.received_at,
        **common(delivery),
    )


def _read_new_text(edited: Any) -> str | None:
    """Return the new words, or None where they cannot be known."""
    content = find_content(edited)
    if content is not None and content.kind == PROTOCOL:
        content = find_content(obj(content.body).get("editedMessage"))
    words = read_words(content) if content is not None else None
    return (words.text or None) if words else None
