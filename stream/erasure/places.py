"""Where a person can be found: topics, the worker's table, the spool, and the files of the data and the rules folder."""

from __future__ import annotations

import contextlib
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from stream.adapters.kafka_deletion import RawRecord, read_topics
from stream.adapters.topic_admin import worker_app_id
from stream.adapters.topics import GROUPS_TABLE, Topic, changelog_name, full_name
from stream.core.erasing import Eraser
from stream.settings import Settings

_LARGEST_FILE = 200_000_000
# The broker's own files are what the topics hold; the worker's are a copy of its table.
_NOT_SEARCHED = {"broker", "worker"}


class Hits(NamedTuple):
    """Where records of a topic show the person: `latest` are those that no newer record of the same key replaces."""

    found: int
    latest: tuple[RawRecord, ...]
    last_offset: dict[int, int]


def names_of_topics(settings: Settings) -> dict[str, str]:
    """Return the full name of each place in Kafka, by the word that is shown for it."""
    names = {topic.value: full_name(topic, settings.topic_prefix) for topic in Topic}
    return names | {"table groups": changelog_name(worker_app_id(settings), GROUPS_TABLE)}


def search_topics(settings: Settings, looks: Mapping[str, Callable[[RawRecord], bool]]) -> dict[str, Hits]:
    """Look at every record of these topics, by full name, each with its own question."""
    found = dict.fromkeys(looks, 0)
    last_offset: dict[str, dict[int, int]] = {name: {} for name in looks}
    newest: dict[str, dict[bytes, RawRecord | None]] = {name: {} for name in looks}
    for name, record in read_topics(settings, looks):
        is_hit = looks[name](record)
        newest[name][record.key] = record if is_hit else None
        if is_hit:
            found[name] += 1
            last_offset[name][record.partition] = record.offset
    return {
        name: Hits(found[name], tuple(record for record in newest[name].values() if record), last_offset[name]) for name in looks
    }


def search_topic(settings: Settings, name: str, is_hit: Callable[[RawRecord], bool]) -> Hits:
    """Look at every record of one topic."""
    return search_topics(settings, {name: is_hit})[name]


def shows(record: RawRecord, eraser: Eraser) -> bool:
    """Tell whether a record shows the person, in its key, its headers or its value."""
    parts = [record.key, record.value or b"", *record.headers.values()]
    return any(found_in(part, eraser) for part in parts)


def found_in(raw: bytes, eraser: Eraser) -> bool:
    """Tell whether bytes of any kind have one of the person's addresses in them."""
    text = raw.decode("utf-8", "replace")
    return eraser.scrub(text) != text


def spooled(settings: Settings) -> int:
    """Return how many records wait in the bridge's spool on this machine."""
    path = settings.data_dir / "spool.sqlite"
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
        return int(db.execute("SELECT count(*) FROM records").fetchone()[0])


def write_back(settings: Settings) -> None:
    """Let SQLite write its logs back and empty them: what was overwritten in a store still stands in its log."""
    for path in settings.data_dir.glob("*.sqlite"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path, timeout=5)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def search_files(settings: Settings, eraser: Eraser) -> list[Path]:
    """Return the files that show the person, inside workbooks too."""
    folders = (settings.data_dir, settings.rules_dir)
    files = {path.resolve() for folder in folders for path in _files(folder)} | {settings.sheet_path.resolve()}
    return sorted(path for path in files if path.is_file() and any(found_in(part, eraser) for part in _contents(path)))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.relative_to(folder).parts[0] not in _NOT_SEARCHED:
            yield path


def _contents(path: Path) -> Iterable[bytes]:
    if path.stat().st_size > _LARGEST_FILE or path.suffix == ".reserve":
        return []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name) for name in archive.namelist()]
    return [path.read_bytes()]
