"""Decides a chunk of undecided messages: model, else local classifier, else the review queue; never noise by default."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from stream import logs
from stream.adapters.model_failures import ModelUnavailable
from stream.classifier.asking import Asker, BudgetSpent
from stream.classifier.local import LocalClassifier, decide
from stream.classifier.questions import split
from stream.classifier.tally import Tally
from stream.core.book import Book
from stream.core.commands import Judge
from stream.core.detection import Label, Stage
from stream.core.model_answer import Verdict
from stream.core.model_judge import command_id, judge_by_model, judge_detection, keep_for_review
from stream.core.model_prompt import prompt_version
from stream.core.model_rules import ModelRules
from stream.core.outcome import Undecided

log = logs.get(__name__)

_ATTEMPTS = 5  # as many failures in a row open the breaker: a message that has had these while it is closed is itself the reason
Publish = Callable[[Judge], Awaitable[None]]


def rules_of(book: Book) -> ModelRules:
    """Return what model.yaml says, or the defaults where there is none."""
    return book.model if isinstance(book.model, ModelRules) else ModelRules()


class Decider:
    """Turns messages into commands. `asker` is None where no model is set up."""

    def __init__(self, asker: Asker | None, local: LocalClassifier, tally: Tally) -> None:
        self._asker = asker
        self._local = local
        self._tally = tally
        self._attempts: Counter[str] = Counter()

    async def decide(self, chunk: Sequence[Undecided], book: Book, publish: Publish) -> bool:
        """Publish a command for each message, in the order of its group; True when every message has got its own.

        False means that some must wait for the model: they, and those after them in their group, were not judged.
        """
        groups: dict[str, list[Undecided]] = {}
        for asked in chunk:
            groups.setdefault(asked.group, []).append(asked)
        done = await asyncio.gather(*(self._decide_group(asked, book, publish) for asked in groups.values()))
        return all(done)

    async def _decide_group(self, asked: Sequence[Undecided], book: Book, publish: Publish) -> bool:
        most = rules_of(book).calls.messages
        for start in range(0, len(asked), most):
            for judge in await self._judge(asked[start : start + most], book):
                if judge is None:
                    return False
                await publish(judge)
                log.info(
                    "judged",
                    group=judge.group,
                    message_id=judge.message_id,
                    label=judge.detection.label,
                    stage=judge.detection.stage,
                    ticket_id=judge.ticket_id,
                )
        return True

    async def _judge(self, asked: Sequence[Undecided], book: Book) -> list[Judge | None]:
        """Return a command for each message, None for those that wait."""
        rules = rules_of(book)
        if self._asker is None or not rules.enabled:
            return list(await self._judge_without_model(asked, book))
        found: dict[str, Judge] = {}
        calls = split(asked, rules.calls.messages)
        answers = await asyncio.gather(*(self._ask(self._asker, call, rules) for call in calls))
        fallen: list[Undecided] = []
        for call, answer in zip(calls, answers, strict=True):
            if isinstance(answer, BudgetSpent):
                fallen += call
            elif isinstance(answer, ModelUnavailable):
                fallen += [one for one in call if self._has_waited_enough(one, rules)]
            else:
                found |= {one.message.id: self._conclude(one, said, rules) for one, said in zip(call, answer, strict=True)}
        for one, judge in zip(fallen, await self._judge_without_model(fallen, book), strict=True):
            found[one.message.id] = judge
        return [found.get(one.message.id) for one in asked]

    async def _ask(
        self, asker: Asker, call: Sequence[Undecided], rules: ModelRules
    ) -> list[Verdict | str] | BudgetSpent | ModelUnavailable:
        try:
            return await asker.ask(call, rules, _now())
        except BudgetSpent as spent:
            return spent
        except ModelUnavailable as away:
            if not asker.breaker.is_open:
                self._attempts.update(command_id(one) for one in call)
            return away

    def _has_waited_enough(self, asked: Undecided, rules: ModelRules) -> bool:
        is_itself_the_reason = self._attempts[command_id(asked)] >= _ATTEMPTS
        return is_itself_the_reason or _now() - asked.asked_at > timedelta(minutes=rules.patience_minutes)

    def _conclude(self, asked: Undecided, said: Verdict | str, rules: ModelRules) -> Judge:
        assert self._asker is not None
        if isinstance(said, str):
            judge = keep_for_review(asked, said, _now(), Stage.MODEL)
        else:
            judge = judge_by_model(asked, said, rules, self._asker.model.name, prompt_version(rules), _now())
        if judge.detection.label is Label.UNDECIDED:
            self._tally.left_to_people += 1
        else:
            self._tally.judged_by_model += 1
        self._attempts.pop(command_id(asked), None)
        return judge

    async def _judge_without_model(self, asked: Sequence[Undecided], book: Book) -> list[Judge]:
        texts = [one.message.text for one in asked]
        opinions = await asyncio.to_thread(self._local.opinions, texts, book.rules) if asked else []
        head = self._local.head
        if opinions is None or head is None:
            self._tally.left_to_people += len(asked)
            return [keep_for_review(one, one.detection.reason or self._local.why_not, _now()) for one in asked]
        judges = []
        for one, opinion in zip(asked, opinions, strict=True):
            is_known = one.detection.label is Label.UPDATE  # the rules know what it is, and not of which ticket
            thought = one.detection if is_known else decide(opinion, one.detection, head, rules_of(book).believe_local)
            judge = judge_detection(one, thought, _now())
            if judge.detection.label is Label.UNDECIDED:
                self._tally.left_to_people += 1
            else:
                self._tally.judged_locally += 1
            judges.append(judge)
        return judges


def _now() -> datetime:
    return datetime.now(UTC)
