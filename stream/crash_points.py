"""Named places between two steps at which a process may be made to die, so that the proof can try each of them.

Nothing happens at any of them unless CRASH_AT names one, as `worker.sent@3`: the process kills itself, as SIGKILL would, the
third time that it comes there. CRASH_AT alone is refused: it needs CRASHES_ALLOWED=true beside it, which is for tests only.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from stream.errors import SettingsError
from stream.settings import Settings

# By role, in the order in which a message passes them.
POINTS: dict[str, tuple[str, ...]] = {
    "bridge": ("bridge.read", "bridge.stored", "bridge.spooled", "bridge.unspooled"),
    "worker": ("worker.handled", "worker.sent", "worker.confirmed", "worker.acknowledged"),
    "classifier": ("classifier.judged", "classifier.published", "classifier.committed"),
    "sender": (
        "sender.before_intent",
        "sender.after_intent",
        "sender.after_intent_told",
        "sender.after_calling",
        "sender.after_call",
        "sender.after_result",
        "sender.after_told",
    ),
    "sheet": ("sheet.stored", "sheet.committed", "sheet.remembered", "sheet.written", "sheet.asked"),
}


@dataclass
class _Armed:
    name: str
    left: int


_armed: _Armed | None = None


def arm(settings: Settings) -> None:
    """Take the place that CRASH_AT names; raises `SettingsError` for one that does not exist, and where it is not allowed."""
    global _armed  # noqa: PLW0603 - one process dies once, wherever the place is
    _armed = None
    if not settings.crash_at:
        return
    if not settings.crashes_allowed:
        raise SettingsError("CRASH_AT is for tests alone and makes a process kill itself; take it out of the environment.")
    name, _, count = settings.crash_at.partition("@")
    if name not in {point for points in POINTS.values() for point in points} or not (count or "1").isdecimal():
        raise SettingsError(f"CRASH_AT={settings.crash_at} names no place; the places are those of stream/crash_points.py.")
    _armed = _Armed(name, int(count or "1"))


def reach(name: str) -> None:
    """Tell that the process has come to a place; costs a comparison where nothing is armed."""
    if _armed is None or _armed.name != name:
        return
    _armed.left -= 1
    if _armed.left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
