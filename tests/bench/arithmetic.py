"""What is made of the figures of several rounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median


def percentile(values: Iterable[float], part: float) -> float | None:
    """The smallest value that `part` (0 to 1) of all do not exceed; None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def median_ratio(these: Sequence[float], others: Sequence[float]) -> float:
    """The median of the rounds' ratios, NaN where the others came to nothing: in a round both have
    had the same machine.
    """
    ratios = [a / b for a, b in zip(these, others, strict=True) if b]
    return median(ratios) if ratios else math.nan
