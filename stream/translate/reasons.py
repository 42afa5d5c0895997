"""Why something understood is of no use to us: the fixed set of words under which it is counted."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    # chats that are not listened to
    DIRECT_CHAT = "direct_chat"
    STATUS_BROADCAST = "status_broadcast"
    BROADCAST_LIST = "broadcast_list"
    NEWSLETTER = "newsletter"
    # events that say nothing about tickets
    CONTACTS = "contacts"
    CHATS = "chats"
    PRESENCE = "presence"
    LABELS = "labels"
    CALL = "call"
    TYPEBOT = "typebot"
    HISTORY_SYNC = "history_sync"
    INSTANCE_NOTICE = "instance_notice"
    QR_CODE = "qr_code"
    OWN_EDIT = "own_edit"
    # messages that are not words of a person
    NO_CONTENT = "no_content"
    GROUP_NOTICE = "group_notice"
    GROUP_STATUS = "group_status"
    POLL_VOTE = "poll_vote"
    ALBUM_HEADER = "album_header"
    PIN = "pin"
    KEPT = "kept"
    EVENT_ANSWER = "event_answer"
    ENCRYPTED_REACTION = "encrypted_reaction"
    ENCRYPTED_COMMENT = "encrypted_comment"
    NOT_DECRYPTED = "not_decrypted"
    PAYMENT_NOTICE = "payment_notice"
    PROTOCOL_NOTICE = "protocol_notice"
    # statuses
    DISAPPEARING_SETTING = "disappearing_setting"
    STATUS_OF_OTHERS = "status_of_others"
    UNTRUSTED_DELETION = "untrusted_deletion"
