"""Messages, received or sent: `messages.upsert`, `messages.set`, `send.message`, and rows of the message store."""

from __future__ import annotations

from typing import Any

from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput, Echo, Edit, Ignored, Message, NotUnderstood, Reaction, Source
from stream.core.people import Sender
from stream.translate.clock import read_number, read_time
from stream.translate.content import (
    IGNORED_KINDS,
    PROTOCOL,
    REACTION,
    SECRET,
    Content,
    find_content,
    read_context,
    read_words,
)
from stream.translate.edits import read_protocol
from stream.translate.facts import common
from stream.translate.identity import read_sender
from stream.translate.reasons import Reason
from stream.translate.shapes import first_text, ident, is_true, obj, shape_name, text

# `secretEncType`: an edited invitation to an event is no edited message.
_EVENT_EDITS = ("EVENT_EDIT", 1)
_CIPHERTEXT = ("CIPHERTEXT", 2)  # `messageStubType` of what could not be decrypted


def read_message(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return what a message means: mostly a `Message`, else what its content does to another message."""
    key = obj(data.get("key"))
    message_id = ident(key.get("id"))
    if message_id is None:
        return NotUnderstood(reason="message without an id", **common(delivery))
    content = find_content(data.get("message"))
    if content is None:
        return Ignored(reason=_why_empty(data.get("messageStubType")), **common(delivery))
    if content.kind in IGNORED_KINDS:
        return Ignored(reason=IGNORED_KINDS[content.kind], **common(delivery))
    if content.kind == PROTOCOL:
        return read_protocol(delivery, obj(content.body), data.get("messageTimestamp"))
    if content.kind == SECRET:
        return _read_secret(delivery, obj(content.body), data)
    if content.kind == REACTION:
        return _read_reaction(delivery, message_id, obj(content.body), data)
    return _read_words(delivery, message_id, content, data)


def _why_empty(stub_type: Any) -> Reason:
    """Tell a message that could not be decrypted (its text may still come, under the same id) from a notice and from nothing."""
    if stub_type in _CIPHERTEXT:
        return Reason.NOT_DECRYPTED
    return Reason.GROUP_NOTICE if stub_type else Reason.NO_CONTENT


def read_echo(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return the echo of a message that was sent through the API, whatever it holds."""
    message_id = ident(obj(data.get("key")).get("id"))
    if message_id is None:
        return NotUnderstood(reason="sent message without an id", **common(delivery))
    content = find_content(data.get("message")) or Content("", None, {})
    words = read_words(content)
    return Echo(
        id=message_id,
        sent_at=read_time(data.get("messageTimestamp"), delivery.received_at),
        text=words.text if words else "",
        quoted_id=read_context(data, content).quoted_id,
        **common(delivery),
    )


def _read_words(delivery: Delivery, message_id: str, content: Content, data: dict[str, Any]) -> AnyInput:
    words = read_words(content)
    if words is None:
        return NotUnderstood(reason=f"message of kind {shape_name(content.kind)}", **common(delivery))
    if _is_found_echo(delivery, data):
        return read_echo(delivery, data)
    context = read_context(data, content)
    return Message(
        id=message_id,
        sender=_sender(delivery, data),
        sent_at=read_time(data.get("messageTimestamp"), delivery.received_at),
        form=words.form,
        text=words.text,
        file_name=words.file_name,
        quoted_id=context.quoted_id,
        quoted_author=context.quoted_author,
        mentions=context.mentions,
        is_forwarded=context.is_forwarded,
        **common(delivery),
    )


def _is_found_echo(delivery: Delivery, data: dict[str, Any]) -> bool:
    """Tell whether a row of the message store was sent through the API: such rows carry no name of ours, or `Você`."""
    is_row = delivery.source is Source.BACKFILL and is_true(obj(data.get("key")).get("fromMe"))
    return is_row and text(data.get("pushName")).strip() in ("", "Você")


def _read_reaction(delivery: Delivery, message_id: str, body: dict[str, Any], data: dict[str, Any]) -> AnyInput:
    target_id = ident(obj(body.get("key")).get("id"))
    if target_id is None:
        return NotUnderstood(reason="reaction without a target", **common(delivery))
    return Reaction(
        id=message_id,
        sender=_sender(delivery, data),
        sent_at=read_time(data.get("messageTimestamp"), delivery.received_at),
        target_id=target_id,
        emoji=text(body.get("text"))[:32],
        **common(delivery),
    )


def _read_secret(delivery: Delivery, body: dict[str, Any], data: dict[str, Any]) -> AnyInput:
    kind = body.get("secretEncType")
    if kind in _EVENT_EDITS or read_number(kind) in _EVENT_EDITS:
        return Ignored(reason=Reason.EVENT_ANSWER, **common(delivery))
    target_id = ident(obj(body.get("targetMessageKey")).get("id"))
    if target_id is None:
        return NotUnderstood(reason="encrypted edit without a target", **common(delivery))
    edited_at = read_time(data.get("messageTimestamp"), delivery.received_at)
    return Edit(target_id=target_id, text=None, edited_at=edited_at, **common(delivery))


def _sender(delivery: Delivery, data: dict[str, Any]) -> Sender:
    key = obj(data.get("key"))
    return read_sender(
        # Older rows name the author beside the key.
        {**key, "participant": key.get("participant") or data.get("participant")},
        name=first_text(data.get("pushName"), data.get("verifiedBizName")),
        from_me=is_true(key.get("fromMe")),
        own_address=delivery.own_address,
    )
