"""How many digits a figure needs for its band to be seen."""

from __future__ import annotations

import math

__all__ = ["resolving"]

_LEAST, _MOST = 3, 9


def resolving(low: float, high: float) -> int:
    """Return how many significant digits tell the ends of an interval apart by ten of the last; 3 to 9."""
    largest, width = max(abs(low), abs(high)), high - low
    if not (math.isfinite(largest) and width > 0.0):
        return _LEAST
    needed = math.floor(math.log10(largest)) - math.floor(math.log10(width)) + 2
    return min(max(needed, _LEAST), _MOST)
