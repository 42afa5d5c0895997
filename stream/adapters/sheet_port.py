"""What a sheet must be able to do, whatever it is kept in: be read whole, and take one batch of changes."""

from __future__ import annotations

from typing import Protocol

from stream.core.sheet_plan import NewRow, Plan
from stream.core.sheet_table import Grid
from stream.core.value import Value
from stream.errors import SheetError

TICKET_TAB = "Tickets"
ARCHIVE_TAB = "Closed tickets"
GUIDE_TAB = "How this sheet works"


class Layout(Value):
    """How the table is dressed: the choices of dropdowns by column name, and the zone that its times are in."""

    choices: dict[str, tuple[str, ...]] = {}
    zone: str = "UTC"


class Batch(Value):
    """The changes of one pass: those of a plan, and what becomes of the tab of closed tickets.

    `archive` are rows to add there, in the order of `archive_headers`; `archive_cells` are cells to set there, by row number
    and place; `remove` are rows to take off the first tab, by number.
    """

    plan: Plan
    archive_headers: tuple[str, ...] = ()
    archive: tuple[NewRow, ...] = ()
    archive_cells: dict[int, dict[int, str]] = {}
    remove: tuple[int, ...] = ()
    layout: Layout = Layout()


class Applied(Value):
    """What became of a batch.

    `placed` are tickets whose new rows surely stand; `refused` those whose rows the sheet would not take, with the reason;
    `is_complete` is False where something was left for the next pass.
    """

    placed: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    is_complete: bool = True


class SheetChanged(SheetError):
    """Somebody changed the sheet while it was being written; it is read again."""


class SheetBusy(SheetError):
    """The sheet cannot take changes just now; they are kept and tried again."""

    def __init__(self, message: str | None = None, retry_after_s: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OutcomeUnclear(SheetBusy):
    """The answer to a write was lost; the sheet is read again before anything is sent again."""

    def __init__(self, message: str | None = None, retry_after_s: float = 2.0, hold_s: float = 10.0) -> None:
        super().__init__(message, retry_after_s)
        self.hold_s = hold_s  # how long the lost write may still land


class Sheet(Protocol):
    """A sheet. Methods raise `SheetError` or one of its kinds above; none leaves half a change that a pass cannot repair."""

    @property
    def name(self) -> str:
        """What a person knows the sheet by: a path or an address."""

    @property
    def target(self) -> str:
        """What tells this sheet from another: memories of rows belong to one target."""

    def has_news(self) -> bool:
        """Tell whether reading may show something new; cheap for files, always true where only reading can tell."""

    def is_missing(self) -> bool:
        """Tell whether the whole sheet is not there and may simply be made; a sheet that is there and empty is not missing."""

    def read(self) -> Grid:
        """Return all cells of the ticket tab as text; an empty grid where there is none yet."""

    def read_archive(self) -> Grid:
        """Return all cells of the tab of closed tickets."""

    def apply(self, batch: Batch) -> Applied:
        """Make the changes; those of one call land together as far as the sheet allows."""

    def close(self) -> None:
        """Let go of the sheet; never raises."""
