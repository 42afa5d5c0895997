"""A sheet as plain lists of cells, a memory as a dict, and plans carried out by hand: no store, no server, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stream.core.sheet_columns import COLUMNS
from stream.core.sheet_edits import team_of
from stream.core.sheet_memory import RowMemory
from stream.core.sheet_plan import Options, Plan, Wanted
from stream.core.sheet_rows import reconcile

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = team_of({"Ana": ["5511900000001"]})
HEADER = [column.header for column in COLUMNS]
PLACE = {column.name: place for place, column in enumerate(COLUMNS)}
Grid = list[list[str]]
Memory = dict[str, RowMemory]


def wanted(number: int, **cells: str) -> Wanted:
    base = {"status": "New", "priority": "Normal", "assignee": "", "category": "general", "title": f"Title {number}", "note": ""}
    rest = {"customer": "Rosa", "group": "Acme", "opened": "2026-11-22 10:00", "age": "2", "due": "", "last_message": ""}
    return Wanted(id=f"T-0000-{number:04d}", group="g@g.us", cells={**base, **rest, **cells}, updated_at=NOW)


def tickets(*rows: Wanted) -> dict[str, Wanted]:
    return {row.id: row for row in rows}


def run(grid: Grid, rows: Mapping[str, Wanted], memory: Memory, now: datetime = NOW, **options: Any) -> Plan:
    return reconcile(grid, rows, memory, PEOPLE, now, Options(**options))


def land(grid: Grid, plan: Plan) -> Grid:
    """Return the sheet after a plan was carried out."""
    width = max([len(HEADER), *(place + 1 for place in plan.headers), *(len(line) for line in grid)])
    lines = [line + [""] * (width - len(line)) for line in (grid or [[]])]
    for place, text in plan.headers.items():
        lines[plan.header_row - 1][place] = text
    for write in plan.writes:
        for place, text in write.cells.items():
            lines[write.number - 1][place] = text
    return lines + [[row.cells.get(place, "") for place in range(width)] for row in plan.appends]


def settled(*rows: Wanted) -> tuple[Grid, Memory]:
    memory: Memory = {}
    grid: Grid = []
    for _ in range(2):
        plan = run(grid, tickets(*rows), memory)
        memory |= plan.memories
        grid = land(grid, plan)
    return grid, memory
