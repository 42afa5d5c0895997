"""The team's rules as the sender and the watchdog ask for them: always the latest good version of the folder."""

from __future__ import annotations

from stream.adapters.rule_watch import BookWatcher
from stream.core.calendar import BusinessCalendar
from stream.core.followup_policy import FollowUps
from stream.core.groups_config import GroupMode
from stream.core.model_rules import ModelRules
from stream.sender.stop_switch import StopSwitch


class Office:
    def __init__(self, watcher: BookWatcher, switch: StopSwitch) -> None:
        self._watcher = watcher
        self._switch = switch

    def mode_of(self, group: str) -> str:
        return self._watcher.book.group(group).mode.value

    def follow_ups(self) -> FollowUps:
        found = self._watcher.book.follow_ups
        return found if isinstance(found, FollowUps) else FollowUps()

    def model_rules(self) -> ModelRules:
        found = self._watcher.book.model
        return found if isinstance(found, ModelRules) else ModelRules()

    def calendar(self) -> BusinessCalendar:
        """Return the hours of the policy that fits everybody, which are the team's own."""
        rules = self.follow_ups()
        return rules.calendar_of(rules.policies[-1])

    def ops_group(self) -> str | None:
        return self.follow_ups().sending.ops_group

    def watched_groups(self) -> list[str]:
        return [group.jid for group in self._watcher.book.groups.groups if group.mode is not GroupMode.OFF]

    def may_speak(self) -> bool:
        return self._switch.reason() is None and self.follow_ups().sending.enabled
