"""Ending what may hang: calls that wait for a broker that is away get so long and no longer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

_LOOK_S = 0.02


async def finish(*calls: Callable[[], object], within_s: float) -> None:
    """Run the calls side by side and return when all are done, or after `within_s`; what still runs dies with the process.

    Not the loop's own executor: the interpreter waits for that one at its end, for minutes.
    """
    threads = [threading.Thread(target=call, name="ending", daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while any(thread.is_alive() for thread in threads) and loop.time() < deadline:  # noqa: ASYNC110 - a thread sets no event
        await asyncio.sleep(_LOOK_S)
