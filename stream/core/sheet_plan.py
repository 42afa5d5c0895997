"""What one pass over the sheet is to do: the outcome of reconciling what was read with what is known."""

from __future__ import annotations

from datetime import datetime

from stream.core.commands import AnyCommand
from stream.core.sheet_memory import RowMemory
from stream.core.value import Value


class Wanted(Value):
    """What the sheet is to say of one ticket: `cells` by column name, all but the id, the notice and the mark."""

    id: str
    group: str
    cells: dict[str, str]
    updated_at: datetime
    is_closed: bool = False
    is_erased: bool = False


class RowWrite(Value):
    """Cells of one row to be written, by place counted from 0; `number` is the row as it was read in this pass."""

    ticket_id: str
    number: int
    cells: dict[int, str]


class NewRow(Value):
    """A row to be added at the end, cells by place counted from 0."""

    ticket_id: str
    cells: dict[int, str]


class Plan(Value):
    """What to do, in this order: publish `commands`, save `memories`, then change the sheet. With `stop` set, nothing at all.

    `headers` are column headers to add, by place. `places` are our columns as they stand once those are added.
    """

    stop: str | None = None
    header_row: int = 1
    places: dict[str, int] = {}
    headers: dict[int, str] = {}
    writes: tuple[RowWrite, ...] = ()
    appends: tuple[NewRow, ...] = ()
    commands: tuple[AnyCommand, ...] = ()
    memories: dict[str, RowMemory] = {}
    deleted: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    refused: int = 0

    @property
    def changes_sheet(self) -> bool:
        return bool(self.headers or self.writes or self.appends)


class Options(Value):
    """How a pass is made.

    `write_slow`: write rows of which only the age has moved. `hold`: tickets that may not be added yet, because an answer was
    lost. `restore`: write rows again that are missing. `accept_missing`: take all missing rows for deleted. `repair`: a
    deletion of ours may have hit other rows than it was meant for. `push`: tickets whose rows are made to say what the ticket
    says, whatever people changed or deleted there.
    """

    write_slow: bool = True
    hold: frozenset[str] = frozenset()
    restore: bool = False
    accept_missing: bool = False
    repair: bool = False
    push: frozenset[str] = frozenset()
    zone: str = "UTC"
