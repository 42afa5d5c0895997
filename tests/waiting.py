"""How tests wait for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_for(what: str, look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return what `look` finds; fail with `what` when it finds nothing in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)
