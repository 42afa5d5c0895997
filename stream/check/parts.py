"""What Groupdesk needs around it: broker, topics, rules, sheet and WhatsApp."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stream.adapters.rule_files import load_book
from stream.adapters.topic_admin import inspect_topics, live_brokers
from stream.broker.jars import default_cache, find_java
from stream.broker.pypi import find_binary
from stream.check.finding import Finding, note, problem, well
from stream.check.machine import is_up
from stream.check.whatsapp import check_whatsapp
from stream.errors import BrokerError, RulesError
from stream.settings import Settings
from stream.sheet.check import check_sheet


def check_parts(settings: Settings, unreadable: frozenset[str] = frozenset()) -> list[Finding]:
    """Return how broker, topics, rules, sheet and WhatsApp's connection are. Makes nothing and sends nothing.

    A part one of whose own settings is `unreadable` is not looked at: it would be another one than is meant.
    """
    found: list[Finding] = []
    for check, own in _PARTS.items():
        if not any(name.startswith(own) for name in unreadable):
            found += check(settings)
    return found


def _broker(settings: Settings) -> Iterable[Finding]:
    if not settings.kafka_bootstrap_servers and not is_up(settings):
        yield _own_broker()
        return
    try:
        count = live_brokers(settings)
    except BrokerError as error:
        yield problem("broker", str(error), "Start the broker, or correct KAFKA_BOOTSTRAP_SERVERS and KAFKA_SECURITY_*.")
        return
    yield well("broker", f"Kafka answers, with {count} broker{'s' if count > 1 else ''}.")
    if count < settings.topic_replication:
        yield problem(
            "broker", f"TOPIC_REPLICATION is {settings.topic_replication}, but {count} serve.", "Start the others, or lower it."
        )
    yield from _topics(settings)


def _own_broker() -> Finding:
    if find_java() is None:
        if find_binary() is None:
            return problem("broker", "KAFKA_BOOTSTRAP_SERVERS is unset and Java 17 is missing.", "Install Java 17 and Maven.")
        return note(
            "broker",
            "`groupdesk up` will run a small trial broker, because Java 17 is missing.",
            "Install Java 17 and Maven before it matters.",
        )
    fetched = "is there" if default_cache().is_dir() else "is fetched at the first start"
    return well("broker", f"`groupdesk up` runs Apache Kafka of its own, which {fetched}.")


def _topics(settings: Settings) -> Iterable[Finding]:
    try:
        found = inspect_topics(settings)
    except BrokerError as error:
        yield problem("topics", str(error), "See whether this user may describe topics.")
        return
    missing = [name for name, partitions in found.items() if partitions is None]
    wrong = [f"{name} has {n}" for name, n in found.items() if n not in {None, settings.topic_partitions}]
    if wrong:
        yield problem(
            "topics",
            f"TOPIC_PARTITIONS is {settings.topic_partitions}, but {', '.join(wrong)}.",
            "Set TOPIC_PARTITIONS to the number that the topics were made with; it cannot be changed later.",
        )
    elif missing:
        yield note(
            "topics", f"{len(missing)} of {len(found)} topics are missing.", "Any role makes them; or run `groupdesk topics`."
        )
    else:
        yield well("topics", f"All {len(found)} topics are there, with {settings.topic_partitions} partitions each.")


def _rules(settings: Settings) -> Iterable[Finding]:
    try:
        book = load_book(settings.rules_dir)
    except RulesError as error:
        for line in str(error).splitlines():
            yield problem("rules", line, "Correct the file; `groupdesk rules check` shows more.")
    else:
        yield well("rules", f"{settings.rules_dir.resolve()} can be used (version {book.version[:8]}).")


def _sheet(settings: Settings) -> Iterable[Finding]:
    for found in check_sheet(settings):
        to_do = found.to_do[:1].upper() + found.to_do[1:]
        if not found.is_well:
            yield problem("sheet", found.told, to_do)
        elif to_do:
            yield note("sheet", found.told, to_do)
        else:
            yield well("sheet", found.told)


# Each check, and how the names of the settings begin that it depends on.
_PARTS: dict[Callable[[Settings], Iterable[Finding]], tuple[str, ...]] = {
    _broker: ("kafka_", "topic_"),
    _rules: ("rules_",),
    _sheet: ("sheet", "cs_sheet", "google_", "xlsx_"),
    check_whatsapp: ("evolution_", "cs_instance"),
}
