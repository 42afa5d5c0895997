"""What the sheet is to say of every ticket, kept from pass to pass: only what changed is worked out again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from stream.core.sheet_cells import age_hours, erased_cells, ticket_cells
from stream.core.sheet_edits import People
from stream.core.sheet_plan import Wanted
from stream.core.ticket import TicketState
from stream.sheet.store import Stored


class WantedRows:
    """The rows of all tickets in a store. A new team or another zone needs a new one."""

    def __init__(self, people: People, zone: ZoneInfo) -> None:
        self.people = people
        self.zone = zone
        self._kept: dict[str, tuple[Stored, Wanted]] = {}

    def rows(self, tickets: Mapping[str, Stored], now: datetime) -> dict[str, Wanted]:
        """Return the wanted rows by ticket id, oldest ticket first."""
        found = []
        for stored in tickets.values():
            kept = self._kept.get(stored.id)
            is_known = kept is not None and kept[0] is stored
            wanted = self._aged(stored, kept[1], now) if kept is not None and is_known else self._build(stored, now)
            if kept is None or kept[1] is not wanted:
                self._kept[stored.id] = (stored, wanted)
            found.append((stored.ticket.opened_at.timestamp() if stored.ticket else 0.0, stored.id, wanted))
        found.sort(key=lambda row: row[:2])
        return {ticket_id: wanted for _, ticket_id, wanted in found}

    def _build(self, stored: Stored, now: datetime) -> Wanted:
        ticket = stored.ticket
        if ticket is None:
            return Wanted(id=stored.id, group="", cells=erased_cells(), updated_at=now, is_erased=True)
        return Wanted(
            id=ticket.id,
            group=ticket.group,
            cells=ticket_cells(ticket, now, self.zone, self.people.name_of),
            updated_at=ticket.updated_at,
            is_closed=ticket.state is TicketState.CLOSED,
        )

    def _aged(self, stored: Stored, wanted: Wanted, now: datetime) -> Wanted:
        ticket = stored.ticket
        if ticket is None or not ticket.state.is_open:
            return wanted
        age = age_hours(ticket.opened_at, None, now)
        return wanted if wanted.cells["age"] == age else wanted.but(cells={**wanted.cells, "age": age})
