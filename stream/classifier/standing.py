"""How the classifier is, in a sentence and in figures, for the Health page and `/webhook/cs-tickets`."""

from __future__ import annotations

from stream.adapters.status import StatusReporter
from stream.classifier.asking import Asker
from stream.classifier.budget import Budget
from stream.classifier.local import LocalClassifier
from stream.classifier.tally import Tally
from stream.core.model_prompt import prompt_version
from stream.core.model_rules import ModelRules
from stream.core.status import Health


class Standing:
    """Tells the reporter what has become of model, local classifier and queue."""

    def __init__(
        self, reporter: StatusReporter, asker: Asker | None, local: LocalClassifier, budget: Budget, tally: Tally
    ) -> None:
        self._reporter = reporter
        self._asker = asker
        self._local = local
        self._budget = budget
        self._tally = tally

    def tell(self, rules: ModelRules, waiting: int) -> None:
        """Report how things are now."""
        health, sentence = self._sentence(rules, waiting)
        asker = self._asker
        used = self._budget.today().tokens
        gauges = {
            "waiting": float(waiting),
            "tokens_today": float(used),
            "tokens_left": float(max(0, rules.tokens_per_day - used)),
            "answer_ms": self._tally.answer_ms,
            "breaker_open": float(asker is not None and asker.breaker.is_open),
        }
        versions = {"prompt": prompt_version(rules)}
        if asker is not None:
            versions["model"] = asker.model.name
        if self._local.head is not None:
            versions["local"] = self._local.head.version
        self._reporter.set(health, sentence, counts=self._tally.counts(), gauges=gauges, versions=versions)

    def waits_for_kafka(self, why: str) -> None:
        """Report that Kafka is away."""
        self._reporter.set(Health.DOWN, why)

    def _sentence(self, rules: ModelRules, waiting: int) -> tuple[Health, str]:
        if self._asker is None or not rules.enabled:
            why = "OPENAI_API_KEY is not set" if self._asker is None else "the model is switched off in model.yaml"
            return Health.DEGRADED, f"{why}: {self._without_model()}"
        if self._asker.is_spent:
            return Health.DEGRADED, f"today's {rules.tokens_per_day} tokens are used up: {self._without_model()}"
        if self._asker.breaker.is_open:
            trouble = self._asker.trouble or "the model does not answer"
            return Health.DEGRADED, f"{trouble}; undecided messages wait in order and are judged later"
        return Health.OK, f"asks {self._asker.model.name}" + (f", {waiting} waiting" if waiting else "")

    def _without_model(self) -> str:
        if self._local.head is not None and not self._local.why_not:
            return "the local classifier decides what it is sure of, people the rest"
        return f"undecided messages go to the review queue ({self._local.why_not})"
