"""The Book: everything that the team writes in the rules folder, read and checked, under one version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stream.core.followup_policy import FollowUps
from stream.core.groups_config import GroupConfig, GroupsFile
from stream.core.people import Role
from stream.core.rule_match import NamedLists, RuleSet
from stream.core.team import Member, Team, known_as


@dataclass(frozen=True)
class Book:
    """One version of the rules folder. `model` is what model.yaml says, or None."""

    version: str
    rules: RuleSet
    groups: GroupsFile = field(default_factory=lambda: GroupsFile(version=1))
    team: Team = field(default_factory=Team)
    follow_ups: FollowUps = field(default_factory=FollowUps)
    model: Any = None

    def group(self, jid: str) -> GroupConfig:
        """Return what the team says of a group; one that is not named gets the silent default."""
        found = self._groups.get(jid) or self._unlisted.get(jid)
        if found is None:  # asked for with every message of the group
            found = self._unlisted[jid] = GroupConfig.model_construct(jid=jid, mode=self.groups.unlisted)
        return found

    def role_of(self, addresses: Iterable[str]) -> Role:
        """Return what somebody known by these WhatsApp addresses is to the team."""
        return Role.CUSTOMER if self.member(addresses) is None else Role.STAFF

    def member(self, addresses: Iterable[str]) -> Member | None:
        """Return the member of the team who writes under one of these addresses."""
        return next((self._members[key] for key in known_as(addresses) if key in self._members), None)

    @cached_property
    def _groups(self) -> dict[str, GroupConfig]:
        return {group.jid: group for group in self.groups.groups}

    @cached_property
    def _unlisted(self) -> dict[str, GroupConfig]:
        return {}

    @cached_property
    def _members(self) -> dict[str, Member]:
        return self.team.addresses()


def empty_book() -> Book:
    """Return a book without rules, groups or team: everything is observed and left undecided."""
    return Book(version="empty", rules=RuleSet((), (), NamedLists(), "empty"))
