"""The week in one page: as data for the page that is printed, and as a message to the team's own group. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard import insight, safe
from dashboard.card import Card
from dashboard.insight import CalendarOf, middle, p90
from dashboard.words import say
from stream.core.events import TicketEvent

WEEK = timedelta(days=7)
_TOP = 6
_OLDEST = 5
_TITLE = 60


@dataclass(frozen=True)
class Week:
    """What happened in `[since, until)`. Times are business minutes, None where nothing was answered or resolved."""

    since: datetime
    until: datetime
    opened: tuple[Card, ...]
    resolved: tuple[Card, ...]
    first: tuple[float, ...]
    whole: tuple[float, ...]
    missed: int
    corrected: int


def monday(now: datetime) -> datetime:
    """Return the beginning of the week that `now` is in, in the zone of `now`."""
    return (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def week_of(cards: Iterable[Card], events: Iterable[TicketEvent], since: datetime, calendar_of: CalendarOf) -> Week:
    """Return the week that begins at `since`."""
    until = since + WEEK
    every = list(cards)
    opened = [card for card in every if since <= card.opened_at < until]
    resolved = [card for card in every if card.resolved_at is not None and since <= card.resolved_at < until]
    first = [insight.durations(card, calendar_of(card))[0] for card in opened]
    whole = [insight.durations(card, calendar_of(card))[1] for card in resolved]
    return Week(
        since=since,
        until=until,
        opened=tuple(opened),
        resolved=tuple(resolved),
        first=tuple(one for one in first if one is not None),
        whole=tuple(one for one in whole if one is not None),
        missed=sum(insight.has_missed(card) for card in opened),
        corrected=len(insight.corrections(events, since, until)),
    )


def page(week: Week, before: Week, open_now: Sequence[Card], now: datetime, language: str, *, reveal: bool) -> dict[str, Any]:
    """Return the page as the digest's component takes it; `before` is the week before, to compare with."""
    return {
        "title": say(language, "digest.title", since=_day(week.since), until=_day(week.until - timedelta(days=1))),
        "figures": _figures(week, before, open_now, now, language),
        "lists": [
            {"title": say(language, f"insights.by_{key}"), "rows": _top(week.opened, key, language)}
            for key in ("group", "category", "person")
        ]
        + [{"title": say(language, "insights.decided"), "rows": _shares(week, language)}],
        "oldest": {"title": say(language, "digest.oldest"), "rows": _oldest(open_now, language, reveal=reveal)},
        "note": say(language, "insights.note"),
        "nothing": say(language, "digest.nothing"),
    }


def as_text(week: Week, before: Week, open_now: Sequence[Card], now: datetime, language: str) -> str:
    """Return the week as one message for the team's own group; numbers of customers are masked."""
    told = page(week, before, open_now, now, language, reveal=False)
    lines = [f"*{told['title']}*", ""]
    for one in told["figures"]:
        was = say(language, "digest.before", value=one["was"]) if one["was"] is not None else ""
        lines.append(f"{one['label']}: {one['value']}{f' ({was})' if was else ''}")
    for one in told["lists"]:
        if one["rows"]:
            lines += ["", f"{one['title']}: " + ", ".join(f"{row['name']} {row['text']}" for row in one["rows"])]
    if told["oldest"]["rows"]:
        lines += ["", f"{told['oldest']['title']}:"]
        lines += [f"{row['id']}  {row['name']}  ({row['text']})" for row in told["oldest"]["rows"]]
    return "\n".join(lines)


def _figures(week: Week, before: Week, open_now: Sequence[Card], now: datetime, language: str) -> list[dict[str, Any]]:
    sent, sent_before = insight.follow_ups(week.opened), insight.follow_ups(before.opened)
    told: list[tuple[str, str, str | None]] = [
        ("insights.opened", str(len(week.opened)), str(len(before.opened))),
        ("insights.resolved", str(len(week.resolved)), str(len(before.resolved))),
        ("digest.first_median", _time(week.first, middle), _time(before.first, middle)),
        ("digest.first_p90", _time(week.first, p90), _time(before.first, p90)),
        ("digest.whole_median", _time(week.whole, middle), _time(before.whole, middle)),
        ("digest.whole_p90", _time(week.whole, p90), _time(before.whole, p90)),
        ("insights.missed", str(week.missed), str(before.missed)),
        ("insights.follow_ups", _follow_ups(sent), _follow_ups(sent_before)),
        ("digest.corrected", str(week.corrected), str(before.corrected)),
        ("digest.groups", str(_groups(week)), str(_groups(before))),
        ("digest.open_now", str(len(open_now)), None),
        ("digest.late_now", str(sum(card.is_late(now) for card in open_now)), None),
    ]
    return [{"label": say(language, key), "value": value, "was": was} for key, value, was in told]


def _groups(week: Week) -> int:
    return len({card.group for card in week.opened})


def _follow_ups(counted: dict[str, int]) -> str:
    return " / ".join(str(counted.get(name, 0)) for name in ("sent", "cancelled", "answered"))


def _time(minutes: Sequence[float], of: Callable[[Sequence[float]], float | None]) -> str:
    return insight.tell_minutes(of(minutes)) or "-"


def _top(cards: Sequence[Card], key: str, language: str) -> list[dict[str, Any]]:
    rows = insight.breakdown(cards, key, language)[:_TOP]
    most = max((int(row["tickets"]) for row in rows), default=0) or 1
    return [{"name": row["name"], "text": str(row["tickets"]), "share": row["tickets"] / most} for row in rows]


def _shares(week: Week, language: str) -> list[dict[str, Any]]:
    total = len(week.opened)
    rows = insight.stage_shares(week.opened, language)
    return [
        {"name": row["stage"], "text": f"{100 * row['count'] / total:.0f} %", "share": row["count"] / total}
        for row in rows
        if row["count"]
    ]


def _oldest(open_now: Sequence[Card], language: str, *, reveal: bool) -> list[dict[str, Any]]:
    found = sorted(open_now, key=lambda card: card.opened_at)[:_OLDEST]
    return [
        {
            "id": card.id,
            "name": safe.title(card.title, reveal=reveal)[:_TITLE],
            "text": say(language, "digest.since", day=_day(card.opened_at)),
        }
        for card in found
    ]


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")
