"""Small sums over measurements."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed; 0 of nothing."""
    in_order = sorted(values)
    return in_order[min(len(in_order) - 1, int(share * len(in_order)))] if in_order else 0.0


def median(values: Sequence[float]) -> float:
    """Return the middle one; of two, the larger."""
    return percentile(values, 0.5)
