"""Writes of ours that missed: rows or columns were moved between our read and our write, and cells landed elsewhere.

Nothing in Google's interface prevents it. Each write carries its mark among its cells, so the next read finds where it landed:
what is there is known to be ours, is nobody's change, and is put right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stream.core.ids import derived_id
from stream.core.sheet_memory import RowMemory, read_mark
from stream.core.sheet_table import Row, Table

_ENOUGH = 3  # cells of ours that no stray write explains make a row a ticket's

AIM = "@"  # the name under which a write's cells keep the digest of where our columns stood


def aim_of(places: Mapping[str, int]) -> str:
    """Return a digest of where our columns stand."""
    return derived_id(*sorted(places.items()))


class Struck(NamedTuple):
    """A row on which a write of `ticket_id` landed. `is_shifted`: on other columns than it was meant for, too."""

    ticket_id: str
    sent: Sequence[Mapping[str, str]]
    is_shifted: bool

    def is_ours(self, name: str, cell: str) -> bool:
        """Tell whether a column's cell says what a write under way said there, or said anywhere once columns have moved."""
        if self.is_shifted:
            return any(cell in cells.values() for cells in self.sent)
        return any(cells.get(name) == cell for cells in self.sent)


def find_struck(table: Table, memories: Mapping[str, RowMemory], aim: str) -> dict[int, Struck]:
    """Return the rows that hold the mark of an unconfirmed write, by number, where row or column may not be the one meant.

    `aim` is the digest of where our columns stand now: a write with another aim landed on other columns, if after the move.
    """
    unconfirmed = {cells["mark"]: (ticket_id, cells) for ticket_id, memory in memories.items() for cells in memory.sent}
    if not unconfirmed or "id" not in table.places:
        return {}
    found: dict[int, Struck] = {}
    for row in table.rows:
        own = row.cell(table.places["id"]).strip().upper()
        moved = _moved(row, memories.get(own), table, aim)
        if moved:  # its mark may be covered by now
            found[row.number] = Struck(own, moved, is_shifted=True)
        for place, cell in enumerate(row.cells):
            if cell in unconfirmed:
                ticket_id, cells = unconfirmed[cell]
                is_shifted = place != table.places.get("mark") or cells[AIM] != aim
                if is_shifted or own != ticket_id:
                    found[row.number] = _join(found.get(row.number), Struck(ticket_id, (cells,), is_shifted))
    return found


def find_above(table: Table, memories: Mapping[str, RowMemory]) -> list[tuple[Row, Struck]]:
    """Return the lines over the header on which new rows of ours landed, because a line came above it at that moment."""
    unconfirmed = {cells["mark"]: (ticket_id, cells) for ticket_id, memory in memories.items() for cells in memory.sent}
    hits = [(row, unconfirmed[cell]) for row in table.above for cell in row.cells if cell in unconfirmed]
    return [(row, Struck(ticket_id, (cells,), is_shifted=True)) for row, (ticket_id, cells) in hits]


def _moved(row: Row, memory: RowMemory | None, table: Table, aim: str) -> tuple[Mapping[str, str], ...]:
    """Return the writes under way to a row that were aimed at columns which have moved since, unless a later one put it right."""
    if memory is None or not memory.sent:
        return ()
    last = memory.sent[-1]
    if last[AIM] == aim and "mark" in table.places and row.cell(table.places["mark"]) == last["mark"]:
        return ()
    return tuple(cells for cells in memory.sent if cells[AIM] != aim)


def _join(one: Struck | None, other: Struck) -> Struck:
    """Return both of two hits on one row as one; a shifted one names the ticket, since it may have covered the id."""
    if one is None:
        return other
    names = one if one.is_shifted else other
    return Struck(names.ticket_id, (*one.sent, *other.sent), one.is_shifted or other.is_shifted)


def adopt_rows(
    table: Table, rows: dict[str, list[Row]], struck: Mapping[int, Struck], memories: Mapping[str, RowMemory]
) -> set[int]:
    """Give rows whose id cell was lost back to their tickets, into `rows`; returns their numbers.

    A row is known by its own mark if somebody emptied the id, or by a write of ours that covered the id. A line on which
    nothing of ours stands but what a write left there is somebody else's.
    """
    adopted: set[int] = set()
    if "id" not in table.places or "mark" not in table.places:
        return adopted
    for row in table.rows:
        cell, hit = row.cell(table.places["id"]), struck.get(row.number)
        if cell.strip() and not (hit is not None and hit.is_shifted and hit.is_ours("id", cell)):
            continue
        mark = read_mark(row.cell(table.places["mark"]))
        own = mark is not None and mark[0] in memories and mark[1] == memories[mark[0]].seen and not memories[mark[0]].is_gone
        owner = mark[0] if mark is not None and own else hit.ticket_id if hit is not None and hit.is_shifted else None
        if owner is not None and owner not in rows and _is_a_ticket(row, table, hit):
            rows[owner] = [row]
            adopted.add(row.number)
    return adopted


def _is_a_ticket(row: Row, table: Table, hit: Struck | None) -> bool:
    """Tell whether a row says more than a write of ours that landed on it: a ticket's row always says most of these."""
    said = [(name, row.cell(place)) for name, place in table.places.items() if name not in ("id", "mark")]
    return sum(1 for name, cell in said if cell and not (hit is not None and hit.is_ours(name, cell))) >= _ENOUGH
