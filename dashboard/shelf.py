"""The tickets of a moment in their order, with what many visitors ask of them worked out once for all."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from dashboard.card import Card

_Answer = TypeVar("_Answer")
_REMEMBERED = 64


@dataclass(frozen=True)
class Shelf:
    """All cards at one moment; never changes, so an answer once found holds. Shared by threads."""

    cards: Mapping[str, Card] = field(default_factory=dict)
    _answers: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def by_due(self) -> tuple[Card, ...]:
        """All cards, the one that is due soonest first; ties and cards without a deadline in order of opening."""
        return tuple(sorted(self.cards.values(), key=lambda card: card.order))

    @cached_property
    def open_by_due(self) -> tuple[Card, ...]:
        return tuple(card for card in self.by_due if card.is_open)

    @cached_property
    def _deadlines(self) -> tuple[int, list[float]]:
        """How many open tickets have missed a deadline already, and the deadlines of the others in order, in Unix seconds."""
        ahead = [card.due_at.timestamp() for card in self.open_by_due if card.breached_at is None and card.due_at]
        return sum(card.breached_at is not None for card in self.open_by_due), ahead

    def count_due(self, now: datetime, within_s: float) -> tuple[int, int]:
        """Return how many are due within that time, and how many are overdue."""
        missed, ahead = self._deadlines
        past = bisect_right(ahead, now.timestamp())
        return bisect_right(ahead, now.timestamp() + within_s) - past, missed + past

    def remember(self, question: Hashable, find: Callable[[], _Answer]) -> _Answer:
        """Return the answer to a question about these cards, found at the first time it is asked."""
        if question not in self._answers:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[question] = find()
        answer: _Answer = self._answers[question]
        return answer
