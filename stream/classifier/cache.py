"""Verdicts given before: the same words by the same kind of author, with the same tickets open, are asked about once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from stream.core.model_answer import Verdict
from stream.core.model_mask import mask
from stream.core.outcome import Undecided

_KEPT = 5_000


def cache_key(asked: Undecided, model: str, version: str) -> str:
    """Return the name of everything that the verdict may depend on."""
    words = " ".join(mask(asked.message.text).casefold().split())
    tickets = sorted(f"{ticket.id}{'*' if ticket.opened_by == asked.message.author else ''}" for ticket in asked.open_tickets)
    parts = (version, model, words, asked.message.role, asked.group if tickets else "", *tickets)
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Cache:
    """Verdicts by key, for some hours. Times are monotonic seconds, given by the caller."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._verdicts: OrderedDict[str, tuple[float, Verdict]] = OrderedDict()
        self._most = kept

    def get(self, key: str, now: float, hours: int) -> Verdict | None:
        found = self._verdicts.get(key)
        return found[1] if found is not None and now - found[0] < hours * 3600 else None

    def put(self, key: str, verdict: Verdict, now: float) -> None:
        self._verdicts[key] = (now, verdict)
        self._verdicts.move_to_end(key)
        while len(self._verdicts) > self._most:
            self._verdicts.popitem(last=False)
