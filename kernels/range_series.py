"""Series in a range of the one unknown: of the time, and of what passes, with what they may be wrong by.

See `curve_range`, which takes the rates that they are integrated from.
"""

import math

from .chebyshev import integrate_series, series_sum, set_coefficients, tail, worst_between
from .jit import jit
from .model import RTOL, fill
from .network import collect
from .places import RANGE
from .points import LANES, PLACE

#: Ranges that are kept, for spans that begin as one before.
RANGES = 6
# places in a row of Work.span: the start of the range, half its length, the distance of the equilibrium, the
# slope 1/G at it, the time to the end of the range, its kind, of one at rest the rate that is nothing, of an
# open one how fast the place changes at its two ends, over 1/WHOLE, and the time for which Work.ended holds
START, HALF, AHEAD, PER_SLOPE, WHOLE, KIND, SPEED, FIRST, LAST, ENDED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
N_SPAN = 10
# kinds of range: nothing changes, to an equilibrium, without one, towards one at which flow through a hole
# turns around; and none that could be used again
AT_REST, TO_EQUILIBRIUM, OPEN, TURNING, NONE = 0, 1, 2, 3, -1
# places in Work.reach
REACH, TURN, TURN_SLOPE = 0, 1, 2
# rows of a range of Work.curve: 1/G or 1/F, the integral that gives the time, and those of what passes
INVERSE, TIME, PASSED = 0, 1, 2

#: Error of the interpolants over the tolerance of a step.
SHARE = 1e-2


@jit
def set_range(half, ahead, per_slope, work):
    """Say where a range lies."""
    span = work.span[work.method[RANGE]]
    span[HALF] = half
    span[AHEAD] = ahead
    span[PER_SLOPE] = per_slope


@jit
def integrate_range(plan, F, kind, share, work):
    """Integrate the range whose rates are there; return its error over what it may be.

    ``share`` is that of the mass which moves in the range: time may be as wrong as that allows.
    """
    curve = work.curve[work.method[RANGE]]
    span = work.span[work.method[RANGE]]
    inverse = work.values[INVERSE]
    turns = 0
    for i in range(LANES):
        turns += 0 if work.speed[i] * F > 0.0 else 1
    if turns > 0:
        return math.inf
    set_coefficients(inverse, curve[INVERSE])
    allowed = SHARE * plan.settings[RTOL] * abs(curve[INVERSE, 0]) / share
    error = _doubt(inverse, curve[INVERSE])
    if kind == TO_EQUILIBRIUM:
        error = max(error, abs(series_sum(curve[INVERSE], 1.0) - span[PER_SLOPE]))
    if not error <= allowed:
        return math.inf
    doubt = _integrate_all(kind, span[HALF], span[PER_SLOPE], work)
    if kind == TO_EQUILIBRIUM and not doubt <= SHARE * plan.settings[RTOL] * abs(span[PER_SLOPE]):
        return math.inf
    set_ends(kind, work)
    if kind == TO_EQUILIBRIUM:
        balance(plan, work)
    return error / allowed


@jit
def place_in_mass(s, kind, work):
    """Change of ln m from the start of the range to a place in it."""
    span = work.span[work.method[RANGE]]
    if kind == TURNING:
        return -span[AHEAD] * math.expm1(-(1.0 + s) * abs(span[HALF]))
    return (1.0 + s) * span[HALF]


@jit
def set_ends(kind, work):
    """Write the time to the end of the range, infinite to its equilibrium, and the speeds at its two ends."""
    span = work.span[work.method[RANGE]]
    curve = work.curve[work.method[RANGE]]
    span[WHOLE] = math.inf
    if kind != TO_EQUILIBRIUM:
        span[WHOLE] = series_sum(curve[TIME], 1.0)
        per_inverse = span[WHOLE] / span[HALF]
        span[FIRST] = per_inverse / series_sum(curve[INVERSE], -1.0)
        span[LAST] = per_inverse / series_sum(curve[INVERSE], 1.0)
        return
    remains = 1.0 - 2.0 * span[HALF] / span[AHEAD]
    if remains > 0.0:
        span[WHOLE] = math.log(remains) * span[PER_SLOPE] + series_sum(curve[TIME], 1.0)


@jit
def balance(plan, work):
    """Let the flows at the equilibrium leave the mass as it is, to rounding.

    The steepest flow through a path that joins the volume takes what is missing: it is the least exact.
    """
    constant = work.constant[work.method[RANGE]]
    steepest = -1
    for k in range(work.flux.size):
        slope = abs(work.slopes[k, 0])
        work.flux[k] = constant[k]
        joins = False
        if k < plan.paths.size:
            joins = plan.volumes[plan.paths[k]["source"]]["state"] == 0
            joins = joins or plan.volumes[plan.paths[k]["sink"]]["state"] == 0
        if joins and (steepest < 0 or slope > abs(work.slopes[steepest, 0])):
            steepest = k
    if steepest < 0:
        return
    fill(work.right, 0.0)
    collect(plan, work.flux, work.right)
    excess = work.right[0]
    work.flux[steepest] += excess
    fill(work.right, 0.0)
    collect(plan, work.flux, work.right)
    more = work.right[0] - excess  # of its own sign, or of the other
    constant[steepest] += -excess if more * excess > 0.0 else excess


@jit
def _integrate_all(kind, half, per_slope, work):
    """Write the integrals that give the time and what passes, and by how much they may be wrong.

    Returns
    -------
    float
        By how much the time may be wrong [s].
    """
    curve = work.curve[work.method[RANGE]]
    constant = work.constant[work.method[RANGE]]
    tails = work.tail[work.method[RANGE]]
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
        if kind != TO_EQUILIBRIUM:  # of what hardly changes any more all but the change goes with the time
            constant[k] = flows[0] if kind == TURNING else 0.0
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
