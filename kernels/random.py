"""Random numbers that depend on a seed and on where they are used, never on the order of use.

A draw is addressed by (sample, stream, crack): one uniform per variate, through the inverse of its
distribution. The stream is a hash of the input's name, so that a further crack, sample or input moves
no other draw.

Sources
-------
Philox 4x32-10: Salmon, Moraes, Dror and Shaw, Proc. SC'11 (2011), sec. 3.3.
"""

import math

import numpy as np

from . import elementary
from .elementary import exp, log
from .jit import jit, jit_inline

CONSTANT = 0
UNIFORM = 1
LOGUNIFORM = 2
NORMAL = 3
TRUNCATED_NORMAL = 4
LOGNORMAL = 5
TRIANGULAR = 6
WEIBULL = 7
CHOICE = 8

#: Ends of what `uniform` gives.
LEAST_UNIFORM = 2.0**-54
GREATEST_UNIFORM = 1.0 - 2.0**-53

# standard deviations out to which a tail has a probability that floats can hold
_FAR_TAIL = 37.0

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)


@jit_inline
def philox(c0, c1, c2, c3, k0, k1):
    """Philox 4x32-10: four random words from a counter of four words and a key of two.

    Parameters
    ----------
    c0, c1, c2, c3, k0, k1 : integer
        32-bit words.

    Returns
    -------
    tuple of uint64
        Four words below 2**32.
    """
    x = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    a, b = np.uint64(k0), np.uint64(k1)
    # written out, for within a loop over lanes no other loop may stand
    x = _round(x, a, b, 0)
    x = _round(x, a, b, 1)
    x = _round(x, a, b, 2)
    x = _round(x, a, b, 3)
    x = _round(x, a, b, 4)
    x = _round(x, a, b, 5)
    x = _round(x, a, b, 6)
    x = _round(x, a, b, 7)
    x = _round(x, a, b, 8)
    return _round(x, a, b, 9)


@jit_inline
def _round(x, key0, key1, number):
    """One round; the key grows by a Weyl sequence from one to the next."""
    a = _M0 * x[0]
    b = _M1 * x[2]
    k0 = (key0 + np.uint64(number) * _W0) & _MASK
    k1 = (key1 + np.uint64(number) * _W1) & _MASK
    return (b >> _HALF) ^ x[1] ^ k0, b & _MASK, (a >> _HALF) ^ x[3] ^ k1, a & _MASK


@jit_inline
def uniform(seed, sample, stream, crack):
    """One uniform number of 53 bits, inside (0, 1) and never on its ends.

    Parameters
    ----------
    seed, sample : integer
        Below 2**64.
    stream, crack : integer
        Below 2**32: which input, and which crack of a population (0 for an input of the sample).
    """
    key = np.uint64(seed)
    counter = np.uint64(sample)
    a, b, _, _ = philox(
        counter & _MASK, counter >> _HALF, np.uint64(stream), np.uint64(crack), key & _MASK, key >> _HALF
    )
    bits = ((a >> np.uint64(5)) << np.uint64(26)) | (b >> np.uint64(6))
    # the greatest of all would be rounded up to one
    return min((np.float64(np.int64(bits)) + 0.5) * 2.0**-53, GREATEST_UNIFORM)


@jit
def quantile(kind, a, b, c, d, u):
    """Inverse cumulative distribution at u; one uniform makes one variate.

    Parameters
    ----------
    kind : int
        `CONSTANT` (value a), `UNIFORM` and `LOGUNIFORM` (low a, high b), `NORMAL` (mean a, standard
        deviation b), `TRUNCATED_NORMAL` (the same, between c and d), `LOGNORMAL` (median a, standard
        deviation b of the logarithm), `TRIANGULAR` (low a, mode b, high c), `WEIBULL` (shape a, scale b).
    a, b, c, d : float
        Arguments of the distribution.
    u : float
        In (0, 1).
    """
    if kind == CONSTANT:
        return a
    if kind == UNIFORM:
        return a + (b - a) * u
    if kind == LOGUNIFORM:
        return a * exp(u * log(b / a))
    if kind == NORMAL:
        return a + b * normal_quantile(u)
    if kind == TRUNCATED_NORMAL:
        return _truncated_normal(a, b, c, d, u)
    if kind == LOGNORMAL:
        return a * exp(b * normal_quantile(u))
    if kind == TRIANGULAR:
        return _triangular(a, b, c, u)
    if kind == WEIBULL:
        return b * math.exp(math.log(-math.log1p(-u)) / a)
    return math.nan


@jit
def normal_quantile(u):
    """Standard normal quantile: `elementary.normal_quantile`, not put in its caller's place."""
    return elementary.normal_quantile(u)


@jit
def normal_cdf(x):
    """Standard normal distribution function, accurate in the lower tail."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@jit
def _truncated_normal(mean, sd, low, high, u):
    """Through whichever tail keeps the digits."""
    lower = (low - mean) / sd
    upper = (high - mean) / sd
    if lower + upper > 0.0:
        z = _upper_truncated(lower, upper, u, 1.0 - u)
    else:
        z = -_upper_truncated(-upper, -lower, 1.0 - u, u)
    return min(max(mean + sd * z, low), high)


@jit
def _upper_truncated(lower, upper, u, rest):
    """Quantile at u = 1 - rest of a standard normal between bounds that lie mostly above zero."""
    if lower > _FAR_TAIL:  # beyond the smallest probability: an exponential, to 1/lower^2 of its length
        return lower - math.log1p(-u * -math.expm1(-lower * (upper - lower))) / lower
    return -normal_quantile(normal_cdf(-lower) * rest + normal_cdf(-upper) * u)


@jit
def _triangular(low, mode, high, u):
    split = (mode - low) / (high - low)
    if u < split:
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1.0 - u) * (high - low) * (high - mode))
