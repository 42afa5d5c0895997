"""Asks the model about messages and checks what it says: every message gets a verdict, or a reason why there is none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from stream import logs
from stream.adapters.model import Model, Reply
from stream.adapters.model_failures import AnswerUnusable, ModelUnavailable
from stream.classifier.breaker import Breaker
from stream.classifier.budget import Budget
from stream.classifier.cache import Cache, cache_key
from stream.classifier.tally import Tally
from stream.core.model_answer import Verdict, check, read_answer
from stream.core.model_prompt import build_messages, prompt_version
from stream.core.model_rules import ModelRules
from stream.core.outcome import Undecided
from stream.errors import GroupdeskError

log = logs.get(__name__)

_CHARS_A_TOKEN = 3  # of mixed languages in JSON; only for what a server does not count itself
_TOKENS_A_VERDICT = 60
_MOST_TOKENS_A_CHAR = 4  # a character has at most four bytes, and a token at least one


class BudgetSpent(GroupdeskError):
    """The tokens of the day are used up; raise tokens_per_day in model.yaml, or wait for midnight UTC."""


class Asker:
    """One model with its breaker, budget and cache. Belongs to one event loop."""

    def __init__(self, model: Model, budget: Budget, tally: Tally, breaker: Breaker, cache: Cache) -> None:
        self.model = model
        self.breaker = breaker
        self.is_spent = False
        self.trouble = ""
        self._budget = budget
        self._tally = tally
        self._cache = cache
        self._slots = asyncio.Semaphore(1)
        self._slot_count = 1

    async def ask(self, asked: Sequence[Undecided], rules: ModelRules, now: datetime) -> list[Verdict | str]:
        """Return for each message its verdict, or a sentence why the model's answer has none.

        Raises `ModelUnavailable` when the messages should wait for the model, `BudgetSpent` when others must decide.
        """
        version = prompt_version(rules)
        keys = [cache_key(one, self.model.name, version) for one in asked]
        known = [self._cache.get(key, time.monotonic(), rules.cache_hours) for key in keys]
        self._tally.cache_hits += sum(verdict is not None for verdict in known)
        new = [place for place, verdict in enumerate(known) if verdict is None]
        said = await self._ask_new([asked[place] for place in new], rules, now) if new else []
        found: list[Verdict | str] = [verdict if verdict is not None else "" for verdict in known]
        for place, verdict in zip(new, said, strict=True):
            found[place] = verdict
            if isinstance(verdict, Verdict):
                self._cache.put(keys[place], verdict, time.monotonic())
        return found

    async def _ask_new(self, asked: Sequence[Undecided], rules: ModelRules, now: datetime) -> list[Verdict | str]:
        said = await self._call(asked, rules, now)
        if len(asked) == 1:
            return said
        # What was forgotten, or came back in a form that cannot be read, is asked about once more, alone.
        for place, one in enumerate(said):
            if isinstance(one, str):
                said[place] = (await self._call([asked[place]], rules, now))[0]
        return said

    async def _call(self, asked: Sequence[Undecided], rules: ModelRules, now: datetime) -> list[Verdict | str]:
        try:
            reply = await self._reply(asked, rules, now)
        except AnswerUnusable as error:
            self._tally.answers_unusable += 1
            return [str(error)] * len(asked)
        verdicts = read_answer(reply.text)
        allowed = {ticket.id for one in asked[-1:] for ticket in one.open_tickets}
        found: list[Verdict | str] = []
        for ref in range(1, len(asked) + 1):
            verdict = verdicts.get(ref)
            found.append(
                "the model said nothing of it that fits" if verdict is None else check(verdict, allowed, rules.categories)
            )
        if not verdicts:
            self._tally.answers_unusable += 1
        return found

    async def _reply(self, asked: Sequence[Undecided], rules: ModelRules, now: datetime) -> Reply:
        self._resize(rules.calls.at_once)
        async with self._slots:
            messages = build_messages(asked, rules, now)
            chars = sum(len(message["content"]) for message in messages)
            estimate = chars // _CHARS_A_TOKEN + _TOKENS_A_VERDICT * len(asked)
            if not self._budget.reserve(estimate, rules.tokens_per_day):
                self.is_spent = True
                raise BudgetSpent
            self.is_spent = False
            used = 0
            try:
                if not self.breaker.admits(time.monotonic()):
                    raise ModelUnavailable(self.trouble or None)
                reply = _plausible(await self._timed(messages, rules), _MOST_TOKENS_A_CHAR * chars, rules.calls.max_tokens)
                used = reply.tokens or estimate
            except AnswerUnusable:
                used = estimate  # it was worked on, though nobody says how much
                raise
            finally:
                self._budget.settle(estimate, used)
        self._tally.input_tokens += reply.input_tokens or estimate
        self._tally.output_tokens += reply.output_tokens
        self._tally.cached_tokens += reply.cached_tokens
        return reply

    async def _timed(self, messages: list[dict[str, str]], rules: ModelRules) -> Reply:
        began = time.monotonic()
        self._tally.calls += 1
        try:
            reply = await self.model.ask(messages, rules.calls)
        except ModelUnavailable as error:
            self.trouble = str(error)
            self._tally.call_failures += 1
            self.breaker.record(time.monotonic(), succeeded=False, is_hopeless=error.is_refused)
            log.warning("model unavailable", reason=str(error), elapsed_ms=_ms_since(began))
            raise
        except AnswerUnusable:
            self.breaker.record(time.monotonic(), succeeded=True)  # it is there, whatever it says
            raise
        except asyncio.CancelledError:
            self.breaker.abandon()
            raise
        self.breaker.record(time.monotonic(), succeeded=True)
        self.trouble = ""
        self._tally.answer_ms = _ms_since(began)
        return reply

    def _resize(self, slots: int) -> None:
        if slots != self._slot_count:  # model.yaml was edited; calls under way keep the old semaphore
            self._slots, self._slot_count = asyncio.Semaphore(slots), slots


def _plausible(reply: Reply, most_in: int, most_out: int) -> Reply:
    """Return the reply with no more tokens than there can have been: what a server counts is paid by the budget of the day."""
    return replace(
        reply,
        input_tokens=min(reply.input_tokens, most_in),
        output_tokens=min(reply.output_tokens, max(most_out, len(reply.text))),
    )


def _ms_since(began: float) -> float:
    return round(1_000 * (time.monotonic() - began), 1)
