"""The few numbers of a group that the worker keeps at hand, so that a heartbeat never walks through all tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from stream.core.group_facts import GroupFacts
from stream.core.ticket_life import next_wake
from stream.worker.record import GroupRecord

REOPEN_WITHIN = GroupFacts().reopen_within


@dataclass(frozen=True)
class Summary:
    """`counts` are the keys of the heartbeat, `next_due_at` when a timer must look at the group next."""

    counts: Counter[str] = field(default_factory=Counter)
    tickets_open: int = 0
    next_due_at: datetime | None = None


def summarise(record: GroupRecord) -> Summary:
    """Count one group."""
    ledger = record.state.ledger
    counts: Counter[str] = Counter(
        seen=ledger.seen,
        duplicates=ledger.duplicates,
        dead=ledger.dead,
        applied=ledger.applied,
        late=ledger.late,
        echoes=ledger.echoes,
        ignored=sum(ledger.ignored.values()),
        tickets_opened=ledger.tickets_opened,
    )
    for reason, number in ledger.ignored.items():
        counts[f"ignored.{reason}"] = number
    tickets = record.state.tickets.values()
    for ticket in tickets:
        for follow_up in ticket.follow_ups:
            counts[f"follow_ups.{follow_up.status}"] += 1
    wakes = [wake.at for ticket in tickets if (wake := next_wake(ticket, REOPEN_WITHIN)) is not None]
    return Summary(
        counts=counts,
        tickets_open=sum(ticket.state.is_open for ticket in tickets),
        next_due_at=min(wakes, default=None),
    )


def total(summaries: Iterable[Summary]) -> tuple[Counter[str], int]:
    """Return the sums over groups: counts, and open tickets."""
    counts: Counter[str] = Counter()
    tickets_open = 0
    for summary in summaries:
        counts.update(summary.counts)
        tickets_open += summary.tickets_open
    return counts, tickets_open
