"""Has follow-ups worded by the model, where the team switched that on. Whatever goes wrong, the template is sent in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from stream import logs
from stream.adapters.model import Model
from stream.adapters.model_failures import AnswerUnusable, ModelUnavailable
from stream.core.model_rules import ModelRules
from stream.core.outcome import Outbound
from stream.core.wording import ask_for_wording

log = logs.get(__name__)

_PATIENCE_S = 8.0  # a follow-up is due now, and the others wait behind it
_REST_S = 300.0  # before a model that did not answer is asked again


class Worder:
    """One model. `rules` returns what model.yaml says at the moment; its tokens of a day hold for wordings by themselves."""

    def __init__(self, model: Model, rules: Callable[[], ModelRules]) -> None:
        self._model = model
        self._rules = rules
        self._rests_until = 0.0
        self._day: date | None = None
        self._tokens = 0

    async def word(self, message: Outbound) -> str | None:
        """Return what the model made of the message, unchecked; None where it was not asked or did not answer."""
        rules = self._rules()
        if message.wording is None or not rules.enabled or not self._may_ask(rules):
            return None
        calls = rules.calls.but(timeout_s=min(rules.calls.timeout_s, _PATIENCE_S), retries=0)
        try:
            reply = await self._model.ask(ask_for_wording(message, message.wording), calls, is_plain=True)
        except ModelUnavailable as problem:
            self._rests_until = time.monotonic() + _REST_S
            log.warning("not worded", reason=str(problem))
            return None
        except AnswerUnusable as problem:
            log.warning("not worded", reason=str(problem))
            return None
        self._tokens += reply.tokens
        return reply.text

    async def close(self) -> None:
        await self._model.close()

    def _may_ask(self, rules: ModelRules) -> bool:
        today = datetime.now(UTC).date()
        if self._day != today:
            self._day, self._tokens = today, 0
        return self._tokens < rules.tokens_per_day and time.monotonic() >= self._rests_until
