"""Steps of DOP853 of several samples side by side, each of its own length.

Those of `explicit.explicit_step`, and the rates at the end of the step.
"""

from .explicit import E3, E5, E6, STAGES, A, B, believed_error
from .jit import jit, jit_inline
from .places import EXPLICIT, HAS_END_RATES
from .rate_lanes import copy_row, flow_in_lane, rates_in_lanes
from .sample_lanes import ARGUMENT, ERROR, LANES, NEW, RATE, STATE, STEP_LENGTH, set_looked_at


@jit
def explicit_steps(plan, samples, lanes):
    """Take a step in every lane that waits for an explicit one.

    Parameters
    ----------
    plan : model.Plan
    samples : pack.Packs of model.Sample
    lanes : sample_lanes.Lanes
        With what `sample_lanes.put_step` put there. Output: what `take_explicit_step` takes.
    """
    n = lanes.content.shape[0]
    within = n - lanes.link.shape[0]
    for s in range(1, STAGES):
        for i in range(n if s == STAGES - 1 else within):  # of the last, `explicit.stiffness` wants all
            _set_argument_of(s, lanes.content[i], lanes.turn.size)
        rates_in_lanes(plan, samples, lanes, EXPLICIT, ARGUMENT)
        _keep_rates(s, lanes)
    for i in range(n):
        _set_end(lanes.content[i])
    rates_in_lanes(plan, samples, lanes, EXPLICIT, NEW)
    _keep_rates(STAGES, lanes)


@jit
def take_explicit_step(plan, sample, lanes, lane, work):
    """Take the step of a lane as `explicit.explicit_step` leaves it, with the rates at its end.

    Of its stages the last one; the others are left to `take_stages`.
    """
    for i in range(work.new.size):
        block = lanes.content[i]
        work.new[i] = block[NEW + lane]
        work.error[i] = block[ERROR + lane]
        work.last[i] = block[ARGUMENT + lane]
        work.stages[STAGES - 1, i] = block[(STAGES - 1) * LANES + lane]
        work.stages[STAGES, i] = block[STAGES * LANES + lane]
    set_looked_at(plan, sample, lanes, lane)  # the last stage
    for k in range(sample.flux.size):
        sample.flux[k] = flow_in_lane(lanes, k, lane)
    work.method[HAS_END_RATES] = 1  # `steps.finish_step` need not take them


@jit
def take_stages(lanes, lane, work):
    """Take the stages of a lane's step, for who doubts it or looks between its ends."""
    for i in range(work.new.size):
        block = lanes.content[i]
        for s in range(STAGES - 1):
            work.stages[s, i] = block[s * LANES + lane]


@jit
def _keep_rates(s, lanes):
    """Keep the rates of stage s."""
    for i in range(lanes.content.shape[0]):
        copy_row(lanes.content[i], RATE, lanes.content[i], s * LANES)


@jit
def _set_argument_of(s, block, count):
    """Write a content in the argument of stage s: a loop for each, that the weights are constants in it."""
    if s == 1:
        _set_argument(1, block, count)
    elif s == 2:
        _set_argument(2, block, count)
    elif s == 3:
        _set_argument(3, block, count)
    elif s == 4:
        _set_argument(4, block, count)
    elif s == 5:
        _set_argument(5, block, count)
    elif s == 6:
        _set_argument(6, block, count)
    elif s == 7:
        _set_argument(7, block, count)
    elif s == 8:
        _set_argument(8, block, count)
    elif s == 9:
        _set_argument(9, block, count)
    elif s == 10:
        _set_argument(10, block, count)
    else:
        _set_argument(11, block, LANES)


@jit_inline
def _set_argument(s, block, count):
    for lane in range(count):
        change = 0.0
        for j in range(s):
            if A[s, j] != 0.0:
                change += A[s, j] * block[j * LANES + lane]
        block[ARGUMENT + lane] = block[STATE + lane] + block[STEP_LENGTH + lane] * change


@jit
def _set_end(block):
    """Write the end of the step of a content and its error."""
    for lane in range(LANES):
        change, err6, err5, err3 = 0.0, 0.0, 0.0, 0.0
        for s in range(STAGES):
            k = block[s * LANES + lane]
            change += B[s] * k
            err6 += E6[s] * k
            err5 += E5[s] * k
            err3 += E3[s] * k
        h = block[STEP_LENGTH + lane]
        block[NEW + lane] = block[STATE + lane] + h * change
        first, last = block[lane], block[(STAGES - 1) * LANES + lane]
        block[ERROR + lane] = h * believed_error(first, last, change, err6, err5, err3)
