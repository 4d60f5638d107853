"""One sample from the start of its run to the end: adaptive steps, events, controls.

Steps end exactly on events, and where a control switches. Error control: Hairer and Wanner, Solving ODE II,
sec. IV.8, of implicit steps with the trend of the errors (eq. 8.25, Gustafsson): where pressures meet, each
step must be shorter than the one before.
"""

import math

from . import status
from .between import error_between
from .controls import find_switch, next_due, run_controls, start_controls
from .events import apply_event, order_events
from .feeds import is_exhausted
from .flows import follow_cracks, set_limits
from .jit import jit, jit_rare
from .model import (
    DURATION,
    HATCH,
    MAX_STEPS,
    copy,
)
from .network import regroup
from .places import (
    BEFORE,
    CURVE,
    ERROR_BEFORE,
    EVENT,
    EXPLICIT,
    IMPLICIT,
    LAST,
    LONGEST,
    MEETS,
    METHOD,
    MOVES,
    REGROUPS,
    REJECTED,
    SPAN,
    STEP,
    STOP,
    TIME,
)
from .quadrature import follow_curve, has_curve, start_curve, start_span
from .reach import is_on_guard, may_meet
from .steps import (
    continue_steps,
    finish_step,
    growth_order,
    note_rejection,
    respect_limits,
    start_steps,
    try_step,
)
from .tolerances import set_scales, step_error
from .track import clear_track, has_times, note_crossings, note_thresholds_at, note_times
from .volumes import look

#: What stands for a status while steps are to be taken.
STEPPING = -1

_SAFETY = 0.9
_SHRINK = 0.2
_GROW = 8.0
# of the step before, as it is taken for the trend
_LEAST_ERROR = 1e-2
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
    result = start_run(plan, sample, state, work, track, values, flows, True)
    while result == STEPPING:
        possible = try_step(plan, sample, work.pace[TIME], work.pace[STEP], state, work)
        result = end_step(plan, sample, state, possible, work, track, values, flows, True)
    return result


@jit_rare
def start_run(plan, sample, state, work, track, values, flows, curves):
    """Begin to `integrate`, and go on to the first step that is to be taken.

    Parameters
    ----------
    plan, sample, state, work, track, values, flows
        Of `integrate`.
    curves : bool or None
        None where no span is an integral over one unknown: a kernel for such runs is compiled without these.

    Returns
    -------
    int
        A status of `status`, or `STEPPING`: a step of ``work.pace[STEP]`` from ``work.pace[TIME]``, by
        ``work.method``, is to be tried before `end_step`.
    """
    clear_track(track)
    set_scales(plan, sample, work)
    start_curve(work)
    order_events(plan, sample)
    if not start_controls(plan, sample):
        return status.IMPOSSIBLE
    work.pace[TIME] = 0.0
    work.marks[EVENT] = 0
    work.marks[REGROUPS] = 0
    work.marks[MOVES] = 0
    for p in range(plan.paths.size):
        if plan.paths[p]["kind"] == HATCH:
            work.marks[REGROUPS] = 1
        if plan.paths[p]["moves"] > 0:
            work.marks[MOVES] = 1
    if work.marks[REGROUPS] > 0 and not regroup(plan, sample, state):
        return status.IMPOSSIBLE
    return _go_on(plan, sample, state, work, track, values, flows, curves)


@jit
def end_step(plan, sample, state, possible, work, track, values, flows, curves):
    """Accept or reject the step that was tried, and go on to the next one.

    Parameters
    ----------
    possible : bool
        Whether the step could be taken; ``work`` is as `steps.try_step` left it. The other parameters, and
        what is returned, are those of `start_run`.
    """
    pace = work.pace
    t, h = pace[TIME], pace[STEP]
    error = step_error(plan, sample, state, work) if possible else math.inf
    if error <= 1.0 and work.method[METHOD] == IMPLICIT:
        is_first = not pace[BEFORE] > 0.0
        error = max(error, error_between(plan, sample, t, h, is_first, state, work))
    order = growth_order(work)
    factor = min(_GROW, max(_SHRINK, _SAFETY * error ** (-1.0 / order)))
    if not error <= 1.0:
        track.counts[1] += 1
        work.marks[REJECTED] = 1
        note_rejection(plan, sample, t, state, work)
        pace[STEP] = h * min(factor, 0.9)
        if t + 0.5 * pace[STEP] == t:
            return status.STEP_TOO_SMALL if error < math.inf else status.NOT_FINITE
        return _ask_for_step(plan, work, track)
    if work.method[METHOD] == IMPLICIT:
        if pace[BEFORE] > 0.0:
            trend = _SAFETY * h / pace[BEFORE] * (pace[ERROR_BEFORE] / (error * error)) ** (1.0 / order)
            factor = min(factor, max(_SHRINK, trend))
        pace[BEFORE] = h
        pace[ERROR_BEFORE] = max(error, _LEAST_ERROR)
    else:
        pace[BEFORE] = 0.0
    end = end_of_step(work)
    guarded = is_on_guard(plan, track) and may_meet(plan, sample, h, state, work, track)
    watched = guarded or has_times(plan, track, values, end)
    finish_step(plan, sample, t, h, state, work, watched)
    switch = find_switch(plan, sample, state, t, end, work, track) if guarded else math.inf
    track.counts[0] += 1
    if switch <= 1.0:
        copy(work.rate, track.probe)  # the state there; the rates are no longer needed
        there = t + switch * (end - t)
        note_times(plan, sample, state, work.new, t, end, there, work, track, values, flows)
        note_crossings(plan, sample, state, t, end, switch, work, track)
        copy(state, work.rate)
        pace[TIME] = there
        return _leave_span(plan, sample, state, work, track, values, flows, curves)
    note_times(plan, sample, state, work.new, t, end, end, work, track, values, flows)
    if guarded:
        note_crossings(plan, sample, state, t, end, 1.0, work, track)
    copy(state, work.new)
    pace[TIME] = end
    if is_exhausted(plan, sample, state):
        return status.GAS_EXHAUSTED
    if not end < pace[STOP]:
        return _leave_span(plan, sample, state, work, track, values, flows, curves)
    pace[STEP] = min(h * (min(factor, 1.0) if work.marks[REJECTED] > 0 else factor), pace[LONGEST])
    work.marks[REJECTED] = 0
    work.marks[SPAN] += work.marks[MOVES]
    continue_steps(plan, sample, end, pace[STEP], state, work, watched)
    if not follow_cracks(plan, sample):
        return status.IMPOSSIBLE
    work.marks[MEETS] = set_limits(plan, sample)
    respect_limits(plan, sample, end, state, work)
    return _ask_for_step(plan, work, track)


@jit
def end_of_step(work):
    """Time at which the step that is tried ends [s]."""
    return work.pace[STOP] if work.marks[LAST] > 0 else work.pace[TIME] + work.pace[STEP]


@jit
def _go_on(plan, sample, state, work, track, values, flows, curves):
    """From the end of a span go on to the first step of another, as `start_run` does."""
    duration = plan.settings[DURATION]
    while True:
        t = work.pace[TIME]
        sample.clock[0] = t
        result = _do_what_is_due(plan, sample, state, t, work, track)
        if result != status.OK:
            return result
        note_thresholds_at(plan, sample, state, t, track)
        if t >= duration:
            note_times(plan, sample, state, state, 0.0, duration, math.inf, work, track, values, flows)
            return status.OK
        stop = min(duration, next_due(plan, sample))
        event = work.marks[EVENT]
        if event < sample.events.size:
            stop = min(stop, sample.events[event]["time"])
        work.pace[STOP] = stop
        if curves is not None:
            result = _follow(plan, sample, state, t, stop, work, track, values, flows)
            if result != status.OK:
                return result
        if work.pace[TIME] < stop:
            return _start_steps(plan, sample, state, work, track)
        if not _note_closures(plan, sample, state, work):
            return status.IMPOSSIBLE


@jit
def _leave_span(plan, sample, state, work, track, values, flows, curves):
    """End a span in steps, and go on to the next step."""
    if not _note_closures(plan, sample, state, work):
        return status.IMPOSSIBLE
    return _go_on(plan, sample, state, work, track, values, flows, curves)


@jit
def _note_closures(plan, sample, state, work):
    """Note the cracks that have closed in a span, before what happens now moves the pressures back."""
    if work.marks[MOVES] == 0:
        return True
    sample.clock[0] = work.pace[TIME]
    look(plan, sample, state)
    return follow_cracks(plan, sample)


@jit
def _do_what_is_due(plan, sample, state, t, work, track):
    """Do the events and the controls of time t; return a status."""
    regroups = work.marks[REGROUPS] > 0
    while True:
        acted = False
        possible = True
        event = work.marks[EVENT]
        if event < sample.events.size and sample.events[event]["time"] <= t:
            possible = apply_event(plan, sample, state, sample.events[event]["row"])
            work.marks[EVENT] = event + 1
            acted = True
        elif plan.controls.size > 0:
            if track.counts[0] + track.counts[1] >= plan.settings[MAX_STEPS]:
                return status.STEP_LIMIT
            acted, possible = run_controls(plan, sample, state, t, work.right)
            track.counts[1] += 1 if acted else 0
        if possible and acted and regroups:
            possible = regroup(plan, sample, state)
        if not possible:
            return status.IMPOSSIBLE
        if not acted:
            return status.OK


@jit_rare
def _start_steps(plan, sample, state, work, track):
    """Begin a span, or what is left of it, in steps."""
    pace = work.pace
    t = pace[TIME]
    h = start_steps(plan, sample, t, state, work, pace[STOP] - t)
    if not follow_cracks(plan, sample):
        return status.IMPOSSIBLE
    work.marks[MEETS] = set_limits(plan, sample)
    respect_limits(plan, sample, t, state, work)
    pace[LONGEST] = _longest_step(plan, sample)
    pace[STEP] = min(h, pace[LONGEST])
    pace[BEFORE] = 0.0
    pace[ERROR_BEFORE] = 1.0
    work.marks[REJECTED] = 0
    work.marks[SPAN] += 1
    return _ask_for_step(plan, work, track)


@jit
def _ask_for_step(plan, work, track):
    """Let the next step end with the span if it nearly does, and return `STEPPING` if it may be taken."""
    if track.counts[0] + track.counts[1] >= plan.settings[MAX_STEPS]:
        return status.STEP_LIMIT
    pace = work.pace
    last = pace[TIME] + 1.0001 * pace[STEP] >= pace[STOP]
    work.marks[LAST] = 1 if last else 0
    if last:
        pace[STEP] = pace[STOP] - pace[TIME]
    return STEPPING


@jit
def _follow(plan, sample, state, t, stop, work, track, values, flows):
    """Go from t as far as the integrals over the one unknown lead, to ``pace[TIME]``; return a status."""
    if not has_curve(plan, sample, state, work):
        return status.OK
    left = stop - t
    start_span(work)
    while t < stop:
        if track.counts[0] + track.counts[1] >= plan.settings[MAX_STEPS]:
            return status.STEP_LIMIT
        end, left = follow_curve(plan, sample, t, stop, left, state, work)
        if not end > t:
            break
        work.method[METHOD] = CURVE
        note_times(plan, sample, state, work.new, t, end, end, work, track, values, flows)
        if is_on_guard(plan, track) and may_meet(plan, sample, end - t, state, work, track):
            note_crossings(plan, sample, state, t, end, 1.0, work, track)
        work.method[METHOD] = EXPLICIT
        copy(state, work.new)
        t = end
        work.pace[TIME] = t
        track.counts[0] += 1
        if is_exhausted(plan, sample, state):
            return status.GAS_EXHAUSTED
    return status.OK


@jit
def _longest_step(plan, sample):
    """Longest step that cannot miss a cycle of a wall's temperature [s]."""
    longest = math.inf
    for i in range(plan.cycles.size):
        if sample.inputs[plan.cycles[i]["amplitude"]] != 0.0:
            longest = min(longest, sample.inputs[plan.cycles[i]["period"]] / _STEPS_A_CYCLE)
    return longest
