"""What the clocks and follow-ups of a ticket need to know of its group."""

from __future__ import annotations

from datetime import datetime, timedelta

from stream.core.group import GroupState
from stream.core.groups_config import GroupConfig
from stream.core.value import Value


class GroupFacts(Value):
    """The team's choices for a group, and who spoke in it when. `mode` is that of groups.yaml; `policy` the group's own, if any.

    `last_spoken_at` is when a person last wrote; `said_at` are the times of our own automatic messages.
    """

    mode: str = "observe"
    policy: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    reopen_within: timedelta = timedelta(hours=48)
    last_spoken_at: datetime | None = None
    said_at: tuple[datetime, ...] = ()


def facts_of(config: GroupConfig, state: GroupState) -> GroupFacts:
    """Return what the team says of a group, and who spoke in it when."""
    return GroupFacts(
        mode=config.mode,
        policy=config.policy,
        tags=config.tags,
        language=config.language,
        last_spoken_at=state.last_message_at,
        said_at=state.said_at,
    )
