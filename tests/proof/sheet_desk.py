"""People who edit the Sheet while it is written: what they type becomes commands, which must all come through."""

from __future__ import annotations

import random
from typing import Any

from stream.core.sheet_columns import find_columns
from tests.stand_ins.sheets_server import SheetsServer

_TYPED = {
    "status": ("Resolved", "On hold", "Waiting for us", "Nonsense"),
    "priority": ("High", "Low", "Urgent"),
    "note": ("called them", "see the contract", "waiting for parts"),
}


class SheetDesk:
    """Edits Google's stand-in, as far as there is one."""

    def __init__(self, server: SheetsServer | None, seed: int) -> None:
        self._server = server
        self._dice = random.Random(f"sheet {seed}")
        self.edits = 0

    def edit(self) -> None:
        """Change a cell of some row, or sort all of them."""
        if self._server is None:
            return
        with self._server.lock:
            tab: Any = self._server.book.titled("Tickets")
            places = find_columns([str(cell) for cell in tab.cells[0]]) if tab.cells else {}
            if "mark" not in places or len(tab.cells) < 3:
                return
            self.edits += 1
            if self._dice.random() < 0.1:
                tab.sort(1, places["title"], descending=self._dice.random() < 0.5)
                return
            name = self._dice.choice(sorted(_TYPED))
            tab.put(self._dice.randrange(1, len(tab.cells)), places[name], self._dice.choice(_TYPED[name]))
