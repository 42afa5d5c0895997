"""The three-way comparison of the sheet, the tickets and what we wrote last: `reconcile` says what a pass is to do.

Machine cells are made equal to the ticket. A shared cell that a person changed becomes a command, and stays as they left it
until the worker has answered; one that the ticket changed is written. Nothing here depends on where rows or columns stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from stream.core.sheet_cells import ERASED, clean
from stream.core.sheet_columns import BY_NAME, COLUMNS, SHARED, header_text
from stream.core.sheet_edits import People, same_value
from stream.core.sheet_guard import guard_blanked, guard_table, guard_vanished
from stream.core.sheet_memory import RowMemory, digest_cells, read_mark
from stream.core.sheet_plan import NewRow, Options, Plan, RowWrite, Wanted
from stream.core.sheet_reading import Reader
from stream.core.sheet_settling import settle
from stream.core.sheet_struck import AIM, Struck, adopt_rows, aim_of, find_above, find_struck
from stream.core.sheet_table import Grid, Row, Table, empty_table, find_table

_UNKNOWN = RowMemory()


def reconcile(
    grid: Grid,
    tickets: Mapping[str, Wanted],
    base: Mapping[str, RowMemory],
    people: People,
    now: datetime,
    options: Options = Options(),  # noqa: B008 # a frozen value
) -> Plan:
    """Return what is to be done; `tickets` come in the order in which new rows are to stand. Pure: same arguments, same plan."""
    placed = sum(1 for memory in base.values() if memory.was_placed and not memory.is_gone and not memory.is_archived)
    table = find_table(grid)
    stop = guard_table(grid, table, 0 if options.restore or options.accept_missing else placed)
    if stop:
        return Plan(stop=stop)
    comparing = _Comparing(table or empty_table(), tickets, base, people, now, options)
    comparing.compare_rows()
    stop = guard_blanked(comparing.reader.blanked, placed)
    if stop and not options.restore:
        return Plan(stop=stop)
    missing = comparing.missing()
    forgiven = options.restore or options.accept_missing or (options.repair and comparing.some_leave)
    stop = None if forgiven else guard_vanished(len(missing), placed)
    return Plan(stop=stop) if stop else comparing.finish(missing)


class _Comparing:
    """One comparison in the making; lives for one call of `reconcile`."""

    def __init__(
        self,
        table: Table,
        tickets: Mapping[str, Wanted],
        base: Mapping[str, RowMemory],
        people: People,
        now: datetime,
        options: Options,
    ) -> None:
        self.table, self.tickets, self.base = table, tickets, base
        self.people, self.now, self.options = people, now, options
        self.rows = table.by_id() if "id" in table.places else {}
        self.absent = [name for name in SHARED if name not in table.places]
        self.headers: dict[int, str] = {}
        self.places = dict(table.places)
        for column in COLUMNS:
            if column.name not in self.places:
                self.places[column.name] = table.width + len(self.headers)
                self.headers[self.places[column.name]] = header_text(column, options.zone)
        self.aim = aim_of(self.places)
        self.struck = find_struck(table, base, self.aim)
        self.adopted = adopt_rows(table, self.rows, self.struck, base)
        self.reader = Reader(table, self.struck, people, now)
        self.memories: dict[str, RowMemory] = {}
        self.writes: list[RowWrite] = []
        self.returned: list[str] = []
        self.some_leave = False

    def compare_rows(self) -> None:
        for ticket_id, rows in self.rows.items():
            wanted = self.tickets.get(ticket_id)
            if wanted is not None:
                self._compare(wanted, rows)

        ours = {row.number for ticket_id, rows in self.rows.items() if ticket_id in self.tickets for row in rows}
        for row in self.table.rows:
            if row.number in self.struck and row.number not in ours:
                self._clean_stray(row, self.struck[row.number])
        for row, hit in find_above(self.table, self.base):
            self._clean_stray(row, hit)

    def _clean_stray(self, row: Row, hit: Struck) -> None:
        """Take back what a write of ours left on a row that is none of ours."""
        names = {place: name for name, place in self.table.places.items()}
        cells = {
            place: ""
            for place, cell in enumerate(row.cells)
            if cell and (place in names or hit.is_shifted) and hit.is_ours(names.get(place, ""), cell)
        }
        if cells:
            self.writes.append(RowWrite(ticket_id=hit.ticket_id, number=row.number, cells=cells))

    def _compare(self, wanted: Wanted, rows: Sequence[Row]) -> None:
        before = self.base.get(wanted.id, _UNKNOWN)
        memory = before
        if before.is_gone:
            self.returned.append(wanted.id)
        if before.is_gone or before.is_archived or not before.was_placed:
            memory = memory.but(is_gone=False, is_archived=False, was_placed=True)
        self.some_leave = self.some_leave or memory.is_leaving
        if wanted.is_erased:
            memory = memory.emptied()
        else:
            memory = settle(memory, wanted, self.absent, self.now)
            is_pushed = wanted.id in self.options.push
            memory = memory.but(asked={}, refused_cells="", notice="") if is_pushed else memory
            for row in () if is_pushed else rows:
                memory = self.reader.read_row(memory, wanted, row)
            memory = self.reader.keep_extras(memory, rows[0])
        memory = self._write_rows(memory, wanted, rows)
        if memory is not before and memory != before:
            self.memories[wanted.id] = memory

    def _repair(self, row: Row, memory: RowMemory, wanted: Wanted) -> dict[int, str]:
        """Return the cells of a row to be set right that are none of our columns: what a shifted write covered, and a lost id."""
        cells = {self.places["id"]: wanted.id} if row.number in self.adopted else {}
        hit = self.struck.get(row.number)
        if hit is None or not hit.is_shifted:
            return cells
        kept = {place: memory.extras.get(header, "") for header, place in self.table.extras.items()}
        ours = set(self.table.places.values())
        for place, cell in enumerate(row.cells):
            if place not in ours and cell and hit.is_ours("", cell) and cell != kept.get(place):
                cells[place] = kept.get(place, "")
        return cells | {place: text for place, text in kept.items() if text and not row.cell(place)}

    def _write_rows(self, memory: RowMemory, wanted: Wanted, rows: Sequence[Row]) -> RowMemory:
        desired = self._desired(memory, wanted)
        differing = [(row, self._differing(row, desired, wanted)) for row in rows]
        repairs = {row.number: self._repair(row, memory, wanted) for row in rows if row.number in self.struck or self.adopted}
        if not any(names for _, names in differing) and not any(repairs.values()):
            return memory
        if (
            not self.options.write_slow
            and not any(repairs.values())
            and all(BY_NAME[name].is_slow for _, names in differing for name in names)
        ):
            return memory
        if memory.refused_cells and memory.refused_cells == digest_cells(desired):
            return memory
        shared = {name: self._after(name, rows[0], desired, differing[0][1]) for name in SHARED}
        memory = memory.with_write({} if wanted.is_erased else shared)
        sent = {"mark": memory.next_mark(wanted.id)}
        for row, names in differing:
            values = {name: desired[name] for name in names if name != "mark"}
            sent = {**values, **sent}
            cells = {self.places[name]: value for name, value in {**values, "mark": sent["mark"]}.items()}
            self.writes.append(RowWrite(ticket_id=wanted.id, number=row.number, cells=cells | repairs.get(row.number, {})))
        return memory.with_sent({**sent, AIM: self.aim})

    def _desired(self, memory: RowMemory, wanted: Wanted) -> dict[str, str]:
        asked = {name: asked.value for name, asked in memory.asked.items()}
        notice = ERASED if wanted.is_erased else clean(memory.notice)
        return {**wanted.cells, **asked, "notice": notice}

    def _differing(self, row: Row, desired: Mapping[str, str], wanted: Wanted) -> list[str]:
        names = []
        for name, value in desired.items():
            place = self.table.places.get(name)
            cell = row.cell(place) if place is not None else ""
            if cell != value and not (name in SHARED and same_value(name, cell, value)):
                names.append(name)
        mark = read_mark(row.cell(self.table.places["mark"])) if "mark" in self.table.places else None
        if mark is None or mark[0] != wanted.id:
            names.append("mark")
        return names

    def _after(self, name: str, row: Row, desired: Mapping[str, str], written: Sequence[str]) -> str:
        place = self.table.places.get(name)
        return desired[name] if name in written or place is None else row.cell(place)

    def missing(self) -> list[str]:
        """Return the tickets whose rows were there and are not any more, less those that we took off ourselves."""
        found = []
        for ticket_id, memory in self.base.items():
            if memory.was_placed and not memory.is_gone and not memory.is_archived and ticket_id not in self.rows:
                if memory.is_leaving:
                    self.memories[ticket_id] = memory.but(is_archived=True, is_leaving=False)
                else:
                    found.append(ticket_id)
        return found

    def finish(self, missing: Sequence[str]) -> Plan:
        restore = self.options.restore or (self.options.repair and self.some_leave)
        deleted = [] if restore else [one for one in missing if one not in self.options.push]
        for ticket_id in deleted:
            self.memories[ticket_id] = self.base[ticket_id].but(is_gone=True, asked={})
        appends = [self._new_row(wanted) for wanted in self.tickets.values() if self._is_new(wanted, restore)]
        return Plan(
            header_row=self.table.header_row,
            places=self.places,
            headers=self.headers,
            writes=tuple(self.writes),
            appends=tuple(appends),
            commands=tuple(self.reader.commands),
            memories=self.memories,
            deleted=tuple(deleted),
            returned=tuple(self.returned),
            duplicates=tuple(ticket_id for ticket_id, rows in self.rows.items() if len(rows) > 1),
            unknown=tuple(ticket_id for ticket_id in self.rows if ticket_id not in self.tickets),
            refused=self.reader.refused,
        )

    def _is_new(self, wanted: Wanted, restore: bool) -> bool:
        if wanted.id in self.rows or wanted.id in self.options.hold or wanted.is_erased:
            return False
        memory = self.base.get(wanted.id)
        if memory is None or wanted.id in self.options.push:
            return True
        if memory.is_archived or (memory.refused_cells and memory.refused_cells == digest_cells(self._desired(memory, wanted))):
            return False
        return restore or not (memory.was_placed or memory.is_gone)

    def _new_row(self, wanted: Wanted) -> NewRow:
        memory = self.base.get(wanted.id, _UNKNOWN)
        memory = memory.but(is_gone=False, was_placed=False, asked={}).with_write({name: wanted.cells[name] for name in SHARED})
        desired = self._desired(memory, wanted) | {"id": wanted.id, "mark": memory.next_mark(wanted.id)}
        memory = memory.with_sent({**desired, AIM: self.aim})
        cells = {self.places[name]: value for name, value in desired.items()}
        cells |= {place: memory.extras[header] for header, place in self.table.extras.items() if header in memory.extras}
        self.memories[wanted.id] = memory
        return NewRow(ticket_id=wanted.id, cells=cells)
