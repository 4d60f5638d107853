"""A fixed piece of arithmetic, timed beside every benchmark: what a machine is worth just then.

A benchmark's least time over the least of the calibration is a ratio in which a slower machine, or one that
others slow down, counts little: others only ever add to a time. The piece is a chain of what the kernels
are made of: products, sums, a division and a root a turn. Its source stays as it is, or no ratio could be
compared with an older one.
"""

from __future__ import annotations

import math
import time

import numba

__all__ = ["TURNS", "arithmetic", "seconds"]

#: Turns of the chain, a few milliseconds.
TURNS = 200_000


@numba.njit(error_model="numpy")
def arithmetic(turns: int) -> float:
    """Return the fixed point of x = sqrt(1 + x / (1 + x x / 4)), come to by so many turns."""
    x = 0.0
    for _ in range(turns):
        x = math.sqrt(1.0 + x / (1.0 + 0.25 * x * x))
    return x


def seconds(rounds: int = 10) -> float:
    """Return the least time of the chain [s]; compiled before, and its number checked."""
    x = arithmetic(100)
    assert abs(x - math.sqrt(1.0 + x / (1.0 + 0.25 * x * x))) < 1e-14
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        arithmetic(TURNS)
        found.append(time.perf_counter() - start)
    return min(found)
