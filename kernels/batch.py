"""A block of samples, each drawn, integrated and summed up on its own.

The kernel holds no lock of the interpreter: the solver calls it from several threads, a block each.
A sample depends on the seed and its index only, so any blocks on any threads give the same bits.
"""

import math

import numpy as np

from . import status
from .draw import draw_sample
from .integrate import integrate
from .jit import jit
from .model import copy, fill, n_contents, n_passed, new_sample
from .network import prepare, regroup
from .outcomes import note_end, note_start
from .rosenbrock import new_work
from .track import new_track


@jit
def run_samples(plan, seed, first, inputs, outcomes, statuses, values, flows):
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
    """
    sample = new_sample(plan)
    size = n_contents(plan) + n_passed(plan)
    work = new_work(plan)
    track = new_track(plan, size)
    start = np.zeros(size)
    state = np.zeros(size)
    fill(outcomes.ravel(), math.nan)
    fill(values.ravel(), math.nan)
    fill(flows.ravel(), math.nan)
    for i in range(statuses.size):
        result = draw_sample(plan, seed, np.uint64(first) + np.uint64(i), sample)
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
