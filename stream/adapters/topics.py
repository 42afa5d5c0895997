"""The one table of topics: names, keys, what is kept for how long.

Every topic keyed by group has the same number of partitions, so that all that happens in a group meets in one worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Topic(StrEnum):
    """Topics by their short names; `full_name` adds prefix and version."""

    INBOUND = "inbound"
    UNDECIDED = "undecided"
    COMMANDS = "commands"
    TICKETS = "tickets"
    TICKET_EVENTS = "ticket-events"
    OUTBOUND = "outbound"
    DELIVERIES = "deliveries"
    DEAD_LETTER = "dead-letter"
    STATUS = "status"


@dataclass(frozen=True)
class TopicSpec:
    """How a topic is created. `keyed_by` is documentation; `config` are Kafka's own settings."""

    topic: Topic
    keyed_by: str
    config: dict[str, str]


def _kept(days: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)}


def compacted(segment_mb: int) -> dict[str, str]:
    """Return the settings of a topic of which the last record of each key counts.

    Kafka never compacts the segment that it writes to, by default one of 1 GiB, and whoever starts reads all of that: 40,000
    messages were seen to leave 1.8 GB of groups to be read back. So segments are small. Compaction waits a day at most, so that
    an erased text is really gone soon; a tombstone outlives a week's outage of a reader.
    """
    return {
        "cleanup.policy": "compact",
        "segment.bytes": str(segment_mb * 1_048_576),
        "max.compaction.lag.ms": str(DAY_MS),
        "delete.retention.ms": str(7 * DAY_MS),
    }


SPECS: tuple[TopicSpec, ...] = (
    TopicSpec(Topic.INBOUND, "group", _kept(14)),  # 14 days: as far as `rules backtest` looks back
    TopicSpec(Topic.UNDECIDED, "group", _kept(7)),
    TopicSpec(Topic.COMMANDS, "group", _kept(14)),
    TopicSpec(Topic.TICKETS, "ticket", compacted(8)),
    TopicSpec(Topic.TICKET_EVENTS, "ticket", _kept(400)),  # the audit trail of a year and a bit
    TopicSpec(Topic.OUTBOUND, "group", _kept(7)),
    TopicSpec(Topic.DELIVERIES, "group", _kept(30)),
    TopicSpec(Topic.DEAD_LETTER, "group", _kept(30)),
    TopicSpec(Topic.STATUS, "role and process", compacted(1)),
)

GROUPS_TABLE = "groups"


def full_name(topic: Topic, prefix: str) -> str:
    """Return the name in Kafka, such as `groupdesk.inbound.v1`."""
    return f"{prefix}{topic.value}.v1"


def changelog_name(app_id: str, table: str) -> str:
    """Return the name that Faust gives to a table's changelog."""
    return f"{app_id}-{table}-changelog"
