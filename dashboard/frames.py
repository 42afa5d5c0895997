"""What the lists show: cards filtered, ordered and turned into plain rows. Pure: `now` and the language are arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

from dashboard import safe
from dashboard.card import Card
from dashboard.desk import Snapshot
from dashboard.words import say, section
from stream.core.detection import Stage
from stream.core.status import Health
from stream.core.ticket import TicketState
from stream.core.windows import BEFORE_PROMISE

VIEWS = ("open", "mine", "unassigned", "waiting_us", "waiting_customer", "soon", "late", "snoozed", "done", "all")
_WITH_FINISHED = ("done", "all")
LANES = (TicketState.NEW, TicketState.WAITING_US, TicketState.WAITING_CUSTOMER, TicketState.ON_HOLD)
SOON = timedelta(minutes=15)
_AFTER_ALL = (inf, inf, "")
NameOf = Callable[[str], str]
_MOVED_BY_TIME = ("snoozed", "late", "soon")


@dataclass(frozen=True)
class Filter:
    """What a visitor wants to see: a view, and words, a group or a category to narrow it.

    `mine` are the names and addresses under which tickets are theirs.
    """

    view: str = "open"
    text: str = ""
    group: str | None = None
    category: str | None = None
    mine: frozenset[str] = frozenset()


def select(snapshot: Snapshot, wanted: Filter, now: datetime) -> Sequence[Card]:
    """Return the cards of a view, the one due soonest first; finished ones the latest first. Found once a second for all."""
    if wanted == Filter(mine=wanted.mine):
        return snapshot.open_by_due
    moment = int(now.timestamp()) if wanted.view in _MOVED_BY_TIME else 0
    return snapshot.shelf.remember((wanted, moment), lambda: _find(snapshot, wanted, now))


def _find(snapshot: Snapshot, wanted: Filter, now: datetime) -> Sequence[Card]:
    words = wanted.text.casefold().split()
    found = [
        card
        for card in (snapshot.shelf.by_due if wanted.view in _WITH_FINISHED else snapshot.open_by_due)
        if _is_in(card, wanted, now)
        and (wanted.group is None or card.group == wanted.group)
        and (wanted.category is None or card.category == wanted.category)
        and all(word in card.haystack for word in words)
    ]
    if wanted.view in _WITH_FINISHED:
        found.sort(key=lambda card: (card.resolved_at or card.updated_at, card.id), reverse=True)
        found.sort(key=lambda card: card.order if card.is_open else _AFTER_ALL)
    return found


def _is_in(card: Card, wanted: Filter, now: datetime) -> bool:
    match wanted.view:
        case "done":
            return not card.is_open
        case "snoozed":
            return card.is_snoozed(now)
        case "late":
            return card.is_late(now)
        case "soon":
            return is_soon(card, now)
        case "mine":
            return card.assignee in wanted.mine
        case "unassigned":
            return card.assignee is None
        case "waiting_us":
            return card.state in (TicketState.NEW, TicketState.WAITING_US)
        case "waiting_customer":
            return card.state is TicketState.WAITING_CUSTOMER
    return True


def is_soon(card: Card, now: datetime) -> bool:
    """Tell whether the card's deadline is still ahead, and at most 15 minutes away."""
    return card.is_open and not card.is_late(now) and card.due_at is not None and card.due_at - now <= SOON


def figures(snapshot: Snapshot, now: datetime, language: str) -> list[dict[str, Any]]:
    """Return the numbers of the strip: open, due in 15 minutes, overdue; each with the view that lists them."""
    soon, late = snapshot.shelf.count_due(now, SOON.total_seconds())
    counts = (("open", "", len(snapshot.open_by_due)), ("soon", "soon", soon), ("late", "late", late))
    return [
        {"view": view, "kind": view, "sign": sign, "value": value, "label": say(language, f"strip.{view}")}
        for view, sign, value in counts
    ]


def worker(snapshot: Snapshot, now: datetime, language: str) -> dict[str, str]:
    """Return the worker's state for the strip: level, words and its own sentence."""
    status = snapshot.part("worker", now)
    alive = status is not None and now - status.at < timedelta(seconds=10)
    level = status.status.value if status and alive else Health.DOWN.value
    return {"level": level, "text": say(language, f"strip.worker_{level}"), "detail": safe.show(status.detail) if status else ""}


def decided_by(stage: Stage, by: str, confidence: float, language: str) -> str:
    """Return who decided in words, such as `rule delivery-late` or `model 0.82`."""
    return say(language, f"by.{stage.value}", by=safe.show(by) or "?", confidence=f"{confidence:.2f}")


def step_words(step: int, language: str) -> str:
    """Return a follow-up's step as people count: the first is 1; the warning before a promised time has a word of its own."""
    return say(language, "board.promise") if step == BEFORE_PROMISE else say(language, "board.step", step=step + 1)


def assignee(name: str | None, name_of: NameOf, *, reveal: bool) -> str | None:
    """Return how to call whoever has a ticket; `name_of` knows the names of addresses."""
    return safe.person(name_of(name), name, reveal=reveal) if name else None


def board_row(card: Card, now: datetime, language: str, *, reveal: bool, name_of: NameOf = str) -> dict[str, Any]:
    """Return the row of a card as the board's component takes it: plain values, times in ISO format."""
    return {
        "id": card.id,
        "title": safe.title(card.title, reveal=reveal),
        "who": safe.person(card.opened_by_name, card.opened_by, reveal=reveal),
        "group": safe.group(card.group_name, card.group),
        "state": card.state.value,
        "is_open": card.is_open,
        "priority": card.priority,
        "category": safe.show(card.category),
        "assignee": assignee(card.assignee, name_of, reveal=reveal),
        "by": decided_by(card.stage, card.decided_by, card.confidence, language),
        "opened_at": card.opened_at.isoformat(),
        "due_at": card.due_at.isoformat() if card.due_at else None,
        "due_kind": card.due_kind,
        "is_breached": card.breached_at is not None,
        "snoozed_until": card.snoozed_until.isoformat() if card.snoozed_until and card.is_snoozed(now) else None,
        "next_at": card.next_step_at.isoformat() if card.next_step_at and card.is_open else None,
        "next_step": None if card.next_step is None else step_words(card.next_step, language),
    }


def board_words(language: str) -> dict[str, Any]:
    """Return all words that the board's component draws with."""
    columns = ("prio", "main", "state", "cat", "by", "owner", "next", "due_cell", "age")
    return (
        section(language, "board")
        | section(language, "due")
        | {
            "state": section(language, "state"),
            "priority": section(language, "priority"),
            "columns": [[name, say(language, f"column.{name}")] for name in columns],
            "lanes": [[state.value, say(language, f"state.{state.value}")] for state in LANES],
        }
    )


def choices(cards: Iterable[Card]) -> tuple[dict[str, str], list[str], list[str]]:
    """Return what can be chosen from: groups by JID with their names, categories, and people; the busiest first."""
    groups: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    people: Counter[str] = Counter()
    names: dict[str, str] = {}
    for card in cards:
        groups[card.group] += 1
        categories[card.category] += 1
        if card.assignee:
            people[card.assignee] += 1
        names[card.group] = safe.group(card.group_name, card.group)
    return (
        {jid: names[jid] for jid, _ in groups.most_common()},
        [category for category, _ in categories.most_common()],
        [name for name, _ in people.most_common()],
    )
