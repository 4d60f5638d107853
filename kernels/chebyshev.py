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
_COSINE = np.cos(np.pi * np.outer(np.arange(POINTS), np.arange(POINTS) + 0.5) / POINTS)


@jit
def set_coefficients(values, coefficients):
    """Write the Chebyshev coefficients of the interpolant through values at the points."""
    for j in range(POINTS):
        total = 0.0
        for i in range(POINTS):
            total += _COSINE[j, i] * values[i]
        coefficients[j] = (1.0 if j == 0 else 2.0) / POINTS * total
    coefficients[POINTS] = 0.0


@jit
def integrate_series(coefficients, half):
    """Turn a series in s into its integral from -1 over x, of which s is one unit of ``half``."""
    first = coefficients[0]
    before = 2.0 * first
    constant = 0.0
    for j in range(1, POINTS + 1):
        own = coefficients[j]
        following = coefficients[j + 1] if j < POINTS else 0.0
        value = half * (before - following) / (2.0 * j)
        before = own
        coefficients[j] = value
        constant += value if j % 2 == 1 else -value
    coefficients[0] = constant


@jit
def tail(coefficients):
    """Size of the last coefficients: about what the interpolant is wrong by."""
    return max(abs(coefficients[POINTS - 1]), abs(coefficients[POINTS - 2]))


@jit
def series_sum(coefficients, s):
    """Sum of a Chebyshev series at s."""
    b1, b2 = 0.0, 0.0
    for j in range(POINTS, 0, -1):
        b1, b2 = coefficients[j] + 2.0 * s * b1 - b2, b1
    return coefficients[0] + s * b1 - b2
