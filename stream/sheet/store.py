"""The local store: tickets as last heard, and what is remembered of the sheet. Durable before Kafka's offset moves on.

SQLite in WAL mode with `synchronous=FULL`: what a transaction wrote is there after a power cut. One process writes tickets and
memories; the command line may leave a request. The whole of it is also kept in memory, since every pass needs all of it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from stream.core.commands import AnyCommand
from stream.core.sheet_memory import RowMemory
from stream.core.ticket import Ticket
from stream.core.value import Value
from stream.errors import StateError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tickets (id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, erased INTEGER NOT NULL, body BLOB);
CREATE TABLE IF NOT EXISTS memories (id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS cursors (
    topic TEXT, part INTEGER, epoch INTEGER NOT NULL, done INTEGER NOT NULL, PRIMARY KEY (topic, part)
);
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, grp TEXT NOT NULL, body BLOB NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, answer TEXT);
"""
_VERSION = "1"
_SENT_KEPT = 5_000


class Stored(Value):
    """A ticket as last heard; `ticket` is None once erased. `epoch` counts how often its partition began anew."""

    id: str
    epoch: int
    ticket: Ticket | None


class Cursor(Value):
    """How far a partition was read and committed: `done` is the offset after the last record."""

    epoch: int = 0
    done: int = 0


class SheetStore:
    """The store of one data folder. Safe to use from the threads of one process; other processes only leave requests."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.lock = threading.RLock()
        self.revision = 0  # grows with every change of tickets and memories
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA secure_delete=ON")  # what was erased leaves the file, not only the table
            self._db.executescript(_SCHEMA)
            self._load()
        except (sqlite3.DatabaseError, ValueError) as error:
            raise StateError(f"{path} cannot be read ({error}); move it away to have the rows compared anew.") from error

    def _load(self) -> None:
        if self.meta("version", _VERSION) != _VERSION:
            raise StateError(f"{self.path} was written by a newer Groupdesk; use that version, or move the file away.")
        self.set_meta("version", _VERSION)
        read = self._db.execute
        self.tickets = {
            row[0]: Stored(id=row[0], epoch=row[1], ticket=None if row[2] else Ticket.from_json(row[3]))
            for row in read("SELECT id, epoch, erased, body FROM tickets")
        }
        self.memories = {row[0]: RowMemory.from_json(row[1]) for row in read("SELECT id, body FROM memories")}
        self.cursors = {
            (row[0], row[1]): Cursor(epoch=row[2], done=row[3]) for row in read("SELECT topic, part, epoch, done FROM cursors")
        }

    def meta(self, name: str, default: str = "") -> str:
        """Return a small value kept under this name."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        with self.lock:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def save(
        self,
        tickets: Iterable[Stored] = (),
        memories: Mapping[str, RowMemory] | None = None,
        cursors: Mapping[tuple[str, int], Cursor] | None = None,
        meta: Mapping[str, str] | None = None,
        commands: Iterable[AnyCommand] = (),
    ) -> None:
        """Write all of this in one transaction: after a crash all of it is there, or none."""
        kept, remembered, moved = list(tickets), dict(memories or {}), dict(cursors or {})
        with self.lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                run = self._db.executemany
                run("INSERT OR REPLACE INTO tickets VALUES (?, ?, ?, ?)", [_ticket_row(stored) for stored in kept])
                run("INSERT OR REPLACE INTO memories VALUES (?, ?)", [(key, m.to_json()) for key, m in remembered.items()])
                run("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)", [(*key, c.epoch, c.done) for key, c in moved.items()])
                run("INSERT OR REPLACE INTO meta VALUES (?, ?)", list((meta or {}).items()))
                run(
                    "INSERT OR IGNORE INTO outbox (id, grp, body) VALUES (?, ?, ?)",
                    [(command.id, command.group, command.to_json()) for command in commands],
                )
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self.revision += bool(kept or remembered)
            self.tickets.update((stored.id, stored) for stored in kept)
            self.memories.update(remembered)
            self.cursors.update(moved)

    def forget_rows(self, target: str) -> None:
        """Begin with another sheet: what was remembered of the rows of the one before does not hold for it."""
        with self.lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM memories")
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('target', ?)", (target,))
            self._db.execute("COMMIT")
            self.memories.clear()

    def unsent(self) -> list[tuple[int, str, bytes]]:
        """Return the commands that Kafka has not acknowledged, in order: number, group and bytes."""
        return list(self._db.execute("SELECT number, grp, body FROM outbox WHERE sent = 0 ORDER BY number"))

    def mark_sent(self, number: int) -> None:
        """Remember that Kafka has a command. It is kept a while, to be sent again should the broker forget everything."""
        with self.lock:
            self._db.execute("UPDATE outbox SET sent = 1 WHERE number = ?", (number,))
            self._db.execute("DELETE FROM outbox WHERE sent = 1 AND number <= ?", (number - _SENT_KEPT,))

    def send_again(self) -> int:
        """Take all unanswered commands for unsent: their topic began anew. Returns how many."""
        open_ids = {asked.command_id for memory in self.memories.values() for asked in memory.asked.values()}
        with self.lock:
            self._db.executemany("UPDATE outbox SET sent = 0 WHERE id = ?", [(command_id,) for command_id in open_ids])
        return len(open_ids)

    def forget_commands(self, ticket_id: str) -> None:
        """Let go of what Kafka has of a ticket's commands: they may say what was taken out of it since."""
        with self.lock:
            self._db.execute(
                "DELETE FROM outbox WHERE sent = 1 AND instr(CAST(body AS TEXT), ?) > 0", (f'"ticket_id":"{ticket_id}"',)
            )

    def ask(self, what: str) -> int:
        """Leave a request for the process that owns the sheet; returns its number."""
        with self.lock, closing(self._db.execute("INSERT INTO requests (what) VALUES (?)", (what,))) as done:
            return int(done.lastrowid or 0)

    def ask_once(self, what: str) -> None:
        """Leave a request, unless the very same was ever left before."""
        with self.lock:
            self._db.execute(
                "INSERT INTO requests (what) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM requests WHERE what = ?)", (what, what)
            )

    def asked(self) -> list[tuple[int, str]]:
        """Return the requests that nobody has answered, oldest first."""
        return [(row[0], row[1]) for row in self._db.execute("SELECT id, what FROM requests WHERE answer IS NULL ORDER BY id")]

    def answer(self, number: int, text: str) -> None:
        with self.lock:
            self._db.execute("UPDATE requests SET answer = ? WHERE id = ?", (text, number))

    def answer_to(self, number: int) -> str | None:
        """Return what was answered to a request, or None."""
        row = self._db.execute("SELECT answer FROM requests WHERE id = ?", (number,)).fetchone()
        return None if row is None or row[0] is None else str(row[0])

    def count_placed(self) -> int:
        """Return how many rows stand in the sheet, as far as the process that owns it has written down."""
        found = self._db.execute(
            "SELECT COUNT(*) FROM memories WHERE CAST(body AS TEXT) LIKE '%\"was_placed\":true%' "
            "AND CAST(body AS TEXT) LIKE '%\"is_gone\":false%'"
        )
        return int(found.fetchone()[0])

    def close(self) -> None:
        with self.lock:
            self._db.close()


def _ticket_row(stored: Stored) -> tuple[str, int, int, bytes | None]:
    body = None if stored.ticket is None else stored.ticket.but(messages=()).to_json()  # rows need no message texts
    return stored.id, stored.epoch, int(stored.ticket is None), body
