"""The texts of follow-ups: Jinja2 in a sandbox without calls, tested when they are loaded, checked again when they are sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import model_validator

from stream.core.value import Value
from stream.core.written import Written

_FACT_LENGTH = 60
_FILTERS = ("capitalize", "default", "first", "join", "last", "length", "lower", "map", "title", "trim", "truncate", "upper")
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)
_DOMAIN = re.compile(r"\b([a-z0-9][a-z0-9-]*)\.(?=[a-z]{2,})", re.IGNORECASE)
_LINK = re.compile(rf"{_URL.pattern}|{_DOMAIN.pattern}[a-z]{{2,}}", re.IGNORECASE)
_MENTION = re.compile(r"@\S")


class Text(Written):
    """One text by language code, for one ticket and for several at once (`several` may be left out: then one after the other)."""

    one: dict[str, str]
    several: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _may_be_languages_alone(cls, value: Any) -> Any:
        if isinstance(value, dict) and value and "one" not in value and "several" not in value:
            return {"one": value}
        return value

    @model_validator(mode="after")
    def _has_a_language(self) -> Text:
        if not self.one:
            raise ValueError("a text needs at least one language")
        return self


class TicketFacts(Value):
    """What a text may say of a ticket. All are short, clean words; what is not known is the empty string."""

    id: str
    title: str = ""
    name: str = ""  # of the customer
    assignee: str = ""
    category: str = ""
    priority: str = ""
    state: str = ""
    group: str = ""
    opened: str = ""  # local time, such as 10:05
    promised: str = ""  # local time
    waiting_minutes: int = 0


SAMPLES = (
    TicketFacts(
        id="T-K7M3-9QXZ",
        title="My parcel has not arrived and the courier does not answer",
        name="Maria",
        assignee="Ana",
        category="delivery",
        priority="high",
        state="waiting_us",
        group="Acme & Groupdesk",
        opened="10:05",
        promised="16:00",
        waiting_minutes=45,
    ),
    TicketFacts(id="T-0A1B-2C3D"),  # nothing else is known of it
    TicketFacts(id="T-9ZZZ-0YYY", title="x" * _FACT_LENGTH, name="x" * _FACT_LENGTH, waiting_minutes=99999),
)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Texts name facts and use a few filters. They call nothing and multiply nothing, so none can run long or grow large."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 - the signature is Jinja's
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - the signature is Jinja's
        raise SecurityError(f"{operator} is not allowed in a text")


def _make_sandbox() -> _Sandbox:
    sandbox = _Sandbox(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
    sandbox.globals.clear()
    sandbox.filters = {name: sandbox.filters[name] for name in _FILTERS}
    return sandbox


_SANDBOX = _make_sandbox()


@lru_cache(maxsize=1024)
def _compile(source: str) -> Template:
    return _SANDBOX.from_string(source)


def render(text: Text, tickets: Sequence[TicketFacts], language: str | None, fallback: str) -> str:
    """Return the text for these tickets in a language, else in the fallback language, else in the first one there is."""
    several = _in_language(text.several, language, fallback)
    if len(tickets) > 1 and several:
        return _fill(several, tickets)
    source = _in_language(text.one, language, fallback)
    return "\n\n".join(_fill(source, [ticket]) for ticket in tickets)


def find_faults(text: str, ids: Sequence[str], longest: int) -> list[str]:
    """Return why this may not be sent as a follow-up about the tickets with these ids; nothing when it may."""
    faults = []
    if not text.strip():
        faults.append("it is empty")
    if len(text) > longest:
        faults.append(f"it has {len(text)} characters, more than {longest}")
    if _LINK.search(text):
        faults.append("it has a link")
    if _MENTION.search(text):
        faults.append("it mentions somebody with @")
    if _has_odd(text):
        faults.append("it has control characters")
    faults += [f"it does not name {ticket_id}" for ticket_id in ids if ticket_id not in text]
    return faults


class TextFault(Value):
    """What is wrong with a text: in its form `one` or `several`, in this language."""

    form: str
    language: str
    message: str


def try_out(text: Text, longest: int) -> list[TextFault]:
    """Fill every language with sample facts and return all that is wrong."""
    return [
        TextFault(form=form, language=language, message=fault)
        for form, by_language in (("one", text.one), ("several", text.several))
        for language, source in by_language.items()
        for fault in _try_source(source, form == "several", longest)
    ]


def clean(words: str | None, longest: int = _FACT_LENGTH) -> str:
    """Return what a customer wrote as one short line that can link to nothing and mention nobody."""
    words = words or ""
    line = " ".join(("".join(" " if _is_odd(c) else c for c in words) if _has_odd(words) else words).split())
    if "." in line or ":" in line:
        line = _DOMAIN.sub(r"\1. ", _URL.sub("(link)", line))
    line = line.replace("@", "(at)")
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _try_source(source: str, for_several: bool, longest: int) -> list[str]:
    samples = [SAMPLES] if for_several else [(sample,) for sample in SAMPLES]
    for tickets in samples:
        try:
            said = _fill(source, tickets)
        except (TemplateError, ArithmeticError, TypeError, ValueError, AttributeError) as error:
            return [f"it cannot be filled in: {error}"]
        faults = find_faults(said, [ticket.id for ticket in tickets], longest)
        if faults:
            return faults
    return []


def _fill(source: str, tickets: Sequence[TicketFacts]) -> str:
    return _compile(source).render(ticket=tickets[0], tickets=list(tickets), count=len(tickets), group=tickets[0].group).strip()


def _in_language(by_language: dict[str, str], language: str | None, fallback: str) -> str:
    short = (language or "").split("-")[0].lower()
    return by_language.get(short) or by_language.get(fallback) or next(iter(by_language.values()), "")


def _has_odd(text: str) -> bool:
    return not text.replace("\n", "").isprintable() and any(_is_odd(letter) for letter in text)


def _is_odd(letter: str) -> bool:
    """Tell control and direction characters, which can make a text read as another than it is."""
    return letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs") and letter not in "\u200d\ufe0f"
