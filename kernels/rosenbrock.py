"""One step of RODAS: six stages, order 4(3), L-stable, stiffly accurate, dense output of order 3.

Source
------
Hairer and Wanner, Solving Ordinary Differential Equations II (1996), sec. VI.4, the method of their code
RODAS. In the form of sec. IV.7, eq. 7.25: with ``W = 1/(h gamma) - J``,

    W u_i = f(t + c_i h, y + sum_j a_ij u_j) + sum_j (c_ij/h) u_j + h d_i df/dt,

the fifth stage's argument plus u_5 and u_6 is the new state, and u_6 the error.

Here ``J = B S``: S the slopes of the fluxes through the paths, B what takes a flux from one volume and
gives it to the next. So each stage solves for the fluxes, ``(1/(h gamma) - S B) phi = S r``, and sets
``u = h gamma (r + B phi)``: every flux that leaves arrives, and however stiff the problem, mass is kept
to rounding.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chebyshev import POINTS
from .jit import jit
from .linear import factorise, substitute
from .model import TIMED, Plan, contents_per_volume, copy, sizes
from .network import collect, rates
from .pack import Pack
from .points import LANES, SIDE
from .range_series import N_SPAN, RANGES

ORDER = 4
STAGES = 6
#: Coefficients of dense output; of these this method uses two, `explicit` all.
DENSE = 6
_ROWS = 16
# contents that are next to nothing, over their absolute tolerance
_LITTLE = 2.0

GAMMA = 0.25
A = np.array([
    [0.0, 0.0, 0.0, 0.0],
    [1.544, 0.0, 0.0, 0.0],
    [0.9466785280815826, 0.2557011698983284, 0.0, 0.0],
    [3.314825187068521, 2.896124015972201, 0.9986419139977817, 0.0],
    [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950],
])  # fmt: skip
# where the stages stand in time, and how much of the slope in time each takes
_TIME = np.array([0.0, 0.386, 0.21, 0.63, 1.0, 1.0])
_TIME_SLOPE = np.array([0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0])
# half the span of the difference quotient in time, over the step
_TIME_NUDGE = 1e-4
C = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [-5.6688, 0.0, 0.0, 0.0, 0.0],
    [-2.430093356833875, -0.2063599157091915, 0.0, 0.0, 0.0],
    [-0.1073529058151375, -9.594562251023355, -20.47028614809616, 0.0, 0.0],
    [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160, 0.0],
    [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
])  # fmt: skip
_H = np.array([
    [10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662, 0.0],
    [-0.6762803392806898, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872, 0.0],
])  # fmt: skip


class Work(Pack):
    """Working memory of the integrator for n unknowns, m of them in volumes, and q fluxes.

    new, right, rate : float64[n]
    drift : float64[n]
        Slope of the rates in time, at a state that stands still.
    slopes : float64[q, m]
    matrix : float64[q, q]; pivots : int64[q]; flux : float64[q]
    stages : float64[16, n]; dense : float64[6, n]
        Of the step; coefficients of its dense output.
    last : float64[n]
        Argument of a stage.
    error, scale : float64[n]
        Error estimate of the step; absolute tolerances.
    method : int64[6]; pace : float64[7]; marks : int64[8]
        How far the sample has come, and by which method: `places`.
    values : float64[2 + links, points.LANES]; x, speed : float64[points.LANES]; side : float64[points.SIDE]
        Of `curve_range`: at the points of a range, where they are, the rates there, and the working memory of
        `points`.
    span, curve, constant, tail, kept, ended : float64[RANGES, ...]
        Of `range_series`, a row for each range: where it lies, series in it, flows at the equilibrium, errors
        of what passed, on what it rests, and what had passed when it was last left.
    reach : float64[3]
        Of `quadrature`: the longest range to be tried, and in ln m the equilibrium at which flow through a
        hole turns around, with its slope; NaN as long as none is known.
    """

    new: NDArray[Any]
    right: NDArray[Any]
    rate: NDArray[Any]
    drift: NDArray[Any]
    slopes: NDArray[Any]
    matrix: NDArray[Any]
    pivots: NDArray[Any]
    flux: NDArray[Any]
    stages: NDArray[Any]
    dense: NDArray[Any]
    last: NDArray[Any]
    error: NDArray[Any]
    scale: NDArray[Any]
    method: NDArray[Any]
    pace: NDArray[Any]
    marks: NDArray[Any]
    values: NDArray[Any]
    x: NDArray[Any]
    speed: NDArray[Any]
    side: NDArray[Any]
    curve: NDArray[Any]
    constant: NDArray[Any]
    tail: NDArray[Any]
    span: NDArray[Any]
    kept: NDArray[Any]
    ended: NDArray[Any]
    reach: NDArray[Any]


def new_work(plan: Plan) -> Work:
    """Allocate the working memory of the integrator; reused from sample to sample (Python)."""
    m, n, q = sizes(plan)
    links = plan.paths.size + plan.feeds.size
    return Work(
        new=np.zeros(n),
        right=np.zeros(n),
        rate=np.zeros(n),
        drift=np.zeros(n),
        slopes=np.zeros((q, m)),
        matrix=np.zeros((q, q)),
        pivots=np.zeros(q, np.int64),
        flux=np.zeros(q),
        stages=np.zeros((_ROWS, n)),
        dense=np.zeros((DENSE, n)),
        last=np.zeros(n),
        error=np.zeros(n),
        scale=np.zeros(n),
        method=np.zeros(6, np.int64),
        pace=np.zeros(7),
        marks=np.zeros(8, np.int64),
        values=np.zeros((2 + links, LANES)),
        x=np.zeros(LANES),
        speed=np.zeros(LANES),
        side=np.zeros(SIDE),
        curve=np.zeros((RANGES, 2 + links, POINTS + 1)),
        constant=np.zeros((RANGES, links)),
        tail=np.zeros((RANGES, links)),
        span=np.zeros((RANGES, N_SPAN)),
        kept=np.zeros((RANGES, 4 * plan.paths.size + 2 * plan.feeds.size + plan.volumes.size)),
        ended=np.zeros((RANGES, links)),
        reach=np.zeros(3),
    )


@jit
def step(plan, sample, t, h, state, work):
    """Advance one step of length h, and leave the new state and its error estimate in ``work``.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    t, h : float
        Start and length of the step [s].
    state : float64[n]
        At the start.
    work : Work
        ``rate`` and ``slopes`` are those of the start. Written: ``new``, the state at the end, and
        ``stages``, of which row 5 is the error estimate.

    Returns
    -------
    bool
        False if the matrix of the step is singular.
    """
    n = state.size
    u = work.stages
    stage = work.new
    diagonal = 1.0 / (h * GAMMA)
    timed = plan.settings[TIMED] > 0.0
    if timed:
        _set_drift(plan, sample, t, h, state, work)
    set_matrix(plan, diagonal, work)
    if not factorise(work.matrix, work.pivots):
        return False
    for s in range(STAGES):
        _stage_state(s, state, u, stage)
        if s == 0:
            copy(work.right, work.rate)
        else:
            sample.clock[0] = t + _TIME[s] * h
            rates(plan, sample, stage, work.right)
        if timed:
            for i in range(n):
                work.right[i] += h * _TIME_SLOPE[s] * work.drift[i]
        for j in range(s):
            weight = C[s, j] / h
            for i in range(n):
                work.right[i] += weight * u[j, i]
        solve_stage(plan, diagonal, work, u[s])
    for i in range(n):
        stage[i] += u[STAGES - 1, i]
        work.error[i] = u[STAGES - 1, i]
    return True


@jit
def prepare_dense(work):
    """Turn the stages of an accepted step into the coefficients of its dense output."""
    for i in range(work.new.size):
        work.dense[0, i], work.dense[1, i] = dense_bend(work, i)
    for row in range(2, DENSE):
        for i in range(work.new.size):
            work.dense[row, i] = 0.0


@jit
def dense_bend(work, i):
    """Return the two coefficients of dense output of content i."""
    first, second = 0.0, 0.0
    for s in range(STAGES):
        first += _H[0, s] * work.stages[s, i]
        second += _H[1, s] * work.stages[s, i]
    return first, second


@jit
def straighten_dense(plan, state, work):
    """Let contents go straight through a step from ``state`` where they would swing out over nothing.

    Where contents are far below their absolute tolerance, a step goes over what fades within it: its ends are
    right, and between them the interpolant may leave them by millions of tolerances. With such a one go all
    of its volume of which there is as little.
    """
    contents = contents_per_volume(plan)
    for first in range(0, work.slopes.shape[1], contents):
        swings = False
        for i in range(first, first + contents):
            swings = swings or (_is_little(state, work, i) and _swings(state, work, i))
        if swings:
            for i in range(first, first + contents):
                if _is_little(state, work, i):
                    for row in range(DENSE):
                        work.dense[row, i] = 0.0


@jit
def _is_little(state, work, i):
    """Whether there is next to nothing of content i at both ends of a step."""
    return max(abs(state[i]), abs(work.new[i])) <= _LITTLE * work.scale[i]


@jit
def _swings(state, work, i):
    """Whether content i leaves its tolerance between the ends of a step."""
    for k in range(1, 8):
        value = _dense_value(0.125 * k, state[i], work.new[i], work.dense, i)
        if not abs(value) <= _LITTLE * work.scale[i]:
            return True
    return False


@jit
def dense_state(theta, start, end, dense, out):
    """State at the fraction theta of a step, by the method's own interpolant.

    Parameters
    ----------
    theta : float
        0 to 1.
    start, end : float64[n]
        States at the two ends of the step.
    dense : float64[6, n]
        From `prepare_dense` or `explicit.prepare_explicit_dense`.
    out : float64[n]
    """
    for i in range(out.size):
        out[i] = _dense_value(theta, start[i], end[i], dense, i)


@jit
def _dense_value(theta, start, end, dense, i):
    """Content i at the fraction theta of a step between two states of it."""
    bend = dense[DENSE - 1, i]
    for row in range(DENSE - 2, -1, -1):
        bend = dense[row, i] + theta * bend
    left = 1.0 - theta
    return left * start + theta * (end + left * bend)


@jit
def _set_drift(plan, sample, t, h, state, work):
    """Write the slope of the rates in time, by a central difference."""
    nudge = _TIME_NUDGE * h
    sample.clock[0] = t + nudge
    rates(plan, sample, state, work.drift)
    sample.clock[0] = t - nudge
    rates(plan, sample, state, work.right)
    for i in range(state.size):
        work.drift[i] = (work.drift[i] - work.right[i]) / (2.0 * nudge)


@jit
def set_matrix(plan, diagonal, work):
    """Write ``diagonal - S B``, of which the slopes S are ``work.slopes``, to ``work.matrix``."""
    contents = contents_per_volume(plan)
    q = work.flux.size
    for column in range(q):
        p, c = column // contents, column % contents
        if p < plan.paths.size:
            source = plan.volumes[plan.paths[p]["source"]]["state"]
            sink = plan.volumes[plan.paths[p]["sink"]]["state"]
        else:
            source = -1
            sink = plan.volumes[plan.feeds[p - plan.paths.size]["volume"]]["state"]
        for i in range(q):
            gain = work.slopes[i, sink * contents + c] if sink >= 0 else 0.0
            loss = work.slopes[i, source * contents + c] if source >= 0 else 0.0
            work.matrix[i, column] = loss - gain
        work.matrix[column, column] += diagonal


@jit
def solve_stage(plan, diagonal, work, u):
    """Solve for the fluxes of a stage with right-hand side ``work.right``, and collect them into u.

    Parameters
    ----------
    plan : model.Plan
    diagonal : float
        Of the matrix of the step, which is factorised [1/s].
    work : Work
        Overwritten: ``right``, ``flux``.
    u : float64[n]
        Output.
    """
    for i in range(work.flux.size):
        total = 0.0
        for j in range(work.slopes.shape[1]):
            total += work.slopes[i, j] * work.right[j]
        work.flux[i] = total
    substitute(work.matrix, work.pivots, work.flux)
    collect(plan, work.flux, work.right)
    for i in range(u.size):
        u[i] = work.right[i] / diagonal


@jit
def _stage_state(s, state, u, stage):
    """Argument of stage s; the last adds the previous increment to the argument before."""
    if s == STAGES - 1:
        for i in range(state.size):
            stage[i] += u[s - 1, i]
        return
    for i in range(state.size):
        total = state[i]
        for j in range(s):
            total += A[s, j] * u[j, i]
        stage[i] = total
