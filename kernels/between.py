"""The way of an implicit step held to a tolerance, where it is the first, or a flow begins or stops to choke.

The error that the method estimates is that of the end, and one number. Where a flow stops choking on the way,
the end may be right and the interpolant not: what follows the others at once goes where they would have taken
it without that. And the first of several steps may be far too long and its estimate
small by chance. There the interpolant is put into the equations: what they leave over, through the matrix of
the step, is its error, for what is fast as a step of Newton, for what is slow as a step in time.
"""

from .flows import regimes
from .jit import jit
from .model import RTOL
from .network import rates
from .places import CHOKED
from .rosenbrock import GAMMA, dense_bend, solve_stage
from .volumes import look

# error of a state between the ends over the tolerance of a step
_ALLOWED = 10.0
# where it is looked, over the step
_PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)


@jit
def note_choked(plan, sample, work):
    """Note which flows are choked where an implicit step begins, at the pressures last looked at."""
    work.marks[CHOKED], _ = regimes(plan, sample)


@jit
def error_between(plan, sample, t, h, is_first, state, work):
    """Largest error between the ends of an implicit step over what it may be; 0 where it is not looked at.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    t, h : float
        Start and length of the step [s].
    is_first : bool
        Whether the step before was not an implicit one.
    state : float64[n]
        At the start.
    work : rosenbrock.Work
        As the step left it, its matrix factorised. Overwritten: ``right``, ``flux``.
    """
    sample.clock[0] = t + h
    look(plan, sample, work.new)
    choked, _ = regimes(plan, sample)
    worst = 0.0
    if is_first or choked != work.marks[CHOKED]:
        for theta in _PLACES:
            worst = max(worst, _error_at(plan, sample, t, h, theta, state, work))
    return worst / _ALLOWED


@jit
def _error_at(plan, sample, t, h, theta, state, work):
    """Error of the interpolant at the fraction theta of a step over its tolerance."""
    u = work.last
    for i in range(state.size):
        first, second = dense_bend(work, i)
        u[i] = state[i] + theta * (work.new[i] - state[i] + (1.0 - theta) * (first + theta * second))
    sample.clock[0] = t + theta * h
    rates(plan, sample, u, work.right)
    for i in range(state.size):
        first, second = dense_bend(work, i)
        slope = work.new[i] - state[i] + (1.0 - 2.0 * theta) * first + theta * (2.0 - 3.0 * theta) * second
        work.right[i] -= slope / h
    solve_stage(plan, 1.0 / (h * GAMMA), work, u)
    worst = 0.0
    for i in range(state.size):
        scale = work.scale[i] + plan.settings[RTOL] * max(abs(state[i]), abs(work.new[i]))
        worst = max(worst, abs(u[i]) / scale)
    return worst
