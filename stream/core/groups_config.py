"""Which groups Groupdesk may act in, as the team writes it in `rules/groups.yaml`. A group not named there is observed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stream.core.rules import Slug, Strict

GroupJid = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9-]+@g\.us|[0-9]{6,20}@s\.whatsapp\.net)$", max_length=64),
    Field(description="Such as 120363012345678901@g.us; a single chat of the Cloud API is 5511988887777@s.whatsapp.net"),
]


class GroupMode(StrEnum):
    """How much Groupdesk does in a group: nothing, look, keep tickets, or also send follow-ups."""

    OFF = "off"
    OBSERVE = "observe"
    TICKETS = "tickets"
    TICKETS_AND_FOLLOW_UPS = "tickets+follow-ups"

    @property
    def may_send(self) -> bool:
        return self is GroupMode.TICKETS_AND_FOLLOW_UPS


class GroupConfig(Strict):
    """One group. `policy` names a follow-up policy, `tags` are what rules call `tag:NAME`."""

    jid: GroupJid
    name: str | None = Field(None, description="For people only; the group's real name comes from WhatsApp")
    mode: GroupMode = GroupMode.OBSERVE
    language: Slug | None = Field(None, description="Of follow-ups when the ticket's language is unknown: en, id, pt, es")
    policy: Slug | None = None
    tags: tuple[Slug, ...] = ()


class GroupsFile(Strict):
    """The whole file."""

    version: Literal[1]
    unlisted: Literal[GroupMode.OFF, GroupMode.OBSERVE] = Field(
        GroupMode.OBSERVE, description="What happens in a group that is not named here; never anything that sends"
    )
    groups: tuple[GroupConfig, ...] = ()
