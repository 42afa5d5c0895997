"""What a ticket's row says: every cell as text that no spreadsheet can mistake, cut or choke on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, tzinfo

from stream.core.detection import Priority
from stream.core.ticket import Ticket, TicketState

STATUS_LABELS: dict[TicketState, str] = {
    TicketState.NEW: "New",
    TicketState.WAITING_US: "Waiting for us",
    TicketState.WAITING_CUSTOMER: "Waiting for customer",
    TicketState.ON_HOLD: "On hold",
    TicketState.RESOLVED: "Resolved",
    TicketState.CLOSED: "Closed",
}
PRIORITY_LABELS: dict[Priority, str] = {priority: priority.value.capitalize() for priority in Priority}
ERASED = "Erased on request"

LONGEST = 5_000  # of what customers wrote; a cell is for reading
LONGEST_NOTE = 32_000  # Excel's own limit is 32,767
_CUT = " … (cut)"
# C0 controls but tab and newline, DEL and C1 controls, and lone surrogates: refused by .xlsx, unanswered by Google. U+FFFE and
# U+FFFF break XML. Overrides and embeddings of the writing direction let a text look like another one; marks (U+200E, U+200F)
# stay, since Arabic and Hebrew are written with them.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_FORMULA = re.compile(r"^[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r]")


def clean(text: str, limit: int = LONGEST) -> str:
    """Return text that a cell can hold: newlines as LF, no controls, at most `limit` UTF-16 units, cut with a mark."""
    text = _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) * 2 <= limit or _units(text) <= limit:
        return text
    room, end = limit - len(_CUT), 0
    for letter in text:
        room -= 2 if ord(letter) > 0xFFFF else 1
        if room < 0:
            break
        end += 1
    return text[:end] + _CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def looks_like_formula(text: str) -> bool:
    """Tell whether a program that re-reads the text as typing would make a formula (or a number) of it."""
    return bool(_FORMULA.match(text))


def show_time(at: datetime | None, zone: tzinfo) -> str:
    """Return `2026-11-22 14:05` in the sheet's zone, or nothing."""
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def next_due(ticket: Ticket) -> datetime | None:
    """Return the next time by which somebody must act: the earliest clock that still runs, else the follow-up window."""
    clocks = (ticket.clocks.first_response, ticket.clocks.next_response, ticket.clocks.resolution)
    running = [clock.due_at for clock in clocks if clock is not None and clock.met_at is None and clock.due_at is not None]
    if running:
        return min(running)
    return ticket.window.due_at if ticket.window is not None else None


def age_hours(opened_at: datetime, ended_at: datetime | None, now: datetime) -> str:
    """Return the age in whole hours; a ticket stops ageing when it is resolved."""
    return str(max(0, int(((ended_at or now) - opened_at).total_seconds() // 3600)))


def person_text(address: str, name: str | None) -> str:
    """Return how a person is shown: their name, else their number, else what is known of them."""
    if name and name.strip():
        return name
    user, _, domain = address.partition("@")
    return f"+{user}" if domain.startswith("s.whatsapp") and user.isdigit() else user or address


def ticket_cells(ticket: Ticket, now: datetime, zone: tzinfo, name_of: Callable[[str], str]) -> dict[str, str]:
    """Return the ticket's cells by column name, all but the id, the notice and the mark. `name_of` shows an assignee."""
    ended_at = ticket.resolved_at or ticket.closed_at if not ticket.state.is_open else None
    is_open = ticket.state.is_open
    written = [at for at in (ticket.last_customer_at, ticket.last_staff_at) if at is not None]
    return {
        "status": STATUS_LABELS[ticket.state],
        "priority": PRIORITY_LABELS[ticket.priority],
        "assignee": clean(name_of(ticket.assignee)) if ticket.assignee else "",
        "category": clean(ticket.category),
        "title": clean(ticket.title),
        "customer": clean(person_text(ticket.opened_by, ticket.opened_by_name)),
        "group": clean(ticket.group_name or ticket.group),
        "opened": show_time(ticket.opened_at, zone),
        "age": age_hours(ticket.opened_at, ended_at, now),
        "due": show_time(next_due(ticket), zone) if is_open else "",
        "last_message": show_time(max(written, default=None), zone),
        "note": clean(ticket.note or "", LONGEST_NOTE),
    }


def erased_cells() -> dict[str, str]:
    """Return the cells of a ticket that was erased: nothing of anybody is left, the id stays so that the row is found."""
    names = ("status", "priority", "assignee", "category", "title", "customer", "group")
    return dict.fromkeys((*names, "opened", "age", "due", "last_message", "note"), "")
