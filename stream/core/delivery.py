"""What the bridge writes to topic `inbound`: one event of one chat, stripped of secrets, not yet understood."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stream.core.inputs import Source
from stream.core.value import Value


class Delivery(Value):
    """One webhook event (a list in a webhook becomes several). `event` is upper case with underscores.

    `data` is the event's own object as the transport gave it, less secrets, keys and thumbnails.
    """

    schema_version: int = 1
    transport: str = "evolution"
    event: str
    instance: str
    chat: str
    received_at: datetime
    source: Source = Source.WEBHOOK
    own_address: str | None = None  # our number as the envelope names it
    data: Any = None
