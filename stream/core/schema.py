"""The JSON Schemas of what travels and is kept: one for each topic, from the models themselves."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from stream.core.commands import COMMAND
from stream.core.delivery import Delivery
from stream.core.events import TicketEvent
from stream.core.outcome import Outbound, Undecided
from stream.core.status import PartStatus
from stream.core.ticket import Ticket

CONTRACTS: dict[str, TypeAdapter[Any]] = {
    "inbound": TypeAdapter(Delivery),
    "undecided": TypeAdapter(Undecided),
    "commands": COMMAND,
    "tickets": TypeAdapter(Ticket),
    "ticket-events": TypeAdapter(TicketEvent),
    "outbound": TypeAdapter(Outbound),
    "status": TypeAdapter(PartStatus),
}


def contract_schema(topic: str) -> dict[str, Any]:
    """Return the JSON Schema of the values of a topic; raises `KeyError` for a topic without one."""
    return CONTRACTS[topic].json_schema(mode="serialization")
