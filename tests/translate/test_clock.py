"""Numbers and times, in every spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from payloads import NOW

from stream.translate.clock import read_number, read_time

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())


@pytest.mark.parametrize(
    "told",
    [
        SECONDS,
        float(SECONDS),
        str(SECONDS),
        f" {SECONDS} ",
        SECONDS * 1_000,
        str(SECONDS * 1_000),
        {"low": SECONDS, "high": 0, "unsigned": True},
        {"low": (SECONDS * 1_000) % 2**32 - 2**32, "high": (SECONDS * 1_000) // 2**32, "unsigned": False},
    ],
)
def test_every_spelling_of_one_moment(told: Any) -> None:
    assert read_time(told, NOW) == AT


def test_a_negative_low_half_counts_as_unsigned() -> None:
    assert read_number({"low": -1, "high": 0, "unsigned": True}) == 2**32 - 1


@pytest.mark.parametrize(
    "told",
    [
        None,
        True,
        "",
        "soon",
        "-5",
        "\uff11\uff12\uff13",
        -1,
        0,
        1e300,
        float("inf"),
        float("nan"),
        10**400,
        {"low": "x"},
        [],
        "9" * 30,
    ],
)
def test_what_is_no_time_is_when_it_was_received(told: Any) -> None:
    assert read_time(told, NOW) == NOW


def test_a_clock_far_ahead_is_not_believed() -> None:
    assert read_time((NOW + timedelta(minutes=9)).timestamp(), NOW) == NOW + timedelta(minutes=9)
    assert read_time((NOW + timedelta(minutes=11)).timestamp(), NOW) == NOW
