"""A delivery to the reader of its event: the one door of translation, and it never raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput, Ignored, NotUnderstood, Source
from stream.translate.edits import read_deletion, read_edited, read_update
from stream.translate.facts import common
from stream.translate.groups import read_group, read_participants
from stream.translate.identity import not_watched
from stream.translate.instance import read_connection, read_logout, read_removal
from stream.translate.messages import read_echo, read_message
from stream.translate.reasons import Reason
from stream.translate.shapes import obj, shape_name

Reader = Callable[[Delivery, dict[str, Any]], AnyInput]

OF_A_CHAT: dict[str, Reader] = {
    "MESSAGES_UPSERT": read_message,
    "MESSAGES_SET": read_message,
    "SEND_MESSAGE": read_echo,
    "MESSAGES_EDITED": read_edited,
    "MESSAGES_UPDATE": read_update,
    "MESSAGES_DELETE": read_deletion,
    "GROUPS_UPSERT": read_group,
    "GROUPS_UPDATE": read_group,
    "GROUP_UPDATE": read_group,
    "GROUP_PARTICIPANTS_UPDATE": read_participants,
}
OF_AN_INSTANCE: dict[str, Reader] = {
    "CONNECTION_UPDATE": read_connection,
    "STATUS_INSTANCE": read_connection,
    "LOGOUT_INSTANCE": read_logout,
    "REMOVE_INSTANCE": read_removal,
}
_IGNORED: dict[str, Reason] = {
    "CONTACTS_SET": Reason.CONTACTS,
    "CONTACTS_UPSERT": Reason.CONTACTS,
    "CONTACTS_UPDATE": Reason.CONTACTS,
    "CHATS_SET": Reason.CHATS,
    "CHATS_UPSERT": Reason.CHATS,
    "CHATS_UPDATE": Reason.CHATS,
    "CHATS_DELETE": Reason.CHATS,
    "PRESENCE_UPDATE": Reason.PRESENCE,
    "LABELS_EDIT": Reason.LABELS,
    "LABELS_ASSOCIATION": Reason.LABELS,
    "CALL": Reason.CALL,
    "TYPEBOT_START": Reason.TYPEBOT,
    "TYPEBOT_CHANGE_STATUS": Reason.TYPEBOT,
    "MESSAGING_HISTORY_SET": Reason.HISTORY_SYNC,
    "APPLICATION_STARTUP": Reason.INSTANCE_NOTICE,
    "INSTANCE_CREATE": Reason.INSTANCE_NOTICE,
    "INSTANCE_DELETE": Reason.INSTANCE_NOTICE,
    "QRCODE_UPDATED": Reason.QR_CODE,
    "SEND_MESSAGE_UPDATE": Reason.OWN_EDIT,
}
# History is always late, however it was delivered.
_HISTORY = "MESSAGES_SET"
KNOWN_EVENTS = frozenset({*OF_A_CHAT, *OF_AN_INSTANCE, *_IGNORED})


def translate(delivery: Delivery) -> AnyInput:
    """Return what the delivery means. Any JSON value may stand in `data`; what is not understood says which shape it has."""
    if delivery.event in _IGNORED:
        return Ignored(reason=_IGNORED[delivery.event], **common(delivery))
    if reader := OF_AN_INSTANCE.get(delivery.event):
        return reader(delivery, obj(delivery.data))
    reader = OF_A_CHAT.get(delivery.event)
    if reader is None:
        return NotUnderstood(reason=f"event {shape_name(delivery.event)}", **common(delivery))
    if delivery.event == _HISTORY:
        delivery = delivery.but(source=Source.BACKFILL)
    if delivery.chat.startswith("instance:"):
        return _read_without_chat(reader, delivery)
    # The Cloud API has no groups: its chats are one-to-one, and they are what it is there for.
    if delivery.transport != "cloud" and (reason := not_watched(delivery.chat)):
        return Ignored(reason=reason, **common(delivery))
    if not isinstance(delivery.data, dict):
        return NotUnderstood(reason=f"{delivery.event} whose data is no object", **common(delivery))
    return reader(delivery, delivery.data)


def _read_without_chat(reader: Reader, delivery: Delivery) -> AnyInput:
    """Return what an element without a chat means: only a few notices may lack one."""
    told = reader(delivery, obj(delivery.data))
    if isinstance(told, Ignored | NotUnderstood):
        return told
    return NotUnderstood(reason=f"{delivery.event} without a chat", **common(delivery))
