"""What is forgotten of a row as time goes on: answered changes, notices that were there to be read, columns that went away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from stream.core.sheet_edits import same_value
from stream.core.sheet_memory import Asked, RowMemory
from stream.core.sheet_plan import Wanted

_NOTICE_STAYS = timedelta(days=1)
_REDACTING = timedelta(hours=1)  # in which the redacted snapshot follows its event


def settle(memory: RowMemory, wanted: Wanted, absent: Collection[str], now: datetime) -> RowMemory:
    """Return the memory without what is over. `absent` are shared columns that the sheet does not have now."""
    if memory.asked:
        still = {name: asked for name, asked in memory.asked.items() if not _is_answered(name, asked, wanted)}
        if len(still) != len(memory.asked):
            memory = memory.but(asked=still)
    if memory.noticed_at is not None and now - memory.noticed_at > _NOTICE_STAYS:
        memory = memory.with_notice("", None)
    if memory.redacted_at is not None and now - memory.redacted_at > _REDACTING and not memory.is_forgetful:
        memory = memory.but(redacted_at=None)
    if any(name in base for base in memory.bases.values() for name in absent):
        # A column that was taken away comes back empty: that is nobody's change.
        kept = {number: {n: v for n, v in base.items() if n not in absent} for number, base in memory.bases.items()}
        memory = memory.but(bases=kept)
    return memory


def _is_answered(name: str, asked: Asked, wanted: Wanted) -> bool:
    if same_value(name, asked.value, wanted.cells[name]):
        return True
    return asked.accepted_at is not None and wanted.updated_at >= asked.accepted_at


def is_known(memory: RowMemory, name: str, cell: str) -> bool:
    """Tell whether a cell of a row whose mark is lost or another ticket's says what we wrote there at some time."""
    return any(name not in base or same_value(name, cell, base[name]) for base in memory.bases.values())
