"""What the sheet tells about itself: the page that explains it, and which colours mean what."""

from __future__ import annotations

from stream.core.detection import Priority
from stream.core.sheet_cells import PRIORITY_LABELS, STATUS_LABELS
from stream.core.ticket import TicketState
from stream.core.value import Value


class Colour(Value):
    """A background for cells whose `column` says `value`; the colour itself marks the rule as ours."""

    column: str
    value: str
    rgb: str
    whole_row: bool = False


# Pale tints, told apart by lightness too, with dark text readable on all of them.
COLOURS: tuple[Colour, ...] = (
    Colour(column="status", value=STATUS_LABELS[TicketState.NEW], rgb="FDE2E1"),
    Colour(column="status", value=STATUS_LABELS[TicketState.WAITING_US], rgb="FDEFC8"),
    Colour(column="status", value=STATUS_LABELS[TicketState.WAITING_CUSTOMER], rgb="DCEBFC"),
    Colour(column="status", value=STATUS_LABELS[TicketState.ON_HOLD], rgb="E9E4F7"),
    Colour(column="status", value=STATUS_LABELS[TicketState.RESOLVED], rgb="DDF3E0"),
    Colour(column="status", value=STATUS_LABELS[TicketState.CLOSED], rgb="E6E7EA"),
    Colour(column="priority", value=PRIORITY_LABELS[Priority.HIGH], rgb="FCE5CE"),
    Colour(column="priority", value=PRIORITY_LABELS[Priority.URGENT], rgb="F9CFCB"),
)


def guide_lines(zone: str) -> tuple[str, ...]:
    """Return the page that explains the sheet to the people who use it, line by line."""
    return (
        "How this sheet works",
        "Every row is one ticket that Groupdesk found in a WhatsApp group.",
        "Rows are found by their ID: sort, filter, move rows and columns, and add columns of your own. All of it is kept.",
        "You may change what has a blue header: Status, Priority, Assignee, Category and Note. Groupdesk acts on it.",
        "If a change cannot be made, the cell is put back and “Groupdesk says” tells why.",
        "The other columns are Groupdesk's: what is typed there is put back.",
        "A row that you delete stays deleted; the ticket itself is not. `groupdesk sheet rebuild` writes deleted rows again.",
        "Leave the headers as they are: a column whose header is renamed becomes yours, and a new one is added at the right.",
        "The hidden column Sync tells Groupdesk which of its writes a row has seen.",
        f"Times are in {zone}. Age counts hours until the ticket is resolved.",
        "Closed tickets beyond a limit move to the tab “Closed tickets”, with your own columns. That tab is not read back.",
        "If many rows vanish at once, nothing is changed until somebody has looked; undo it, or run `groupdesk sheet rebuild`.",
    )
