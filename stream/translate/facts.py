"""The facts that every input shares with its delivery."""

from __future__ import annotations

from typing import Any

from stream.core.delivery import Delivery


def common(delivery: Delivery) -> dict[str, Any]:
    """Return the fields that all inputs have: instance, chat, when it was received, and how."""
    return {
        "instance": delivery.instance,
        "chat": delivery.chat,
        "received_at": delivery.received_at,
        "source": delivery.source,
    }
