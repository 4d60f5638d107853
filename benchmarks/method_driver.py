"""One driver for all methods of `benchmarks.method_tableaus`: only the method differs.

The controller, the first step, the norm and the linear algebra are the same for all. Rosenbrock methods
solve for the fluxes, as `leakflow.kernels.rosenbrock` does. First step: Hairer, Norsett and Wanner, Solving
ODE I, sec. II.4.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leakflow.kernels import flows, linear, model, network, rosenbrock

from .method_tableaus import Method

__all__ = ["Problem", "Run", "follow", "worst_error"]

# gas that tolerances and errors are relative to besides what there is, over that in the smallest volume
_FLOOR = 1e-2
_MAX_STEPS = 1_000_000
# as in kernels/integrate.py
_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 8.0
# tolerance while pressures meet; the engine limits the error of their difference only
_TIGHT = 2e-8


@dataclass(frozen=True)
class Problem:
    """A prepared sample to be followed.

    stops : float64[k]
        Times at which errors are looked at, the last of which is the end [s].
    limited : bool
        Whether the tolerance is at most 2e-8 while pressures meet (`leakflow.kernels.flows.set_limits`).
    between : bool
        Whether steps go over the stops but the last, where the state is that of the dense output.
    """

    plan: Any
    sample: Any
    start: NDArray[Any]
    work: Any
    stops: NDArray[Any]
    limited: bool = False
    between: bool = False

    @property
    def floor(self) -> float:
        """Gas that errors are relative to, besides what there is [kg]."""
        return _FLOOR * float(self.start[: model.sizes(self.plan)[0]].min())


@dataclass(frozen=True)
class Run:
    """What a method did at a tolerance, or at a given number of steps.

    states : float64[stops, n]
    rates, slopes : int
        Evaluations of the rates alone, and of rates and slopes.
    """

    states: NDArray[Any]
    steps: int
    rejected: int
    rates: int
    slopes: int
    factorisations: int
    seconds: float


def follow(problem: Problem, method: Method, rtol: float, *, steps: int = 0, calls: int = 1) -> Run:
    """Follow a problem.

    Parameters
    ----------
    problem : Problem
    method : Method
    rtol : float
        Of the gas there is and `Problem.floor`.
    steps : int
        Of equal length, to the last stop, in place of error control.
    calls : int
        How often to do it; ``seconds``, of the processor, is that of one.

    Raises
    ------
    RuntimeError
        If the steps are too many.
    ValueError
        If the problem wants dense output, and the method has none here.
    """
    if problem.between and not method.has_dense:
        raise ValueError("the dense output of this method is not here")
    states = np.empty((problem.stops.size, problem.start.size))
    counts = np.zeros(5, np.int64)
    state = problem.start.copy()
    given = (problem.plan, problem.sample, problem.start, state, problem.work, problem.floor, rtol)
    fixed = problem.stops[-1] / steps if steps else 0.0
    began = time.thread_time()
    how = (problem.stops, problem.limited, problem.between, fixed)
    ok = _follow_often(method, *given, *how, states, counts, calls)
    seconds = (time.thread_time() - began) / calls
    if not ok:
        raise RuntimeError(f"more than {_MAX_STEPS} steps, or none that can be taken, at rtol {rtol:g}")
    return Run(states, *map(int, counts), seconds=seconds)


def worst_error(problem: Problem, states: NDArray[Any], truth: NDArray[Any]) -> float:
    """Worst error of any unknown at any stop, over what it is and the problem's floor."""
    return float((np.abs(states - truth) / (np.abs(truth) + problem.floor)).max())


@numba.njit(error_model="numpy")
def _follow_often(
    method,
    plan,
    sample,
    start,
    state,
    work,
    floor,
    rtol,
    stops,
    limited,
    between,
    fixed,
    states,
    counts,
    calls,
):
    """Follow a problem as often as is asked; counts: steps, rejected, rates, slopes, factorisations."""
    for _ in range(calls):
        state[:] = start
        counts[:] = 0
        how = (stops, limited, between, fixed)
        if not _follow(method, plan, sample, state, work, floor, rtol, how, states, counts):
            return False
    return True


@numba.njit(error_model="numpy")
def _follow(method, plan, sample, state, work, floor, rtol, how, states, counts):
    """Follow a problem through its stops; False if the steps become too many or too small."""
    stops, limited, between, fixed = how
    implicit = method.gamma > 0.0
    t, k = 0.0, 0
    _start_rates(implicit, plan, sample, state, work, counts)
    allowed = _allowed(rtol, limited, plan, sample)
    h = fixed if fixed > 0.0 else _first_step(method, plan, sample, state, work, floor, allowed, counts)
    rejected = False
    while True:
        if counts[0] + counts[1] >= _MAX_STEPS:
            return False
        stop = stops[-1] if between else stops[k]
        last = t + 1.0001 * h >= stop
        length = stop - t if last else h
        error = np.inf
        if implicit:
            if _rosenbrock_step(method, plan, sample, length, state, work, counts):
                error = _error(state, work, floor, allowed)
        else:
            _explicit_step(method, plan, sample, length, state, work, counts)
            error = _error(state, work, floor, allowed)
        factor = min(_GROW, max(_SHRINK, _SAFETY * error ** (-1.0 / method.power)))
        if error > 1.0 and fixed == 0.0:
            counts[1] += 1
            rejected = True
            h = length * min(factor, 0.9)
            if t + 0.01 * h == t:
                return False
            continue
        counts[0] += 1
        end = stop if last else t + length
        if between:
            k = _look_between(method, t, end, state, work, stops, k, states)
        model.copy(state, work.new)
        t = end
        if fixed == 0.0:
            grown = length * (min(factor, 1.0) if rejected else factor)
            # a step that was cut short to end on a stop does not shorten the next
            h = max(h, grown) if last and not rejected else grown
        rejected = False
        if last:
            states[k] = state
            k += 1
            if k == stops.size:
                return True
        if method.ends:
            model.copy(work.rate, work.stages[method.weights.size - 1])
        else:
            _start_rates(implicit, plan, sample, state, work, counts)
        allowed = _allowed(rtol, limited, plan, sample)


@numba.njit(error_model="numpy")
def _allowed(rtol, limited, plan, sample):
    """Return the relative tolerance of the next step."""
    return min(rtol, _TIGHT) if limited and flows.set_limits(plan, sample) else rtol


@numba.njit(error_model="numpy")
def _look_between(method, t, end, state, work, stops, k, states):
    """Write the states at the stops in a step but the last of all; return the number of the next stop."""
    model.fill(work.dense.ravel(), 0.0)
    for row in range(method.dense.shape[0]):
        _add(method.dense[row], method.weights.size, 1.0, work.stages, work.dense[row])
    while k < stops.size - 1 and stops[k] <= end:
        rosenbrock.dense_state((stops[k] - t) / (end - t), state, work.new, work.dense, states[k])
        k += 1
    return k


@numba.njit(error_model="numpy")
def _start_rates(implicit, plan, sample, state, work, counts):
    """Take the rates from which a step goes, and the slopes if it needs them."""
    if implicit:
        network.rates_and_slopes(plan, sample, state, work.rate, work.slopes)
        counts[3] += 1
    else:
        _rates(plan, sample, state, work.rate, counts)


@numba.njit(error_model="numpy")
def _rates(plan, sample, state, rate, counts):
    network.rates(plan, sample, state, rate)
    counts[2] += 1


@numba.njit(error_model="numpy")
def _first_step(method, plan, sample, state, work, floor, rtol, counts):
    """First step by the size of the state, of its rates and of their change."""
    size = _norm(state, state, floor, rtol)
    speed = _norm(work.rate, state, floor, rtol)
    trial = 0.01 * size / speed
    for i in range(state.size):
        work.new[i] = state[i] + trial * work.rate[i]
    _rates(plan, sample, work.new, work.right, counts)
    for i in range(state.size):
        work.error[i] = (work.right[i] - work.rate[i]) / trial
    bend = _norm(work.error, state, floor, rtol)
    return min(100.0 * trial, (0.01 / max(speed, bend)) ** (1.0 / (method.order + 1)))


@numba.njit(error_model="numpy")
def _norm(vector, state, floor, rtol):
    worst = 0.0
    for i in range(state.size):
        worst = max(worst, abs(vector[i]) / (rtol * (floor + abs(state[i]))))
    return worst


@numba.njit(error_model="numpy")
def _error(state, work, floor, rtol):
    """Error of the step over its tolerance; infinite if anything is not finite."""
    worst = 1e-10
    for i in range(state.size):
        new = work.new[i]
        error = abs(work.error[i]) / (rtol * (floor + max(abs(state[i]), abs(new))))
        if not error < np.inf or not abs(new) < np.inf:
            return np.inf
        worst = max(worst, error)
    return worst


@numba.njit(error_model="numpy")
def _rosenbrock_step(method, plan, sample, h, state, work, counts):
    """Take a step into ``work.new`` and its error estimate into ``work.error``; False if it is singular."""
    u = work.stages
    diagonal = 1.0 / (h * method.gamma)
    counts[4] += 1
    rosenbrock.set_matrix(plan, diagonal, work)
    if not linear.factorise(work.matrix, work.pivots):
        return False
    for s in range(method.weights.size):
        if _set_argument(method.A[s], s, 1.0, state, u, work.new):
            _rates(plan, sample, work.new, work.right, counts)
        else:
            model.copy(work.right, work.rate)
        _add(method.C[s], s, 1.0 / h, u, work.right)
        rosenbrock.solve_stage(plan, diagonal, work, u[s])
    _finish(method, 1.0, state, work)
    return True


@numba.njit(error_model="numpy")
def _explicit_step(method, plan, sample, h, state, work, counts):
    """Take a step into ``work.new`` and its error estimate into ``work.error``."""
    k = work.stages
    model.copy(k[0], work.rate)
    for s in range(1, method.weights.size):
        _set_argument(method.A[s], s, h, state, k, work.new)
        _rates(plan, sample, work.new, work.right, counts)
        model.copy(k[s], work.right)
    _finish(method, h, state, work)


@numba.njit(error_model="numpy")
def _finish(method, scale, state, work):
    """Sum up the new state and the error; that of DOP853 is made of two estimates."""
    stages = method.weights.size
    _set_argument(method.weights, stages, scale, state, work.stages, work.new)
    model.fill(work.error, 0.0)
    model.fill(work.right, 0.0)
    _add(method.error, stages, scale, work.stages, work.error)
    if _add(method.error3, stages, scale, work.stages, work.right):
        for i in range(state.size):
            size = math.hypot(work.error[i], 0.1 * work.right[i])
            work.error[i] *= abs(work.error[i]) / size if size > 0.0 else 0.0


@numba.njit(error_model="numpy")
def _set_argument(weights, count, scale, state, stages, out):
    """Write the state plus weighted stages; False if there are none."""
    model.copy(out, state)
    return _add(weights, count, scale, stages, out)


@numba.njit(error_model="numpy")
def _add(weights, count, scale, stages, out):
    """Add weighted stages; False if no weight is other than zero."""
    found = False
    for j in range(count):
        if weights[j] != 0.0:
            found = True
            weight = scale * weights[j]
            for i in range(out.size):
                out[i] += weight * stages[j, i]
    return found
