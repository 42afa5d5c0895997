"""What a message holds, under however many wrappers: disappearing, view-once, caption, album child, edited, own device."""

from __future__ import annotations

from typing import Any, NamedTuple

from stream.translate.identity import read_address
from stream.translate.kinds import KINDS, Words
from stream.translate.reasons import Reason
from stream.translate.shapes import first_text, ident, is_true, items, obj

MAX_WRAPPERS = 12  # WhatsApp nests three at most

# Kinds that another reader takes (see `messages`).
REACTION, PROTOCOL, SECRET = "reactionMessage", "protocolMessage", "secretEncryptedMessage"
IGNORED_KINDS: dict[str, Reason] = {
    "pollUpdateMessage": Reason.POLL_VOTE,
    "pollResultSnapshotMessage": Reason.POLL_VOTE,
    "pollResultSnapshotMessageV3": Reason.POLL_VOTE,
    "albumMessage": Reason.ALBUM_HEADER,
    "pinInChatMessage": Reason.PIN,
    "keepInChatMessage": Reason.KEPT,
    "encReactionMessage": Reason.ENCRYPTED_REACTION,
    "encEventResponseMessage": Reason.EVENT_ANSWER,
    "encCommentMessage": Reason.ENCRYPTED_COMMENT,
    "groupStatusMessage": Reason.GROUP_STATUS,
    "groupStatusMessageV2": Reason.GROUP_STATUS,
    "groupStatusMentionMessage": Reason.GROUP_STATUS,
    "statusMentionMessage": Reason.GROUP_STATUS,
    "statusAddYours": Reason.GROUP_STATUS,
    "statusNotificationMessage": Reason.GROUP_STATUS,
    "statusQuestionAnswerMessage": Reason.GROUP_STATUS,
    "statusQuotedMessage": Reason.GROUP_STATUS,
    "statusStickerInteractionMessage": Reason.GROUP_STATUS,
    "call": Reason.CALL,
    "callLogMesssage": Reason.CALL,  # three s: so it is called
    "scheduledCallCreationMessage": Reason.CALL,
    "scheduledCallEditMessage": Reason.CALL,
    "bcallMessage": Reason.CALL,
    # what phones tell each other
    "chat": Reason.PROTOCOL_NOTICE,
    "limitSharingMessage": Reason.PROTOCOL_NOTICE,
    "messageHistoryBundle": Reason.PROTOCOL_NOTICE,
    "messageHistoryNotice": Reason.PROTOCOL_NOTICE,
    "placeholderMessage": Reason.PROTOCOL_NOTICE,
    "requestPhoneNumberMessage": Reason.PROTOCOL_NOTICE,
    "stickerSyncRmrMessage": Reason.PROTOCOL_NOTICE,
    "cancelPaymentRequestMessage": Reason.PAYMENT_NOTICE,
    "declinePaymentRequestMessage": Reason.PAYMENT_NOTICE,
    "paymentInviteMessage": Reason.PAYMENT_NOTICE,
}
_SPECIAL = {REACTION, PROTOCOL, SECRET, *IGNORED_KINDS}
# What stands beside the content, and is none.
_BESIDES = {
    "messageContextInfo",
    "senderKeyDistributionMessage",
    "fastRatchetKeySenderKeyDistributionMessage",
    "base64",
    "mediaUrl",
    "speechToText",
}


class Content(NamedTuple):
    """One kind of content, with the message that holds it directly."""

    kind: str
    body: Any
    around: dict[str, Any]


def find_content(message: Any) -> Content | None:
    """Return the innermost content, or None where there is none. The kind may be one that nobody knows."""
    around = obj(message)
    for _ in range(MAX_WRAPPERS):
        here = {kind: body for kind, body in around.items() if kind not in _BESIDES and body is not None}
        known = [kind for kind in here if kind in KINDS or kind in _SPECIAL]
        # An empty `conversation` may stand beside the real thing.
        kind = next((kind for kind in known if here[kind] != ""), next(iter(known), None))
        # A kind of some versions is a wrapper in others.
        if kind is not None and not (kind in KINDS and obj(obj(here[kind]).get("message"))):
            return Content(kind, here[kind], around)
        # Whatever holds a `message` is a wrapper, also one that does not exist yet.
        wrapped = [obj(here.get("message")), *(obj(obj(body).get("message")) for body in here.values())]
        inner = next(filter(None, wrapped), None)
        if inner is None:
            return next((Content(kind, body, around) for kind, body in here.items()), None)
        around = inner
    return None


def read_words(content: Content) -> Words | None:
    """Return the words of a content, or None for a kind that nobody knows and that has none to show."""
    if reader := KINDS.get(content.kind):
        return reader(content.body, content.around)
    body = obj(content.body)
    found = first_text(body.get("text"), body.get("caption"), obj(body.get("body")).get("text"))
    return KINDS["conversation"](found, {}) if found else None


class Context(NamedTuple):
    """What a message refers to."""

    quoted_id: str | None = None
    quoted_author: str | None = None
    mentions: tuple[str, ...] = ()
    is_forwarded: bool = False


def read_context(data: dict[str, Any], content: Content) -> Context:
    """Return what is quoted and mentioned: Evolution keeps it beside the message or inside the content, by kind and version."""
    contexts = [obj(data.get("contextInfo")), obj(obj(content.body).get("contextInfo"))]
    quoting = next((context for context in contexts if ident(context.get("stanzaId"))), {})
    mentioned = (read_address(jid) for context in contexts for jid in items(context.get("mentionedJid")))
    return Context(
        quoted_id=ident(quoting.get("stanzaId")),
        quoted_author=read_address(quoting.get("participant")),
        mentions=tuple(dict.fromkeys(filter(None, mentioned))),
        is_forwarded=any(is_true(context.get("isForwarded")) for context in contexts),
    )
