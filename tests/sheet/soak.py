"""A long day with the sheet: people, tickets and Google's faults at random from a seed, in virtual time.

What must hold at the end is what a team would check: every ticket has one row, every row says what its ticket says, every
note and name that a person typed reached its ticket, and everything in people's own columns is where they put it.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from stream.adapters.google_sheet import open_google_sheet
from stream.adapters.kafka import Record
from stream.adapters.sheet_port import SheetBusy
from stream.adapters.topics import Topic
from stream.core.commands import COMMAND, ActorKind, Assign, SetCategory, SetNote, SetPriority, SetState
from stream.core.detection import Priority
from stream.core.events import EventKind, TicketEvent
from stream.core.sheet_columns import SHARED
from stream.core.sheet_edits import same_value
from stream.core.sheet_plan import Options
from stream.core.ticket import Ticket, TicketState
from stream.settings import Settings
from stream.sheet.intake import Intake
from stream.sheet.sink import Sink
from stream.sheet.store import SheetStore
from stream.sheet.wanted import WantedRows
from tests.sheet.conftest import NOW, make_ticket
from tests.stand_ins.sheets_faults import Faults
from tests.stand_ins.sheets_server import SheetsServer

_OWN = "Their own"
_TYPED = {
    "Status": ["resolved", "Waiting for us", "on hold", "Nonsense", "", "new"],
    "Priority": ["High", "urgent", "LOW", "whatever"],
    "Assignee": ["Ana", "beto", "Carla from nights"],
    "Category": ["billing", "Late delivery"],
}


class Soak:
    """Plays `tickets` and `edits` against the stand-in. All times are virtual: `now` moves by what is waited for."""

    def __init__(self, folder: Path, rows: WantedRows, *, tickets: int, edits: int, rate: float, seed: int) -> None:
        self.random = random.Random(seed)  # a reproducible day
        self.now = 0.0
        self.server = SheetsServer(Faults(rate=rate, seed=seed), clock=lambda: self.now)
        self.server.hang_s = 0.0
        self.server.books["sheet"].add_tab("Tickets")
        self.store = SheetStore(folder / "soak.sqlite")
        self.intake = Intake(self.store)
        settings = Settings(_env_file=None, cs_sheet_id="sheet", sheets_api_url=self.server.url, data_dir=folder)
        self.sheet = open_google_sheet(settings, clock=lambda: self.now, sleep=self._sleep)
        self.sink = Sink(self.store, self.sheet, self._publish, rows, closed_limit=10**9)
        self.rows = rows
        self.tickets: dict[str, Ticket] = {}
        self.offset = 0
        self.edits_left = edits
        self.wanted_tickets = tickets
        self.typed: dict[tuple[str, str], str] = {}
        self.own: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.commands = 0
        self.passes = 0
        self.done: Counter[str] = Counter()
        self.row_waits: list[float] = []
        self.born: dict[str, float] = {}

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    # -- the worker ------------------------------------------------------------------------------------------------

    def _tell(self, topic: Topic, key: str, value: bytes) -> None:
        self.offset += 1
        self.intake.take([Record(topic, 0, self.offset, NOW, key, value, {})])

    def _tell_tickets(self, tickets: list[Ticket]) -> None:
        records = []
        for ticket in tickets:
            self.offset += 1
            self.tickets[ticket.id] = ticket
            records.append(Record(Topic.TICKETS, 0, self.offset, NOW, ticket.id, ticket.to_json(), {}))
        self.intake.take(records)

    def _change(self, ticket: Ticket, **changes: Any) -> Ticket:
        at = NOW + timedelta(seconds=self.now)
        return ticket.but(version=ticket.version + 1, updated_at=at, **changes)

    def _publish(self, topic: Topic, _key: str, body: bytes, _headers: object) -> None:
        assert topic is Topic.COMMANDS
        command = COMMAND.validate_json(body)
        assert command.actor.kind is ActorKind.SHEET
        self.commands += 1
        ticket = self.tickets[command.ticket_id]
        at = NOW + timedelta(seconds=self.now)
        event = TicketEvent(id=command.id, kind=EventKind.NOTE_CHANGED, group=ticket.group, ticket_id=ticket.id, at=at)
        event = event.but(command_id=command.id)
        match command:
            case SetState() if command.state is ticket.state or self.random.random() < 0.2:
                event = event.but(kind=EventKind.REFUSED, because="That is not possible now.")
            case SetState():
                ticket = self._change(ticket, state=command.state)
            case SetPriority():
                ticket = self._change(ticket, priority=command.priority)
            case SetCategory():
                ticket = self._change(ticket, category=command.category)
            case Assign():
                ticket = self._change(ticket, assignee=command.assignee)
            case SetNote():
                ticket = self._change(ticket, note=command.note)
        self._tell(Topic.TICKET_EVENTS, ticket.id, event.to_json())
        self._tell_tickets([ticket])

    def _work(self) -> None:
        """Tickets come, and tickets change by themselves; never their notes and names, which are people's alone."""
        at = NOW + timedelta(seconds=self.now)
        new = min(self.wanted_tickets - len(self.tickets), max(1, self.wanted_tickets // 40))
        born = [make_ticket(len(self.tickets) + number, opened_at=at, updated_at=at) for number in range(new)]
        self.born |= {ticket.id: self.now for ticket in born}
        self._tell_tickets(born)
        some = self.random.sample(sorted(self.tickets), min(len(self.tickets), 15))
        states = [state for state in TicketState if state is not TicketState.CLOSED]
        for ticket_id in some:
            changes: dict[str, Any] = self.random.choice(
                [
                    {"state": self.random.choice(states)},
                    {"priority": self.random.choice(list(Priority))},
                    {"title": f"=1+{self.now}"},
                ]
            )
            self._tell_tickets([self._change(self.tickets[ticket_id], **changes)])

    # -- people ----------------------------------------------------------------------------------------------------

    def _tab(self) -> Any:
        return self.server.book.titled("Tickets")

    def _column(self, header: str) -> int | None:
        heads = self._tab().cells[0] if self._tab().cells else []
        return heads.index(header) if header in heads else None

    def _people(self, number: int) -> None:
        with self.server.lock:
            for _ in range(number):
                if self._column("ID") is not None and len(self._tab().cells) > 5:
                    self._act()

    def _act(self) -> None:  # noqa: C901 # one branch an act, told apart by name
        tab, place = self._tab(), self._column("ID")
        if self._column(_OWN) is None:
            tab.put(0, max(len(line) for line in tab.cells) + self.random.randrange(2), _OWN)
        rows = [number for number in range(1, len(tab.cells)) if tab.get(number, place) in self.tickets]
        if not rows:
            return
        row = self.random.choice(rows)
        ticket_id = tab.get(row, place)
        what = self.random.choices(
            ["type", "note", "own", "sort", "insert", "section", "delete", "column", "move"], [40, 25, 25, 4, 4, 2, 2, 1, 1]
        )[0]
        self.done[what] += 1
        match what:
            case "type":
                header = self.random.choice(sorted(_TYPED))
                text = self.random.choice(_TYPED[header])
                tab.put(row, self._column(header), text)
                if header in ("Assignee", "Category"):
                    self.typed[ticket_id, header] = text
            case "note":
                tab.put(row, self._column("Note"), f"note {self.edits_left} {self.random.randrange(10**6)}")
                self.typed[ticket_id, "Note"] = tab.get(row, self._column("Note"))
            case "own":
                self.own[ticket_id] = f"own {self.random.randrange(10**6)}"
                tab.put(row, self._column(_OWN), self.own[ticket_id])
            case "sort":
                tab.sort(1, self.random.randrange(8), descending=self.random.random() < 0.5)
            case "insert":
                tab.insert_rows(self.random.randrange(1, len(tab.cells)), 1)
            case "section":
                at = self.random.randrange(1, len(tab.cells))
                tab.insert_rows(at, 1)
                tab.put(at, self._column(_OWN), "— a line of our own —")
            case "delete":
                tab.delete_rows(row, row + 1)
                self.deleted.add(ticket_id)
            case "column":
                tab.insert_columns(self.random.randrange(1, 10), 1)
            case "move":
                tab.move_column(self.random.randrange(1, 8), self.random.randrange(1, 8))
        self.edits_left -= 1

    # -- the day ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Play until all tickets have come and all edits are made, then let it settle without further faults."""
        while self.edits_left > 0 or len(self.tickets) < self.wanted_tickets:
            self._work()
            if self.edits_left > 0:
                self._people(self.random.randrange(6))
                if self.random.random() < 0.3:
                    self.server.before_write = lambda: self._people(2)  # while a write of ours is under way
            self._pass()
        self.server.faults.rate = 0.0
        self.server.before_write = None
        quiet = 0
        while quiet < 3:
            quiet = quiet + 1 if self._pass() else 0

    def _pass(self) -> bool:
        self.passes += 1
        began = self.now
        try:
            done = self.sink.run(NOW + timedelta(seconds=self.now), Options())
        except SheetBusy as error:
            self.now += max(error.retry_after_s, 1.0)
            return False
        assert done.stop is None, done.stop
        for ticket_id in [key for key in self.born if self._is_there(key)]:
            self.row_waits.append(self.now - self.born.pop(ticket_id))
        self.now = max(self.now, began) + 3.0
        return not (done.written or done.added or done.pending or done.edits)

    def _is_there(self, ticket_id: str) -> bool:
        memory = self.store.memories.get(ticket_id)
        return memory is not None and memory.was_placed

    def close(self) -> None:
        self.server.stop()
        self.store.close()

    # -- what must hold --------------------------------------------------------------------------------------------

    def problems(self) -> list[str]:  # noqa: C901 # a list of what must hold, one after the other
        """Return everything that is not as it must be."""
        tab = self._tab()
        wanted = self.rows.rows(self.store.tickets, NOW + timedelta(seconds=self.now))
        heads = {header: self._column(header) for header in tab.cells[0] if header}
        place = heads["ID"]
        found: dict[str, list[int]] = {}
        for number in range(1, len(tab.cells)):
            found.setdefault(tab.get(number, place), []).append(number)
        found.pop("", None)
        problems = [f"{key} stands {len(rows)} times" for key, rows in found.items() if len(rows) > 1]
        gone = {key for key, memory in self.store.memories.items() if memory.is_gone}
        problems += [f"{key} has no row" for key in self.tickets if key not in found and key not in self.deleted]
        problems += [f"{key} is taken for deleted" for key in gone - self.deleted]
        shown = {"Status": "status", "Priority": "priority", "Assignee": "assignee", "Category": "category", "Note": "note"}
        for key, rows in found.items():
            row = rows[0]
            for header, name in (*shown.items(), ("Title", "title"), ("Customer", "customer"), ("Group", "group")):
                cell, value = tab.get(row, heads[header]), wanted[key].cells[name]
                if cell != value and not (name in SHARED and same_value(name, cell, value)):
                    problems.append(f"{key} {header}: the sheet says {cell!r}, the ticket {value!r}")
            if _OWN in heads and tab.get(row, heads[_OWN]) != self.own.get(key, ""):
                problems.append(f"{key}: own column says {tab.get(row, heads[_OWN])!r} instead of {self.own.get(key)!r}")
        for (key, header), text in self.typed.items():
            value = wanted[key].cells[shown[header]]
            if key in found and not same_value(shown[header], value.replace("_", " "), text):
                problems.append(f"{key} {header}: a person typed {text!r}, the ticket says {value!r}")
        sections = sum(1 for line in tab.cells if "— a line of our own —" in line)
        if sections != self.done["section"]:
            problems.append(f"{self.done['section'] - sections} section rows are lost")
        strays = [n for n in range(1, len(tab.cells)) if not tab.get(n, place) and tab.get(n, heads["Sync"])]
        problems += [f"row {number + 1} holds cells of ours without an id" for number in strays]
        if tab.formulas:
            problems.append(f"{len(tab.formulas)} formulas")
        if self.server.overdrawn:
            problems.append(f"{self.server.overdrawn} requests beyond the quota")
        return problems
