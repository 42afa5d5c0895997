"""The columns of the sheet: which are Groupdesk's, which people may change, and how they are found again.

A column is found by its header's words in every pass, never by its place, so people may move, insert and hide columns.
What stands in brackets in a header is for the reader only: `Opened (UTC)` and `Opened` are the same column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from stream.core.value import Value


class Owner(StrEnum):
    """Who decides what a cell of the column says."""

    KEY = "key"  # the ticket id: written once, with the row
    MACHINE = "machine"  # put back when a person changes it
    SHARED = "shared"  # a person's change becomes a command
    MARK = "mark"  # the mark of the last write (see sheet_memory), hidden


class Kind(StrEnum):
    """What a cell holds, for programs that sort and format."""

    TEXT = "text"
    TIME = "time"  # `2026-11-22 14:05` in the zone that the header names
    NUMBER = "number"


_WRAPPED = 36


class Column(Value):
    """One column. `name` is its name in code, `header` what people read; `is_slow` cells change by the clock alone."""

    name: str
    header: str
    owner: Owner
    kind: Kind = Kind.TEXT
    width: int = 14
    is_slow: bool = False

    @property
    def is_wrapped(self) -> bool:
        """Tell whether its texts are long enough to be shown on several lines."""
        return self.width >= _WRAPPED


COLUMNS: tuple[Column, ...] = (
    Column(name="id", header="ID", owner=Owner.KEY, width=13),
    Column(name="status", header="Status", owner=Owner.SHARED, width=21),
    Column(name="priority", header="Priority", owner=Owner.SHARED, width=10),
    Column(name="assignee", header="Assignee", owner=Owner.SHARED, width=16),
    Column(name="category", header="Category", owner=Owner.SHARED, width=14),
    Column(name="title", header="Title", owner=Owner.MACHINE, width=48),
    Column(name="customer", header="Customer", owner=Owner.MACHINE, width=20),
    Column(name="group", header="Group", owner=Owner.MACHINE, width=24),
    Column(name="opened", header="Opened", owner=Owner.MACHINE, kind=Kind.TIME, width=17),
    Column(name="age", header="Age (hours)", owner=Owner.MACHINE, kind=Kind.NUMBER, width=12, is_slow=True),
    Column(name="due", header="Due", owner=Owner.MACHINE, kind=Kind.TIME, width=17),
    Column(name="last_message", header="Last message", owner=Owner.MACHINE, kind=Kind.TIME, width=17),
    Column(name="note", header="Note", owner=Owner.SHARED, width=36),
    Column(name="notice", header="Groupdesk says", owner=Owner.MACHINE, width=40),
    Column(name="mark", header="Sync", owner=Owner.MARK, width=18),
)
BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}
SHARED: tuple[str, ...] = tuple(column.name for column in COLUMNS if column.owner is Owner.SHARED)

_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")


def header_key(text: str) -> str:
    """Return what of a header identifies it: trimmed, case folded, without a closing remark in brackets."""
    return _BRACKETS.sub("", text.strip()).casefold()


_NAMES = {header_key(column.header): column.name for column in COLUMNS}


def header_text(column: Column, zone: str) -> str:
    """Return the header that people read; times name their zone."""
    return f"{column.header} ({zone})" if column.kind is Kind.TIME else column.header


def find_columns(header: Sequence[str]) -> dict[str, int]:
    """Return where each known column stands, by name, counted from 0; the leftmost wins where a header stands twice."""
    found: dict[str, int] = {}
    for index, text in enumerate(header):
        name = _NAMES.get(header_key(text))
        if name is not None:
            found.setdefault(name, index)
    return found


def find_extras(header: Sequence[str], places: Mapping[str, int]) -> dict[str, int]:
    """Return the columns that people added, by header text; one without a header has no name to keep it by."""
    ours = set(places.values())
    found: dict[str, int] = {}
    for index, text in enumerate(header):
        if index not in ours and text.strip():
            found.setdefault(text.strip(), index)
    return found
