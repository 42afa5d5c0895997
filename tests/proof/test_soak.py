"""The soak must see a leak where there is one, and none where memory only goes up and down."""

from __future__ import annotations

import os
import random

import pytest

from tests.proof.samples import Sample, descriptors_grow, look_at, memory_slope
from tests.proof.soak import is_well


def half_an_hour(*, leak_mb_per_hour: float = 0.0, descriptors_per_hour: float = 0.0, seed: int = 1) -> list[Sample]:
    """Return samples as of a process that loads for some minutes and then holds 150 MB, a little more or less."""
    dice = random.Random(seed)
    samples = []
    for at_s in range(10, 1800, 10):
        loading = min(1.0, at_s / 300)
        memory_mb = 60 + 90 * loading + leak_mb_per_hour * at_s / 3600 + dice.gauss(0, 0.8)
        samples.append(Sample(at_s, memory_mb, int(40 + descriptors_per_hour * at_s / 3600 + dice.choice((0, 0, 1, 3))), 12))
    return samples


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_is_a_slope(seed: int) -> None:
    slope = memory_slope(half_an_hour(leak_mb_per_hour=10, seed=seed))
    assert not slope.is_within_noise
    assert abs(slope.per_hour - 10) < 2 * slope.error


def test_up_and_down_is_noise() -> None:
    steady = [memory_slope(half_an_hour(seed=seed)) for seed in range(40)]
    assert sum(slope.is_within_noise for slope in steady) >= 34  # 95 % of them, and these forty are always the same


def test_descriptors_that_are_never_closed_are_seen() -> None:
    assert descriptors_grow(half_an_hour(descriptors_per_hour=60))
    assert not descriptors_grow(half_an_hour())


def test_a_process_is_looked_at_while_it_lives() -> None:
    found = look_at(os.getpid(), 1.0)
    assert found is not None
    assert found.memory_mb > 10
    assert found.descriptors > 2
    assert look_at(2**22 + 1, 1.0) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"holds": False},
        {"ends_of_processes": {"worker 1": 1}},
        {"secrets_or_words_in_logs": ["sheet-1.log: proof-key"]},
        {"roles": {"bridge-1": {"descriptors_grow": True}}},
    ],
)
def test_each_finding_makes_the_run_fail(wrong: dict[str, object]) -> None:
    well: dict[str, object] = {"holds": True, "ends_of_processes": {}, "secrets_or_words_in_logs": [], "roles": {}}
    assert is_well(well)
    assert not is_well(well | wrong)
