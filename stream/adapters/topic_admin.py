"""Topics are made and verified here, never by chance: a topic that a broker makes by itself has the wrong partitions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from stream.adapters.broker_refusal import why_refused
from stream.adapters.brokers import bootstrap_servers, client_options, connect
from stream.adapters.topics import GROUPS_TABLE, HOUR_MS, SPECS, changelog_name, compacted, full_name
from stream.errors import BrokerError, TopicMismatch
from stream.settings import Settings

# The table of the worker must come back whole: its changelog is compacted and nothing in it ever expires.
# What was erased from it is gone within a day, as with the other compacted topics.
_CHANGELOG = compacted(8) | {"min.compaction.lag.ms": "0", "segment.ms": str(6 * HOUR_MS)}
_MAX_RECORD = 2 * 1_048_576  # a webhook of 1 MiB and what we add to it; Kafka's own limit is 1 MiB
_PATIENCE_MS = 3_000  # nobody waits for an administrator's command as a webhook's sender does
_IN_PRODUCTION = 3  # replicas; from there on two of them must have a record before it is acknowledged


def worker_app_id(settings: Settings) -> str:
    """Return the worker's id for Faust: it names the consumer group and the table's changelog."""
    return f"{settings.topic_prefix}worker"


def wanted_topics(settings: Settings) -> dict[str, dict[str, str]]:
    """Return every topic that must exist, with its settings; all have `TOPIC_PARTITIONS` partitions."""
    topics = {full_name(spec.topic, settings.topic_prefix): dict(spec.config) for spec in SPECS}
    topics[changelog_name(worker_app_id(settings), GROUPS_TABLE)] = dict(_CHANGELOG)
    for config in topics.values():
        config["max.message.bytes"] = str(_MAX_RECORD)
        if settings.topic_replication >= _IN_PRODUCTION:
            config["min.insync.replicas"] = "2"
    return topics


def ensure_topics(settings: Settings) -> list[str]:
    """Make the topics that are missing and verify all; returns the names of those made.

    Raises `TopicMismatch` when one has another number of partitions, `BrokerError` when no broker answers within seconds.
    """
    wanted = wanted_topics(settings)
    admin = _connect(settings)
    try:
        made = _create(admin, wanted, settings)
        admin.wait_for_topics(list(wanted))
        _verify(partition_counts(admin, list(wanted)), settings)
    except KafkaError as error:
        raise BrokerError(f"Kafka refused to make the topics ({type(error).__name__}: {error}).") from error
    else:
        return made
    finally:
        _close(admin)


def inspect_topics(settings: Settings) -> dict[str, int | None]:
    """Return for every wanted topic its number of partitions, None where it does not exist. Changes nothing."""
    admin = _connect(settings)
    try:
        there = set(admin.list_topics())
        wanted = list(wanted_topics(settings))
        counts = partition_counts(admin, [name for name in wanted if name in there])
    except KafkaError as error:
        raise BrokerError(f"Kafka did not tell its topics ({type(error).__name__}).") from error
    else:
        return {name: counts.get(name) for name in wanted}
    finally:
        _close(admin)


def differing_settings(settings: Settings) -> dict[str, dict[str, tuple[str, str]]]:
    """Return for every topic that exists the settings that are not as wanted, each as (found, wanted)."""
    wanted = wanted_topics(settings)
    admin = _connect(settings)
    try:
        there = [name for name in admin.list_topics() if name in wanted]
        asked = [ConfigResource(ConfigResourceType.TOPIC, name, configs=dict(wanted[name])) for name in there]
        told = admin.describe_configs(asked, config_filter="all") if asked else {}
    except KafkaError as error:
        raise BrokerError(f"Kafka did not tell its topics' settings ({type(error).__name__}).") from error
    finally:
        _close(admin)
    found = {name: configs for of_kind in told.values() for name, configs in of_kind.items()}
    differing: dict[str, dict[str, tuple[str, str]]] = {}
    for name in there:
        for key, value in wanted[name].items():
            is_now = str(found[name][key]["value"])
            if is_now != value:
                differing.setdefault(name, {})[key] = (is_now, value)
    return differing


def apply_settings(settings: Settings) -> dict[str, dict[str, tuple[str, str]]]:
    """Set what differs, and return it; what a shorter retention lets go is gone soon after."""
    differing = differing_settings(settings)
    changes = [
        ConfigResource(ConfigResourceType.TOPIC, name, configs={key: wanted for key, (_, wanted) in differs.items()})
        for name, differs in differing.items()
    ]
    if changes:
        admin = _connect(settings)
        try:
            admin.alter_configs(changes)
        except KafkaError as error:
            raise BrokerError(f"Kafka did not change its topics' settings ({type(error).__name__}).") from error
        finally:
            _close(admin)
    return differing


def live_brokers(settings: Settings) -> int:
    """Return how many brokers serve; raises `BrokerError` when none answers within three seconds."""
    admin = _connect(settings)
    try:
        brokers = admin.describe_cluster()["brokers"]
    except KeyError:
        return 1  # the trial broker answers in an old form that the client does not expect; it is always one
    except KafkaError as error:
        raise BrokerError(f"Kafka did not tell its brokers ({type(error).__name__}).") from error
    else:
        return len(brokers)
    finally:
        _close(admin)


def wait_for_topics(settings: Settings, stop: threading.Event, say: Callable[[str], None], every_s: float = 1.0) -> bool:
    """Try `ensure_topics` until it works or `stop` is set; `say` hears each new reason once. Returns whether it worked.

    A topic with the wrong number of partitions raises at once: waiting does not mend it.
    """
    last = ""
    while not stop.is_set():
        try:
            ensure_topics(settings)
        except TopicMismatch:
            raise
        except BrokerError as error:
            if str(error) != last:
                last = str(error)
                say(last)
            stop.wait(every_s)
        else:
            return True
    return False


def partition_counts(admin: Any, names: list[str]) -> dict[str, int]:
    """Return the number of partitions of topics that exist."""
    if not names:
        return {}
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(names)}


def _close(admin: Any) -> None:
    """Close the connection, whatever state it is in."""
    try:
        admin.close()
    except (KafkaError, RuntimeError, OSError):
        return


def _connect(settings: Settings) -> Any:
    try:
        return connect(
            KafkaAdminClient, **client_options(settings) | {"bootstrap_timeout_ms": _PATIENCE_MS}, request_timeout_ms=15_000
        )
    except KafkaError as error:
        servers = bootstrap_servers(settings)
        silent = f"Kafka at {', '.join(servers)} does not answer yet; check KAFKA_BOOTSTRAP_SERVERS if it stays so."
        raise BrokerError(why_refused(settings, servers) or silent) from error


def _create(admin: Any, wanted: dict[str, dict[str, str]], settings: Settings) -> list[str]:
    there = set(admin.list_topics())
    missing = {
        name: {
            "num_partitions": settings.topic_partitions,
            "replication_factor": settings.topic_replication,
            "configs": config,
        }
        for name, config in wanted.items()
        if name not in there
    }
    if missing:
        try:
            admin.create_topics(missing)
        except TopicAlreadyExistsError:
            # Another role was faster with some of them; one at a time then, so that none is left out.
            for name, spec in missing.items():
                try:
                    admin.create_topics({name: spec})
                except TopicAlreadyExistsError:
                    continue
    return list(missing)


def _verify(counts: dict[str, int], settings: Settings) -> None:
    wrong = {name: count for name, count in counts.items() if count != settings.topic_partitions}
    if wrong:
        listed = ", ".join(f"{name} has {count}" for name, count in sorted(wrong.items()))
        raise TopicMismatch(
            f"TOPIC_PARTITIONS is {settings.topic_partitions}, but {listed}; set it to the number that the topics were made with."
        )
