"""The stages after the rules, for `groupdesk eval`: each gives one detection a message, undecided where it is not sure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from stream.adapters.model_failures import ModelUnavailable
from stream.classifier.asking import Asker, BudgetSpent
from stream.classifier.breaker import Breaker
from stream.classifier.budget import Budget
from stream.classifier.cache import Cache
from stream.classifier.deciding import rules_of
from stream.classifier.local import LocalClassifier, decide, head_path
from stream.classifier.role import connect_model
from stream.classifier.tally import Tally
from stream.core.book import Book
from stream.core.detect import Facts, detect
from stream.core.detection import Detection
from stream.core.group import Recent
from stream.core.model_answer import Verdict
from stream.core.model_judge import detect_by_model
from stream.core.model_prompt import prompt_version
from stream.core.outcome import Undecided
from stream.core.people import Role
from stream.evaluation.messages import StageMissing
from stream.settings import Settings


class Labelled(Protocol):
    """A message of an evaluation file, as far as a stage may know it."""

    @property
    def id(self) -> str: ...

    @property
    def text(self) -> str: ...


def decide_locally(messages: Sequence[Labelled], book: Book, settings: Settings) -> list[Detection]:
    """Decide by the local classifier; raises `StageMissing` when there is no head, or nothing to run it with."""
    local = LocalClassifier(head_path(settings))
    texts = [message.text for message in messages]
    head, opinions = local.head, local.opinions(texts, book.rules)
    if head is None or opinions is None:
        raise StageMissing(f"The local stage cannot run: {local.why_not}.")
    believed = rules_of(book).believe_local
    left = [detect(Facts(text=text), book.rules) for text in texts]
    return [decide(opinion, detection, head, believed) for opinion, detection in zip(opinions, left, strict=True)]


def decide_by_model(messages: Sequence[Labelled], book: Book, settings: Settings) -> list[Detection]:
    """Decide by the model, each message as if it were alone in its group; raises `StageMissing` without a key."""
    if connect_model(settings) is None:
        raise StageMissing("The model stage cannot run: OPENAI_API_KEY is not set.")
    return asyncio.run(_ask_all(messages, book, settings))


async def _ask_all(messages: Sequence[Labelled], book: Book, settings: Settings) -> list[Detection]:
    model = connect_model(settings)
    assert model is not None
    rules = rules_of(book)
    asker = Asker(model, Budget(settings.data_dir), Tally(), Breaker(), Cache())
    asked = [_as_asked(message, book) for message in messages]

    async def ask(one: Undecided) -> Detection:
        try:
            said = (await asker.ask([one], rules, datetime.now(UTC)))[0]
        except (ModelUnavailable, BudgetSpent) as error:
            return one.detection.but(reason=str(error))
        if not isinstance(said, Verdict):
            return one.detection.but(reason=said)
        return detect_by_model(one, said, rules, model.name, prompt_version(rules))

    try:
        return list(await asyncio.gather(*(ask(one) for one in asked)))
    finally:
        await model.close()


def _as_asked(message: Labelled, book: Book) -> Undecided:
    now = datetime.now(UTC)
    recent = Recent(id=message.id, author=message.id, role=Role.CUSTOMER, sent_at=now, text=message.text)
    detection = detect(Facts(text=message.text), book.rules)
    return Undecided(group=message.id, instance="", message=recent, detection=detection, asked_at=now)
