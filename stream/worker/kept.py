"""Groups at hand: parsed once, and known by their bytes, so that a message costs no reading of its group."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from stream.worker.encoding import Part
from stream.worker.record import GroupRecord

# Parsed groups take about six times the memory of their bytes: 400 MB when full, and a worker weighs 1.1 GB with 100,000 open
# tickets. That is room for the groups of 30,000; those that are silent for longest are parsed again when somebody speaks.
_MOST_BYTES = 64 * 1_048_576


class Kept(NamedTuple):
    raw: bytes
    record: GroupRecord
    parts: dict[int, Part]


class KeptGroups:
    """The groups that were used last, up to a bound on their bytes."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._bytes = 0

    def find(self, key: bytes, raw: bytes) -> Kept:
        """Return the group whose value in the table is `raw`, parsed now if it is not at hand as exactly these bytes."""
        kept = self._kept.get(key)
        if kept is None or (kept.raw is not raw and kept.raw != raw):
            kept = Kept(raw, GroupRecord.from_json(raw), {})
            self.keep(key, kept)
        else:
            self._kept.move_to_end(key)
        return kept

    def keep(self, key: bytes, kept: Kept) -> None:
        """Have this group at hand, and let go of those that were not used for longest."""
        self._drop(key)
        self._kept[key] = kept
        self._bytes += len(kept.raw)
        while self._bytes > self._most and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: bytes) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped.raw)
