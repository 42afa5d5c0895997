"""When a member gives up waiting to be let into its group.

kafka-python waits for the answer as long as the slowest member may take, five minutes, on whatever connection it asked; one that
says nothing any more was seen to keep the classifier from all questions meanwhile, while it said that it was well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_PATIENCE_S = 30.0  # a member that died is counted for ten


class Joining:
    """How long a consumer of kafka-python has been joining. `clock` counts seconds and is not set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    def takes_too_long(self, consumer: Any) -> bool:
        """Tell whether to begin anew with another consumer; ask after each poll."""
        if not consumer._coordinator.need_rejoin():  # noqa: SLF001 -- poll returns the same nothing to a member and to who waits
            self._since = None
            return False
        now = self._clock()
        self._since = now if self._since is None else self._since
        return now - self._since > _PATIENCE_S

    def begin_anew(self) -> None:
        """Forget the consumer that was asked about."""
        self._since = None
