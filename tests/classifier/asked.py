"""Undecided messages for tests, and a decider that asks a stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stream.adapters.model import Model
from stream.classifier.asking import Asker
from stream.classifier.breaker import Breaker
from stream.classifier.budget import Budget
from stream.classifier.cache import Cache
from stream.classifier.deciding import Decider
from stream.classifier.local import LocalClassifier
from stream.classifier.tally import Tally
from stream.core.book import Book, empty_book
from stream.core.commands import Judge
from stream.core.detection import Detection, Label
from stream.core.group import Recent
from stream.core.model_rules import Calls, ModelRules
from stream.core.outcome import OpenTicket, Undecided
from stream.core.people import Role

GROUP = "120363000000000009@g.us"
QUICK = Calls(timeout_s=1, retries=0)


def recent(number: int | str, text: str, author: str = "111@lid", role: Role = Role.CUSTOMER, **more: Any) -> Recent:
    return Recent(id=f"M{number}", author=author, author_name="Rosa", role=role, sent_at=datetime.now(UTC), text=text, **more)


def ask(number: int | str, text: str, author: str = "111@lid", group: str = GROUP, **more: Any) -> Undecided:
    more.setdefault("detection", Detection(label=Label.UNDECIDED, reason="no rule fits"))
    more.setdefault("asked_at", datetime.now(UTC))
    return Undecided(group=group, instance="desk", message=recent(number, text, author), **more)


def open_ticket(ticket_id: str, title: str, opened_by: str) -> OpenTicket:
    opened_at = datetime.now(UTC) - timedelta(hours=2)
    return OpenTicket(id=ticket_id, title=title, state="waiting_us", opened_by=opened_by, opened_at=opened_at)


def book(**rules: Any) -> Book:
    empty = empty_book()
    rules.setdefault("calls", QUICK)
    return Book(empty.version, empty.rules, model=ModelRules(**rules))


class Desk:
    """A decider and what it published. `decide` may be called again and again, as the role does."""

    def __init__(self, url: str, data_dir: Path, breaker: Breaker | None = None) -> None:
        self.tally = Tally()
        self.breaker = breaker or Breaker()
        self.model = Model("key", url, "stand-in")
        self.asker = Asker(self.model, Budget(data_dir), self.tally, self.breaker, Cache())
        self.decider = Decider(self.asker, LocalClassifier(data_dir / "local-head.json"), self.tally)
        self.judges: list[Judge] = []

    async def decide(self, asked: Sequence[Undecided], using: Book) -> bool:
        async def publish(judge: Judge) -> None:
            self.judges.append(judge)

        return await self.decider.decide(asked, using, publish)

    def run(self, asked: Sequence[Undecided], using: Book, tries: int = 1) -> bool:
        """Decide, as often as it takes or `tries` allow; what was judged is not asked about again."""

        async def go() -> bool:
            left = list(asked)
            for _ in range(tries):
                if await self.decide(left, using):
                    await self.model.close()
                    return True
                done = {(judge.group, judge.message_id) for judge in self.judges}
                left = [one for one in left if (one.group, one.message.id) not in done]
            await self.model.close()
            return False

        return asyncio.run(go())

    def verdict(self, message_id: str) -> Judge:
        found = [judge for judge in self.judges if judge.message_id == message_id]
        assert len(found) == 1, found
        return found[0]
