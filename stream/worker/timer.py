"""The timer: sees which windows have passed, and only *asks* for the follow-up. The step decides, in order with all else."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from stream.core.commands import Actor, ActorKind, FollowUpDue
from stream.core.ids import derived_id
from stream.core.ticket_life import next_wake
from stream.worker.agent import GroupAgent
from stream.worker.record import GroupRecord
from stream.worker.summary import REOPEN_WITHIN

# After a start every group with something due is read from its bytes: messages that come meanwhile have their turn.
_AT_A_STRETCH_S = 0.02


class Timer:
    """Sends a `FollowUpDue` command for every ticket whose window has passed, once a second."""

    def __init__(self, agent: GroupAgent, commands: Any) -> None:
        self._agent = agent
        self._commands = commands

    async def tick(self) -> None:
        """Ask for what is due now, in the groups this worker owns."""
        now, rested_at = datetime.now(UTC), time.monotonic()
        for key in self._agent.due.pop_due(now) if self._agent.may_remind else ():
            record = self._agent.record_of(key)
            for command in due_commands(record, now) if record is not None else ():
                await self._commands.send(key=key, value=command.to_json())
            if time.monotonic() - rested_at > _AT_A_STRETCH_S:
                await asyncio.sleep(0)
                rested_at = time.monotonic()
                if not self._agent.may_remind:
                    return


def due_commands(record: GroupRecord, now: datetime) -> list[FollowUpDue]:
    """Return the commands for the tickets of this group that have something due; asking twice gives the same ids."""
    found = []
    for ticket in record.state.tickets.values():
        wake = next_wake(ticket, REOPEN_WITHIN)
        if wake is not None and wake.at <= now:
            found.append(
                FollowUpDue(
                    id=derived_id("due", ticket.id, wake.step, wake.at.isoformat()),
                    group=record.state.group,
                    at=now,
                    actor=Actor(kind=ActorKind.TIMER),
                    ticket_id=ticket.id,
                    step=wake.step,
                    due_at=wake.at,
                )
            )
    return found
