"""The rules with what each has done: tickets that it opened, and every message that it fitted or decided. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dashboard import safe
from dashboard.card import Card
from dashboard.tables import Row, chip
from dashboard.words import say
from stream.core.book import Book
from stream.core.detection import Stage

VIEWS = ("all", "never", "shadowed")
Usage = Mapping[str, Mapping[str, Any]]


def usage_of(told: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return by rule what `groupdesk rules stats --json` counted."""
    return {str(one["id"]): one for one in told.get("rules", ())}


def rows(book: Book, cards: Iterable[Card], usage: Usage | None, view: str, now: datetime, language: str) -> list[Row]:
    """Return the rules, the busiest first; `usage` None: nothing was counted yet, and nothing is shown as zero."""
    opened = _opened(cards, now - timedelta(days=7))
    most = max((int(one["fitted"]) for one in (usage or {}).values()), default=0) or 1
    found = []
    for compiled in book.rules.rules:
        rule = compiled.rule
        used = (usage or {}).get(rule.id)
        remark = remark_of(used, rule.mode.value) if used else ""
        if view in ("all", remark):
            found.append(
                {
                    "title": safe.show(rule.title),
                    "rule": rule.id,
                    "says": chip(say(language, f"label.{rule.then.label.value}"), "none"),
                    "priority": rule.priority,
                    "fitted": {"share": used["fitted"] / most, "text": f"{used['fitted']:,}"} if used else None,
                    "decided": used["decided"] if used else None,
                    "tickets": opened.get(rule.id, 0),
                    "last": used["last_fitted_at"] if used else None,
                    "remark": _remark(remark, rule.mode.value, language),
                }
            )
    order = {name: -int(one["fitted"]) for name, one in (usage or {}).items()}
    return sorted(found, key=lambda row: (order.get(str(row["rule"]), 0), row["priority"], str(row["rule"])))


def remark_of(used: Mapping[str, Any], mode: str) -> str:
    """Return what a person should look at: `never` (it fitted no message), `shadowed` (always behind a stop), or nothing."""
    if not used["fitted"]:
        return "never"
    return "shadowed" if not used["counted"] and mode == "live" else ""


def _remark(remark: str, mode: str, language: str) -> dict[str, str] | None:
    if mode != "live":
        return chip(say(language, f"rules.mode_{mode}"), "none")
    return chip(say(language, f"rules.is_{remark}"), "warn") if remark else None


def count_views(book: Book, usage: Usage | None) -> dict[str, int | None]:
    """Return how many rules each view holds; None where nothing was counted yet."""
    if usage is None:
        return {"all": len(book.rules.rules), "never": None, "shadowed": None}
    remarks = [remark_of(usage[one.rule.id], one.rule.mode.value) if one.rule.id in usage else "" for one in book.rules.rules]
    return {"all": len(remarks), "never": remarks.count("never"), "shadowed": remarks.count("shadowed")}


def _opened(cards: Iterable[Card], since: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    for card in cards:
        if card.stage is Stage.RULES and card.decided_by and card.opened_at >= since:
            found[card.decided_by] = found.get(card.decided_by, 0) + 1
    return found
