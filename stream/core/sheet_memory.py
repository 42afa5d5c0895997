"""What is remembered of each row, so that a person's change can be told from our own writes.

Every write to a row carries a mark in its hidden column: the ticket id, a counter that grows whenever a shared cell is
written, and after a dot one that grows with every write, so that no two writes have the same mark. Beside each of the first
counter stand the values that the shared cells had after that write. Reading a row, its mark tells which of our writes it has
seen:

- a shared cell that differs from the values kept for that mark was changed by a person, even if the write after it was lost,
  or the file is an old copy that somebody saved;
- a mark that names another ticket means that a write missed its row, because rows were moved while it was under way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from stream.core.ids import derived_id
from stream.core.value import Value

_MARK = re.compile(r"^(T-[0-9A-Z]{4}-[0-9A-Z]{4}|\S{1,64}) (\d{1,9})(?:\.\d{1,9})?$")
_KEPT = 8  # bases a row beside the one last seen: a copy as many changes old is still told from a person's change

_SENT_KEPT = 6


class Asked(Value):
    """A change that a person made and the worker has not answered. `accepted_at` is the time of its event, once seen."""

    command_id: str
    value: str
    at: datetime
    accepted_at: datetime | None = None


class RowMemory(Value):
    """All that is remembered of one row.

    `writes` counts our writes to its shared cells, `bases` holds the shared values as of some of them, `seen` is the last one
    seen in the sheet; `edits` counts people's changes per column. `was_placed` once the row was read back, `is_gone` once a
    person deleted it. `extras` are the cells of columns that people added, by header. `strays` are shared cells in which another
    row's write landed, until the row was put right.
    """

    writes: int = 0
    sends: int = 0  # all our writes, those that leave the shared cells alone included
    seen: int = 0
    bases: dict[int, dict[str, str]] = {}
    edits: dict[str, int] = {}
    asked: dict[str, Asked] = {}
    extras: dict[str, str] = {}
    strays: dict[str, str] = {}
    sent: tuple[dict[str, str], ...] = ()  # the last writes, cells by column, until one was seen where it belongs
    redacted_at: datetime | None = None  # somebody's words were taken out of the ticket: old values are not kept
    notice: str = ""
    noticed_at: datetime | None = None
    was_placed: bool = False
    is_gone: bool = False
    is_archived: bool = False
    is_leaving: bool = False  # copied to the second tab, to be taken off the first
    refused_cells: str = ""  # digest of what the sheet's server would not take; not sent again until it changes

    def with_write(self, shared: Mapping[str, str]) -> RowMemory:
        """Return the memory as of one more write, after which the shared cells say this."""
        if self.bases.get(self.writes) == dict(shared):
            return self  # the mark stands for these values already
        writes = self.writes + 1
        bases = {**self.bases, writes: dict(shared)}
        spare = sorted(number for number in bases if number != self.seen)[:-_KEPT]
        return self.but(writes=writes, bases={number: base for number, base in bases.items() if number not in spare})

    def next_mark(self, ticket_id: str) -> str:
        """Return the mark of the write that is about to be sent, such as `T-K7M3-9QXZ 12.31`."""
        return f"{ticket_id} {self.writes}.{self.sends + 1}"

    def with_sent(self, cells: Mapping[str, str]) -> RowMemory:
        """Return the memory with the cells of one more write under way."""
        return self.but(sends=self.sends + 1, sent=(*self.sent[1 - _SENT_KEPT :], dict(cells)))

    def emptied(self) -> RowMemory:
        """Return what may stay of a row whose ticket was erased: nothing that anybody wrote."""
        kept = ("writes", "sends", "is_leaving", "refused_cells")
        return RowMemory(was_placed=True, **{name: getattr(self, name) for name in kept})

    @property
    def is_forgetful(self) -> bool:
        """Tell whether values from before a redaction are still kept, until the row is seen as it was written since."""
        return self.redacted_at is not None and (len(self.bases) > 1 or bool(self.sent))

    def with_notice(self, text: str, now: datetime | None) -> RowMemory:
        return self.but(notice=text, noticed_at=now if text else None)


def read_mark(cell: str) -> tuple[str, int] | None:
    """Return the ticket id and first counter of a mark, or None where a person has put something else."""
    found = _MARK.match(cell.strip())
    return (found[1], int(found[2])) if found else None


def digest_cells(cells: Mapping[str, str]) -> str:
    """Return a short digest of a row's cells, to remember that the server would not take them. Age and notice do not count."""
    return derived_id(*(f"{name}={value}" for name, value in sorted(cells.items()) if name not in ("age", "notice")))
