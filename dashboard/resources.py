"""What one server holds for all its visitors: the live view and the publisher of commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import streamlit as st

from dashboard import frames
from dashboard.desk import Snapshot
from dashboard.lags import LagWatch
from dashboard.live import LiveView
from dashboard.tools import Toolbox
from stream.adapters.kafka import Publisher
from stream.adapters.rule_watch import BookWatcher
from stream.adapters.status import StatusReporter
from stream.adapters.yaml_lines import Problem
from stream.core.book import Book, empty_book
from stream.core.status import Health
from stream.errors import RulesError
from stream.settings import Settings, load_settings

_given: list[Settings] = []


def use(settings: Settings) -> None:
    """Make these the settings of this process; the launcher calls it before Streamlit runs the pages."""
    _given[:] = [settings]


def settings() -> Settings:
    """Return the settings of this process: those that the launcher was given, else those of the environment."""
    return _given[0] if _given else load_settings()


@st.cache_resource(validate=LiveView.is_alive, on_release=LiveView.close, show_spinner=False)
def live_view() -> LiveView:
    """Return the one reader of Kafka; a new one takes its place if its thread has died."""
    return LiveView(settings())


@st.cache_resource(on_release=Publisher.close, show_spinner=False)
def publisher() -> Publisher:
    """Return the one publisher of commands; it connects when first used."""
    return Publisher(settings())


@st.cache_resource(on_release=StatusReporter.close, show_spinner=False)
def heartbeat() -> StatusReporter:
    """Return our own heartbeat. It comes back through the live view, so that silence of Kafka is noticed within seconds."""
    reporter = StatusReporter(settings(), "dashboard")
    reporter.set(Health.OK, "serving")
    return reporter


@st.cache_resource(validate=LagWatch.is_alive, on_release=LagWatch.close, show_spinner=False)
def lag_watch() -> LagWatch:
    """Return the one watch over how far the readers of Kafka are behind."""
    return LagWatch(settings())


@st.cache_resource(on_release=Toolbox.close, show_spinner=False)
def toolbox() -> Toolbox:
    """Return the one place where commands run whose answers pages show."""
    return Toolbox()


@dataclass(frozen=True)
class NoRules:
    """Stands in while the rules folder cannot be used at all: an empty book, and why."""

    problems: tuple[Problem, ...]
    book: Book = field(default_factory=empty_book)


def rules() -> BookWatcher | NoRules:
    """Return the rules folder, read again within two seconds of an edit; without a usable one, what is wrong with it."""
    try:
        return _watcher()
    except RulesError as error:
        folder = settings().rules_dir.as_posix()
        return NoRules(tuple(Problem(folder, 1, "", line) for line in str(error).splitlines()))


@st.cache_resource(on_release=BookWatcher.close, show_spinner=False)
def _watcher() -> BookWatcher:
    watcher = BookWatcher(settings().rules_dir)
    watcher.start()
    return watcher


def not_set_up() -> tuple[str, ...]:
    """Return the parts that the settings leave out."""
    return () if settings().evolution_api_url else ("whatsapp",)


def name_of(assignee: str) -> str:
    """Return the name of the member of the team who is meant: tickets claimed in a chat may name an address."""
    member = rules().book.member([assignee])
    return member.name if member else assignee


def assignees_of(name: str) -> frozenset[str]:
    """Return how tickets name this person: as they call themselves here, and by every address of theirs in use."""
    wanted = name.casefold()
    return frozenset(one for one in choices()[2] if wanted in (one.casefold(), name_of(one).casefold()))


def people() -> list[str]:
    """Return whom a ticket can be given to: the team, and whoever has one; each by one name."""
    team = [member.name for member in rules().book.team.team]
    return list(dict.fromkeys([*map(name_of, choices()[2]), *team]))


def snapshot() -> Snapshot:
    """Return what is known now."""
    heartbeat()
    return live_view().snapshot()


def choices() -> tuple[dict[str, str], list[str], list[str]]:
    """Return what filters and menus offer: groups by JID with their names, categories, and people."""
    shelf = snapshot().shelf
    return shelf.remember("choices", lambda: frames.choices(shelf.cards.values()))


def now() -> datetime:
    """Return the time; the one clock of all pages."""
    return datetime.now(UTC)
