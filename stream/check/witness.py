"""Sees what becomes of the test group's messages: on the topics, in the sheet, and in what the bridge tells of the parts."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from stream.adapters.kafka import Tail
from stream.adapters.topics import Topic
from stream.check.stages import StageFailed
from stream.check.trial_chat import TEST_GROUP
from stream.core.commands import COMMAND, AnyCommand
from stream.core.events import TicketEvent
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport
from stream.core.sheet_table import find_table
from stream.core.ticket import Ticket, TicketState
from stream.settings import Settings
from stream.sheet.targets import open_sheet, uses_google

_TOPICS = (Topic.TICKETS, Topic.TICKET_EVENTS, Topic.OUTBOUND, Topic.DELIVERIES, Topic.COMMANDS)
_HTTP_S = 10.0
_T = TypeVar("_T")
# Straight to the bridge: a proxy of the environment is for the world outside.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Witness:
    """Reads the topics from now on, and keeps what is about the test group. Belongs to one thread."""

    def __init__(self, settings: Settings) -> None:
        self._tail = Tail(settings, _TOPICS, from_now=True)
        self.tickets: dict[str, Ticket] = {}
        self.events: list[TicketEvent] = []
        self.outbound: list[Outbound] = []
        self.deliveries: list[DeliveryReport] = []
        self.commands: list[AnyCommand] = []

    def begin(self) -> None:
        """Note where the topics end: what comes after this is seen."""
        self._read(0.0)

    def wait_for(self, find: Callable[[], _T | None], within_s: float) -> _T | None:
        """Read until `find` finds something, and return it; None after `within_s`."""
        deadline = time.monotonic() + within_s
        while (found := find()) is None and time.monotonic() < deadline:
            self._read(0.1)
        return found

    def ticket_with(self, message_id: str) -> Ticket | None:
        """Return the ticket that a message is on, as it was last told."""
        return next(
            (ticket for ticket in self.tickets.values() if any(entry.message_id == message_id for entry in ticket.messages)), None
        )

    def close(self) -> None:
        """Let go of the broker; never raises."""
        self._tail.close()

    def _read(self, timeout_s: float) -> None:
        for record in self._tail.poll(timeout_s):
            if record.value is None:
                continue
            try:
                self._keep(record.topic, record.value)
            except ValidationError:
                continue  # what others wrote, and cannot be read, is told elsewhere

    def _keep(self, topic: Topic, value: bytes) -> None:
        match topic:
            case Topic.TICKETS:
                ticket = Ticket.from_json(value)
                if ticket.group == TEST_GROUP:
                    self.tickets[ticket.id] = ticket
            case Topic.TICKET_EVENTS:
                _add(self.events, TicketEvent.from_json(value))
            case Topic.OUTBOUND:
                _add(self.outbound, Outbound.from_json(value))
            case Topic.DELIVERIES:
                _add(self.deliveries, DeliveryReport.from_json(value))
            case Topic.COMMANDS:
                _add(self.commands, COMMAND.validate_json(value))
            case _:
                raise AssertionError(topic)


def open_in_test_group(settings: Settings, within_s: float) -> dict[str, Ticket]:
    """Return the tickets of the test group that are open, by id: what earlier checks left. Reads for `within_s` at most."""
    tail = Tail(settings, [Topic.TICKETS])
    found: dict[str, Ticket] = {}
    deadline = time.monotonic() + within_s
    try:
        while not tail.is_caught_up() and time.monotonic() < deadline:
            for record in tail.poll(0.2):
                if record.value is not None and TEST_GROUP.encode() in record.value:
                    ticket = Ticket.from_json(record.value)
                    found |= {ticket.id: ticket} if ticket.group == TEST_GROUP else {}
    finally:
        tail.close()
    return {ticket.id: ticket for ticket in found.values() if ticket.state is not TicketState.CLOSED}


class BridgeClient:
    """The bridge as senders and operators reach it."""

    def __init__(self, address: str, secret: str) -> None:
        self.address = address
        self._secret = secret

    def post(self, body: Any) -> int:
        """Deliver a webhook and return the status of the answer; raises `StageFailed` when there is none."""
        headers = {"Content-Type": "application/json", "X-Webhook-Secret": self._secret}
        request = urllib.request.Request(f"{self.address}/webhook/cs-tickets", json.dumps(body).encode(), headers)  # noqa: S310 -- our own address
        try:
            with _OPENER.open(request, timeout=_HTTP_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError as error:
            raise self._silent(error) from error

    def parts(self) -> dict[str, dict[str, str]]:
        """Return how the parts are, by name: status, detail, since."""
        try:
            with _OPENER.open(f"{self.address}/webhook/cs-tickets", timeout=_HTTP_S) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as unwell:  # 503 when the whole is down, with the same report in it
            raw = unwell.read()
        except OSError as error:
            raise self._silent(error) from error
        try:
            parts: dict[str, dict[str, str]] = json.loads(raw)["parts"]
        except (ValueError, KeyError, TypeError):
            raise StageFailed(
                f"What answers at {self.address} is not Groupdesk's bridge.", "Set BRIDGE_PORT as the bridge has it."
            ) from None
        return parts

    def _silent(self, error: OSError) -> StageFailed:
        return StageFailed(
            f"No bridge answers at {self.address} ({type(error).__name__}).",
            "Start it (`groupdesk bridge`, or all with `groupdesk up`), or set BRIDGE_HOST and BRIDGE_PORT as it has them.",
        )


def row_of(settings: Settings, ticket_id: str, within_s: float) -> int | None:
    """Return the number of the ticket's row in the sheet, once it is there; None after `within_s`. Raises `SheetError`."""
    pause_s = 3.0 if uses_google(settings) else 0.2  # Google counts reads
    deadline = time.monotonic() + within_s
    sheet = open_sheet(settings)
    try:
        while True:
            table = None if sheet.is_missing() else find_table(sheet.read())
            rows = table.by_id().get(ticket_id, []) if table else []
            if rows:
                return rows[0].number
            if time.monotonic() > deadline:
                return None
            time.sleep(pause_s)
    finally:
        sheet.close()


def _add(known: list[Any], value: Any) -> None:
    if value.group == TEST_GROUP:
        known.append(value)
