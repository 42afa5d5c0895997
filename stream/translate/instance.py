"""What the instance tells of its connection. States: `connecting`, `open`, `close`, `refused`."""

from __future__ import annotations

from typing import Any

from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput, Connection, NotUnderstood
from stream.translate.clock import read_number
from stream.translate.facts import common
from stream.translate.identity import read_address
from stream.translate.shapes import shape_name

_STATES = {"connected": "open", "closed": "close", "disconnected": "close"}


def read_connection(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return the state that `connection.update` or `status.instance` tells, with the code of the reason."""
    told = shape_name(data.get("state") or data.get("status"))
    if told == "?":
        return NotUnderstood(reason="connection without a state", **common(delivery))
    code = read_number(data.get("disconnectionReasonCode", data.get("statusReason")))
    # The code beside `refused` is that of a lost connection, but it comes when nobody has scanned any of the codes.
    reason = "unscanned" if told == "refused" else None if code is None else str(code)
    return Connection(
        state=_STATES.get(told, told),
        reason=reason,
        own_phone=read_address(data.get("wuid")),
        **common(delivery),
    )


def read_logout(delivery: Delivery, _data: dict[str, Any]) -> AnyInput:
    """Return the end of the session: a new QR code is needed."""
    return Connection(state="close", reason="logged_out", **common(delivery))


def read_removal(delivery: Delivery, _data: dict[str, Any]) -> AnyInput:
    """Return the end of the instance itself."""
    return Connection(state="close", reason="removed", **common(delivery))
