"""A block of samples, each drawn, integrated and summed up on its own.

The kernel holds no lock of the interpreter: the solver calls it from several threads, a block each.
A sample depends on the seed, its index and its point only, so any blocks on any threads give the same bits.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from . import status
from .draw import draw_point
from .integrate import integrate
from .jit import jit
from .model import NO_POINTS, Plan, Points, copy, fill, new_sample
from .network import prepare, regroup
from .outcomes import note_end, note_start
from .rosenbrock import new_work
from .track import new_track

Array = NDArray[np.float64]


def run_samples(
    plan: Plan,
    seed: np.uint64,
    first: np.uint64,
    inputs: Array,
    outcomes: Array,
    statuses: NDArray[np.int8],
    values: Array,
    flows: Array,
    points: Points = NO_POINTS,
) -> None:
    """Run the samples ``first`` to ``first + n - 1``.

    Parameters
    ----------
    plan : model.Plan
    seed, first : uint64
        Key of the random numbers; global index of the block's first sample.
    inputs : float64[n, I]
        Output: what was drawn.
    outcomes : float64[n, O]
        Output, in the layout of `outcomes.offsets`; NaN where a sample failed.
    statuses : int8[n]
        Output, of `status`.
    values, flows : float64[n, N or 0, Q], float64[n, N or 0, P]
        Output: series at the output times, of what ``Plan.series`` lists and of flows [kg/s], NaN where a
        sample failed; of no times if none are wanted.
    points : model.Points
        Where a design puts the samples, row 0 for sample ``first``; by default they are drawn at random.
    """
    spare = _SPARE.setdefault(plan, deque())
    try:
        memory = spare.pop()
    except IndexError:
        memory = _new_memory(plan)
    _run_samples(plan, seed, first, *memory, points, inputs, outcomes, statuses, values, flows)
    spare.append(memory)


#: Working memory that no thread uses, by plan: making it takes longer than running a small sample.
_SPARE: WeakKeyDictionary[Plan, deque[tuple[Any, ...]]] = WeakKeyDictionary()


def _new_memory(plan: Plan) -> tuple[Any, ...]:
    """Allocate what one thread needs to run samples of a plan."""
    work = new_work(plan)
    return new_sample(plan), work, new_track(plan), np.zeros(work.new.size), np.zeros(work.new.size)


@jit
def _run_samples(
    plan, seed, first, sample, work, track, start, state, points, inputs, outcomes, statuses, values, flows
):
    """Run samples in the working memory given."""
    fill(outcomes.ravel(), math.nan)
    fill(values.ravel(), math.nan)
    fill(flows.ravel(), math.nan)
    for i in range(statuses.size):
        result = draw_point(plan, seed, np.uint64(first) + np.uint64(i), points, i, sample)
        copy(inputs[i], sample.inputs)
        if result == status.OK:
            result = prepare(plan, sample, start)
        if result == status.OK:
            copy(state, start)
            regroup(plan, sample, state)
            note_start(plan, sample, state, work.right, outcomes[i])
            result = integrate(plan, sample, state, work, track, values[i], flows[i])
        if result == status.OK:
            note_end(plan, sample, start, state, work.right, track, outcomes[i])
        else:
            fill(outcomes[i], math.nan)
            fill(values[i].ravel(), math.nan)
            fill(flows[i].ravel(), math.nan)
        statuses[i] = result
