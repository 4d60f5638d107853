"""A range of the one unknown: its rate interpolated, and integrated for the time and for what passes.

See `quadrature`, which this is a part of.
"""

import math

from .chebyshev import POINT, POINTS, integrate_series, series_sum, set_coefficients, tail, worst_between
from .jit import jit
from .model import RTOL, copy, fill
from .network import collect, rates, rates_and_slopes
from .points import LANES, PLACE, rates_at_points

#: Ranges that are kept, for spans that begin as one before.
RANGES = 6
# places in a row of Work.span: the start of the range, half its length, the distance of the equilibrium, the
# slope 1/G at it, the time to the end of the range, its kind, of one at rest the rate that is nothing, of an
# open one how fast the place changes at its two ends, over 1/WHOLE, and the time for which Work.ended holds
START, HALF, AHEAD, PER_SLOPE, WHOLE, KIND, SPEED, FIRST, LAST, ENDED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
N_SPAN = 10
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
    ahead, slope = _equilibrium(
        plan, sample, F, _look_ahead(F, length, work), _LOOK_AHEAD * length, state, work
    )
    kind = OPEN
    if ahead < math.inf:  # the range ends there, for no series is summed beyond its range
        kind = TO_EQUILIBRIUM
        half = 0.5 * forward * ahead
        copy(work.constant[work.method[4]], work.right[1 : 1 + work.flux.size])
        rates_at_points(plan, sample, half, state, work.side, work.speed, work.values[PASSED:])
    inverse = work.values[INVERSE]
    turns = 0
    for i in range(LANES):
        turns += 0 if work.speed[i] * F > 0.0 else 1
        inverse[i] = ((PLACE[i] - 1.0) * half if kind == TO_EQUILIBRIUM else 1.0) / work.speed[i]
    if turns > 0:
        return kind, math.inf
    set_coefficients(inverse, curve[INVERSE])
    allowed = SHARE * plan.settings[RTOL] * abs(curve[INVERSE, 0])
    error = _doubt(inverse, curve[INVERSE])
    per_slope = 1.0 / slope
    if kind == TO_EQUILIBRIUM:
        error = max(error, abs(series_sum(curve[INVERSE], 1.0) - per_slope))
    if not error <= allowed:
        return kind, math.inf
    _set_range(half, 2.0 * half if kind == TO_EQUILIBRIUM else forward * math.inf, per_slope, work)
    doubt = _integrate_all(kind, half, per_slope, work)
    if kind == TO_EQUILIBRIUM and not doubt <= SHARE * plan.settings[RTOL] * abs(per_slope):
        return kind, math.inf
    _set_ends(kind, work)
    if kind == TO_EQUILIBRIUM:
        _balance(plan, work)
    return kind, error / allowed


@jit
def set_linear(plan, sample, F, slope, state, work):
    """Set the range to an equilibrium so near that all flows are linear on the way, if they are.

    They are not where pressures meet through a wide crack: the flow is linear within a hair of its turning
    only.

    Parameters
    ----------
    F, slope : float
        Rate of ln m at the start, last taken, and its slope by ln m.

    Returns
    -------
    bool
        Whether they are: whether each flow halfway is the mean of those at the start and at the equilibrium.
    """
    guess = abs(F / slope)
    ahead = _equilibrium(plan, sample, F, guess, 2.0 * guess, state, work)[0]
    if not ahead < math.inf:
        return False
    ahead *= 1.0 if F > 0.0 else -1.0
    slope = -F / ahead
    curve = work.curve[work.method[4]]
    constant = work.constant[work.method[4]]
    tails = work.tail[work.method[4]]
    copy(constant, work.right[1 : 1 + work.flux.size])
    rate = _rate_at(plan, sample, 0.5 * ahead, state, work)
    linear = abs(rate - 0.5 * F) <= _LINEAR_REST * abs(F) + _ROUNDING * abs(slope)
    _set_range(0.5 * ahead, ahead, 1.0 / slope, work)
    fill(curve.ravel(), 0.0)
    curve[INVERSE, 0] = 1.0 / slope
    for k in range(work.flux.size):
        first, last = work.rate[1 + k], constant[k]
        bent = abs(work.right[1 + k] - 0.5 * (first + last)) / abs(slope)
        allowed = work.scale[1 + k] + plan.settings[RTOL] * abs(last / slope)
        linear = linear and bent <= SHARE * allowed
        curve[PASSED + k, 0] = 0.5 * (last - first) / slope
        curve[PASSED + k, 1] = curve[PASSED + k, 0]
        tails[k] = 0.0
    _set_ends(TO_EQUILIBRIUM, work)
    _balance(plan, work)
    return linear


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
def _equilibrium(plan, sample, F, x, limit, state, work):
    """Distance of the equilibrium ahead, infinite if it is not found, and the slope of its rate there.

    Newton's method, and bisection where it leaves the places between which the rate changes its sign.

    Parameters
    ----------
    F : float
        Rate of ln m at the start.
    x, limit : float
        A first estimate of the distance, and the largest that is wanted.
    work : rosenbrock.Work
        Output: ``right`` has what passes there.
    """
    span = work.span[work.method[4]]
    forward = 1.0 if F > 0.0 else -1.0
    low, high = 0.0, math.inf
    for _ in range(_NEWTON_LIMIT):
        if not 0.0 < x <= limit:
            return math.inf, 1.0
        copy(work.last, state)
        work.last[0] = math.exp(span[START] + forward * x)
        rates_and_slopes(plan, sample, work.last, work.right, work.slopes)
        rate = work.right[0] / work.last[0]
        copy(work.new, work.right)
        slope = total_slope(plan, work) - rate
        copy(work.right, work.new)
        if rate * F > 0.0:
            low = x
        else:
            high = x
        step = -forward * rate / slope
        if slope < 0.0 and abs(step) <= 1e-14 * x + _ROUNDING:
            return x, slope
        x = x + step if slope < 0.0 else math.inf
        if not low < x < high and high < math.inf:
            x = 0.5 * (low + high)
    return math.inf, 1.0


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
def _integrate_all(kind, half, per_slope, work):
    """Write the integrals that give the time and what passes, and by how much they may be wrong.

    Returns
    -------
    float
        By how much the time may be wrong [s].
    """
    curve = work.curve[work.method[4]]
    constant = work.constant[work.method[4]]
    tails = work.tail[work.method[4]]
    inverse = work.values[INVERSE]
    times = work.values[TIME]
    for i in range(LANES):
        distance = (PLACE[i] - 1.0) * half
        times[i] = (inverse[i] - per_slope) / distance if kind == TO_EQUILIBRIUM else inverse[i]
    set_coefficients(times, curve[TIME])
    doubt = 2.0 * abs(half) * _doubt(times, curve[TIME])
    integrate_series(curve[TIME], half)
    for k in range(work.flux.size):
        row = curve[PASSED + k]
        flows = work.values[PASSED + k]
        if kind != TO_EQUILIBRIUM:
            constant[k] = 0.0
        for i in range(LANES):
            distance = (PLACE[i] - 1.0) * half if kind == TO_EQUILIBRIUM else 1.0
            flows[i] = (flows[i] - constant[k]) * inverse[i] / distance
        set_coefficients(flows, row)
        tails[k] = 2.0 * abs(half) * _doubt(flows, row)
        integrate_series(row, half)
    return doubt


@jit
def _doubt(values, coefficients):
    """By how much a series may be wrong: its last coefficients, and what it misses where it is checked."""
    return max(tail(coefficients), worst_between(values))


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
    """Let the flows at the equilibrium leave the mass as it is, to rounding.

    The largest flow through a path that joins the volume takes what is missing.
    """
    constant = work.constant[work.method[4]]
    largest = -1
    for k in range(work.flux.size):
        work.flux[k] = constant[k]
        joins = False
        if k < plan.paths.size:
            joins = plan.volumes[plan.paths[k]["source"]]["state"] == 0
            joins = joins or plan.volumes[plan.paths[k]["sink"]]["state"] == 0
        if joins and (largest < 0 or abs(constant[k]) > abs(constant[largest])):
            largest = k
    if largest < 0:
        return
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
