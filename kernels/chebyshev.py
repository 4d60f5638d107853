"""Chebyshev series through the values at the Chebyshev points of an interval, and their integrals.

Sources
-------
Trefethen, Approximation Theory and Approximation Practice (2013), ch. 3 (interpolation), 8 (convergence);
Clenshaw and Curtis, Numer. Math. 2 (1960) 197 (integration term by term).
"""

import math

import numpy as np

from .jit import jit

#: How many points an interval has.
POINTS = 20
#: The points, from 1 down to -1.
POINT = tuple(math.cos(math.pi * (k + 0.5) / POINTS) for k in range(POINTS))
# of each value in each coefficient
_WEIGHT = 2.0 / POINTS * np.cos(np.pi * np.outer(np.arange(POINTS) + 0.5, np.arange(POINTS) + 0.0) / POINTS)
_WEIGHT[:, 0] = 1.0 / POINTS
#: Places between the points, where interpolation is worst, next to the two ends and within.
BETWEEN = tuple(math.cos(math.pi * k / POINTS) for k in (1, 5, 10, 15))
# of each value in the interpolant there
_AT_BETWEEN = np.ascontiguousarray((_WEIGHT @ np.cos(np.outer(np.arange(POINTS), np.arccos(BETWEEN)))).T)
# of the integral of a term: 1/(2 j)
_PER_DEGREE = 0.5 / np.maximum(np.arange(POINTS + 1), 1)


@jit
def set_coefficients(values, coefficients):
    """Write the Chebyshev coefficients of the interpolant through values at the points."""
    for j in range(POINTS + 1):
        coefficients[j] = 0.0
    for i in range(0, POINTS, 4):
        a, b, c, d = values[i], values[i + 1], values[i + 2], values[i + 3]
        for j in range(POINTS):
            first = _WEIGHT[i, j] * a + _WEIGHT[i + 1, j] * b
            coefficients[j] += first + (_WEIGHT[i + 2, j] * c + _WEIGHT[i + 3, j] * d)


@jit
def worst_between(values):
    """By how much the interpolant through values at the points misses those that follow them, `BETWEEN`."""
    worst = 0.0
    for k in range(len(BETWEEN)):
        even, odd = -values[POINTS + k], 0.0
        for i in range(0, POINTS, 2):
            even += _AT_BETWEEN[k, i] * values[i]
            odd += _AT_BETWEEN[k, i + 1] * values[i + 1]
        worst = max(worst, abs(even + odd))
    return worst


@jit
def integrate_series(coefficients, half):
    """Turn a series in s into its integral from -1 over x, of which s is one unit of ``half``."""
    before = 2.0 * coefficients[0]
    constant = 0.0
    for j in range(1, POINTS + 1):
        own = coefficients[j]
        following = coefficients[j + 1] if j < POINTS else 0.0
        value = half * (before - following) * _PER_DEGREE[j]
        before = own
        coefficients[j] = value
        constant += value if j % 2 == 1 else -value
    coefficients[0] = constant


@jit
def tail(coefficients):
    """Size of the last four coefficients: about what the interpolant is wrong by."""
    last = max(abs(coefficients[POINTS - 1]), abs(coefficients[POINTS - 2]))
    return max(last, abs(coefficients[POINTS - 3]), abs(coefficients[POINTS - 4]))


@jit
def series_sum(coefficients, s):
    """Sum of a Chebyshev series at s: even and odd terms side by side, for ``T_2j(s) = T_j(2 s^2 - 1)``."""
    y = 4.0 * s * s - 2.0
    even, even2 = coefficients[POINTS], 0.0
    odd, odd2 = 0.0, 0.0
    for j in range(POINTS // 2 - 1, 0, -1):
        even, even2 = coefficients[2 * j] + y * even - even2, even
        odd, odd2 = coefficients[2 * j + 1] + y * odd - odd2, odd
    # T_1 and T_-1 begin the odd terms, and both are s
    return coefficients[0] + 0.5 * y * even - even2 + s * (coefficients[1] + y * odd - odd2 - odd)
