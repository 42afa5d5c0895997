"""A rule file as somebody would change it: is it well formed, and what would it have done? The folder in use stays as it is."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dashboard import safe
from dashboard.tables import Row, chip
from dashboard.words import say
from stream.adapters.rule_files import build_book, take_snapshot
from stream.adapters.yaml_lines import Problem

NEW_FILE = "detect/new.yaml"
SUGGESTED = "detect/suggested.yaml"
_NAME = re.compile(r"detect/[\w-]{1,60}\.yaml")
_SHOWN = 300
_TONES = {"gained": "good", "lost": "bad", "changed": "warn", "other": "none"}


@dataclass(frozen=True)
class Change:
    """One file of the rules folder with other words in it. `file` is its path inside the folder."""

    file: str
    text: str

    @property
    def key(self) -> str:
        """A short name of this very change: asking twice for the same gives the same answer."""
        return hashlib.sha256(f"{self.file}\x00{self.text}".encode()).hexdigest()[:12]


def files(rules_dir: Path) -> list[str]:
    """Return the files that may be changed, by their path inside the folder; raises `RulesError` without a folder."""
    return [name for name in take_snapshot(rules_dir) if _NAME.fullmatch(name)]


def text_of(rules_dir: Path, file: str) -> str:
    """Return what stands in a file of the folder, or how a new one begins."""
    raw = take_snapshot(rules_dir).get(file)
    return raw.decode("utf-8", "replace") if raw is not None else "version: 1\nrules:\n"


def problems(rules_dir: Path, change: Change) -> list[Problem]:
    """Return what is wrong in the folder with the change, with file and line."""
    found = build_book(rules_dir, {**take_snapshot(rules_dir), change.file: change.text.encode()}).problems
    return [one for one in found if one.file.endswith(change.file)] or list(found)


def stage(rules_dir: Path, change: Change) -> Path:
    """Return a folder of its own with the whole rules and the change; whoever asks for it removes it with `unstage`."""
    folder = Path(tempfile.mkdtemp(prefix="groupdesk-rules-"))
    for name, raw in {**take_snapshot(rules_dir), change.file: change.text.encode()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


def unstage(folder: Path) -> None:
    """Remove what `stage` made."""
    shutil.rmtree(folder, ignore_errors=True)


def as_file(rules: Iterable[Mapping[str, Any]]) -> str:
    """Return rules as the text of a file of the folder."""
    body = {"version": 1, "rules": list(rules)}
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=110)


def count(told: Mapping[str, Any], change: str) -> int:
    """Return how many messages were gained, lost or changed, as `groupdesk rules backtest --json` told it."""
    return sum(one["change"] == change for one in told.get("differences", ()))


def rows(told: Mapping[str, Any], language: str, *, reveal: bool) -> list[Row]:
    """Return a row for each message on which both versions differ; what is gained and lost comes first."""
    order = list(_TONES)
    found = sorted(told.get("differences", ()), key=lambda one: (order.index(one["change"]), one["sent_at"]))
    return [
        {
            "text": _shown(one["text"], reveal=reveal),
            "change": chip(say(language, f"backtest.{one['change']}"), _TONES[one["change"]]),
            "before": _verdict(one["before"], language),
            "after": _verdict(one["after"], language),
            "by": safe.show(one["after"].get("decided_by") or one["before"].get("decided_by") or "") or None,
            "at": one["sent_at"],
        }
        for one in found[:_SHOWN]
    ]


def _shown(text: str, *, reveal: bool) -> str:
    shown = safe.show(" ".join(text.split()))[:200]
    return shown if reveal else safe.mask_numbers(shown)


def _verdict(detection: Mapping[str, Any], language: str) -> str:
    label = say(language, f"label.{detection['label']}")
    return f"{label}, {safe.show(detection['category'])}" if detection.get("category") else label
