"""One sample from the start of its run to the end: adaptive steps, events, thresholds, dense output.

Steps end exactly on events; output and record times are read off the dense output and cost no step.
Error control: Hairer and Wanner, Solving ODE II, sec. IV.8.
"""

import math
from collections import namedtuple

import numpy as np

from . import status
from .events import apply_event, order_events
from .hatches import any_joined, set_groups
from .jit import jit
from .model import ATOL, DURATION, HATCH, INTEGRATED, MAX_STEPS, RTOL, copy, fill
from .network import (
    look,
    n_masses,
    rates,
    rates_and_slopes,
    settle_masses,
    shut_closed_cracks,
    tolerance_limit,
)
from .rosenbrock import ORDER, STAGES, dense_state, prepare_dense, step

_SAFETY = 0.9
_SHRINK = 0.2
_GROW = 8.0
# pieces of a step in which a threshold is looked for, so that a dip and return is seen
_PIECES = 8

Track = namedtuple("Track", "record crossing counts probe next_record next_output")
Track.__doc__ = """What is noted on the way of one sample; T thresholds, M record points.

record : float64[M]
    Pressures at the record's times [Pa].
crossing : float64[T]
    First time at which each threshold holds [s], NaN if never.
counts : int64[2]
    Steps accepted and rejected.
probe : float64[n]
    Working memory: a state between steps.
next_record, next_output : int64[1]
    The first times not yet reached.
"""


@jit
def new_track(plan, n):
    """Allocate the notes of one sample whose state has n unknowns; reused from sample to sample."""
    return Track(
        np.zeros(plan.records.size),
        np.zeros(plan.thresholds.size),
        np.zeros(2, np.int64),
        np.zeros(n),
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
    )


@jit
def integrate(plan, sample, state, work, track, pressures, flows):
    """Integrate a prepared sample over the run's duration.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Prepared by `network.prepare`.
    state : float64[n]
        Initial state in, final state out.
    work : rosenbrock.Work
    track : Track
        Output.
    pressures, flows : float64[N or 0, V], float64[N or 0, P]
        Output: series of pressures [Pa] and flows [kg/s]; of length 0 if none are wanted.

    Returns
    -------
    int
        A status of `status`.
    """
    duration = plan.settings[DURATION]
    _clear(track)
    _set_scales(plan, sample, work)
    order_events(plan, sample)
    events = sample.events.size
    event = 0
    t = 0.0
    has_hatches = False
    for p in range(plan.paths.size):
        has_hatches = has_hatches or plan.paths[p]["kind"] == HATCH
    while True:
        sample.clock[0] = t
        while event < events and sample.events[event]["time"] <= t:
            if not apply_event(plan, sample, state, sample.events[event]["row"]):
                return status.IMPOSSIBLE
            event += 1
        if has_hatches and not set_groups(plan, sample):
            return status.IMPOSSIBLE
        if has_hatches and any_joined(plan, sample):
            look(plan, sample, state)
            settle_masses(plan, sample, state)
        _note_thresholds_at(plan, sample, state, t, track)
        if t >= duration:
            break
        stop = duration
        if event < events and sample.events[event]["time"] < duration:
            stop = sample.events[event]["time"]
        result = _advance(plan, sample, state, t, stop, work, track, pressures, flows)
        if result != status.OK:
            return result
        t = stop
    _note_times(plan, sample, state, state, 0.0, duration, math.inf, work, track, pressures, flows)
    return status.OK


@jit
def _advance(plan, sample, state, t, stop, work, track, pressures, flows):
    """Integrate from t to the next event or the end; nothing jumps on the way."""
    sample.clock[0] = t
    rates_and_slopes(plan, sample, state, work.rate, work.slopes)
    shut_closed_cracks(plan, sample)
    limit = tolerance_limit(plan, sample)
    h = _first_step(plan, state, work, stop - t)
    rejected = False
    while t < stop:
        if track.counts[0] + track.counts[1] >= plan.settings[MAX_STEPS]:
            return status.STEP_LIMIT
        last = t + 1.0001 * h >= stop
        if last:
            h = stop - t
        error = math.inf
        if step(plan, sample, t, h, state, work):
            error = _error(plan, state, work, limit)
        factor = min(_GROW, max(_SHRINK, _SAFETY * error ** (-1.0 / ORDER)))
        if error <= 1.0:
            end = stop if last else t + h
            prepare_dense(work)
            _note_times(plan, sample, state, work.new, t, end, end, work, track, pressures, flows)
            _note_crossings(plan, sample, state, t, end, work, track)
            copy(state, work.new)
            t = end
            track.counts[0] += 1
            h *= min(factor, 1.0) if rejected else factor
            rejected = False
            if t < stop:
                sample.clock[0] = t
                rates_and_slopes(plan, sample, state, work.rate, work.slopes)
                shut_closed_cracks(plan, sample)
                limit = tolerance_limit(plan, sample)
        else:
            track.counts[1] += 1
            rejected = True
            h *= min(factor, 0.9)
            if t + 0.01 * h == t:
                return status.STEP_TOO_SMALL if error < math.inf else status.NOT_FINITE
    return status.OK


@jit
def _clear(track):
    fill(track.record, math.nan)
    fill(track.crossing, math.nan)
    track.counts[0] = 0
    track.counts[1] = 0
    track.next_record[0] = 0
    track.next_output[0] = 0


@jit
def _set_scales(plan, sample, work):
    """Absolute tolerances of the masses; a passed mass takes that of the smaller volume it joins."""
    components = plan.components.shape[0]
    masses = n_masses(plan)
    pressure = plan.settings[ATOL]
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            scale = (
                pressure
                * sample.volumes[v]["size"]
                / (sample.volumes[v]["gas_constant"] * sample.volumes[v]["temperature"])
            )
            start = plan.volumes[v]["state"] * components
            for c in range(start, start + components):
                work.scale[c] = scale
    for p in range(plan.paths.size):
        a = plan.paths[p]["source"]
        b = plan.paths[p]["sink"]
        v = a if sample.volumes[a]["size"] <= sample.volumes[b]["size"] else b
        work.scale[masses + p] = (
            pressure
            * sample.volumes[v]["size"]
            / (sample.volumes[v]["gas_constant"] * sample.volumes[v]["temperature"])
        )


@jit
def _first_step(plan, state, work, span):
    """A hundredth of the time in which the state would change by itself (Hairer and Wanner's h0)."""
    size = 0.0
    speed = 0.0
    for i in range(state.size):
        scale = work.scale[i] + plan.settings[RTOL] * abs(state[i])
        size = max(size, abs(state[i]) / scale)
        speed = max(speed, abs(work.rate[i]) / scale)
    if not speed > 0.0:
        return span
    return min(span, 0.01 * max(size, 1.0) / speed)


@jit
def _error(plan, state, work, limit):
    """Largest error of the step over its tolerance; infinite if not finite, above 1 if a mass is negative.

    The relative tolerance is at most ``limit``, of `network.tolerance_limit`.
    """
    worst = 0.0
    masses = work.slopes.shape[1]
    for i in range(state.size):
        new = work.new[i]
        size = max(abs(state[i]), abs(new))
        scale = work.scale[i] + plan.settings[RTOL] * size
        if limit < math.inf:
            scale = min(scale, limit * (1e4 * work.scale[i] + size))
        error = abs(work.stages[STAGES - 1, i]) / scale
        if not error < math.inf or not abs(new) < math.inf:
            return math.inf
        if i < masses and new < -work.scale[i]:
            error = max(error, 2.0)
        worst = max(worst, error)
    return max(worst, 1e-10)


@jit
def _note_times(plan, sample, start, end, t, t_end, limit, work, track, pressures, flows):
    """Note pressures and flows at the record and output times below ``limit`` within a step."""
    span = t_end - t
    masses = work.slopes.shape[1]
    while track.next_record[0] < track.record.size:
        i = track.next_record[0]
        if not plan.records[i]["time"] < limit:
            break
        _probe(plan, sample, start, end, (plan.records[i]["time"] - t) / span, work, track)
        track.record[i] = max(sample.volumes[plan.records[i]["volume"]]["pressure"], 0.0)
        track.next_record[0] += 1
    while track.next_output[0] < pressures.shape[0]:
        i = track.next_output[0]
        if not plan.output_time[i] < limit:
            break
        dense_state(min((plan.output_time[i] - t) / span, 1.0), start, end, work.dense, track.probe)
        sample.clock[0] = plan.output_time[i]
        rates(plan, sample, track.probe, work.right)
        for v in range(plan.volumes.size):
            pressures[i, v] = max(sample.volumes[v]["pressure"], 0.0)
        for p in range(plan.paths.size):
            flows[i, p] = work.right[masses + p]
        track.next_output[0] += 1


@jit
def _probe(plan, sample, start, end, theta, work, track):
    """Look at the state at the fraction theta of a step."""
    dense_state(min(theta, 1.0), start, end, work.dense, track.probe)
    look(plan, sample, track.probe)


@jit
def _excess(plan, sample, i):
    """How far threshold i is passed [Pa]; it holds where this is not negative."""
    level = sample.inputs[plan.thresholds[i]["level"]]
    return plan.thresholds[i]["sign"] * (sample.volumes[plan.thresholds[i]["volume"]]["pressure"] - level)


@jit
def _note_thresholds_at(plan, sample, state, t, track):
    """Note the thresholds that hold at time t, after its events."""
    if track.crossing.size > 0:
        look(plan, sample, state)
    for i in range(track.crossing.size):
        if math.isnan(track.crossing[i]) and _excess(plan, sample, i) >= 0.0:
            track.crossing[i] = t


@jit
def _note_crossings(plan, sample, state, t, t_end, work, track):
    """Find the thresholds first crossed within an accepted step, by bisection on the dense output."""
    for i in range(track.crossing.size):
        piece = 1
        while math.isnan(track.crossing[i]) and piece <= _PIECES:
            high = piece / _PIECES
            _probe(plan, sample, state, work.new, high, work, track)
            if _excess(plan, sample, i) >= 0.0:
                low = (piece - 1) / _PIECES
                while high - low > 1e-15:
                    middle = 0.5 * (low + high)
                    _probe(plan, sample, state, work.new, middle, work, track)
                    if _excess(plan, sample, i) >= 0.0:
                        high = middle
                    else:
                        low = middle
                track.crossing[i] = t + high * (t_end - t)
            piece += 1
