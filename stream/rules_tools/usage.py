"""What each rule has done over the messages kept: how often it fitted, counted and decided, and when last. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from stream.core.book import Book
from stream.core.detect import judge
from stream.core.value import Value
from stream.rules_tools.replay import Replayed


class RuleUsage(Value):
    """One rule. `fitted` counts every message it fits, `counted` those where it had a say, `decided` those it decided."""

    id: str
    title: str
    mode: str
    fitted: int = 0
    counted: int = 0
    decided: int = 0
    last_fitted_at: datetime | None = None

    @property
    def remark(self) -> str:
        """What a person should look at, or nothing."""
        if not self.fitted:
            return "never fitted"
        if not self.counted and self.mode == "live":
            return "always behind a rule with stop"
        return ""


class Usage(Value):
    messages: int
    undecided: int
    rules: tuple[RuleUsage, ...]


def measure_usage(messages: Iterable[Replayed], book: Book) -> Usage:
    """Run the book over the messages and count, in the order in which the rules are asked."""
    table = {c.rule.id: RuleUsage(id=c.rule.id, title=c.rule.title, mode=c.rule.mode.value) for c in book.rules.rules}
    seen = undecided = 0
    for replayed in messages:
        if not replayed.is_watched(book):
            continue
        seen += 1
        verdict = judge(replayed.facts(book), book.rules)
        undecided += not verdict.detection.decided_by
        at = replayed.message.sent_at
        counted = {rule.id for rule in verdict.counted}
        for compiled in verdict.reading.rules:
            one = table[compiled.rule.id]
            table[one.id] = one.but(
                fitted=one.fitted + 1,
                counted=one.counted + (one.id in counted),
                decided=one.decided + (one.id == verdict.detection.decided_by),
                last_fitted_at=max(at, one.last_fitted_at or at),
            )
    return Usage(messages=seen, undecided=undecided, rules=tuple(table.values()))
