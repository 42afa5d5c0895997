"""The spool's file: records in the order of their arrival, each on the disk before it is acknowledged.

SQLite in WAL mode with `synchronous=FULL`: a transaction is synced before `append` returns, and one that a crash has torn is
told by its checksums and cut off at the next start. One process has the file at a time. Values are kept as the broker will
get them, that is, without secrets; what was delivered is overwritten in the file (`secure_delete`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import orjson
from filelock import FileLock, Timeout

from stream.adapters.topics import Topic
from stream.bridge.inbox import InboxRecord
from stream.errors import StateError

NAME = "spool.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    arrival INTEGER NOT NULL, place INTEGER NOT NULL, at REAL NOT NULL, size INTEGER NOT NULL,
    topic TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, headers BLOB NOT NULL,
    PRIMARY KEY (arrival, place)
)
"""
_OVERHEAD = 256  # bytes of a record's other columns and its place in the index, roughly
# The log beside the file is written back into it from here on; with the largest transaction it stays under the reserve.
_LOG_BYTES = 1_000_000
_RESERVE_BYTES = 8_000_000  # kept for the day that the disk is full: to remove something, SQLite has to write first
_BUSY_S = 2.0  # how long somebody who only looks may hold us up


class Arrival(NamedTuple):
    """One webhook: `number` grows with each, `at` is Unix time."""

    number: int
    at: float
    records: tuple[InboxRecord, ...]

    @property
    def size(self) -> int:
        return size_of(self.records)


class Extent(NamedTuple):
    """How much is in the file: webhooks, bytes, the Unix time of the oldest (None: empty), and the last number."""

    waiting: int
    size: int
    oldest_at: float | None
    last: int


class SpoolStore:
    """The file of one data folder. Not for several threads at once; raises `sqlite3.Error` when the disk refuses."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._log = path.with_name(path.name + "-wal")
        self._reserve = path.with_suffix(".reserve")
        self._lock = FileLock(path.with_suffix(".lock"), thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise StateError(f"another bridge keeps {path}; give each its own DATA_DIR") from error
        try:
            self._db = self._open()
            self.extent = self._count()
            self._keep_reserve()
        except sqlite3.Error as error:
            self._lock.release()
            raise StateError(
                f"{path} cannot be used ({error}); mend the disk, or move the file away to start a new one"
            ) from error

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=_BUSY_S)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA wal_autocheckpoint=0")
            db.execute("PRAGMA secure_delete=ON")
            db.execute(_SCHEMA)
            db.execute("DELETE FROM records WHERE arrival < 0")  # a try-out that a crash left behind
            self.path.chmod(0o600)
        except (sqlite3.Error, OSError):
            db.close()
            raise
        return db

    def _count(self) -> Extent:
        row = self._db.execute(
            "SELECT count(DISTINCT arrival), coalesce(sum(size), 0), min(at), coalesce(max(arrival), 0) FROM records"
        ).fetchone()
        return Extent(*row)

    def append(self, arrivals: Sequence[Arrival]) -> None:
        """Write webhooks and return when the disk has all of them; raises with none of them kept."""
        rows = [
            (arrival.number, place, arrival.at, size_of([record]), *_columns(record))
            for arrival in arrivals
            for place, record in enumerate(arrival.records)
        ]
        if self._log.stat().st_size > _LOG_BYTES:
            self._checkpoint()
        self._write("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self.extent = Extent(
            self.extent.waiting + len(arrivals),
            self.extent.size + sum(arrival.size for arrival in arrivals),
            self._oldest_at(),
            max(self.extent.last, *(arrival.number for arrival in arrivals)),
        )

    def oldest(self, below: float, webhooks: int, at_most_bytes: int) -> list[Arrival]:
        """Return the first webhooks in order, those with numbers under `below`; at least one if there is any."""
        found: dict[int, Arrival] = {}
        size = 0
        rows = self._db.execute(
            "SELECT arrival, at, size, topic, key, value, headers FROM records WHERE arrival < ? ORDER BY arrival, place",
            (min(below, 2**62),),
        )
        for number, at, row_size, *columns in rows:
            if number not in found and found and (len(found) == webhooks or size + row_size > at_most_bytes):
                break
            size += row_size
            known = found.get(number, Arrival(number, at, ()))
            found[number] = known._replace(records=(*known.records, _record(*columns)))
        rows.close()
        return list(found.values())

    def remove(self, arrivals: Sequence[Arrival]) -> None:
        """Forget webhooks that were delivered, on a full disk too; forgetting one twice is harmless."""
        try:
            self._delete(arrivals)
        except sqlite3.Error:
            if not self._reserve.exists():
                raise
            self._reserve.unlink()
            self._checkpoint()
            for arrival in arrivals:
                self._delete([arrival])
                self._checkpoint()
            self.extent = self._count()
            return
        if self._log.stat().st_size > _LOG_BYTES:
            self._checkpoint()
        self.extent = self.extent._replace(
            waiting=self.extent.waiting - len(arrivals),
            size=self.extent.size - sum(arrival.size for arrival in arrivals),
            oldest_at=self._oldest_at(),
        )

    def try_out(self) -> None:
        """Write something and take it back: tells whether the disk works."""
        self._write("INSERT INTO records VALUES (-1, ?, 0, 0, '', '', zeroblob(65536), '')", [(0,)])
        self._write("DELETE FROM records WHERE arrival = ?", [(-1,)])

    def shrink(self) -> None:
        """Give the disk back what an empty file has taken. Harmless when it cannot be done now."""
        with suppress(sqlite3.Error):
            self._db.execute("VACUUM")
            self._checkpoint()
        self._keep_reserve()

    def close(self) -> None:
        """Let go of the file; never raises."""
        with suppress(sqlite3.Error):
            self._db.close()
        self._lock.release()

    def _delete(self, arrivals: Sequence[Arrival]) -> None:
        self._write("DELETE FROM records WHERE arrival = ?", [(arrival.number,) for arrival in arrivals])

    def _checkpoint(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _keep_reserve(self) -> None:
        if self._reserve.exists():
            return
        try:
            with self._reserve.open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, _RESERVE_BYTES)
        except OSError:  # there is no room for it either, and then it would be of no use
            self._reserve.unlink(missing_ok=True)

    def _oldest_at(self) -> float | None:
        row = self._db.execute("SELECT at FROM records ORDER BY arrival LIMIT 1").fetchone()
        return row[0] if row else None

    def _write(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(sql, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself after some errors
                self._db.execute("ROLLBACK")
            raise


def size_of(records: Iterable[InboxRecord]) -> int:
    """Return the bytes that records are counted with against the spool's limit."""
    return sum(len(record.value) + len(record.key) + _OVERHEAD for record in records)


def _columns(record: InboxRecord) -> tuple[str, str, bytes, bytes]:
    headers = {name: value.decode("latin-1") for name, value in record.headers.items()}
    return record.topic.value, record.key, record.value, orjson.dumps(headers)


def _record(topic: str, key: str, value: bytes, headers: bytes) -> InboxRecord:
    read = {name: text.encode("latin-1") for name, text in orjson.loads(headers).items()}
    return InboxRecord(Topic(topic), key, value, read)
