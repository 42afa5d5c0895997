"""Names and people of groups: Evolution 2.3 never tells a rename, so they are asked for, one group at a time and seldom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from stream.core.delivery import Delivery
from stream.core.inputs import Source
from stream.transport.evolution_client import EvolutionClient, GroupInfo

EVERY = timedelta(hours=6)
# Evolution asks WhatsApp for each; faster than this, WhatsApp asks to slow down.
PAUSE = timedelta(seconds=20)


class Groups:
    """`refresh_one` asks for the group that has waited longest, if any is due, and publishes what has changed."""

    def __init__(self, client: EvolutionClient, publish: Callable[[Delivery], None]) -> None:
        self._client = client
        self._publish = publish
        self._asked_at: dict[str, datetime] = {}
        self._known: dict[str, GroupInfo] = {}
        self._next_at: datetime | None = None
        self.not_in: set[str] = set()  # groups that our number was not in when they were asked for

    async def refresh_one(self, groups: Iterable[str], now: datetime) -> bool:
        """Return whether a group was asked for. Raises `CallFailed`."""
        if self._next_at is not None and now < self._next_at:
            return False
        due = [group for group in groups if group not in self._asked_at or now - self._asked_at[group] >= EVERY]
        if not due:
            return False
        group = min(due, key=lambda jid: (self._asked_at.get(jid) or datetime.min.replace(tzinfo=now.tzinfo), jid))
        self._asked_at[group] = now
        self._next_at = now + PAUSE
        info = await self._client.group(group)
        self.not_in = self.not_in | {group} if info is None else self.not_in - {group}
        if info is not None and info != self._known.get(group):
            self._known[group] = info
            self._publish(_delivery(self._client.instance, info, now))
        return True


def _delivery(instance: str, info: GroupInfo, now: datetime) -> Delivery:
    people: list[dict[str, Any]] = [
        {"id": person.lid or person.phone, "phoneNumber": person.phone, "name": person.name} for person in info.people
    ]
    data = {"id": info.jid, "subject": info.subject, "participants": people}
    return Delivery(event="GROUPS_UPSERT", instance=instance, chat=info.jid, received_at=now, source=Source.BACKFILL, data=data)
