"""What a fault run of follow-ups has shown: what arrived at WhatsApp, held against what the log and the tickets tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stream.core.outcome import Outbound
from stream.core.sending import DeliveryStatus, Standing
from stream.core.ticket import FollowUpStatus, Ticket

_ABOUT = re.compile(r"(\w+) word on (\S+)")


def follow_ups_in(text: str) -> list[tuple[str, str]]:
    """Return which follow-ups a message is made of: the word that each begins with, and what it is about."""
    return _ABOUT.findall(text)


@dataclass
class Seen:
    """What the topics told, by id."""

    standings: dict[str, Standing] = field(default_factory=dict)
    outbounds: dict[str, Outbound] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)

    def count_ended(self) -> int:
        """Return how many follow-ups have come to an end, whichever."""
        return sum(self.ends().values())

    def ends(self) -> Counter[str]:
        """Return how many follow-ups have come to each end; a message that carries several counts as so many."""
        ends: Counter[str] = Counter()
        for key, found in self.standings.items():
            if found.is_final and found.last and key in self.outbounds:
                ends[found.last.status.value] += len(follow_ups_in(self.outbounds[key].text))
        ends["let go"] = count_let_go(self)
        return ends


@dataclass
class Finding:
    """What the run has shown. `faults` and `kills` say what was done; the rest are counts of follow-ups, all wanted."""

    wanted: int
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    messages: int = 0  # that arrived
    arrived: int = 0
    twice: int = 0
    forgotten: int = 0  # without an end, or never decided at all
    told_otherwise: int = 0  # the ticket says another thing than the log
    untrue: int = 0  # sent that never arrived, or cancelled that did
    seconds: float = 0.0

    def add(self, other: Finding) -> None:
        """Add what another run has shown."""
        for counted in ("kills", "faults", "ends"):
            getattr(self, counted).update(getattr(other, counted))
        for number in ("wanted", "messages", "arrived", "twice", "forgotten", "told_otherwise", "untrue", "seconds"):
            setattr(self, number, getattr(self, number) + getattr(other, number))

    @property
    def is_clean(self) -> bool:
        return not (self.twice or self.forgotten or self.told_otherwise or self.untrue)

    def __str__(self) -> str:
        return (
            f"{self.wanted} follow-ups, {sum(self.kills.values())} kills in {self.seconds:.0f} s\n"
            f"  arrived {self.arrived} in {self.messages} messages, ends {dict(self.ends)}\n"
            f"  twice {self.twice}, forgotten {self.forgotten}, untrue {self.untrue}, told otherwise {self.told_otherwise}\n"
            f"  kills {dict(self.kills)}\n  faults {dict(self.faults)}\n"
            f"{'CLEAN' if self.is_clean else 'BROKEN'}"
        )


def judge(finding: Finding, seen: Seen, sent: Sequence[dict[str, Any]], *, has_tickets: bool) -> None:
    """Count what must not be. `sent` are the messages that reached the group; texts are never the same twice."""
    texts = [row["message"].get("conversation", "") for row in sent]
    arrived = Counter(each for text in texts for each in follow_ups_in(text))
    finding.messages = len(texts)
    finding.arrived = sum(arrived.values())
    finding.twice = sum(times - 1 for times in arrived.values())
    finding.ends.update(seen.ends())
    finding.forgotten = finding.wanted - sum(finding.ends.values())
    for key, found in seen.standings.items():
        status = found.last.status if found.last else None
        has_arrived = key in seen.outbounds and any(each in arrived for each in follow_ups_in(seen.outbounds[key].text))
        finding.untrue += status is DeliveryStatus.SENT and not has_arrived
        finding.untrue += status is DeliveryStatus.CANCELLED and has_arrived
    if has_tickets:
        marks = [mark for ticket in seen.tickets.values() for mark in ticket.follow_ups]
        pending = sum(mark.status in (FollowUpStatus.PLANNED, FollowUpStatus.INTENT) for mark in marks)
        finding.forgotten = max(finding.forgotten, finding.wanted - len(marks)) + pending
        finding.told_otherwise = count_told_otherwise(seen)


def count_let_go(seen: Seen) -> int:
    """Return how many follow-ups the worker let go with a reason before any message was made of them, as overtaken ones."""
    marks = [mark for ticket in seen.tickets.values() for mark in ticket.follow_ups]
    return sum(mark.outbound_id is None and mark.status is FollowUpStatus.CANCELLED and bool(mark.because) for mark in marks)


def count_told_otherwise(seen: Seen) -> int:
    """Return how many follow-ups have another end on their ticket than in the log."""
    differs = 0
    for ticket in seen.tickets.values():
        for mark in ticket.follow_ups:
            if mark.outbound_id is None:
                continue
            found = seen.standings.get(mark.outbound_id or "")
            differs += found is None or found.last is None or found.last.status.value != mark.status.value
    return differs
