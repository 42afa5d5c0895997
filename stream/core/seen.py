"""Idempotent receiver: which message ids were handled already, bounded in time and number (Enterprise Integration Patterns)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from stream.core.group import SeenIds
from stream.core.ids import seen_hash

# Evolution retries for 20 minutes by default and 4 hours as we advise; three days cover both and a weekend's outage.
_KEPT_SECONDS = 3 * 24 * 3600
_KEPT_AT_LEAST = 200
_KEPT_AT_MOST = 3000
_FORGOTTEN_TOGETHER = 100  # looking for what is old costs as much as there is: once in so many messages


class Seen(Enum):
    NEW = auto()
    DUPLICATE = auto()
    TOO_OLD = auto()  # as old as ids that were forgotten: it cannot be told from a duplicate


def look_up(seen: SeenIds, message_id: str, sent_at: datetime) -> Seen:
    """Tell whether this id was handled before."""
    if seen_hash(message_id) in seen.at:
        return Seen.DUPLICATE
    return Seen.TOO_OLD if int(sent_at.timestamp()) <= seen.horizon else Seen.NEW


def remember(seen: SeenIds, message_id: str, sent_at: datetime) -> SeenIds:
    """Return the memory with this id in it and, when it has grown too long, without the oldest."""
    at = {**seen.at, seen_hash(message_id): int(sent_at.timestamp())}
    if len(at) <= _KEPT_AT_LEAST or len(at) % _FORGOTTEN_TOGETHER:
        return seen.but(at=at)
    oldest_kept = max(at.values()) - _KEPT_SECONDS
    surplus = len(at) - _KEPT_AT_MOST
    removable = sorted(at.items(), key=lambda item: item[1])[: len(at) - _KEPT_AT_LEAST]
    forgotten = [item for place, item in enumerate(removable) if place < surplus or item[1] < oldest_kept]
    for key, _ in forgotten:
        del at[key]
    return SeenIds(at=at, horizon=max([seen.horizon, *(second for _, second in forgotten)]))
