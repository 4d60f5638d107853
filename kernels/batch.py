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
from .explicit_lanes import explicit_steps, take_explicit_step, take_stages
from .flows import regimes
from .implicit_lanes import implicit_steps, put_system, take_implicit_step
from .integrate import STEPPING, end_of_step, end_step, integrate, start_run
from .jit import jit, jit_rare
from .model import NO_POINTS, Plan, Points, copy, fill, new_sample, sizes
from .network import prepare, regroup
from .outcomes import note_end, note_start
from .pack import Packs
from .places import EXPLICIT, IMPLICIT, METHOD, SPAN, STEP, TIME
from .reach import is_on_guard
from .rosenbrock import new_work
from .sample_lanes import IDLE, LANES, goes_in_lanes, new_lanes, put_step, set_conditions
from .steps import doubt_bends, goes_in_lane, regimes_at, try_step
from .track import has_times, new_track

Array = NDArray[np.float64]

# of a lane that has no sample, and the span of a sample that has begun none
_NONE, _NEW = -1, -1


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
    kernel = kernel_of(plan)
    kernel(plan, seed, first, *memory, points, inputs, outcomes, statuses, values, flows)
    spare.append(memory)


def kernel_of(plan: Plan) -> Any:
    """Return the compiled function that runs samples of a plan: one after the other, or side by side."""
    return _run_in_lanes if goes_in_lanes(plan) else _run_samples


#: Working memory that no thread uses, by plan: making it takes longer than running a small sample.
_SPARE: WeakKeyDictionary[Plan, deque[tuple[Any, ...]]] = WeakKeyDictionary()


def _new_memory(plan: Plan) -> tuple[Any, ...]:
    """Allocate what one thread needs to run samples of a plan."""
    if goes_in_lanes(plan):
        packs = (Packs([new(plan) for _ in range(LANES)]) for new in (new_sample, new_work, new_track))
        n = sizes(plan)[1]
        return *packs, np.zeros((LANES, n)), np.zeros((LANES, n)), new_lanes(plan)
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
        result = begin_sample(plan, seed, first, i, points, sample, work, start, state, inputs, outcomes)
        if result == status.OK:
            result = integrate(plan, sample, state, work, track, values[i], flows[i])
        finish_sample(plan, sample, start, state, work, track, i, result, outcomes, values, flows)
        statuses[i] = result


@jit_rare
def begin_sample(plan, seed, first, i, points, sample, work, start, state, inputs, outcomes):
    """Draw sample i of a block and note its inputs and its start; return a status."""
    result = draw_point(plan, seed, np.uint64(first) + np.uint64(i), points, i, sample)
    copy(inputs[i], sample.inputs)
    if result == status.OK:
        result = prepare(plan, sample, start)
    if result == status.OK:
        copy(state, start)
        regroup(plan, sample, state)
        note_start(plan, sample, state, work.right, outcomes[i])
    return result


@jit_rare
def finish_sample(plan, sample, start, state, work, track, i, result, outcomes, values, flows):
    """Note the end of sample i of a block, or that it failed."""
    if result == status.OK:
        note_end(plan, sample, start, state, work.right, track, outcomes[i])
    else:
        fill(outcomes[i], math.nan)
        fill(values[i].ravel(), math.nan)
        fill(flows[i].ravel(), math.nan)


@jit
def _run_in_lanes(
    plan,
    seed,
    first,
    samples,
    works,
    tracks,
    starts,
    states,
    lanes,
    points,
    inputs,
    outcomes,
    statuses,
    values,
    flows,
):
    """Run samples side by side in the working memory given, that of each lane.

    A lane takes a sample, which goes on by itself wherever it need not, or cannot, take a step beside others:
    through events, controls, open hatches and what is noted on the way. Its steps are taken with those of the
    same kind that other lanes wait for; a lane whose sample has ended takes the next one.
    """
    fill(outcomes.ravel(), math.nan)
    fill(values.ravel(), math.nan)
    fill(flows.ravel(), math.nan)
    for lane in range(LANES):
        lanes.place[lane] = _NONE
        lanes.turn[lane] = IDLE
    taken = 0
    turn = EXPLICIT
    while turn != IDLE:
        for lane in range(LANES):
            if lanes.place[lane] == _NONE or lanes.turn[lane] == turn:
                taken = _serve(
                    plan, seed, first, samples[lane], works[lane], tracks[lane], starts[lane], states[lane],
                    lanes, lane, taken, points, inputs, outcomes, statuses, values, flows,
                )  # fmt: skip
        turn = _next_turn(lanes)
        if turn == EXPLICIT:
            explicit_steps(plan, samples, lanes)
        elif turn == IMPLICIT:
            implicit_steps(plan, samples, lanes)


@jit
def _serve(
    plan, seed, first, sample, work, track, start, state,
    lanes, lane, taken, points, inputs, outcomes, statuses, values, flows,
):  # fmt: skip
    """Let the sample of a lane go on to the next step that it waits for, or the next sample of the block.

    Returns
    -------
    int
        How many samples are taken.
    """
    i = lanes.place[lane]
    possible = True
    if i >= 0:
        _take(plan, sample, lanes, lane, work, track, values[i])
    while i >= 0 or taken < statuses.size:
        if i >= 0:
            result = end_step(plan, sample, state, possible, work, track, values[i], flows[i], None)
        else:
            i = taken
            taken += 1
            lanes.span[lane] = _NEW
            result = begin_sample(plan, seed, first, i, points, sample, work, start, state, inputs, outcomes)
            if result == status.OK:
                result = start_run(plan, sample, state, work, track, values[i], flows[i], None)
        if result != STEPPING:
            finish_sample(plan, sample, start, state, work, track, i, result, outcomes, values, flows)
            statuses[i] = result
            i = _NONE
        elif not goes_in_lane(plan, sample):
            possible = try_step(plan, sample, work.pace[TIME], work.pace[STEP], state, work)
        else:
            possible = _put(plan, sample, lanes, lane, state, work)
            if possible:
                break
    lanes.place[lane] = i
    if i == _NONE:
        lanes.turn[lane] = IDLE
    return taken


@jit
def _next_turn(lanes):
    """Which steps the most lanes wait for; the others wait on."""
    explicit, implicit = 0, 0
    for lane in range(LANES):
        explicit += 1 if lanes.turn[lane] == EXPLICIT else 0
        implicit += 1 if lanes.turn[lane] == IMPLICIT else 0
    if explicit + implicit == 0:
        return IDLE
    return EXPLICIT if explicit >= implicit else IMPLICIT


@jit
def _put(plan, sample, lanes, lane, state, work):
    """Give a lane the step that its sample is to take; False if it cannot be taken."""
    lanes.regime[lane, 0], lanes.regime[lane, 1] = regimes_at(plan, sample, work.pace[TIME], state)
    if lanes.span[lane] != work.marks[SPAN]:
        set_conditions(plan, sample, lanes, lane)
        lanes.span[lane] = work.marks[SPAN]
    put_step(lanes, lane, work.pace[STEP], state, work.rate)
    if work.method[METHOD] == IMPLICIT:
        lanes.turn[lane] = IMPLICIT
        return put_system(plan, lanes, lane, work.pace[STEP], work)
    lanes.turn[lane] = EXPLICIT
    return True


@jit
def _take(plan, sample, lanes, lane, work, track, values):
    """Take the step that a lane's sample has tried."""
    if work.method[METHOD] == IMPLICIT:
        take_implicit_step(plan, sample, lanes, lane, work)
        return
    take_explicit_step(plan, sample, lanes, lane, work)
    before = (lanes.regime[lane, 0], lanes.regime[lane, 1])
    after = regimes(plan, sample)
    bent = before[0] != after[0] or before[1] != after[1]
    if bent or is_on_guard(plan, track) or has_times(plan, track, values, end_of_step(work)):
        take_stages(lanes, lane, work)
    if bent:
        doubt_bends(work.pace[STEP], before, after, work)
