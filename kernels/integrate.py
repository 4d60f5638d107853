"""One sample from the start of its run to the end: adaptive steps, events, controls.

Steps end exactly on events, and where a control switches. Error control: Hairer and Wanner, Solving ODE II,
sec. IV.8, of implicit steps with the trend of the errors (eq. 8.25, Gustafsson): where pressures meet, each
step must be shorter than the one before.
"""

import math

from . import status
from .controls import find_switch, next_due, run_controls, start_controls
from .events import apply_event, order_events
from .feeds import is_exhausted
from .flows import follow_cracks, tolerance_limit
from .jit import jit
from .model import (
    ATOL,
    DURATION,
    HATCH,
    INTEGRATED,
    MAX_STEPS,
    RTOL,
    THERMAL,
    contents_per_volume,
    copy,
    n_contents,
)
from .network import regroup
from .quadrature import CURVE, follow_curve, has_curve, start_curve, start_span
from .steps import (
    continue_steps,
    finish_step,
    growth_order,
    note_rejection,
    respect_limit,
    start_steps,
    try_step,
)
from .track import clear_track, is_watched, note_crossings, note_thresholds_at, note_times
from .volumes import look, pressure_slope

_SAFETY = 0.9
_SHRINK = 0.2
_GROW = 8.0
# of the step before, as it is taken for the trend
_LEAST_ERROR = 1e-2
# least tolerance of what passes, over the gas at the path's ends: their rounding passes to and fro
_ROUNDING = 4e-15
# pressure over its tolerance below which the limit of `tolerance_limit` is relative to that
_FAR_ABOVE = 1e4
# steps in which a cycle of a wall's temperature is followed at least
_STEPS_A_CYCLE = 8


@jit
def integrate(plan, sample, state, work, track, values, flows):
    """Integrate a prepared sample over the run's duration.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Prepared by `network.prepare`.
    state : float64[n]
        Initial state in, final state out.
    work : rosenbrock.Work
    track : track.Track
        Output.
    values, flows : float64[N or 0, Q], float64[N or 0, P]
        Output: series of what ``Plan.series`` lists and of flows [kg/s]; of length 0 if none are wanted.

    Returns
    -------
    int
        A status of `status`.
    """
    duration = plan.settings[DURATION]
    clear_track(track)
    _set_scales(plan, sample, work)
    start_curve(work)
    order_events(plan, sample)
    if not start_controls(plan, sample):
        return status.IMPOSSIBLE
    event = 0
    t = 0.0
    regroups, moves = False, False
    for p in range(plan.paths.size):
        regroups = regroups or plan.paths[p]["kind"] == HATCH
        moves = moves or plan.paths[p]["moves"] > 0
    if regroups and not regroup(plan, sample, state):
        return status.IMPOSSIBLE
    while True:
        sample.clock[0] = t
        result, event = _do_what_is_due(plan, sample, state, t, event, regroups, work, track)
        if result != status.OK:
            return result
        note_thresholds_at(plan, sample, state, t, track)
        if t >= duration:
            break
        stop = min(duration, next_due(plan, sample))
        if event < sample.events.size:
            stop = min(stop, sample.events[event]["time"])
        result, t = _advance(plan, sample, state, t, stop, work, track, values, flows)
        if result != status.OK:
            return result
        if moves:  # before what happens now moves the pressures back
            sample.clock[0] = t
            look(plan, sample, state)
            if not follow_cracks(plan, sample):
                return status.IMPOSSIBLE
    note_times(plan, sample, state, state, 0.0, duration, math.inf, work, track, values, flows)
    return status.OK


@jit
def _do_what_is_due(plan, sample, state, t, event, regroups, work, track):
    """Do the events and the controls of time t; return a status and the next event."""
    while True:
        acted = False
        possible = True
        if event < sample.events.size and sample.events[event]["time"] <= t:
            possible = apply_event(plan, sample, state, sample.events[event]["row"])
            event += 1
            acted = True
        elif plan.controls.size > 0:
            if track.counts[0] + track.counts[1] >= plan.settings[MAX_STEPS]:
                return status.STEP_LIMIT, event
            acted, possible = run_controls(plan, sample, state, t, work.right)
            track.counts[1] += 1 if acted else 0
        if possible and acted and regroups:
            possible = regroup(plan, sample, state)
        if not possible:
            return status.IMPOSSIBLE, event
        if not acted:
            return status.OK, event


@jit
def _advance(plan, sample, state, t, stop, work, track, values, flows):
    """Integrate from t to the next event or the end, or until a control switches; return status and time."""
    if has_curve(plan, sample, state, work):
        result, t = _follow(plan, sample, state, t, stop, work, track, values, flows)
        if result != status.OK or t >= stop:
            return result, t
    h = start_steps(plan, sample, t, state, work, stop - t)
    if not follow_cracks(plan, sample):
        return status.IMPOSSIBLE, t
    limit = tolerance_limit(plan, sample)
    respect_limit(plan, sample, t, state, work, limit)
    longest = _longest_step(plan, sample)
    h = min(h, longest)
    rejected = False
    h_before, error_before = 0.0, 1.0
    while t < stop:
        if track.counts[0] + track.counts[1] >= plan.settings[MAX_STEPS]:
            return status.STEP_LIMIT, t
        last = t + 1.0001 * h >= stop
        if last:
            h = stop - t
        error = math.inf
        if try_step(plan, sample, t, h, state, work):
            error = _error(plan, sample, state, work, limit)
        order = growth_order(work)
        factor = min(_GROW, max(_SHRINK, _SAFETY * error ** (-1.0 / order)))
        if error <= 1.0:
            if work.method[0] > 0:
                if h_before > 0.0:
                    trend = _SAFETY * h / h_before * (error_before / (error * error)) ** (1.0 / order)
                    factor = min(factor, max(_SHRINK, trend))
                h_before, error_before = h, max(error, _LEAST_ERROR)
            else:
                h_before = 0.0
            end = stop if last else t + h
            watched = is_watched(plan, track, values, end)
            finish_step(plan, sample, t, h, state, work, watched)
            switch = find_switch(plan, sample, state, t, end, work, track)
            if switch <= 1.0:
                copy(work.rate, track.probe)  # the state there; the rates are no longer needed
                there = t + switch * (end - t)
                note_times(plan, sample, state, work.new, t, end, there, work, track, values, flows)
                note_crossings(plan, sample, state, t, end, switch, work, track)
                copy(state, work.rate)
                track.counts[0] += 1
                return status.OK, there
            note_times(plan, sample, state, work.new, t, end, end, work, track, values, flows)
            note_crossings(plan, sample, state, t, end, 1.0, work, track)
            copy(state, work.new)
            t = end
            track.counts[0] += 1
            if is_exhausted(plan, sample, state):
                return status.GAS_EXHAUSTED, t
            h = min(h * (min(factor, 1.0) if rejected else factor), longest)
            rejected = False
            if t < stop:
                continue_steps(plan, sample, t, h, limit, state, work, watched)
                if not follow_cracks(plan, sample):
                    return status.IMPOSSIBLE, t
                limit = tolerance_limit(plan, sample)
                respect_limit(plan, sample, t, state, work, limit)
        else:
            track.counts[1] += 1
            rejected = True
            note_rejection(plan, sample, t, state, work)
            h *= min(factor, 0.9)
            if t + 0.01 * h == t:
                return status.STEP_TOO_SMALL if error < math.inf else status.NOT_FINITE, t
    return status.OK, t


@jit
def _follow(plan, sample, state, t, stop, work, track, values, flows):
    """Go from t as far as the integrals over the one unknown lead; return status and time."""
    left = stop - t
    start_span(work)
    while t < stop:
        if track.counts[0] + track.counts[1] >= plan.settings[MAX_STEPS]:
            return status.STEP_LIMIT, t
        end, left = follow_curve(plan, sample, t, stop, left, state, work)
        if not end > t:
            break
        work.method[0] = CURVE
        note_times(plan, sample, state, work.new, t, end, end, work, track, values, flows)
        note_crossings(plan, sample, state, t, end, 1.0, work, track)
        work.method[0] = 0
        copy(state, work.new)
        t = end
        track.counts[0] += 1
        if is_exhausted(plan, sample, state):
            return status.GAS_EXHAUSTED, t
    return status.OK, t


@jit
def _longest_step(plan, sample):
    """Longest step that cannot miss a cycle of a wall's temperature [s]."""
    longest = math.inf
    for i in range(plan.cycles.size):
        if sample.inputs[plan.cycles[i]["amplitude"]] != 0.0:
            longest = min(longest, sample.inputs[plan.cycles[i]["period"]] / _STEPS_A_CYCLE)
    return longest


@jit
def _set_scales(plan, sample, work):
    """Absolute tolerances of the contents; what passes takes those of the smaller volume that it joins.

    What is a ledger of energy may pass zero: its tolerance is relative to the energy that there was.
    """
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            start = plan.volumes[v]["state"] * contents
            mass, energy = _scales(plan, sample, v)
            for c in range(components):
                work.scale[start + c] = mass
            if contents > components:
                if plan.volumes[v]["balanced"] > 0:  # its temperature rests on it
                    energy = mass * (sample.volumes[v]["specific_heat"] * sample.volumes[v]["temperature"])
                work.scale[start + components] = energy
    passed = n_contents(plan)
    links = plan.paths.size + plan.feeds.size
    for p in range(links):
        if p < plan.paths.size:
            a = plan.paths[p]["source"]
            b = plan.paths[p]["sink"]
            v = a if sample.volumes[a]["size"] <= sample.volumes[b]["size"] else b
        else:
            v = plan.feeds[p - plan.paths.size]["volume"]
        mass, energy = _scales(plan, sample, v)
        if p < plan.paths.size:
            mass = max(mass, _ROUNDING * max(_gas_held(plan, sample, a), _gas_held(plan, sample, b)))
        work.scale[passed + p] = mass
        if plan.settings[THERMAL] > 0.0:
            work.scale[passed + links + p] = energy


@jit
def _scales(plan, sample, v):
    """Absolute tolerance of the mass and of a ledger of energy of volume v [kg, J]."""
    volume = sample.volumes[v]
    atol = plan.settings[ATOL]
    heat = volume["specific_heat"] / volume["gas_constant"] * volume["size"]
    mass = atol * volume["size"] / (volume["gas_constant"] * volume["temperature"])
    return mass, (atol + plan.settings[RTOL] * volume["pressure"]) * heat


@jit
def _gas_held(plan, sample, v):
    """Gas in an integrated volume at the pressure last looked at [kg]; 0 of others."""
    if plan.volumes[v]["kind"] != INTEGRATED:
        return 0.0
    volume = sample.volumes[v]
    return volume["pressure"] * volume["size"] / (volume["gas_constant"] * volume["temperature"])


@jit
def _error(plan, sample, state, work, limit):
    """Largest error of the step over its tolerance; infinite if not finite, above 1 if a mass is negative.

    The relative tolerance of the pressures is at most ``limit``, of `flows.tolerance_limit`.
    """
    worst = _worst_pressure(plan, sample, work) / limit if limit < math.inf else 0.0
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    within = n_contents(plan)
    for i in range(state.size):
        new = work.new[i]
        size = max(abs(state[i]), abs(new))
        scale = work.scale[i] + plan.settings[RTOL] * size
        error = abs(work.error[i]) / scale
        if not error < math.inf or not abs(new) < math.inf:
            return math.inf
        if i < within and i % contents < components and new < -work.scale[i]:
            error = max(error, 2.0)
        worst = max(worst, error)
    return max(worst, 1e-10)


@jit
def _worst_pressure(plan, sample, work):
    """Largest error of a pressure by those of what is in the volume, relative to it and 1e4 tolerances of it.

    Errors of mass and energy that leave the pressure as it is throw nothing about.
    """
    worst = 0.0
    contents = contents_per_volume(plan)
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            first = plan.volumes[v]["state"] * contents
            error = 0.0
            for k in range(contents):
                error += pressure_slope(plan, sample, v, k) * work.error[first + k]
            size = abs(sample.volumes[v]["pressure"]) + _FAR_ABOVE * plan.settings[ATOL]
            worst = max(worst, abs(error) / size)
    return worst
