"""The sheet under everything at once. SHEET_SOAK=full plays the whole of it: 10,000 tickets and 1,000 edits."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import pytest

from stream.sheet.wanted import WantedRows
from tests.sheet.soak import Soak

_FULL = os.environ.get("SHEET_SOAK") == "full"


@pytest.mark.timeout(3000 if _FULL else 100)
@pytest.mark.parametrize("seed", [int(os.environ.get("SHEET_SOAK_SEED", "1"))] if _FULL else [1, 2, 3])
def test_people_tickets_and_faults_at_random_end_equal(tmp_path: Path, rows: WantedRows, seed: int) -> None:
    size = {"tickets": 10_000, "edits": 1_000} if _FULL else {"tickets": 200, "edits": 200}
    soak = Soak(tmp_path, rows, rate=0.2, seed=seed, **size)
    try:
        soak.run()
        assert soak.problems() == []
        faults = sum(soak.server.faults.made.values())
        wait = statistics.median(soak.row_waits)
        print(  # noqa: T201 # the figures are the point of the full run
            f"\nseed {seed}: {len(soak.tickets)} tickets, {sum(soak.done.values())} acts {dict(soak.done)}, ",
            f"{soak.commands} commands, {soak.passes} passes, {soak.sheet._http.requests} requests, {faults} faults, ",
            f"{soak.now:.0f} s of virtual time, ticket to row median {wait:.1f} s",
        )
        assert faults > 20
        assert soak.commands > 50
    finally:
        soak.close()
