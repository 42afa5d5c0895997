"""Which closed tickets leave the first tab, and what their rows say on the second.

A row is copied first and taken off only when it was read back on the other tab, so that no failure between the two loses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stream.core.sheet_cells import ERASED, erased_cells
from stream.core.sheet_columns import COLUMNS, header_key, header_text
from stream.core.sheet_memory import RowMemory
from stream.core.sheet_plan import NewRow, Wanted
from stream.core.sheet_table import Grid, Table, find_table
from stream.core.value import Value

_AT_ONCE = 500
_SLACK = 10  # rows beyond the limit, or a tenth of it, before any is moved: moves come seldom and many at a time


class Moves(Value):
    """What becomes of the second tab in a pass: its header, rows to add, cells to blank, and rows to take off the first tab."""

    headers: tuple[str, ...] = ()
    rows: tuple[NewRow, ...] = ()
    blanks: dict[int, dict[int, str]] = {}
    remove: tuple[int, ...] = ()
    memories: dict[str, RowMemory] = {}


def choose_leaving(tickets: Mapping[str, Wanted], memories: Mapping[str, RowMemory], limit: int) -> list[str]:
    """Return the closed tickets to leave the first tab, those closed first first; those on their way already included."""
    on_tab = [
        wanted
        for wanted in tickets.values()
        if wanted.is_closed and not wanted.is_erased and _is_on_tab(memories.get(wanted.id, RowMemory()))
    ]
    leaving = [wanted.id for wanted in on_tab if memories[wanted.id].is_leaving]
    if len(on_tab) <= limit + max(_SLACK, limit // 10) and not leaving:
        return []
    staying = sorted((wanted for wanted in on_tab if not memories[wanted.id].is_leaving), key=lambda wanted: wanted.updated_at)
    more = [wanted.id for wanted in staying[: max(0, len(staying) - limit)] if not memories[wanted.id].asked]
    return (leaving + more)[:_AT_ONCE]


def _is_on_tab(memory: RowMemory) -> bool:
    return memory.was_placed and not memory.is_gone and not memory.is_archived


def choose_erased(tickets: Mapping[str, Wanted], memories: Mapping[str, RowMemory]) -> list[str]:
    """Return the tickets that were erased after their row had moved to the second tab."""
    return [
        ticket_id
        for ticket_id, memory in memories.items()
        if memory.is_archived and memory.notice != ERASED and ticket_id in tickets and tickets[ticket_id].is_erased
    ]


def plan_moves(
    leaving: Sequence[str], erased: Sequence[str], table: Table, archive: Grid, memories: Mapping[str, RowMemory], zone: str
) -> Moves:
    """Return what to do on both tabs for these tickets, given both as they were read in this pass."""
    there = find_table(archive)
    present = there.by_id() if there is not None else {}
    header = list(archive[there.header_row - 1]) if there is not None else [header_text(column, zone) for column in COLUMNS]
    header += [text for text in table.extras if header_key(text) not in {header_key(known) for known in header}]
    places = {header_key(text): place for place, text in reversed(list(enumerate(header)))}
    rows_by_id = table.by_id()
    rows: list[NewRow] = []
    remove: list[int] = []
    changed: dict[str, RowMemory] = {}
    for ticket_id in leaving:
        found = rows_by_id.get(ticket_id)
        if not found:
            continue
        if ticket_id in present and memories[ticket_id].is_leaving:
            remove += [row.number for row in found]
            continue
        changed[ticket_id] = memories[ticket_id].but(is_leaving=True)
        if ticket_id not in present:
            cells = {places[header_key(_header(name))]: found[0].cell(place) for name, place in table.places.items()}
            cells |= {places[header_key(text)]: found[0].cell(place) for text, place in table.extras.items()}
            rows.append(NewRow(ticket_id=ticket_id, cells=cells))
    blanks = _blank(erased, there)
    changed |= {ticket_id: RowMemory(was_placed=True, is_archived=True, notice=ERASED) for ticket_id in erased}
    return Moves(headers=tuple(header), rows=tuple(rows), blanks=blanks, remove=tuple(sorted(remove)), memories=changed)


_HEADERS = {column.name: column.header for column in COLUMNS}


def _header(name: str) -> str:
    return _HEADERS[name]


def _blank(erased: Sequence[str], there: Table | None) -> dict[int, dict[int, str]]:
    if there is None:
        return {}
    cells = {there.places[name]: "" for name in (*erased_cells(), "mark") if name in there.places}
    if "notice" in there.places:
        cells[there.places["notice"]] = ERASED
    present = there.by_id()
    return {row.number: cells for ticket_id in erased for row in present.get(ticket_id, ())}
