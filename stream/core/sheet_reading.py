"""A row as people left it: what they changed is told from what we wrote, and becomes commands or refusals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from stream.core.commands import AnyCommand
from stream.core.sheet_columns import SHARED
from stream.core.sheet_edits import Edit, People, command_for, same_value
from stream.core.sheet_memory import Asked, RowMemory, read_mark
from stream.core.sheet_plan import Wanted
from stream.core.sheet_settling import is_known
from stream.core.sheet_struck import Struck
from stream.core.sheet_table import Row, Table
from stream.errors import CommandRefused

_OLD_COPY = "This row came back from an old copy of the sheet; what was changed in it was not taken."
_NEVER_BLANK = ("status", "priority", "category")


class Reader:
    """Reads the rows of one pass. Collects `commands`, and counts what was `refused` and cells that were `blanked`."""

    def __init__(self, table: Table, struck: Mapping[int, Struck], people: People, now: datetime) -> None:
        self.table, self.struck, self.people, self.now = table, struck, people, now
        self.straying = {hit.ticket_id for hit in struck.values()}
        self.commands: list[AnyCommand] = []
        self.blanked = 0
        self.refused = 0

    def read_row(self, memory: RowMemory, wanted: Wanted, row: Row) -> RowMemory:
        """Return the memory after what a row says was taken in."""
        said = row.cell(self.table.places["mark"]) if "mark" in self.table.places else ""
        mark = read_mark(said)
        number = mark[1] if mark is not None and mark[0] == wanted.id and mark[1] in memory.bases else None
        if number is not None and number != memory.seen:
            memory = memory.but(seen=number)
        if row.number not in self.struck:
            memory = self._confirm(memory, wanted, said, number)
        if number is None and mark is not None and mark[0] == wanted.id and mark[1] < min(memory.bases, default=0):
            return memory.with_notice(_OLD_COPY, self.now)
        for name in SHARED:
            if name in self.table.places:
                memory = self._read_cell(memory, wanted, row, name, number)
        return memory

    def _confirm(self, memory: RowMemory, wanted: Wanted, said: str, number: int | None) -> RowMemory:
        """Forget writes under way once the last of them is seen, unless one of them stands on a wrong row, too."""
        if memory.sent and said == memory.sent[-1]["mark"] and wanted.id not in self.straying:
            memory = memory.but(sent=())
        if memory.redacted_at is not None and number == memory.writes:
            memory = memory.but(bases={number: memory.bases[number]})
        return memory.but(strays={}) if memory.strays and number is not None else memory

    def _read_cell(self, memory: RowMemory, wanted: Wanted, row: Row, name: str, number: int | None) -> RowMemory:
        cell, hit = row.cell(self.table.places[name]), self.struck.get(row.number)
        if hit is not None and hit.is_ours(name, cell):
            return memory.but(strays={**memory.strays, name: cell})
        if memory.strays.get(name) == cell:
            return memory  # a later write has covered the mark of the one that left it
        if hit is not None and number is not None and _came_elsewhere(memory, name, cell, number, hit):
            return memory
        if number is not None:
            old = memory.bases[number].get(name)
            if old is None or cell == old or same_value(name, cell, old):
                return memory
        elif not memory.bases or is_known(memory, name, cell):
            return memory
        else:
            old = memory.bases[max(memory.bases)].get(name, "")
        known = number if number is not None else max(memory.bases)
        memory = self._take_edit(memory, wanted, name, old, cell)
        return memory.but(bases={**memory.bases, known: {**memory.bases[known], name: cell}})

    def _take_edit(self, memory: RowMemory, wanted: Wanted, name: str, old: str, new: str) -> RowMemory:
        if not new.strip() and name in _NEVER_BLANK:
            self.blanked += 1
        number = memory.edits.get(name, 0) + 1
        memory = memory.but(edits={**memory.edits, name: number}).with_notice("", None)
        if name not in memory.asked and same_value(name, new, wanted.cells[name]):
            return memory  # the ticket came to say the same
        edit = Edit(ticket_id=wanted.id, group=wanted.group, column=name, old=old, new=new, number=number, at=self.now)
        try:
            self.commands.append(command_for(edit, self.people))
        except CommandRefused as refusal:
            self.refused += 1
            return memory.with_notice(str(refusal), self.now)
        asked = Asked(command_id=edit.command_id, value=new, at=self.now)
        return memory.but(asked={**memory.asked, name: asked})

    def keep_extras(self, memory: RowMemory, row: Row) -> RowMemory:
        """Remember what people's own columns say, but for what a write of ours put there in passing."""
        hit = self.struck.get(row.number)
        extras = {}
        for header, place in self.table.extras.items():
            cell = row.cell(place)
            if hit is not None and hit.is_shifted and hit.is_ours("", cell):
                cell = memory.extras.get(header, "")
            if cell:
                extras[header] = cell
        return memory if extras == memory.extras else memory.but(extras=extras)


def _came_elsewhere(memory: RowMemory, name: str, cell: str, number: int, hit: Struck) -> bool:
    """Tell whether a cell says what stood there before a write whose mark is seen: the write came, but to another column."""
    before = max((known for known in memory.bases if known < number), default=None)
    if before is None or not hit.is_shifted or not any(name in cells for cells in hit.sent):
        return False
    return same_value(name, cell, memory.bases[before].get(name, ""))
