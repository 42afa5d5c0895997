"""Where the sheet and the tickets say different things, cell by cell, and whose side is right."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from stream.core.sheet_columns import BY_NAME
from stream.core.sheet_edits import same_value
from stream.core.sheet_memory import RowMemory
from stream.core.sheet_plan import Plan, Wanted
from stream.core.sheet_table import Grid, find_table
from stream.core.value import Value


class Right(StrEnum):
    """Whose side is right: `ticket` (the cell will be written), `sheet` (a person's change, on its way to the ticket)."""

    TICKET = "ticket"
    SHEET = "sheet"


class Difference(Value):
    """A cell. `column` is its header, `because` one sentence on why that side is right."""

    ticket_id: str
    column: str
    in_sheet: str
    in_ticket: str
    right: Right
    because: str


class Drift(Value):
    """All that differs.

    `stop` says why the sheet is left alone; the ids are of tickets without a row (`missing`), rows without a ticket
    (`unknown`), rows that people deleted, and rows that stand more than once.
    """

    stop: str | None = None
    differences: tuple[Difference, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        return not (self.stop or self.differences or self.missing or self.twice)


def find_drift(grid: Grid, plan: Plan, tickets: Mapping[str, Wanted], memories: Mapping[str, RowMemory]) -> Drift:
    """Return where they differ, from the plan that a pass would make of what was just read; `memories` are those before it."""
    if plan.stop:
        return Drift(stop=plan.stop)
    table = find_table(grid)
    differences: list[Difference] = []
    if table is not None:
        for ticket_id, rows in table.by_id().items():
            wanted = tickets.get(ticket_id)
            if wanted is None:
                continue
            asked = plan.memories.get(ticket_id, memories.get(ticket_id, RowMemory())).asked
            for name, value in wanted.cells.items():
                cell = rows[0].cell(table.places[name]) if name in table.places else ""
                if not (cell == value or (BY_NAME[name].owner == "shared" and same_value(name, cell, value))):
                    differences.append(_difference(ticket_id, name, cell, value, is_asked=name in asked))
    gone = {ticket_id for ticket_id, memory in memories.items() if memory.is_gone} - set(plan.returned)
    return Drift(
        differences=tuple(differences),
        missing=tuple(row.ticket_id for row in plan.appends),
        unknown=plan.unknown,
        deleted=tuple(sorted(gone | set(plan.deleted))),
        twice=plan.duplicates,
    )


def _difference(ticket_id: str, name: str, cell: str, value: str, *, is_asked: bool) -> Difference:
    column = BY_NAME[name]
    if is_asked:
        right, because = Right.SHEET, "A person changed it; the ticket follows when the worker has agreed."
    elif column.owner == "shared":
        right, because = Right.TICKET, "The ticket changed after the cell was last written, or the change was refused."
    else:
        right, because = Right.TICKET, "This column is Groupdesk's."
    return Difference(ticket_id=ticket_id, column=column.header, in_sheet=cell, in_ticket=value, right=right, because=because)
