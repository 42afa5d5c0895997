"""Which groups have a follow-up window that has passed: a heap, so that what is not due costs nothing.

Entries are never removed when a window moves: an entry that no longer says what its group says is dropped when it comes up.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

# A command that was lost with a dying process is sent again; the first one, if it lives, makes the second harmless.
_ASK_AGAIN_AFTER = timedelta(seconds=30)


class DueHeap:
    """Due times of groups, by group key."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, bytes]] = []
        self._due_at: dict[bytes, datetime] = {}

    def set(self, group: bytes, due_at: datetime | None) -> None:
        """Say when the earliest window of a group passes; None: it has none."""
        if due_at is None:
            self._due_at.pop(group, None)
        elif self._due_at.get(group) != due_at:
            self._due_at[group] = due_at
            heapq.heappush(self._heap, (due_at, group))

    def pop_due(self, now: datetime) -> Iterator[bytes]:
        """Yield the groups with a window that has passed, each to be looked at again in a while; what is not taken stays due."""
        while self._heap and self._heap[0][0] <= now:
            due_at, group = heapq.heappop(self._heap)
            if self._due_at.get(group) == due_at:
                self.set(group, now + _ASK_AGAIN_AFTER)
                yield group

    def rebuild(self, due: Iterable[tuple[bytes, datetime | None]]) -> None:
        """Forget everything and start from these: after a rebalance other groups are ours."""
        self._heap.clear()
        self._due_at.clear()
        for group, due_at in due:
            self.set(group, due_at)
