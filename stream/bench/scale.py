"""How much of everything is measured: in full, or quick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Scale:
    """`tickets` are the numbers of open tickets that cost and recovery are measured at, `rounds` those of part (b).

    `quix_python` is an interpreter that may have quixstreams.
    """

    name: str
    posts: int
    paced_s: float
    messages: int
    rounds: int
    tickets: tuple[int, ...]
    cost_messages: int
    workers: tuple[int, ...]
    workers_messages: int
    matched: int
    part_within_s: float
    quix_python: Path


def full(quix_python: Path) -> Scale:
    """Return the scale of figures that one may quote: some ten minutes."""
    return Scale(
        name="full",
        posts=20_000,
        paced_s=15.0,
        messages=12_000,
        rounds=3,
        tickets=(1_000, 10_000, 100_000),
        cost_messages=1_500,
        workers=(1, 2, 3),
        workers_messages=8_000,
        matched=400,
        part_within_s=1_800.0,
        quix_python=quix_python,
    )


def quick(quix_python: Path) -> Scale:
    """Return a scale that is through in a minute on an idle machine."""
    return Scale(
        name="quick",
        posts=2_000,
        paced_s=1.5,
        messages=1_500,
        rounds=1,
        tickets=(1_000, 5_000),
        cost_messages=500,
        workers=(1, 2, 3),
        workers_messages=900,
        matched=60,
        part_within_s=300.0,
        quix_python=quix_python,
    )
