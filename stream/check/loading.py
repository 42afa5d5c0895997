"""The stages that need nothing but the code and the rules folder: loading, and how fast the rules decide."""

from __future__ import annotations

import time

from stream.adapters.rule_files import load_book
from stream.check.stages import StageFailed
from stream.check.trial_chat import find_request, verdict_on
from stream.core.book import Book
from stream.core.groups_config import GroupMode
from stream.errors import RulesError
from stream.settings import Settings
from stream.up import Session
from stream.up.roles import ROLES

# One in about twenty of what a busy group writes is a request; the rest is as long and as short as these.
_TALK = ("ok", "Good morning everybody!", "Thanks 🙏", "Can somebody look at invoice 88-12? It shows the wrong amount again.")
_ROUNDS = 250
_SLOW_MS = 20.0  # a group of a thousand people writes no faster


def load_orchestrator(settings: Settings) -> str:
    """Make what starts and stops the roles in order, without starting them."""
    Session(settings)
    return f"{len(ROLES)} roles are known: {', '.join(ROLES)}."


def load_modules() -> str:
    """Load the code of every role, with all that it imports."""
    for role in ROLES.values():
        try:
            role.load()
        except (ImportError, AttributeError) as error:
            raise StageFailed(
                f"The code of the {role.name} cannot be loaded ({error}).",
                "Install Groupdesk again into this environment: `pip install -e .`.",
            ) from error
    return f"The code of {len(ROLES)} roles can be loaded."


def load_rules(settings: Settings) -> Book:
    """Return the rules; raises `StageFailed` with the first of its problems."""
    try:
        return load_book(settings.rules_dir)
    except RulesError as error:
        first, *others = str(error).splitlines()
        more = f" (and {len(others)} more)" if others else ""
        raise StageFailed(f"{first}{more}", "Correct it; `groupdesk rules check` shows all with their lines.") from error


def describe_rules(book: Book) -> str:
    """Say which rules these are; raises `StageFailed` where the test group could not be listened to."""
    if book.groups.unlisted is GroupMode.OFF:
        raise StageFailed(
            "rules/groups.yaml says `unlisted: off`, so nothing is read in the test group.",
            "Stop Groupdesk and check again (then a copy of the rules is used), or say `unlisted: observe`.",
        )
    return f"Version {book.version[:8]} with {len(book.rules.rules)} rules."


def measure_detection(book: Book) -> str:
    """Say how long the rules take for a message."""
    texts = [*_TALK, find_request(book) or _TALK[0]]
    verdict_on(texts[0], book)  # what is made once is not a message's cost
    started = time.perf_counter()
    for _ in range(_ROUNDS):
        for text in texts:
            verdict_on(text, book)
    each_ms = (time.perf_counter() - started) * 1_000 / (_ROUNDS * len(texts))
    told = f"{each_ms:.3f} ms a message, over {_ROUNDS * len(texts)} messages."
    if each_ms > _SLOW_MS:
        raise StageFailed(told, "Look for a rule with a very large list; `groupdesk rules check` names what is costly.")
    return told
