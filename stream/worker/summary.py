"""The few numbers of a group that the worker keeps at hand, so that a heartbeat never walks through all tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

import orjson

from stream.core.group_facts import GroupFacts
from stream.core.ticket import Ticket
from stream.core.ticket_life import next_wake
from stream.worker.record import GroupRecord

REOPEN_WITHIN = GroupFacts().reopen_within


class TicketSummary(NamedTuple):
    """What one ticket adds to its group's summary."""

    is_open: bool
    wake_at: datetime | None
    follow_ups: tuple[str, ...]  # their statuses


@dataclass(frozen=True)
class Summary:
    """`counts` are the keys of the heartbeat, `next_due_at` when a timer must look at the group next."""

    counts: Counter[str] = field(default_factory=Counter)
    tickets_open: int = 0
    next_due_at: datetime | None = None

    def to_json(self) -> bytes:
        """Return the bytes that stand in front of a group in the table."""
        return orjson.dumps({"counts": self.counts, "tickets_open": self.tickets_open, "next_due_at": self.next_due_at})

    @classmethod
    def from_plain(cls, found: dict[str, Any]) -> Self:
        """Return what `to_json` wrote, once read as JSON."""
        due = found["next_due_at"]
        return cls(Counter(found["counts"]), found["tickets_open"], datetime.fromisoformat(due) if due else None)


def summarise_ticket(ticket: Ticket) -> TicketSummary:
    """Return what this ticket adds to its group's summary."""
    wake = next_wake(ticket, REOPEN_WITHIN)
    return TicketSummary(
        is_open=ticket.state.is_open,
        wake_at=wake.at if wake is not None else None,
        follow_ups=tuple(str(follow_up.status) for follow_up in ticket.follow_ups),
    )


def sum_up(record: GroupRecord, tickets: Sequence[TicketSummary]) -> Summary:
    """Return the summary of a group from its own counts and those of its tickets."""
    ledger = record.state.ledger
    counts: dict[str, int] = {
        "seen": ledger.seen,
        "duplicates": ledger.duplicates,
        "dead": ledger.dead,
        "applied": ledger.applied,
        "late": ledger.late,
        "echoes": ledger.echoes,
        "ignored": sum(ledger.ignored.values()),
        "tickets_opened": ledger.tickets_opened,
    }
    for reason, number in ledger.ignored.items():
        counts[f"ignored.{reason}"] = number
    for ticket in tickets:
        for status in ticket.follow_ups:
            counts[f"follow_ups.{status}"] = counts.get(f"follow_ups.{status}", 0) + 1
    return Summary(
        counts=Counter(counts),
        tickets_open=sum(ticket.is_open for ticket in tickets),
        next_due_at=min((ticket.wake_at for ticket in tickets if ticket.wake_at is not None), default=None),
    )


def total(summaries: Iterable[Summary]) -> tuple[Counter[str], int]:
    """Return the sums over groups: counts, and open tickets."""
    counts: Counter[str] = Counter()
    tickets_open = 0
    for summary in summaries:
        counts.update(summary.counts)
        tickets_open += summary.tickets_open
    return counts, tickets_open
