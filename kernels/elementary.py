"""exp, log and the normal quantile as plain arithmetic: a loop over them becomes vector instructions.

What the mathematical library does one number at a time costs a call and ends the vectorisation of its
loop. Here are only products, sums, a quotient or root, selections, and 64-bit integers for the exponents of
floats; no branches, no calls, no tables. Loops take 2 to 8 numbers at once, whatever the processor has.
Signed zeros, infinities, NaN and denormal numbers come out as IEEE 754 has them.

Sources
-------
Reduction of the arguments: Cody and Waite, Software Manual for the Elementary Functions (1980), ch. 5 and
6. The polynomial and the last sum of log: FDLIBM, e_log.c (Sun Microsystems, 1993). Normal quantile:
Wichura, Applied Statistics 37 (1988) 477, algorithm AS 241 (PPND16).
"""

import math

import numpy as np

from .jit import jit_inline

# log 2 in two parts: the first times a whole number below 2**20 is exact
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_PER_LN2 = 1.44269504088896338700
# added and taken off again, it rounds to a whole number, which meanwhile stands in the lowest bits
_ROUND = 1.5 * 2.0**52
# beyond these exp is zero and infinite
_EXP_LOW, _EXP_HIGH = -746.0, 710.0

_MANTISSA_BITS = np.int64(52)
_MANTISSA = np.int64(2**52 - 1)
_EXPONENT = np.int64(2**11 - 1)
_BIAS = np.int64(1023)
_BITS_OF_ROOT_HALF = np.int64(0x3FE6A09E667F3BCD)
_ROOT_HALF_TO_ONE = np.int64(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
_BITS_OF_2_52 = np.int64(0x4330000000000000)
_LEAST_NORMAL = 2.0**-1022
_OUT_OF_DENORMAL = 54.0


@jit_inline
def exp(x):
    """Exponential function, within 1 ulp.

    ``2**k exp(r)``, k whole and ``|r| <= log(2)/2``, where Taylor's series to the 13th power is exact; its
    even and odd powers are summed side by side.
    """
    within = x if x < _EXP_HIGH else _EXP_HIGH
    within = within if within > _EXP_LOW else _EXP_LOW
    k = within * _PER_LN2 + _ROUND - _ROUND
    high = within - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    lost = (high - r) - low
    square = r * r
    even = 1.0 / 479001600.0
    odd = 1.0 / 6227020800.0
    even = even * square + 1.0 / 3628800.0
    odd = odd * square + 1.0 / 39916800.0
    even = even * square + 1.0 / 40320.0
    odd = odd * square + 1.0 / 362880.0
    even = even * square + 1.0 / 720.0
    odd = odd * square + 1.0 / 5040.0
    even = even * square + 1.0 / 24.0
    odd = odd * square + 1.0 / 120.0
    even = even * square + 0.5
    odd = odd * square + 1.0 / 6.0
    # in two halves, for 2**k alone leaves the range of floats where the result does not
    half = k * 0.5 + _ROUND - _ROUND
    value = (1.0 + (r + (lost + square * (even + r * odd)))) * _power_of_two(half) * _power_of_two(k - half)
    return value if x == x else x


@jit_inline
def log(x):
    """Natural logarithm, within 1 ulp; -inf at zero, NaN below.

    ``k log(2) + log(1 + f)`` with ``1 + f`` from sqrt(1/2) to sqrt(2), and of ``s = f/(2 + f)`` a series in
    even powers.
    """
    denormal = x < _LEAST_NORMAL
    normal = x * 2.0**_OUT_OF_DENORMAL if denormal else x
    bits = np.float64(normal).view(np.int64) + _ROOT_HALF_TO_ONE
    biased = (bits >> _MANTISSA_BITS) & _EXPONENT
    k = np.int64(biased + _BITS_OF_2_52).view(np.float64) - (2.0**52 + 1023.0)
    k = k - _OUT_OF_DENORMAL if denormal else k
    f = np.int64((bits & _MANTISSA) + _BITS_OF_ROOT_HALF).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    series = 1.479819860511658591e-01
    series = series * z + 1.531383769920937332e-01
    series = series * z + 1.818357216161805012e-01
    series = series * z + 2.222219843214978396e-01
    series = series * z + 2.857142874366239149e-01
    series = series * z + 3.999999999940941908e-01
    series = series * z + 6.666666666666735130e-01
    square = 0.5 * f * f
    value = k * _LN2_HIGH - ((square - (s * (square + z * series) + k * _LN2_LOW)) - f)
    value = value if x < math.inf else x
    value = value if x > 0.0 else math.nan
    return -math.inf if x == 0.0 else value


@jit_inline
def normal_quantile(u):
    """Inverse of the standard normal distribution, within 8 ulp; infinite at 0 and 1, NaN outside.

    One ratio of two polynomials with the coefficients of the middle, of a tail or of a far tail, in
    ``0.425**2 - (u - 1/2)**2`` or in ``sqrt(-log(min(u, 1 - u)))``.
    """
    q = u - 0.5
    tail = u if q < 0.0 else 1.0 - u
    root = math.sqrt(-log(tail))
    middle = abs(q) <= 0.425
    near = root <= 5.0
    x = 0.180625 - q * q if middle else (root - 1.6 if near else root - 5.0)
    top = _pick(middle, near, 2509.0809287301226727, 7.7454501427834140764e-4, 2.01033439929228813265e-7)
    top = top * x + _pick(
        middle, near, 33430.575583588128105, 0.0227238449892691845833, 2.71155556874348757815e-5
    )
    top = top * x + _pick(
        middle, near, 67265.770927008700853, 0.24178072517745061177, 0.0012426609473880784386
    )
    top = top * x + _pick(
        middle, near, 45921.953931549871457, 1.27045825245236838258, 0.026532189526576123093
    )
    top = top * x + _pick(middle, near, 13731.693765509461125, 3.64784832476320460504, 0.29656057182850489123)
    top = top * x + _pick(middle, near, 1971.5909503065514427, 5.7694972214606914055, 1.7848265399172913358)
    top = top * x + _pick(middle, near, 133.14166789178437745, 4.6303378461565452959, 5.4637849111641143699)
    top = top * x + _pick(middle, near, 3.387132872796366608, 1.42343711074968357734, 6.6579046435011037772)
    bottom = _pick(middle, near, 5226.495278852854561, 1.05075007164441684324e-9, 2.04426310338993978564e-15)
    bottom = bottom * x + _pick(
        middle, near, 28729.085735721942674, 5.475938084995344946e-4, 1.4215117583164458887e-7
    )
    bottom = bottom * x + _pick(
        middle, near, 39307.89580009271061, 0.0151986665636164571966, 1.8463183175100546818e-5
    )
    bottom = bottom * x + _pick(
        middle, near, 21213.794301586595867, 0.14810397642748007459, 7.868691311456132591e-4
    )
    bottom = bottom * x + _pick(
        middle, near, 5394.1960214247511077, 0.68976733498510000455, 0.0148753612908506148525
    )
    bottom = bottom * x + _pick(
        middle, near, 687.1870074920579083, 1.6763848301838038494, 0.13692988092273580531
    )
    bottom = bottom * x + _pick(
        middle, near, 42.313330701600911252, 2.05319162663775882187, 0.59983220655588793769
    )
    bottom = bottom * x + 1.0
    value = top / bottom * (q if middle else (-1.0 if q < 0.0 else 1.0))
    value = -math.inf if u == 0.0 else value
    return math.inf if u == 1.0 else value


@jit_inline
def _pick(middle, near, of_middle, of_near, of_far):
    return of_middle if middle else (of_near if near else of_far)


@jit_inline
def _power_of_two(k):
    """``2**k`` for a whole float k from -1022 to 1023."""
    bits = np.float64(k + _ROUND).view(np.int64)
    return np.int64((bits + _BIAS) << _MANTISSA_BITS).view(np.float64)
