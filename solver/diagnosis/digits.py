"""How many digits a figure needs for its band to be seen."""

from __future__ import annotations

import math

__all__ = ["is_one_number", "resolving"]

_LEAST, _MOST = 3, 9
# relative width of an interval that is only what the tolerance of a run leaves
_ROUNDING = 1e-6


def resolving(low: float, high: float) -> int:
    """Return how many significant digits tell the ends of an interval apart by ten of the last; 3 to 9."""
    largest, width = max(abs(low), abs(high)), high - low
    if not (math.isfinite(largest) and width > 0.0):
        return _LEAST
    needed = math.floor(math.log10(largest)) - math.floor(math.log10(width)) + 2
    return min(max(needed, _LEAST), _MOST)


def is_one_number(low: float, high: float) -> bool:
    """Whether an interval is finite and so narrow that its width is only rounding."""
    largest = max(abs(low), abs(high))
    return math.isfinite(largest) and high - low <= _ROUNDING * largest
