"""What the command line does with the sheet: compare it without touching it, and write it anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from stream.adapters.kafka import Publisher
from stream.adapters.sheet_port import SheetBusy, SheetChanged
from stream.core.sheet_drift import Drift, find_drift
from stream.core.sheet_plan import Options
from stream.core.sheet_rows import reconcile
from stream.errors import SheetError
from stream.settings import Settings
from stream.sheet.catch_up import read_tickets
from stream.sheet.role import own_sheet
from stream.sheet.sink import Pass, Sink
from stream.sheet.store import SheetStore
from stream.sheet.targets import open_sheet, sheet_zone
from stream.sheet.team import load_people
from stream.sheet.wanted import WantedRows

Progress = Callable[[int, int], None]
"""Told how many tickets were read, or rows stand, and of how many."""

_WAIT_S = 600.0
_TRIES = 200


def compare(settings: Settings, tell: Progress) -> tuple[Drift, int]:
    """Return where sheet and tickets differ, and how many tickets were compared. Raises `BrokerError` and `SheetError`."""
    store = SheetStore(settings.data_dir / "sheet.sqlite")
    sheet = open_sheet(settings)
    try:
        rows = WantedRows(load_people(settings.rules_dir), sheet_zone(settings))
        now = datetime.now(UTC)
        known = read_tickets(settings, store.tickets, tell)
        grid = sheet.read()
        tickets = rows.rows(known, now)
        memories = store.memories if store.meta("target") in ("", sheet.target) else {}
        plan = reconcile(grid, tickets, memories, rows.people, now, Options(zone=rows.zone.key))
        return find_drift(grid, plan, tickets, memories), len(tickets)
    finally:
        sheet.close()
        store.close()


def rebuild(settings: Settings, *, keep_deleted: bool, tell: Progress) -> Pass:
    """Write all rows that are missing, or take them for deleted; people's own cells are put back beside them.

    Where the role runs, it is asked to do so, since one process at a time writes the sheet; else it is done here, with the
    tickets as Kafka has them now. Raises `BrokerError` and `SheetError`.
    """
    store = SheetStore(settings.data_dir / "sheet.sqlite")
    what = "accept" if keep_deleted else "rebuild"
    try:
        known = read_tickets(settings, store.tickets, tell)
        try:
            lock = own_sheet(settings)
        except SheetError:
            return _ask(store, what, tell)
        try:
            store.save([stored for stored in known.values() if store.tickets.get(stored.id) != stored])
            return _do(settings, store, what, tell)
        finally:
            lock.release()
    finally:
        store.close()


def _ask(store: SheetStore, what: str, tell: Progress) -> Pass:
    number, deadline = store.ask(what), time.monotonic() + _WAIT_S
    while (answer := store.answer_to(number)) is None:
        if time.monotonic() > deadline:
            raise SheetError("The role `sheet` has not answered for ten minutes; look at its log, or at the Health page.")
        tell(store.count_placed(), len(store.tickets))
        time.sleep(0.2)
    return Pass.from_json(answer)


def _do(settings: Settings, store: SheetStore, what: str, tell: Progress) -> Pass:
    sheet, publisher = open_sheet(settings), Publisher(settings)
    try:
        rows = WantedRows(load_people(settings.rules_dir), sheet_zone(settings))
        sink = Sink(store, sheet, publisher.publish, rows, settings.sheet_closed_limit)
        options = Options(restore=what == "rebuild", accept_missing=what == "accept")
        first: Pass | None = None
        for _ in range(_TRIES):
            try:
                done = sink.run(datetime.now(UTC), options if first is None else Options())
            except SheetChanged:
                continue
            except SheetBusy as error:
                time.sleep(error.retry_after_s)
                continue
            tell(store.count_placed(), len(store.tickets))
            added = done.added + (first.added if first else 0)
            written = done.written + (first.written if first else 0)
            first = (first or done).but(added=added, written=written, stop=done.stop)
            if done.stop or not done.pending:
                return first
        raise SheetError("The sheet could not be written; try again later, or see `groupdesk check`.")
    finally:
        publisher.close()
        sheet.close()
