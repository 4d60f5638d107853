"""Whether a level may be met between the ends of a step, told without its dense output.

A pressure that is far from a level all through a step meets it at none of its states, and these need not be
looked at. How far it goes is told by the rates of the stages of an explicit step, with room, by the
interpolant of an implicit one, and by the ends of an integral over one unknown, which never turns back.
"""

import math

from .explicit import STAGES
from .jit import jit
from .model import INTEGRATED, PRESSURE, contents_per_volume
from .places import CURVE, IMPLICIT, METHOD
from .rosenbrock import dense_bend

# largest rate on the way over that of the stages
_ROOM = 2.0


@jit
def is_on_guard(plan, track):
    """Whether there is a control, or a threshold that was not crossed yet."""
    if plan.controls.size > 0:
        return True
    for i in range(track.crossing.size):
        if math.isnan(track.crossing[i]):
            return True
    return False


@jit
def may_meet(plan, sample, h, state, work, track):
    """Whether a control may switch, or a threshold be crossed, in an accepted step or an integral.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    h : float
        [s]
    state : float64[n]
        At the start of the step.
    work : rosenbrock.Work
        With the stages of the step and ``new``.
    track : track.Track

    Returns
    -------
    bool
        True too where that is not told: of all but pressures, and where temperatures move.
    """
    for i in range(plan.controls.size):
        row = plan.controls[i]
        sign, level = row["sign"], sample.inputs[row["on"]]
        if sample.controls[i]["on"] > 0:
            if row["once"] > 0:
                continue
            sign = -sign
            level = sample.inputs[row["off"]] if row["off"] >= 0 else level
        if row["quantity"] != PRESSURE or _may_pass(plan, sample, row["place"], sign, level, h, state, work):
            return True
    for i in range(track.crossing.size):
        row = plan.thresholds[i]
        if math.isnan(track.crossing[i]):
            level = sample.inputs[row["level"]]
            if row["quantity"] != PRESSURE or _may_pass(
                plan, sample, row["volume"], row["sign"], level, h, state, work
            ):
                return True
    return False


@jit
def _may_pass(plan, sample, v, sign, level, h, state, work):
    """Whether the pressure of volume v may be at or above a level in a step, or below it for a sign of -1."""
    volume = sample.volumes[v]
    if plan.volumes[v]["kind"] != INTEGRATED or volume["keeper"] < 0 or plan.cycles.size > 0:
        return True
    components = plan.components.shape[0]
    first = plan.volumes[v]["state"] * contents_per_volume(plan)
    start, end, swing = 0.0, 0.0, 0.0
    for c in range(components):
        i = first + c
        pressure = sample.component_gas[c] * volume["temperature"] / volume["size"]
        start += pressure * state[i]
        end += pressure * work.new[i]
        swing += pressure * _swing(i, h, work)
    furthest = max(sign * start, sign * end) + swing
    return not furthest < sign * level


@jit
def _swing(i, h, work):
    """How far content i may be beyond both its values at the ends of a step."""
    if work.method[METHOD] == CURVE:
        return 0.0
    if work.method[METHOD] == IMPLICIT:
        bend, twist = dense_bend(work, i)
        return 0.25 * (abs(bend) + abs(twist))
    fastest = 0.0
    for s in range(STAGES):
        fastest = max(fastest, abs(work.stages[s, i]))
    return _ROOM * h * fastest
