"""A range of the one unknown: its rate interpolated, and integrated for the time and for what passes.

See `quadrature`, which this is a part of.
"""

import math

from .chebyshev import POINT, POINTS, integrate_series, series_sum, set_coefficients, tail
from .jit import jit
from .model import RTOL, copy, fill
from .network import collect, rates, rates_and_slopes
from .points import MIDDLE, rates_at_points

#: Ranges that are kept, for spans that begin as one before.
RANGES = 6
# places in a row of Work.span: the start of the range, half its length, the distance of the equilibrium, the
# slope 1/G at it, the time to the end of the range, its kind, of one at rest the rate that is nothing, and of
# an open one how fast the place changes at its two ends, over 1/WHOLE
START, HALF, AHEAD, PER_SLOPE, WHOLE, KIND, SPEED, FIRST, LAST = 0, 1, 2, 3, 4, 5, 6, 7, 8
N_SPAN = 9
# kinds of range: nothing changes, with an equilibrium ahead, without; and none that could be used again
AT_REST, TO_EQUILIBRIUM, OPEN, NONE = 0, 1, 2, -1
# rows of a range of Work.curve: 1/G or 1/F, the integral that gives the time, and those of what passes
INVERSE, TIME, PASSED = 0, 1, 2

#: Error of the interpolants over the tolerance of a step.
SHARE = 1e-2
# how far an equilibrium is looked for, over the range
_LOOK_AHEAD = 1.6
_NEWTON_LIMIT = 60
# what may be left of a linear rate at its zero, and of ln m by rounding
_LINEAR_REST = 1e-3
_ROUNDING = 4e-15


@jit
def interpolate(plan, sample, F, length, state, work):
    """Interpolate over a range of ln m, and integrate.

    Parameters
    ----------
    F : float
        Rate of ln m at the start of the range [1/s].
    length : float
        Of the range, which ends at an equilibrium that lies in it.

    Returns
    -------
    kind : int
    quality : float
        Error of the interpolant over what it may be.
    """
    curve = work.curve[work.method[4]]
    forward = 1.0 if F > 0.0 else -1.0
    half = 0.5 * forward * length
    rates_at_points(plan, sample, half, state, work.side, work.speed, work.values[PASSED:])
    ahead = forward * _equilibrium(plan, sample, F, length, state, work)
    kind = TO_EQUILIBRIUM if abs(ahead) < math.inf else OPEN
    if abs(ahead) < length:
        half = 0.5 * ahead
        rates_at_points(plan, sample, half, state, work.side, work.speed, work.values[PASSED:])
    inverse = work.values[INVERSE]
    turns = 0
    for i in range(POINTS):
        turns += 0 if work.speed[i] * F > 0.0 else 1
        distance = (1.0 + POINT[i]) * half - ahead if kind == TO_EQUILIBRIUM else 1.0
        inverse[i] = distance / work.speed[i]
    if turns > 0:
        return kind, math.inf
    middle = (half - ahead if kind == TO_EQUILIBRIUM else 1.0) / work.speed[MIDDLE]
    set_coefficients(inverse, curve[INVERSE])
    allowed = SHARE * plan.settings[RTOL] * abs(curve[INVERSE, 0])
    error = max(tail(curve[INVERSE]), abs(series_sum(curve[INVERSE], 0.0) - middle))
    if not error <= allowed:
        return kind, math.inf
    per_slope = 0.0
    if kind == TO_EQUILIBRIUM:
        per_slope = series_sum(curve[INVERSE], ahead / half - 1.0)
    _set_range(half, ahead, per_slope, work)
    _integrate_all(kind, half, ahead, per_slope, work)
    _set_ends(kind, work)
    if kind == TO_EQUILIBRIUM:
        _balance(plan, work)
    return kind, error / allowed


@jit
def is_linear(plan, sample, F, slope, state, work):
    """Whether the rate is zero where its slope at the start says that it is, and so linear on the way.

    It is not where pressures meet through a wide crack: the flow is linear within a hair of its turning only.
    """
    ahead = -F / slope
    rate = _rate_at(plan, sample, ahead, state, work)
    return abs(rate / slope) <= _LINEAR_REST * abs(ahead) + _ROUNDING


@jit
def set_linear(plan, state, F, slope, work):
    """Set the range to an equilibrium so near that all flows are linear on the way."""
    span = work.span[work.method[4]]
    curve = work.curve[work.method[4]]
    constant = work.constant[work.method[4]]
    tails = work.tail[work.method[4]]
    ahead = -F / slope
    _set_range(0.5 * ahead, ahead, 1.0 / slope, work)
    fill(curve.ravel(), 0.0)
    curve[INVERSE, 0] = 1.0 / slope
    for k in range(work.flux.size):
        by_x = state[0] * work.slopes[k, 0]
        constant[k] = work.rate[1 + k] + by_x * ahead
        curve[PASSED + k, 0] = by_x / slope * span[HALF]
        curve[PASSED + k, 1] = curve[PASSED + k, 0]
        tails[k] = 0.0
    _set_ends(TO_EQUILIBRIUM, work)
    _balance(plan, work)


@jit
def set_rest(F, work):
    """Set the range to a state that stands still at the rates last taken, of which F is that of ln m."""
    work.span[work.method[4], SPEED] = F
    for k in range(work.flux.size):
        work.constant[work.method[4], k] = work.rate[1 + k]


@jit
def total_slope(plan, work):
    """Slope of the rate of the gas by itself [1/s]."""
    for k in range(work.flux.size):
        work.flux[k] = work.slopes[k, 0]
    fill(work.right, 0.0)
    collect(plan, work.flux, work.right)
    return work.right[0]


@jit
def _rate_at(plan, sample, step, state, work):
    """Rate of ln m at a distance from the start; what passes is left in ``work.right``."""
    span = work.span[work.method[4]]
    copy(work.last, state)
    work.last[0] = math.exp(span[START] + step)
    rates(plan, sample, work.last, work.right)
    return work.right[0] / work.last[0]


@jit
def _equilibrium(plan, sample, F, length, state, work):
    """Distance of the equilibrium ahead; infinite if it is far beyond the range, or not found.

    Newton's method, and bisection where it leaves the places between which the rate changes its sign.
    ``work.speed`` has the rates at the points of the range.
    """
    span = work.span[work.method[4]]
    forward = 1.0 if F > 0.0 else -1.0
    x = _look_ahead(F, length, work)
    low, high = 0.0, math.inf
    for _ in range(_NEWTON_LIMIT):
        if not 0.0 < x <= _LOOK_AHEAD * length:
            return math.inf
        copy(work.last, state)
        work.last[0] = math.exp(span[START] + forward * x)
        rates_and_slopes(plan, sample, work.last, work.right, work.slopes)
        rate = work.right[0] / work.last[0]
        slope = total_slope(plan, work) - rate
        if rate * F > 0.0:
            low = x
        else:
            high = x
        step = -forward * rate / slope
        if slope < 0.0 and abs(step) <= 1e-14 * x + 1e-15:
            return x + step
        x = x + step if slope < 0.0 else math.inf
        if not low < x < high and high < math.inf:
            x = 0.5 * (low + high)
    return math.inf


@jit
def _look_ahead(F, length, work):
    """Distance of the first zero of the rates at the points, or of the line through the last two of them."""
    for i in range(POINTS - 1, 0, -1):
        rate, following = work.speed[i] / F, work.speed[i - 1] / F
        if following <= 0.0 or i == 1:
            x = 0.5 * length * (1.0 + POINT[i])
            gap = 0.5 * length * (POINT[i - 1] - POINT[i])
            return x + gap * rate / (rate - following) if rate > following else math.inf
    return math.inf


@jit
def _integrate_all(kind, half, ahead, per_slope, work):
    """Write the integrals that give the time and what passes."""
    curve = work.curve[work.method[4]]
    constant = work.constant[work.method[4]]
    tails = work.tail[work.method[4]]
    inverse = work.values[INVERSE]
    times = work.values[TIME]
    for i in range(POINTS):
        distance = (1.0 + POINT[i]) * half - ahead
        times[i] = (inverse[i] - per_slope) / distance if kind == TO_EQUILIBRIUM else inverse[i]
    set_coefficients(times, curve[TIME])
    integrate_series(curve[TIME], half)
    for k in range(work.flux.size):
        row = curve[PASSED + k]
        flows = work.values[PASSED + k]
        at_equilibrium = 0.0
        if kind == TO_EQUILIBRIUM:
            set_coefficients(flows, row)
            at_equilibrium = series_sum(row, ahead / half - 1.0)
        for i in range(POINTS):
            distance = (1.0 + POINT[i]) * half - ahead if kind == TO_EQUILIBRIUM else 1.0
            flows[i] = (flows[i] - at_equilibrium) * inverse[i] / distance
        set_coefficients(flows, row)
        constant[k] = at_equilibrium
        tails[k] = tail(row) * abs(half)
        integrate_series(row, half)


@jit
def _set_ends(kind, work):
    """Write the time to the end of the range, infinite to its equilibrium, and the speeds at its two ends."""
    span = work.span[work.method[4]]
    curve = work.curve[work.method[4]]
    span[WHOLE] = math.inf
    if kind == OPEN:
        span[WHOLE] = series_sum(curve[TIME], 1.0)
        per_inverse = span[WHOLE] / span[HALF]
        span[FIRST] = per_inverse / series_sum(curve[INVERSE], -1.0)
        span[LAST] = per_inverse / series_sum(curve[INVERSE], 1.0)
        return
    remains = 1.0 - 2.0 * span[HALF] / span[AHEAD]
    if remains > 0.0:
        span[WHOLE] = math.log(remains) * span[PER_SLOPE] + series_sum(curve[TIME], 1.0)


@jit
def _balance(plan, work):
    """Let the flows at the equilibrium leave the mass as it is: the largest takes what is missing."""
    constant = work.constant[work.method[4]]
    largest = 0
    for k in range(work.flux.size):
        work.flux[k] = constant[k]
        if abs(constant[k]) > abs(constant[largest]):
            largest = k
    fill(work.right, 0.0)
    collect(plan, work.flux, work.right)
    excess = work.right[0]
    work.flux[largest] += excess
    fill(work.right, 0.0)
    collect(plan, work.flux, work.right)
    more = work.right[0] - excess  # of its own sign, or of the other
    constant[largest] += -excess if more * excess > 0.0 else excess


@jit
def _set_range(half, ahead, per_slope, work):
    span = work.span[work.method[4]]
    span[HALF] = half
    span[AHEAD] = ahead
    span[PER_SLOPE] = per_slope
