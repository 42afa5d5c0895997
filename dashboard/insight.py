"""What the weeks tell: volume, response and resolution in business time, who decides. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

from dashboard import frames, safe
from dashboard.card import Card
from dashboard.words import say
from stream.core.calendar import ALWAYS_OPEN, BusinessCalendar
from stream.core.detection import Stage
from stream.core.events import EventKind, TicketEvent
from stream.core.ticket import Clock

Row = dict[str, Any]
CalendarOf = Callable[[Card], BusinessCalendar]
KEYS = ("group", "person", "category", "week")


def within(cards: Iterable[Card], since: datetime) -> list[Card]:
    """Return the cards opened or resolved since then."""
    return [card for card in cards if card.opened_at >= since or (card.resolved_at is not None and card.resolved_at >= since)]


def by_day(cards: Iterable[Card], since: datetime, now: datetime, language: str) -> list[Row]:
    """Return tickets opened and resolved on each day (UTC), zero included: no data and none are not the same."""
    days = [(since + timedelta(days=number)).date() for number in range((now.date() - since.date()).days + 1)]
    opened = Counter(card.opened_at.date() for card in cards)
    resolved = Counter(card.resolved_at.date() for card in cards if card.resolved_at)
    kinds = (("insights.opened", opened), ("insights.resolved", resolved))
    return [
        {"day": day.isoformat(), "kind": say(language, kind), "count": counted[day]} for kind, counted in kinds for day in days
    ]


def durations(card: Card, calendar: BusinessCalendar) -> tuple[float | None, float | None]:
    """Return business minutes to the first response and to the resolution, None while it has not come."""
    return _minutes(card.first_response, calendar), (
        calendar.between(card.opened_at, card.resolved_at) / 60 if card.resolved_at else None
    )


def _minutes(clock: Clock | None, calendar: BusinessCalendar) -> float | None:
    return calendar.between(clock.started_at, clock.met_at) / 60 if clock and clock.met_at else None


def middle(values: Sequence[float]) -> float | None:
    """Return the median; None of nothing."""
    return median(values) if values else None


def breakdown(
    cards: Sequence[Card],
    key: str,
    language: str,
    calendar_of: CalendarOf = lambda _: ALWAYS_OPEN,
    name_of: frames.NameOf = str,
) -> list[Row]:
    """Return one row for each group, person, category or week: how many, how fast (median and p90), how many missed."""
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(_key_of(card, key, language, name_of), []).append(card)
    rows = []
    for name, mine in found.items():
        times = [durations(card, calendar_of(card)) for card in mine]
        first = [one for one, _ in times if one is not None]
        whole = [one for _, one in times if one is not None]
        rows.append(
            {
                "name": name,
                "tickets": len(mine),
                "open": sum(card.is_open for card in mine),
                "first_median": tell_minutes(middle(first)),
                "first_p90": tell_minutes(p90(first)),
                "whole_median": tell_minutes(middle(whole)),
                "whole_p90": tell_minutes(p90(whole)),
                "missed": sum(has_missed(card) for card in mine),
            }
        )
    return sorted(rows, key=lambda row: (-int(row["tickets"]), row["name"])) if key != "week" else sorted(rows, key=_by_name)


def p90(values: Sequence[float]) -> float | None:
    """Return the value that nine of ten stay under; of a single value, itself."""
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=10, method="inclusive")[-1]


def stage_shares(cards: Iterable[Card], language: str) -> list[Row]:
    """Return how many tickets rules, the local model, the model and people decided."""
    counted = Counter(card.stage for card in cards)
    return [{"stage": say(language, f"stage.{stage.value}"), "count": counted[stage]} for stage in Stage]


def follow_ups(cards: Iterable[Card]) -> dict[str, int]:
    """Return how many follow-ups were sent and cancelled, and after how many tickets' follow-ups somebody wrote."""
    counted: Counter[str] = Counter()
    for card in cards:
        counted.update(status for _, status in card.follow_ups)
        counted["answered"] += card.was_answered
    return dict(counted)


def corrections(events: Iterable[TicketEvent], since: datetime | None, until: datetime | None = None) -> list[TicketEvent]:
    """Return the detections that people put right, the latest first; without `since` all that are remembered."""
    return [
        event
        for event in reversed(list(events))
        if event.kind is EventKind.CORRECTED and (since is None or event.at >= since) and (until is None or event.at < until)
    ]


def _key_of(card: Card, key: str, language: str, name_of: frames.NameOf) -> str:
    match key:
        case "group":
            return safe.group(card.group_name, card.group)
        case "person":
            return frames.assignee(card.assignee, name_of, reveal=False) or say(language, "board.unassigned")
        case "category":
            return safe.show(card.category)
    year, week, _ = card.opened_at.isocalendar()
    return f"{year}-W{week:02d}"


def has_missed(card: Card) -> bool:
    """Tell whether a deadline of this ticket passed before it was met."""
    return any(clock is not None and clock.breached_at is not None for clock in (card.first_response, card.resolution))


def tell_minutes(minutes: float | None) -> str | None:
    """Return a span of time as people say it, such as `40 min` or `3.0 h`."""
    if minutes is None:
        return None
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _by_name(row: Row) -> str:
    return str(row["name"])
