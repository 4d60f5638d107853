"""One step of Rodas5P: eight stages, order 5(4), L-stable, stiffly accurate, dense output of order 4.

Source
------
Steinebach, Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
Differential Equations package, BIT Numer. Math. 63 (2023) 27. In the form of Hairer and Wanner,
Solving ODE II, sec. IV.7, eq. 7.25: with ``W = 1/(h gamma) - J``,

    W u_i = f(t + c_i h, y + sum_j a_ij u_j) + sum_j (c_ij/h) u_j + h d_i df/dt,

the sixth stage's argument plus u_6, u_7 and u_8 is the new state, and u_8 the error.

Here ``J = B S``: S the slopes of the fluxes through the paths, B what takes a flux from one volume and
gives it to the next. So each stage solves for the fluxes, ``(1/(h gamma) - S B) phi = S r``, and sets
``u = h gamma (r + B phi)``: every flux that leaves arrives, and however stiff the problem, mass is kept
to rounding.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chebyshev import POINTS
from .curve_range import N_SPAN, RANGES
from .jit import jit
from .linear import factorise, substitute
from .model import TIMED, Plan, contents_per_volume, copy, sizes
from .network import collect, rates
from .pack import Pack

ORDER = 5
STAGES = 8
#: Coefficients of dense output; of these this method uses three, `explicit` all.
DENSE = 6
_ROWS = 16

_GAMMA = 0.21193756319429014
_A = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0, 0.0, 0.0, 0.0, 0.0],
    [2.849394379747939, 0.45842242204463923, 0.0, 0.0, 0.0],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584, 0.0, 0.0],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641, 0.0],
    [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946],
])  # fmt: skip
# where the stages stand in time, and how much of the slope in time each takes
_TIME = np.array(
    [0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0]
)
_TIME_SLOPE = np.array(
    [0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069,
     0.0, 0.0, 0.0]
)  # fmt: skip
# half the span of the difference quotient in time, over the step
_TIME_NUDGE = 1e-4
_C = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [-14.155112264123755, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [-17.97296035885952, -2.859693295451294, 0.0, 0.0, 0.0, 0.0, 0.0],
    [147.12150275711716, -1.41221402718213, 71.68940251302358, 0.0, 0.0, 0.0, 0.0],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306, 0.0, 0.0, 0.0],
    [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471,
     0.0, 0.0],
    [30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
     -28.087943162872662, 0.0],
    [37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
     -54.66780262877968, -9.48861652309627],
])  # fmt: skip
_H = np.array([
    [25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
     1.1241088310450404, 0.4272876194431874, -0.17202221070155493],
    [-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
     15.98066361424651, -6.789040303419874, -6.710236069923372],
    [11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
     -59.78993625266729, -0.15582684282751913, 4.883087185713722],
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
    method : int64[5]
        Of `steps`: which method; explicit steps in a row that looked stiff, and all of them. Of `quadrature`:
        the kind of range, and which of those that are kept.
    values : float64[2 + links, POINTS]
        Of `curve_range`: at the points of a range.
    span, curve, constant, tail, kept : float64[RANGES, ...]
        Of `curve_range`, a row for each range: where it lies, series in it, flows at the equilibrium, errors
        of what passed, and on what it rests.
    reach : float64[1]
        Of `quadrature`: the longest range to be tried.
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
    values: NDArray[Any]
    curve: NDArray[Any]
    constant: NDArray[Any]
    tail: NDArray[Any]
    span: NDArray[Any]
    kept: NDArray[Any]
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
        method=np.zeros(5, np.int64),
        values=np.zeros((2 + links, POINTS)),
        curve=np.zeros((RANGES, 2 + links, POINTS + 1)),
        constant=np.zeros((RANGES, links)),
        tail=np.zeros((RANGES, links)),
        span=np.zeros((RANGES, N_SPAN)),
        kept=np.zeros((RANGES, 4 * plan.paths.size + 2 * plan.feeds.size + plan.volumes.size)),
        reach=np.zeros(1),
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
        ``stages``, of which row 7 is the error estimate.

    Returns
    -------
    bool
        False if the matrix of the step is singular.
    """
    n = state.size
    u = work.stages
    stage = work.new
    diagonal = 1.0 / (h * _GAMMA)
    timed = plan.settings[TIMED] > 0.0
    if timed:
        _set_drift(plan, sample, t, h, state, work)
    if not _factorise_step(plan, diagonal, work):
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
            weight = _C[s, j] / h
            for i in range(n):
                work.right[i] += weight * u[j, i]
        _solve_stage(plan, diagonal, work, u[s])
    for i in range(n):
        stage[i] += u[STAGES - 1, i]
        work.error[i] = u[STAGES - 1, i]
    return True


@jit
def prepare_dense(work):
    """Turn the stages of an accepted step into the coefficients of its dense output."""
    for row in range(3):
        for i in range(work.new.size):
            total = 0.0
            for s in range(STAGES):
                total += _H[row, s] * work.stages[s, i]
            work.dense[row, i] = total
    for row in range(3, DENSE):
        for i in range(work.new.size):
            work.dense[row, i] = 0.0


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
    left = 1.0 - theta
    for i in range(out.size):
        bend = dense[DENSE - 1, i]
        for row in range(DENSE - 2, -1, -1):
            bend = dense[row, i] + theta * bend
        out[i] = left * start[i] + theta * (end[i] + left * bend)


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
def _factorise_step(plan, diagonal, work):
    """Factorise ``diagonal - S B``."""
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
    return factorise(work.matrix, work.pivots)


@jit
def _solve_stage(plan, diagonal, work, u):
    """Solve for the fluxes of a stage with right-hand side ``work.right``, and collect them into u."""
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
    """Argument of stage s; the last two add the previous increment to the argument before."""
    if s > 5:
        for i in range(state.size):
            stage[i] += u[s - 1, i]
        return
    for i in range(state.size):
        total = state[i]
        for j in range(s):
            total += _A[s, j] * u[j, i]
        stage[i] = total
