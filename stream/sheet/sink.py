"""One pass over the sheet: read, compare, remember, publish what people changed, write. Safe to be cut off anywhere.

What is remembered is stored before the sheet is touched. A write that never lands, or lands unseen, is recognised by its mark
in the next pass, so a pass needs no undoing and no step is ever repeated blindly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from stream import crash_points, logs
from stream.adapters.csv_sheet import write_mirror
from stream.adapters.dead_letters import error_headers
from stream.adapters.sheet_port import Applied, Batch, Layout, OutcomeUnclear, Sheet
from stream.adapters.topics import Topic
from stream.core.ids import derived_id
from stream.core.sheet_archive import Moves, choose_erased, choose_leaving, plan_moves
from stream.core.sheet_cells import PRIORITY_LABELS, STATUS_LABELS
from stream.core.sheet_memory import RowMemory, digest_cells
from stream.core.sheet_plan import Options, Plan, Wanted
from stream.core.sheet_rows import reconcile
from stream.core.sheet_table import Grid, find_table
from stream.core.value import Value
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows

log = logs.get(__name__)

Publish = Callable[[Topic, str, bytes, dict[str, bytes] | None], None]


class Pass(Value):
    """What one pass did. `stop` says why it did nothing; `pending` are rows that wait for a later pass."""

    stop: str | None = None
    rows: int = 0
    written: int = 0
    added: int = 0
    moved: int = 0
    edits: int = 0
    refused_edits: int = 0
    refused_rows: int = 0
    deleted: int = 0
    duplicates: int = 0
    pending: int = 0
    elapsed_s: float = 0.0


class Sink:
    """Makes passes over one sheet with one store. `publish` returns when Kafka has the record. Belongs to one thread."""

    def __init__(
        self, store: SheetStore, sheet: Sheet, publish: Publish, rows: WantedRows, closed_limit: int, mirror: Path | None = None
    ) -> None:
        self._store = store
        self._sheet = sheet
        self._publish = publish
        self._rows = rows
        self._closed_limit = closed_limit
        self._mirror = mirror
        self._mirrored = ""
        self._held: dict[str, datetime] = {}
        self._quiet: tuple[Grid, int] | None = None
        self._quiet_pass = Pass()
        if store.meta("target") != sheet.target:
            store.forget_rows(sheet.target)

    def run(self, now: datetime, options: Options) -> Pass:
        """Make one pass. Raises `SheetError` and its kinds, and `BrokerError`; the next pass then finds its way."""
        began = time.monotonic()
        self.publish_commands()
        if self._sheet.is_missing():
            self._begin_anew()
        grid = self._sheet.read()
        self._held = {ticket_id: until for ticket_id, until in self._held.items() if until > now}
        if self._is_quiet(grid, options):
            return self._quiet_pass.but(elapsed_s=time.monotonic() - began)
        removing = self._store.meta("removing") == "1"
        options = options.but(hold=frozenset(self._held), repair=removing, zone=self._rows.zone.key)
        with self._store.lock:
            wanted = self._rows.rows(self._store.tickets, now)
            plan = reconcile(grid, wanted, self._store.memories, self._rows.people, now, options)
            if plan.stop:
                return Pass(stop=plan.stop, elapsed_s=time.monotonic() - began)
            self._remember(plan)
            leaving = choose_leaving(wanted, self._store.memories, self._closed_limit)
            erased = choose_erased(wanted, self._store.memories)
        self.publish_commands()
        moves = self._plan_moves(grid, plan, leaving, erased)
        crash_points.reach("sheet.remembered")
        applied = self._apply(plan, moves, now)
        crash_points.reach("sheet.written")
        self._remember_placed(applied)
        self._remember_refused(applied, wanted)
        self._write_mirror(wanted, now)
        for ticket_id in plan.deleted:
            log.info("row deleted by a person", ticket_id=ticket_id)
        refused = set(applied.refused)
        done = Pass(
            rows=sum(1 for memory in self._store.memories.values() if memory.was_placed and not memory.is_gone),
            written=len({write.ticket_id for write in plan.writes} - refused),
            added=len({row.ticket_id for row in plan.appends} - refused),
            moved=len(moves.remove),
            edits=len(plan.commands),
            refused_edits=plan.refused,
            refused_rows=len(refused),
            deleted=len(plan.deleted),
            duplicates=len(plan.duplicates),
            pending=len(self._held) + _unfinished(plan, moves, applied),
            elapsed_s=time.monotonic() - began,
        )
        is_done = not (plan.changes_sheet or plan.memories or plan.commands or done.pending or done.moved or moves.blanks)
        self._quiet = (grid, self._store.revision) if is_done else None
        self._quiet_pass = done
        return done

    def _is_quiet(self, grid: Grid, options: Options) -> bool:
        """Tell whether sheet and tickets are the very same as in a pass that found nothing to do."""
        plain = not (options.write_slow or options.restore or options.accept_missing or options.push)
        return plain and not self._held and self._quiet == (grid, self._store.revision)

    def _begin_anew(self) -> None:
        """The file was taken away: every row is to be written again, with what people wrote beside it, but for deleted ones."""
        with self._store.lock:
            stood = {
                ticket_id: memory.but(was_placed=False, is_archived=False, is_leaving=False)
                for ticket_id, memory in self._store.memories.items()
                if memory.was_placed and not memory.is_gone
            }
            if stood:
                self._store.save(memories=stood)

    def _remember(self, plan: Plan) -> None:
        if plan.memories or plan.commands:
            self._store.save(memories=plan.memories, commands=plan.commands)

    def publish_commands(self) -> None:
        """Publish what people changed, oldest first; raises `BrokerError`, and what is left is published later."""
        for number, group, body in self._store.unsent():
            self._publish(Topic.COMMANDS, group, body, None)
            crash_points.reach("sheet.asked")
            self._store.mark_sent(number)

    def _plan_moves(self, grid: Grid, plan: Plan, leaving: list[str], erased: list[str]) -> Moves:
        table = find_table(grid)
        if table is None or not (leaving or erased):
            if self._store.meta("removing") == "1":
                self._store.set_meta("removing", "")
            return Moves()
        moves = plan_moves(leaving, erased, table, self._sheet.read_archive(), self._store.memories, self._rows.zone.key)
        if plan.changes_sheet:
            moves = moves.but(remove=())  # rows are taken off only in a pass that writes nothing else
        self._store.save(memories=moves.memories, meta={"removing": "1"} if moves.remove else {})
        return moves

    def _apply(self, plan: Plan, moves: Moves, now: datetime) -> Applied:
        if not (plan.changes_sheet or moves.rows or moves.blanks or moves.remove):
            return Applied()
        batch = Batch(
            plan=plan,
            archive_headers=moves.headers,
            archive=moves.rows,
            archive_cells=moves.blanks,
            remove=moves.remove,
            layout=self._layout(),
        )
        try:
            return self._sheet.apply(batch)
        except OutcomeUnclear as unclear:
            self._held |= {row.ticket_id: now + timedelta(seconds=unclear.hold_s) for row in plan.appends}
            raise

    def _layout(self) -> Layout:
        choices = {"status": tuple(STATUS_LABELS.values()), "priority": tuple(PRIORITY_LABELS.values())}
        if self._rows.people.choices:
            choices["assignee"] = self._rows.people.choices
        return Layout(choices=choices, zone=self._rows.zone.key)

    def _remember_placed(self, applied: Applied) -> None:
        if applied.placed:
            with self._store.lock:
                known = self._store.memories
                self._store.save(memories={ticket_id: known[ticket_id].but(was_placed=True) for ticket_id in applied.placed})

    def _remember_refused(self, applied: Applied, wanted: dict[str, Wanted]) -> None:
        """Keep a row that the sheet would not take in the dead-letter topic, and leave it alone until its ticket changes."""
        for ticket_id, reason in applied.refused.items():
            stored = self._store.tickets[ticket_id].ticket
            log.warning("row refused by the sheet", ticket_id=ticket_id, reason=reason)
            if stored is not None:
                headers = error_headers(topic=Topic.TICKETS.value, stage="sheet", reason=reason)
                self._publish(Topic.DEAD_LETTER, stored.group, stored.to_json(), headers)
            memory = self._store.memories.get(ticket_id, RowMemory())
            cells = {**wanted[ticket_id].cells, **{name: asked.value for name, asked in memory.asked.items()}}
            self._store.save(memories={ticket_id: memory.but(refused_cells=digest_cells(cells))})

    def _write_mirror(self, wanted: dict[str, Wanted], now: datetime) -> None:
        if self._mirror is None:
            return
        digest = derived_id(now.strftime("%Y-%m-%d %H"), *((row.id, *row.cells.values()) for row in wanted.values()))
        if digest == self._mirrored:
            return
        try:
            write_mirror(self._mirror, wanted.values(), self._rows.zone.key)
        except OSError as error:
            log.warning("mirror not written", path=str(self._mirror), reason=str(error))
        else:
            self._mirrored = digest


def _unfinished(plan: Plan, moves: Moves, applied: Applied) -> int:
    """Return 1 where another pass is due at once: rows were left over, or what was redacted is not forgotten yet."""
    is_done = applied.is_complete and not moves.rows and not moves.remove
    return 0 if is_done and not any(memory.is_forgetful for memory in plan.memories.values()) else 1
