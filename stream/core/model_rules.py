"""What the team says of the model: categories, instructions, when to believe it, and what it may cost (`rules/model.yaml`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stream.core.detection import Label
from stream.core.rules import Slug
from stream.core.written import Written

Level = Literal["low", "medium", "high"]  # how sure a model says it is; finer numbers of theirs mean little
LEVELS: tuple[Level, ...] = ("low", "medium", "high")
Line = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Share = Annotated[float, Field(gt=0, le=1)]
# What a level counts as, where a number is shown.
CONFIDENCE: dict[Level, float] = {"low": 0.4, "medium": 0.7, "high": 0.9}


class Believed(Written):
    """The least that the model must say of itself, by label; what is below goes to a person."""

    ticket: Level = "medium"
    update: Level = "medium"
    noise: Level = "high"  # a request taken for noise is the one mistake that nobody sees

    def of(self, label: Label) -> Level:
        """Return the least level for this label; nothing is enough for undecided."""
        return {Label.TICKET: self.ticket, Label.UPDATE: self.update, Label.NOISE: self.noise}.get(label, "high")


class LocalBelieved(Written):
    """The least probability for the local classifier to decide, by label."""

    ticket: Share = 0.6
    update: Share = 0.7
    noise: Share = 0.7

    def of(self, label: Label) -> float:
        """Return the least probability for this label; nothing is enough for undecided."""
        return {Label.TICKET: self.ticket, Label.UPDATE: self.update, Label.NOISE: self.noise}.get(label, 1.1)


class Calls(Written):
    """How the model is called."""

    messages: int = Field(10, ge=1, le=20, description="The most messages in one call; above 20 models begin to forget some")
    collect_s: float = Field(4, ge=0, le=30, description="How long messages of a group are collected before they are asked about")
    at_once: int = Field(4, ge=1, le=32, description="Calls under way at a time")
    timeout_s: float = Field(20, ge=0.1, le=120, description="For one whole answer; a retry has as much again")
    retries: int = Field(1, ge=0, le=5, description="How often a call that failed is made again")
    max_tokens: int = Field(4000, ge=200, le=32000, description="The longest answer, thinking included")
    effort: Literal["minimal", "low", "medium", "high"] | None = Field(
        None, description="For models that think; leave out for others"
    )
    temperature: float | None = Field(None, ge=0, le=2, description="Leave out for models that think")


class ModelRules(Written):
    """The whole file. `prompt` is raised by whoever changes the words, and is kept on each decision."""

    version: Literal[1] = 1
    enabled: bool = Field(True, description="false: no message leaves for a model, whatever key is set")
    prompt: Slug = "1"
    categories: dict[Slug, Line] = Field({}, description="Name and what belongs there; the model may use no others")
    instructions: Annotated[str, StringConstraints(max_length=4000)] = Field(
        "", description="What is special about this team, in plain words"
    )
    believe: Believed = Believed()
    believe_local: LocalBelieved = LocalBelieved()
    calls: Calls = Calls()
    tokens_per_day: int = Field(2_000_000, ge=0, description="Then people and the local classifier decide until midnight UTC")
    patience_minutes: int = Field(60, ge=1, le=10_080, description="How long messages wait for a model that does not answer")
    cache_hours: int = Field(24, ge=0, le=168, description="How long an answer is used again for the same words")
