"""Threats that no other test proves: how secrets are compared, a clock that jumps, and cells."""

from __future__ import annotations

import hmac
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))

from test_followups import GROUP, RULES, after, run, ticket

from stream.adapters.xlsx_sheet_cells import put_text
from stream.bridge.auth import Gate
from stream.core.followups import follow_up
from stream.core.ticket_life import next_wake
from stream.core.windows import follow_up_id

NEW, OLD = "the-new-secret-0123456789abcdefgh", "the-old-secret-0123456789abcdefgh"


@pytest.mark.parametrize("told", [NEW, OLD, "x", "", NEW[:-1], NEW + "x" * 5_000, "\udcff"])
def test_every_secret_is_compared_and_always_by_digests_of_one_size(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        sizes.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    assert Gate([NEW, OLD]).knows(told) is (told in (NEW, OLD))
    assert sizes == [(32, 32), (32, 32)]


def test_a_clock_that_is_set_back_says_nothing_twice_and_a_leap_says_one_thing_once() -> None:
    leaps = (15, 60, 15 + 24 * 60, 15 + 365 * 24 * 60)
    ids = {at: [one.id for one in follow_up({"T-1": ticket()}, "T-1", RULES, GROUP, after(at)).outbound] for at in leaps}
    assert ids[15] == [follow_up_id(ticket(), 0)]
    assert all(len(said) <= 1 and set(said) <= {follow_up_id(ticket(), step) for step in range(3)} for said in ids.values())
    # What is due next is a moment, not a distance: a clock that is set back makes nothing due a second time.
    wake = next_wake(run(ticket(), 15), timedelta(days=3))
    assert wake is not None
    assert (wake.step, wake.at) == (1, after(45))


@pytest.mark.parametrize("text", ["=IMPORTXML(A1)", "+55 11 98888-7777", "-1", "@cmd", "\t=1+1", "\uff1d1", " =1"])
def test_a_cell_that_looks_like_a_formula_stays_text_also_when_it_is_edited_or_exported(text: str) -> None:
    cell = Workbook().active["A1"]
    put_text(cell, text)
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    put_text(cell := Workbook().active["A1"], "order 4417")
    assert (cell.data_type, cell.quotePrefix) == ("s", False)
