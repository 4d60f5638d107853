"""One unknown, nothing that depends on time: the run as an integral over the pressure, not in steps.

Where all that can change is the gas m in one volume, ``dx/dt = F(x)`` with ``x = ln m``. Then time is an
integral over x, and so is what passes each path, ``dt = dx/F`` and ``dq = g dx/F``. Over a range of x all are
interpolated at Chebyshev points and integrated term by term; the state at a time is where the time is found.
Mass is summed from what passed, so that it is kept to rounding.

An equilibrium ahead, at the root r of F, is a pole of 1/F and would spoil the interpolation. So it is taken
out, ``F = (x - r) G``:

    t = ln((x - r)/(x0 - r))/G(r) + integral of (1/G - 1/G(r))/(x - r),
    q = g(r) t + integral of (g - g(r))/((x - r) G),

where what is left to integrate is smooth, and the rest of the run to its equilibrium is one such range.

Sources
-------
Interpolation, its coefficients and their decay: Trefethen, Approximation Theory and Approximation Practice
(2013), ch. 3 and 8. Integration term by term: Clenshaw and Curtis, Numer. Math. 2 (1960) 197.
"""

import math

from .chebyshev import series_sum
from .curve_range import interpolate, set_linear, set_rest, total_slope
from .hatches import any_joined
from .jit import jit
from .model import RATE, RTOL, TIMED, copy, n_contents
from .network import collect, rates, rates_and_slopes
from .places import RANGE, RANGE_KIND
from .range_series import (
    AHEAD,
    AT_REST,
    ENDED,
    FIRST,
    HALF,
    INVERSE,
    KIND,
    LAST,
    NONE,
    PASSED,
    PER_SLOPE,
    RANGES,
    REACH,
    SHARE,
    SPEED,
    START,
    TIME,
    TO_EQUILIBRIUM,
    TURN,
    TURNING,
    WHOLE,
    place_in_mass,
)
from .volumes import is_resting

# ranges of x: the first that is tried, the widest and the least, and how often one may be halved at once;
# the same close to a turn of flow, next to which there may be another
_FIRST_RANGE = math.log(16.0)
_WIDEST_RANGE = math.log(64.0)
_LEAST_RANGE = math.log(1.5)
_HALVINGS = 2
_CLOSE = 1e-4
_LEAST_CLOSE = math.log(1.02)
_HALVINGS_CLOSE = 8
# error over the tolerance of a step of the mass that is found twice, and error of an interpolant over what it
# may be from which on the next range may be wider
_MASS_SHARE = 5e-2
_AMPLE = 1e-3
# no quadrature below this rtol: tables and rounding would be seen
_TIGHTEST = 1e-9
# relative changes of the mass to the end of a span that are nothing, and, over rtol, that are linear
_REST = 1e-13
_LINEAR = 10.0
# masses over their absolute tolerance from which on x is the right variable
_ENOUGH_GAS = 100.0
_NEWTON_LIMIT = 60
# a step of Newton, over half the range, after which the next is below rounding
_NEAR = 3e-9


@jit
def has_curve(plan, sample, state, work):
    """Whether the run up to the next event is an integral over one unknown.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state : float64[n]
    work : rosenbrock.Work
        With the absolute tolerances.
    """
    if n_contents(plan) != 1 or plan.settings[TIMED] > 0.0 or plan.settings[RTOL] < _TIGHTEST:
        return False
    if plan.cycles.size > 0 or not state[0] > _ENOUGH_GAS * work.scale[0]:
        return False
    for i in range(plan.controls.size):
        if not is_resting(plan, sample, i):
            return False
    for f in range(plan.feeds.size):
        if plan.feeds[f]["kind"] != RATE or plan.feeds[f]["sign"] < 0.0:
            return False
    for p in range(plan.paths.size):
        if plan.paths[p]["moves"] > 0:
            return False
    return True


@jit
def follow_curve(plan, sample, t, stop, left, state, work):
    """Go from t to ``stop``, or as far as one range leads.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    t, stop : float
        [s]
    left : float
        Time from t to ``stop`` [s]; of spans that are alike the same to the bit, whenever they are.
    state : float64[n]
        At t.
    work : rosenbrock.Work
        Output: ``new``, the state at the end, and what `curve_state` needs.

    Returns
    -------
    end : float
        Time reached [s]; t if the range is not smooth enough.
    left : float
        Time from there to ``stop`` [s].
    """
    end = _follow_range(plan, sample, t, stop, left, state, work)
    return end, left - work.span[work.method[RANGE], WHOLE] if t < end < stop else stop - end


@jit
def _follow_range(plan, sample, t, stop, left, state, work):
    """As `follow_curve`, but for the time left."""
    if not state[0] > _ENOUGH_GAS * work.scale[0]:
        return t
    start = math.log(state[0])
    if _find_kept(plan, sample, start, left, work):
        end = _finish(plan, t, stop, left, int(work.span[work.method[RANGE], KIND]), state, work)
        if end > t:
            return end
    sample.clock[0] = t
    rates(plan, sample, state, work.rate)
    F = work.rate[0] / state[0]
    work.method[RANGE] = (work.method[RANGE] + 1) % RANGES
    span = work.span[work.method[RANGE]]
    span[START] = start
    span[KIND] = NONE
    span[ENDED] = math.nan
    if abs(F) * left <= _REST:
        set_rest(F, work)
        span[KIND] = AT_REST
        _keep(plan, sample, work)
        return _finish(plan, t, stop, left, AT_REST, state, work)
    if any_joined(plan, sample):
        return t
    rates_and_slopes(plan, sample, state, work.rate, work.slopes)
    slope = total_slope(plan, work) - F
    near = slope < 0.0 and abs(F / slope) <= _LINEAR * plan.settings[RTOL]
    if near and set_linear(plan, sample, F, slope, state, work):
        return _finish(plan, t, stop, left, TO_EQUILIBRIUM, state, work)
    longest = abs(F) * left if slope <= 0.0 else math.inf
    for halvings in range(_HALVINGS_CLOSE + 1):
        reach = work.reach[REACH]
        kind, quality, length = interpolate(plan, sample, F, reach, longest, state, work)
        if quality <= 1.0:
            end = _finish(plan, t, stop, left, kind, state, work)
            if end > t:
                if quality < _AMPLE:
                    work.reach[REACH] = min(2.0 * reach, _WIDEST_RANGE)
                span[KIND] = kind
                _keep(plan, sample, work)
                return end
        close = kind == TURNING and abs(span[AHEAD]) < _CLOSE
        longest = math.inf if kind == TURNING else longest
        work.reach[REACH] = max(0.5 * length, _LEAST_CLOSE if close else _LEAST_RANGE)
        if min(work.reach[REACH], longest) >= length or (not close and halvings >= _HALVINGS):
            return t
    return t


@jit
def start_span(work):
    """Begin a span between events: no turn of flow is known."""
    work.reach[TURN] = math.nan


@jit
def start_curve(work):
    """Begin a sample: no range is kept."""
    work.reach[REACH] = _FIRST_RANGE
    work.method[RANGE] = 0
    for k in range(RANGES):
        work.span[k, KIND] = NONE


@jit
def curve_state(plan, time, start, work, out):
    """State on the way through the range of the last `follow_curve`.

    Parameters
    ----------
    plan : model.Plan
    time : float
        Since its start [s].
    start : float64[n]
        State there.
    work : rosenbrock.Work
    out : float64[n]
    """
    copy(out, start)
    if time > 0.0:  # at the start it is the start, to the bit
        _set_passed(time, _place_at(time, work)[0], work)
        collect(plan, work.flux, out)


@jit
def _keep(plan, sample, work):
    """Keep with the range all on which its flows rest, for a span that begins as this one does."""
    kept = work.kept[work.method[RANGE]]
    i = 0
    for p in range(plan.paths.size):
        path = sample.paths[p]
        kept[i] = path["opening"]
        kept[i + 1] = path["active"]
        kept[i + 2] = path["factor"]
        kept[i + 3] = path["patched"]
        i += 4
    for f in range(plan.feeds.size):
        kept[i] = sample.feeds[f]["runs"]
        kept[i + 1] = sample.feeds[f]["factor"]
        i += 2
    for v in range(plan.volumes.size):
        kept[i] = sample.volumes[v]["wall"]
        i += 1


@jit
def _find_kept(plan, sample, start, left, work):
    """Go to the range that was kept and begins here, if there is one for which flows are as they were."""
    for k in range(RANGES):
        span = work.span[k]
        if span[KIND] != NONE and span[START] == start and _is_kept(plan, sample, work.kept[k]):
            work.method[RANGE] = k
            return span[KIND] != AT_REST or abs(span[SPEED]) * left <= _REST
    return False


@jit
def _is_kept(plan, sample, kept):
    """Whether all is as it was when a range was kept."""
    same = True
    i = 0
    for p in range(plan.paths.size):
        path = sample.paths[p]
        same = same and kept[i] == path["opening"] and kept[i + 1] == path["active"]
        same = same and kept[i + 2] == path["factor"] and kept[i + 3] == path["patched"]
        i += 4
    for f in range(plan.feeds.size):
        feed = sample.feeds[f]
        same = same and kept[i] == feed["runs"] and kept[i + 1] == feed["factor"]
        i += 2
    for v in range(plan.volumes.size):
        same = same and kept[i] == sample.volumes[v]["wall"]
        i += 1
    return same


@jit
def _finish(plan, t, stop, left, kind, state, work):
    """Find the end of the range or of the time left, and the state there; t where errors are too large."""
    span = work.span[work.method[RANGE]]
    ended = work.ended[work.method[RANGE]]
    work.method[RANGE_KIND] = kind
    end = stop
    time = left
    if kind != AT_REST:
        if not span[WHOLE] > 0.0:
            return t
        if span[WHOLE] < left:
            time = span[WHOLE]
            end = t + time
    copy(work.new, state)
    if time == span[ENDED]:  # as it was left before
        collect(plan, ended, work.new)
        return end if end > t else t
    s, found = _place_at(time, work)
    _set_passed(time, s, work)
    collect(plan, work.flux, work.new)
    if not (found and _is_right(plan, kind, s, work)):
        return t
    copy(ended, work.flux)
    span[ENDED] = time
    return end if end > t else t


@jit
def _is_right(plan, kind, s, work):
    """Whether what passed is as exact as wanted, and the mass that it leaves is that of the place."""
    span = work.span[work.method[RANGE]]
    tails = work.tail[work.method[RANGE]]
    rtol = plan.settings[RTOL]
    for k in range(work.flux.size):
        passed = max(abs(work.flux[k]), abs(work.new[1 + k]))
        if not (kind == AT_REST or tails[k] <= SHARE * (work.scale[1 + k] + rtol * passed)):
            return False
    if kind == AT_REST:
        return True
    if not abs(s) <= 1.0:
        return False
    mass = math.exp(span[START] + place_in_mass(s, kind, work))
    return abs(work.new[0] - mass) <= _MASS_SHARE * (work.scale[0] + rtol * mass)


@jit
def _place_at(time, work):
    """Place in the range, from -1 to 1, at a time since its start, and whether it was found (Newton)."""
    span = work.span[work.method[RANGE]]
    curve = work.curve[work.method[RANGE]]
    kind = work.method[RANGE_KIND]
    if kind == AT_REST:
        return -1.0, True
    if not time < span[WHOLE]:
        return 1.0, True
    if kind != TO_EQUILIBRIUM:
        return _place_in_open(time, work)
    # in u = ln((x - r)/(x0 - r)), from 0 down
    half, ahead, per_slope = span[HALF], span[AHEAD], span[PER_SLOPE]
    u = time / per_slope
    low = -math.inf
    high = 0.0
    s = -1.0
    for _ in range(_NEWTON_LIMIT):
        s = -ahead * math.expm1(u) / half - 1.0
        if s > 1.0:
            low = u
            u = 0.5 * (low + high)
            continue
        excess = u * per_slope + series_sum(curve[TIME], s) - time
        if excess > 0.0:
            low = u
        else:
            high = u
        step = excess / series_sum(curve[INVERSE], s)
        if abs(step) <= 1e-14 * abs(u):
            return s, True
        u -= step
        if not low < u < high:
            u = 0.5 * (low + high)
    return s, False


@jit
def _place_in_open(time, work):
    """Place at a time, as `_place_at`, in a range without an equilibrium ahead."""
    span = work.span[work.method[RANGE]]
    curve = work.curve[work.method[RANGE]]
    half = span[HALF]
    # at first by the cubic that begins and ends as the range does
    done = time / span[WHOLE]
    left = 1.0 - done
    s = done * done * (3.0 - 2.0 * done) * 2.0 - 1.0 + done * left * (left * span[FIRST] - done * span[LAST])
    low, high = -1.0, 1.0
    s = min(max(s, low), high)
    for _ in range(_NEWTON_LIMIT):
        excess = series_sum(curve[TIME], s) - time
        if excess > 0.0:
            high = s
        else:
            low = s
        step = excess / (half * series_sum(curve[INVERSE], s))
        s -= step
        if not low <= s <= high:
            s = 0.5 * (low + high)
        elif abs(step) <= _NEAR:
            return s, True
    return s, high - low <= 1e-14


@jit
def _set_passed(time, s, work):
    """Write what has passed each path and feed at a time and its place into ``work.flux`` [kg]."""
    curve = work.curve[work.method[RANGE]]
    constant = work.constant[work.method[RANGE]]
    for k in range(work.flux.size):
        work.flux[k] = constant[k] * time
        if work.method[RANGE_KIND] != AT_REST:
            work.flux[k] += series_sum(curve[PASSED + k], s)
