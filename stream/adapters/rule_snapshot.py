"""The rules folder as bytes at one moment, and the hash under which decisions remember it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from stream.errors import RulesError

SUFFIXES = (".yaml", ".yml", ".ics")  # followups.yaml may name calendars

Snapshot = Mapping[str, bytes]


class Unreadable(bytes):
    """Stands for a file that is there and cannot be read: why not, in words."""


def take_snapshot(rules_dir: Path) -> dict[str, bytes]:
    """Return the bytes of every file of the folder that is read, by its path in it; raises `RulesError` without a folder."""
    if not rules_dir.is_dir():
        raise RulesError(f"There is no rules folder at {rules_dir}; set RULES_DIR to the folder with groups.yaml and detect/.")
    found: dict[str, bytes] = {}
    for path in sorted(rules_dir.rglob("*")):
        name = path.relative_to(rules_dir).as_posix()
        if path.suffix in SUFFIXES and not any(part.startswith(".") for part in PurePosixPath(name).parts):
            try:
                found[name] = path.read_bytes()
            except FileNotFoundError:  # an editor replaced it just now: the next scan sees the new one
                continue
            except OSError as error:
                found[name] = Unreadable(f"this file cannot be read: {error.strerror}".encode())
    return found


def version_of(snapshot: Snapshot) -> str:
    """Return the hash under which decisions remember these files."""
    digest = hashlib.sha256()
    for name, raw in sorted(snapshot.items()):
        digest.update(f"{name}\x00{len(raw)}\x00".encode() + raw)
    return digest.hexdigest()[:12]
