"""What a rule is, as the team writes it in `rules/detect/*.yaml`. The grammar on one page is in `rules/README.md`."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from stream.core.detection import Label, Priority, UpdateStatus
from stream.core.inputs import Form

MAX_REGEX_CHARS = 500

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
LANGUAGE = r"^(any|[a-z]{2,3}(-[a-z0-9]{2,8})?)$"  # a code of ISO 639, of a region if need be: pt, pt-br
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


def _as_text(value: object) -> object:
    """What YAML takes for a number or a truth value is a word in a list of words: people look for 404, and say "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Entry = Annotated[str, BeforeValidator(_as_text), StringConstraints(min_length=1, max_length=200)]
Entries = Annotated[
    tuple[Entry, ...],
    BeforeValidator(_as_list),
    Field(min_length=1, description="Words, expressions or $lists; * ends a word anyhow, ... leaves room for four words"),
]


Example = Annotated[str, BeforeValidator(_as_text), StringConstraints(min_length=1, max_length=1000)]
Examples = Annotated[tuple[Example, ...], BeforeValidator(_as_list)]


class Strict(BaseModel):
    """The base of what people write: frozen, and a key that we do not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Mode(StrEnum):
    """`shadow` rules are evaluated and reported, and decide nothing."""

    OFF = "off"
    SHADOW = "shadow"
    LIVE = "live"


class Test(Strict):
    """One test of the text. Exactly one of the four is given."""

    words: Entries | None = Field(None, description="Any of these words or expressions is in the message")
    phrases: Entries | None = Field(None, description="The same as words; reads better for several words")
    whole_message: Entries | None = Field(None, description="The message is made of nothing but these")
    regex: Annotated[str, StringConstraints(min_length=1, max_length=MAX_REGEX_CHARS)] | None = Field(
        None, description="RE2 over the folded text: small letters, no accents, no punctuation, a space at both ends"
    )

    @model_validator(mode="after")
    def _is_one_test(self) -> Self:
        if len(self.model_fields_set) != 1 or None in (getattr(self, name) for name in self.model_fields_set):
            raise ValueError("give exactly one of words, phrases, whole_message or regex")
        return self


class When(Strict):
    """Which messages a rule is for. Everything that is given must hold."""

    from_: Literal["customer", "staff", "any"] | None = Field(
        None, alias="from", description="Who wrote it. Default: customer for tickets, any for the rest"
    )
    groups: tuple[str, ...] = Field((), description="Group JIDs or tag:NAME; none means every group")
    forms: tuple[Form, ...] = Field((), description="Kinds of message; none means every kind")
    is_reply: bool | None = Field(None, description="Whether it quotes another message")
    min_words: int | None = Field(None, ge=1, le=500)
    max_words: int | None = Field(None, ge=1, le=500)
    all: tuple[Test, ...] = Field((), description="Each of these tests must pass")
    any: tuple[Test, ...] = Field((), description="At least one of these tests must pass")
    none: tuple[Test, ...] = Field((), description="None of these tests may pass")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.all or self.any or self.forms or self.is_reply is not None or self.max_words or self.min_words):
            raise ValueError("this would fit every message; give all, any, forms, is_reply, min_words or max_words")
        if self.min_words and self.max_words and self.min_words > self.max_words:
            raise ValueError("this would fit no message: min_words is more than max_words")
        return self


class TicketThen(Strict):
    category: Slug | None = None
    priority: Priority | None = None
    follow_up: Slug | None = Field(None, description="A policy of followups.yaml, instead of the group's own")


class UpdateThen(Strict):
    status: UpdateStatus | None = None


class Then(Strict):
    """What a rule says the message is, and how much it counts: weights of one label add up, and 1 is enough to decide."""

    ticket: TicketThen | None = None
    update: UpdateThen | None = None
    noise: Literal[True] | None = None
    weight: float = Field(1.0, gt=0, le=10, description="1 decides alone; less is a hint that needs others")

    @model_validator(mode="after")
    def _is_one_label(self) -> Self:
        if sum(part is not None for part in (self.ticket, self.update, self.noise)) != 1:
            raise ValueError("give exactly one of ticket, update or noise")
        return self

    @cached_property
    def label(self) -> Label:
        if self.ticket is not None:
            return Label.TICKET
        return Label.UPDATE if self.update is not None else Label.NOISE


class Rule(Strict):
    """One rule with its own examples. `id` is shown in Sheet, dashboard and `explain`, and must not change."""

    id: Slug
    title: Text
    mode: Mode = Mode.LIVE
    priority: int = Field(50, ge=0, le=1000, description="Lower comes first; equal ones in the order of the files")
    language: Language | None = Field(None, description="Language of words written in the rule itself")
    when: When
    then: Then
    stop: bool = Field(default=False, description="When it fits, rules after it are not asked")
    match: Examples = Field((), description="Messages that this rule must fit")
    no_match: Examples = Field((), description="Messages that this rule must not fit")
    known_gap: Examples = Field((), description="Messages it should fit and does not yet: reported, no error")

    @property
    def author(self) -> Literal["customer", "staff", "any"]:
        """Who the rule is for; a staff message opens a ticket only where a rule says so."""
        return self.when.from_ or ("customer" if self.then.label is Label.TICKET else "any")


class RuleFile(Strict):
    """One file of `rules/detect`. Its lists are seen by its own rules only."""

    version: Literal[1]
    lists: dict[Slug, Entries] = {}
    rules: tuple[Rule, ...] = ()


class ListFile(Strict):
    """One file of `rules/lists`: named lists of one language; the file is named for the language, or `any`."""

    version: Literal[1]
    spellings: dict[Entry, Entries] = Field(
        {}, description="Other ways to write a word, in every rule and message: {please: [pls, plz]}"
    )
    lists: dict[Slug, Entries] = {}
