"""Ends a worker that stands still, or that something was kept from: silence is worse than a new start.

Whoever supervises the worker starts it again, and it reads from what it acknowledged last. Each of these was seen with Faust,
and put right in `broker_side`; here is the safety net for what is not known yet.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from stream import logs

log = logs.get(__name__)

_STUCK_S = 30.0
_NOT_READ_BACK_S = 60.0  # longer than workers need to agree on who has which groups, and than a restart of Kafka
_STATUS = 75  # EX_TEMPFAIL: start it again


class Standstill:
    """Keeps note of what came last in each partition, and of how far the table is read back."""

    def __init__(self, app: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._handled_to: dict[Any, int] = {}  # the last offset of each partition, since it is ours
        self._moved_at = clock()
        self._unread = -1  # changes of the table that were still to be read back at the last look

    def begin_anew(self) -> None:
        """Forget the partitions: they go to other workers, or come back."""
        self._handled_to.clear()
        self.note_movement()

    def note_movement(self) -> None:
        self._moved_at = self._clock()
        self._unread = -1

    def end_if_passed_over(self, partition: Any, offset: int) -> None:
        """End before a record counts that does not follow the last one: our topics have no gaps, so some were lost between."""
        before = self._handled_to.get(partition)
        follows = self._app.consumer.begins_at.get(partition) if before is None else before + 1
        if follows is not None and offset > follows:
            end("records were passed over; this worker ends and reads them again", partition=str(partition), offset=offset)
        self._handled_to[partition] = offset
        self.note_movement()

    def end_if_stuck(self) -> None:
        """End when records wait and none has come for a while."""
        if self._clock() - self._moved_at < _STUCK_S:
            return
        following = dict(self._app.consumer.begins_at) | {tp: offset + 1 for tp, offset in self._handled_to.items()}
        for partition, offset in following.items():
            if self._highest(partition) > offset:
                end("records wait and none comes; this worker ends and starts afresh", partition=str(partition), offset=offset)

    def _highest(self, partition: Any) -> int:
        try:
            return self._app.consumer.highwater(partition) or 0
        except AssertionError:  # aiokafka: not ours any more, as of just now; whoever has it next looks after it
            return 0

    def end_if_not_read_back(self) -> None:
        """End when the table is being read back, and for a minute nothing of it has come."""
        unread = self._app.tables.recovery.active_remaining_total()
        if unread != self._unread:
            self._unread, self._moved_at = unread, self._clock()
        elif self._clock() - self._moved_at > _NOT_READ_BACK_S:
            end("the table is not read back from Kafka; this worker ends and starts afresh", changes=unread)


def end(what: str, **facts: object) -> None:
    """End this process at once, so that it is started again: nothing of what it holds may be written any more."""
    log.error(what, **facts)
    os._exit(_STATUS)
