"""Random numbers that depend on a seed and on where they are used, never on the order of use.

A draw is addressed by (sample, stream, crack): one uniform per variate, through the inverse of its
distribution. The stream is a hash of the input's name, so that a further crack, sample or input moves
no other draw.

Sources
-------
Philox 4x32-10: Salmon, Moraes, Dror and Shaw, Proc. SC'11 (2011), sec. 3.3. Normal quantile: Wichura,
Applied Statistics 37 (1988) 477, algorithm AS 241 (PPND16).
"""

import math

import numpy as np

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
    x0, x1, x2, x3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key0, key1 = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        a = _M0 * x0
        b = _M1 * x2
        x0, x1, x2, x3 = (
            (b >> _HALF) ^ x1 ^ key0,
            b & _MASK,
            (a >> _HALF) ^ x3 ^ key1,
            a & _MASK,
        )
        key0 = (key0 + _W0) & _MASK
        key1 = (key1 + _W1) & _MASK
    return x0, x1, x2, x3


@jit
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
    if bits == np.uint64(0x1FFFFFFFFFFFFF):
        return GREATEST_UNIFORM  # half a bit more would round to one
    return (float(bits) + 0.5) * 2.0**-53


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
        return a * math.exp(u * math.log(b / a))
    if kind == NORMAL:
        return a + b * normal_quantile(u)
    if kind == TRUNCATED_NORMAL:
        return _truncated_normal(a, b, c, d, u)
    if kind == LOGNORMAL:
        return a * math.exp(b * normal_quantile(u))
    if kind == TRIANGULAR:
        return _triangular(a, b, c, u)
    if kind == WEIBULL:
        return b * math.exp(math.log(-math.log1p(-u)) / a)
    return math.nan


@jit
def normal_quantile(u):
    """Standard normal quantile, relative accuracy about 1e-16 (AS 241, PPND16)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        x = 0.180625 - q * q
        return q * _ratio(
            x,
            (
                2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                133.14166789178437745, 3.387132872796366608,
            ),
            (
                5226.495278852854561, 28729.085735721942674, 39307.89580009271061,
                21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
                42.313330701600911252, 1.0,
            ),
        )  # fmt: skip
    tail = u if q < 0.0 else 1.0 - u
    x = math.sqrt(-math.log(tail))
    if x <= 5.0:
        value = _ratio(
            x - 1.6,
            (
                7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
                1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
                4.6303378461565452959, 1.42343711074968357734,
            ),
            (
                1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
                0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
                2.05319162663775882187, 1.0,
            ),
        )  # fmt: skip
    else:
        value = _ratio(
            x - 5.0,
            (
                2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
                0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
                5.4637849111641143699, 6.6579046435011037772,
            ),
            (
                2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
                7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
                0.59983220655588793769, 1.0,
            ),
        )  # fmt: skip
    return -value if q < 0.0 else value


@jit
def normal_cdf(x):
    """Standard normal distribution function, accurate in the lower tail."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@jit_inline
def _ratio(x, numerator, denominator):
    top = numerator[0]
    bottom = denominator[0]
    for i in range(1, 8):
        top = top * x + numerator[i]
        bottom = bottom * x + denominator[i]
    return top / bottom


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
