"""A range of the one unknown: its rate interpolated, and integrated for the time and for what passes.

See `quadrature`, which this is a part of.
"""

import math

from .bends import end_of_choking, turn_of_flow
from .chebyshev import POINT, POINTS
from .jit import jit
from .model import RTOL, copy, fill
from .network import collect, rates, rates_and_slopes
from .places import RANGE
from .points import LANES, PLACE, rates_at_points
from .range_series import (
    INVERSE,
    OPEN,
    PASSED,
    SHARE,
    SPEED,
    START,
    TO_EQUILIBRIUM,
    TURN,
    TURN_SLOPE,
    TURNING,
    balance,
    integrate_range,
    set_ends,
    set_range,
)
from .volumes import look

# how far an equilibrium is looked for, over the range
_LOOK_AHEAD = 1.6
_NEWTON_LIMIT = 60
# rate over that which would be linear up to the equilibrium, below which flow goes with the root; a distance
# in which the rates are too inexact to be divided by that, and one that is none; how far off a line through
# the rate would end
_BENT = 0.5
_CLOSE = 1e-5
_LEVEL = 1e-12
_STRAIGHT = 1.01
# what may be left of a linear rate at its zero, and of ln m by rounding
_LINEAR_REST = 1e-3
_ROUNDING = 4e-15


@jit
def interpolate(plan, sample, F, reach, longest, state, work):
    """Interpolate over a range of ln m, and integrate.

    Parameters
    ----------
    F : float
        Rate of ln m at the start of the range [1/s].
    reach, longest : float
        Length of the range, and the most of it that there is time for. It ends at an equilibrium that lies
        in it, and where a hole begins or stops to choke; towards an equilibrium at which flow through a hole
        turns around, its length is that of the logarithm of the distance.

    Returns
    -------
    kind : int
    quality : float
        Error of the interpolant over what it may be.
    length : float
        That was tried.
    """
    v = 0
    while plan.volumes[v]["state"] != 0:
        v += 1
    forward = 1.0 if F > 0.0 else -1.0
    look(plan, sample, state)  # what was tried before ended elsewhere
    bend = end_of_choking(plan, sample, v, forward)
    turn = min(_known_turn(F, work), turn_of_flow(plan, sample, v, forward))
    ahead, slope = math.inf, 1.0
    if turn < math.inf:
        ahead, slope = _turn_ahead(plan, sample, F, turn, state, work)
    length = min(reach, longest, bend)
    kind, quality = OPEN, math.inf
    may_turn = _LEVEL < ahead < bend
    if not may_turn or (ahead > _CLOSE and abs(F) >= _BENT * abs(slope) * ahead):
        kind, quality = _interpolate_in_x(plan, sample, F, length, state, work)
    if may_turn and not quality <= 1.0:
        kind, length = TURNING, reach
        quality = _interpolate_to_turn(plan, sample, forward, ahead, 0.5 * reach, state, work)
    return kind, quality, length


@jit
def _interpolate_in_x(plan, sample, F, length, state, work):
    """As `interpolate`, over a length of ln m."""
    forward = 1.0 if F > 0.0 else -1.0
    half = 0.5 * forward * length
    _set_rates(plan, sample, half, state, work)
    ahead, slope = _equilibrium(
        plan, sample, F, _look_ahead(F, length, work), _LOOK_AHEAD * length, state, work
    )
    kind = OPEN
    if ahead < math.inf:  # the range ends there, for no series is summed beyond its range
        kind = TO_EQUILIBRIUM
        half = 0.5 * forward * ahead
        copy(work.constant[work.method[RANGE]], work.right[1 : 1 + work.flux.size])
        _set_rates(plan, sample, half, state, work)
    inverse = work.values[INVERSE]
    for i in range(LANES):
        inverse[i] = ((PLACE[i] - 1.0) * half if kind == TO_EQUILIBRIUM else 1.0) / work.speed[i]
    set_range(half, 2.0 * half if kind == TO_EQUILIBRIUM else forward * math.inf, 1.0 / slope, work)
    return kind, integrate_range(plan, F, kind, 1.0, work)


@jit
def _interpolate_to_turn(plan, sample, forward, ahead, half, state, work):
    """Interpolate over a range of ln d, d the distance of an equilibrium in ln m; return as `interpolate`.

    Flow that goes with the root of d and turns linear within a hair is smooth in ln d.
    """
    inverse = work.values[INVERSE]
    for i in range(LANES):
        work.x[i] = -forward * ahead * math.expm1(-(1.0 + PLACE[i]) * half)
    rates_at_points(plan, sample, work.x, state, work.side, work.speed, work.values[PASSED:])
    for i in range(LANES):
        inverse[i] = (ahead - forward * work.x[i]) / work.speed[i]
    set_range(forward * half, forward * ahead, 1.0, work)
    return integrate_range(plan, forward, TURNING, min(ahead, 1.0), work)


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
    turn = _known_turn(F, work)
    if turn < math.inf:
        if guess > _STRAIGHT * turn:  # where flow goes with the root it is twice as far
            return False
        guess = turn
    ahead = _equilibrium(plan, sample, F, guess, 2.0 * guess, state, work)[0]
    if not ahead < math.inf:
        return False
    ahead *= 1.0 if F > 0.0 else -1.0
    slope = -F / ahead
    curve = work.curve[work.method[RANGE]]
    constant = work.constant[work.method[RANGE]]
    tails = work.tail[work.method[RANGE]]
    copy(constant, work.right[1 : 1 + work.flux.size])
    rate = _rate_at(plan, sample, 0.5 * ahead, state, work)
    linear = abs(rate - 0.5 * F) <= _LINEAR_REST * abs(F) + _ROUNDING * abs(slope)
    set_range(0.5 * ahead, ahead, 1.0 / slope, work)
    fill(curve.ravel(), 0.0)
    curve[INVERSE, 0] = 1.0 / slope
    for k in range(work.flux.size):
        first, last = work.rate[1 + k], constant[k]
        bent = abs(work.right[1 + k] - 0.5 * (first + last)) / abs(slope)
        allowed = work.scale[1 + k] + plan.settings[RTOL] * abs(last / slope)
        linear = linear and bent <= SHARE * allowed + _ROUNDING * state[0]
        curve[PASSED + k, 0] = 0.5 * (last - first) / slope
        curve[PASSED + k, 1] = curve[PASSED + k, 0]
        tails[k] = 0.0
    set_ends(TO_EQUILIBRIUM, work)
    balance(plan, work)
    return linear


@jit
def set_rest(F, work):
    """Set the range to a state that stands still at the rates last taken, of which F is that of ln m."""
    work.span[work.method[RANGE], SPEED] = F
    for k in range(work.flux.size):
        work.constant[work.method[RANGE], k] = work.rate[1 + k]


@jit
def total_slope(plan, work):
    """Slope of the rate of the gas by itself [1/s]."""
    for k in range(work.flux.size):
        work.flux[k] = work.slopes[k, 0]
    fill(work.right, 0.0)
    collect(plan, work.flux, work.right)
    return work.right[0]


@jit
def _set_rates(plan, sample, half, state, work):
    """Take the rates at the points of a range of ln m."""
    for i in range(LANES):
        work.x[i] = (1.0 + PLACE[i]) * half
    rates_at_points(plan, sample, work.x, state, work.side, work.speed, work.values[PASSED:])


@jit
def _turn_ahead(plan, sample, F, turn, state, work):
    """Distance and slope, as of `_equilibrium`, of that next to a turn of flow; found once in a span."""
    ahead = _known_turn(F, work)
    if ahead < math.inf:
        return ahead, work.reach[TURN_SLOPE]
    ahead, slope = _equilibrium(plan, sample, F, turn, 2.0 * turn, state, work)
    if ahead < math.inf:
        work.reach[TURN] = work.span[work.method[RANGE], START] + (ahead if F > 0.0 else -ahead)
        work.reach[TURN_SLOPE] = slope
    return ahead, slope


@jit
def _known_turn(F, work):
    """Distance of the equilibrium at a turn of flow, if one was found before in the span; else infinite."""
    ahead = work.reach[TURN] - work.span[work.method[RANGE], START]
    return abs(ahead) if ahead * F > 0.0 else math.inf


@jit
def _rate_at(plan, sample, step, state, work):
    """Rate of ln m at a distance from the start; what passes is left in ``work.right``."""
    span = work.span[work.method[RANGE]]
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
    span = work.span[work.method[RANGE]]
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
            for k in range(work.flux.size):  # of a difference of pressures that their rounding does not hold
                work.right[1 + k] += work.slopes[k, 0] * work.last[0] * forward * step
            return x, slope
        x = x + step if slope < 0.0 else math.inf
        if not low < x < high and high < math.inf:
            x = 0.5 * (low + high)
    return math.inf, 1.0


@jit
def _look_ahead(F, length, work):
    """Distance of the first zero of the rates from the start on, or of the line through the last points."""
    before, x_before = 1.0, 0.0
    for i in range(POINTS - 1, -1, -1):
        rate = work.speed[i] / F
        x = 0.5 * length * (1.0 + POINT[i])
        if rate <= 0.0 or i == 0:
            return x + (x - x_before) * rate / (before - rate) if before > rate else math.inf
        before, x_before = rate, x
    return math.inf
