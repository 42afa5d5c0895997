"""Deliveries become inputs (Message Translator): pure, and total, so that no payload of any version can stop the stream.

envelope     a webhook body -> deliveries, one an element, each with its chat       (the bridge calls this)
strip        what is not kept: secrets, keys, thumbnails, private chats
route        a delivery -> its reader by event                                      (the worker calls `translate`)
  messages   messages.upsert, messages.set, send.message      content, kinds        what was written, unwrapped
  edits      messages.edited, messages.update, messages.delete
  groups     groups.upsert, group-participants.update
  instance   connection.update, status.instance, logout.instance, remove.instance
identity     LID and phone addresses, names                   clock, shapes         numbers and trees of any form
"""

from __future__ import annotations

from stream.translate.envelope import Rejected, read_webhook, to_deliveries
from stream.translate.route import translate

__all__ = ["Rejected", "read_webhook", "to_deliveries", "translate"]
