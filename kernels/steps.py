"""One step by the method that suits: explicit where nothing is stiff, implicit where something is.

A span between two events begins with the method that its first rates and slopes ask for. It goes over to
the implicit one where steps of the explicit one are held by its stability, or would go beyond it (what is at
rest shows nothing of that at the ends of a step, but between them), and back where its steps become short
beside every time constant: accuracy then asks for them, and the explicit method needs fewer.
"""

from .between import note_choked
from .donors import choose_donors, doubt_donors, free_donors, hold_donors, may_hold, turn_donors
from .explicit import ORDER as EXPLICIT_ORDER
from .explicit import STAGES as LAST
from .explicit import doubt_step, end_rates, explicit_step, prepare_explicit_dense, stiffness
from .flows import regimes
from .hatches import any_joined
from .jit import jit
from .model import RTOL, copy, fill, n_contents
from .network import collect, rates_and_slopes
from .places import EXPLICIT, FASTEST, HAS_END_RATES, IMPLICIT, LOOKED_STIFF, MEETS, METHOD, SINCE_LOOK
from .rosenbrock import ORDER, prepare_dense, step, straighten_dense
from .volumes import look

# step times largest eigenvalue: what looks stiff to the explicit method (it is stable to about 6), in how
# many steps in a row, and what no longer does to the implicit one
_STIFF = 2.0
_PATIENCE = 2
# what may look so in the next step, which may show slow changes only: the slopes tell
_SUSPECT = 1.0
# explicit steps in a row after which the slopes are looked at all the same: they may have changed
_LOOK_AFTER = 16
_MILD = 0.25
# error of an explicit step over its embedded error of order 3, where a flow stops choking or turns in it
_CHOKED = 0.3
_TURNED = 1.0
# time constants in which a state may change by itself, for a span to begin with explicit steps
_SLOW = 5.0
# first step of each method over the time in which the state would change by itself
_FIRST_EXPLICIT = 0.2
_FIRST_IMPLICIT = 0.01


@jit
def start_steps(plan, sample, t, state, work, span):
    """Take the rates at the start of a span, choose the method, and return the first step [s]."""
    _take_slopes(plan, sample, t, state, work, True)
    size, speed = _size_and_speed(plan, state, work)
    work.method[LOOKED_STIFF] = 0
    work.method[SINCE_LOOK] = 0
    work.method[METHOD] = IMPLICIT
    if speed == 0.0:
        return span
    own = size / speed
    fastest = work.pace[FASTEST]
    if own * fastest < _SLOW:
        work.method[METHOD] = EXPLICIT
        return min(span, _FIRST_EXPLICIT * own)
    first = _FIRST_IMPLICIT * own
    if speed > fastest:
        # what fades first is more than a tolerance: an implicit step over all of it would end rightly, and
        # be wrong on the way
        first = min(first, 1.0 / fastest)
    return min(span, first)


@jit
def try_step(plan, sample, t, h, state, work):
    """Take a step of length h from t; False if it cannot be taken."""
    if work.method[METHOD] == IMPLICIT:
        return _implicit_step(plan, sample, t, h, state, work)
    before = regimes_at(plan, sample, t, state)
    explicit_step(plan, sample, t, h, state, work)
    work.method[HAS_END_RATES] = 0
    doubt_bends(h, before, regimes(plan, sample), work)  # its last stage is at the end
    return True


@jit
def goes_in_lane(plan, sample):
    """Whether the next step can be taken beside those of others: no hatch is open."""
    return not any_joined(plan, sample)


@jit
def regimes_at(plan, sample, t, state):
    """`flows.regimes` at a state, where an explicit step begins."""
    sample.clock[0] = t
    look(plan, sample, state)
    return regimes(plan, sample)


@jit
def doubt_bends(h, before, after, work):
    """Doubt the error of an explicit step that ends in other `flows.regimes` than it begins in."""
    if before[1] != after[1]:
        doubt_step(h, _TURNED, work)
    elif before[0] != after[0]:
        doubt_step(h, _CHOKED, work)


@jit
def note_rejection(plan, sample, t, state, work):
    """After a step from t is rejected: where explicit ones fail in a row, go on with implicit ones."""
    if work.method[METHOD] == EXPLICIT:
        work.method[LOOKED_STIFF] += 1
        work.method[SINCE_LOOK] = _LOOK_AFTER
        if work.method[LOOKED_STIFF] >= _PATIENCE:
            _go_implicit(plan, sample, t, state, work)


@jit
def growth_order(work):
    """Order of the step's error estimate in h."""
    return ORDER if work.method[METHOD] == IMPLICIT else EXPLICIT_ORDER


@jit
def finish_step(plan, sample, t, h, state, work, watched):
    """After a step is accepted: its dense output if it is ``watched``, and whether it looked stiff."""
    if work.method[METHOD] == IMPLICIT:
        if watched:
            prepare_dense(work)
            straighten_dense(plan, state, work)
        return
    if work.method[HAS_END_RATES] == 0:
        end_rates(plan, sample, t + h, work)
    else:
        sample.clock[0] = t + h
        look(plan, sample, work.new)
    shown = stiffness(h, work)
    work.method[LOOKED_STIFF] = work.method[LOOKED_STIFF] + 1 if shown > _STIFF else 0
    if shown > _SUSPECT:
        work.method[SINCE_LOOK] = _LOOK_AFTER
    if watched:
        prepare_explicit_dense(plan, sample, t, h, state, work)
        straighten_dense(plan, state, work)


@jit
def continue_steps(plan, sample, t, h, state, work, watched):
    """Take the rates at t, from where the next step of about h goes on, and choose its method.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    t, h : float
        [s]
    state : float64[n]
    work : rosenbrock.Work
        As `finish_step` left it.
    watched : bool
        Whether other states of the step were looked at since.
    """
    sample.clock[0] = t
    if work.method[METHOD] == EXPLICIT:
        work.method[SINCE_LOOK] += 1
        quiet = work.method[LOOKED_STIFF] < _PATIENCE and work.method[SINCE_LOOK] < _LOOK_AFTER
        if quiet and h * work.pace[FASTEST] <= _STIFF:
            if watched:
                look(plan, sample, state)
            copy(work.rate, work.stages[LAST])
            return
        _take_slopes(plan, sample, t, state, work, True)
        if work.method[LOOKED_STIFF] >= _PATIENCE or h * work.pace[FASTEST] > _STIFF:
            work.method[METHOD] = IMPLICIT
            work.method[LOOKED_STIFF] = 0
        work.method[SINCE_LOOK] = 0
        return
    _take_slopes(plan, sample, t, state, work, False)
    if work.marks[MEETS] == 0 and h * work.pace[FASTEST] < _MILD:
        work.method[METHOD] = EXPLICIT


@jit
def respect_limits(plan, sample, t, state, work):
    """Make the next step implicit where `flows.set_limits` tells that pressures meet."""
    if work.marks[MEETS] > 0 and work.method[METHOD] == EXPLICIT:
        _go_implicit(plan, sample, t, state, work)


@jit
def _go_implicit(plan, sample, t, state, work):
    """Make the next step from t implicit."""
    _take_slopes(plan, sample, t, state, work, True)
    work.method[METHOD] = IMPLICIT
    work.method[LOOKED_STIFF] = 0
    work.method[SINCE_LOOK] = 0


@jit
def _take_slopes(plan, sample, t, state, work, afresh):
    """Take rates and slopes at t with the donors of an implicit step, chosen ``afresh`` or not."""
    sample.clock[0] = t
    if may_hold(plan):
        choose_donors(plan, sample, state, afresh)
        hold_donors(sample)
        rates_and_slopes(plan, sample, state, work.rate, work.slopes)
        free_donors(sample)
    else:
        rates_and_slopes(plan, sample, state, work.rate, work.slopes)
    note_choked(plan, sample, work)
    work.pace[FASTEST] = _fastest(plan, work)


@jit
def _implicit_step(plan, sample, t, h, state, work):
    """Take an implicit step, each path with one donor; again where that turns out to be the other."""
    if not may_hold(plan):
        return step(plan, sample, t, h, state, work)
    hold_donors(sample)
    taken = step(plan, sample, t, h, state, work)
    if taken and turn_donors(plan, sample, state, work):
        hold_donors(sample)
        sample.clock[0] = t
        rates_and_slopes(plan, sample, state, work.rate, work.slopes)
        taken = step(plan, sample, t, h, state, work)
    free_donors(sample)
    if taken:
        doubt_donors(plan, sample, state, work)
    return taken


@jit
def _size_and_speed(plan, state, work):
    """Largest content and rate over its tolerance, at least 1 and [1/s] (Hairer and Wanner's d0 and d1)."""
    size = 1.0
    speed = 0.0
    for i in range(n_contents(plan)):
        scale = work.scale[i] + plan.settings[RTOL] * abs(state[i])
        size = max(size, abs(state[i]) / scale)
        speed = max(speed, abs(work.rate[i]) / scale)
    return size, speed


@jit
def _fastest(plan, work):
    """Bound on the largest eigenvalue [1/s]: the 1-norm of the Jacobian, contents in their tolerances.

    Overwrites ``work.flux`` and ``work.right``.
    """
    within = work.slopes.shape[1]
    fastest = 0.0
    for j in range(within):
        for i in range(work.flux.size):
            work.flux[i] = work.slopes[i, j]
        fill(work.right, 0.0)
        collect(plan, work.flux, work.right)
        total = 0.0
        for i in range(within):
            total += abs(work.right[i]) / work.scale[i]
        fastest = max(fastest, total * work.scale[j])
    return fastest
