"""What is around Groupdesk, in a thread of its own: WhatsApp's stand-in, the load, the proxies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


class Town:
    """An event loop in a thread. `call` runs something there and waits; `begin` does not wait."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="town", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Coroutine[Any, Any, T], seconds: float = 30.0) -> T:
        return self.begin(work).result(seconds)

    def do(self, what: Any, *args: Any) -> None:
        """Call a plain function in the loop's thread."""
        self._loop.call_soon_threadsafe(what, *args)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
