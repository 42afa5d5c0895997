"""The business hours of each ticket's policy, by which its times are counted."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.card import Card
from stream.core.book import Book
from stream.core.calendar import BusinessCalendar
from stream.core.group_facts import GroupFacts


def calendars(book: Book) -> Callable[[Card], BusinessCalendar]:
    """Return a function from a ticket to the hours of its policy; what decides on the policy is looked up once."""
    known: dict[tuple[object, ...], BusinessCalendar] = {}

    def calendar_of(card: Card) -> BusinessCalendar:
        kind = (card.group, card.category, card.priority, card.tags, card.policy)
        if kind not in known:
            group = book.group(card.group)
            facts = GroupFacts(mode=group.mode.value, policy=group.policy, tags=group.tags, language=group.language)
            known[kind] = book.follow_ups.calendar_of(book.follow_ups.policy_of(card.ticket(), facts))
        return known[kind]

    return calendar_of
