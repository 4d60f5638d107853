"""Controls by state: what happens when a watched quantity crosses a level, located on the dense output.

A control switches on as its quantity reaches one level and off as it comes back to another, so that it
cannot chatter; what it does may be delayed.
"""

import math

from .events import act
from .jit import jit, jit_rare
from .model import FLOW, PRESSURE_FALL, REPRESSURISE, SET_FEED, SET_OPENING
from .network import rates
from .track import PIECES, probe
from .volumes import is_resting, look, observe


@jit_rare
def start_controls(plan, sample):
    """Set the controls to the start of a run; False if a level to switch off at is on the wrong side."""
    possible = True
    for i in range(plan.controls.size):
        row = plan.controls[i]
        sample.controls[i]["on"] = 0
        sample.controls[i]["due"] = math.inf
        sample.controls[i]["count"] = 0.0
        sample.controls[i]["first"] = math.nan
        if row["off"] >= 0:
            band = sample.inputs[row["on"]] - sample.inputs[row["off"]]
            possible = possible and row["sign"] * band > 0.0
        if row["action"] == REPRESSURISE and row["sign"] < 0.0:
            possible = possible and sample.inputs[row["value"]] > sample.inputs[row["on"]]
        if row["delay"] >= 0:
            possible = possible and sample.inputs[row["delay"]] >= 0.0
    return possible


@jit_rare
def run_controls(plan, sample, state, t, scratch):
    """Switch the controls whose condition has changed, and do what is due at time t.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state : float64[n]
        May be changed by what is done.
    t : float
        [s]
    scratch : float64[n]
        Memory that may be overwritten.

    Returns
    -------
    acted : bool
        Whether anything was done, so that the groups of volumes and all conditions may have changed.
    possible : bool
    """
    acted = False
    possible = True
    _observe_all(plan, sample, state, scratch)
    for i in range(plan.controls.size):
        row = plan.controls[i]
        control = sample.controls[i]
        if _has_flipped(plan, sample, scratch, i):
            if control["on"] == 0:
                control["on"] = 1
                delay = sample.inputs[row["delay"]] if row["delay"] >= 0 else 0.0
                control["due"] = min(control["due"], t + delay)  # what is under way already comes first
            else:
                control["on"] = 0
                if row["releases"] > 0:
                    control["due"] = math.inf
                    _release(sample, row)
                    acted = True
        if control["due"] <= t:
            control["due"] = math.inf
            control["count"] += 1.0
            if math.isnan(control["first"]):
                control["first"] = t
            value = sample.inputs[row["value"]] if row["value"] >= 0 else 0.0
            temperature = sample.inputs[row["temperature"]] if row["temperature"] >= 0 else -1.0
            if row["action"] == SET_FEED:
                sample.feeds[row["target"]]["runs"] = 1.0
            else:
                done = act(plan, sample, state, row["action"], row["target"], value, temperature, row["gas"])
                possible = possible and done
            acted = True
        if acted:
            break
    return acted, possible


@jit
def next_due(plan, sample):
    """Time at which the next delayed action is due [s]; infinite if none is."""
    due = math.inf
    for i in range(plan.controls.size):
        due = min(due, sample.controls[i]["due"])
    return due


@jit
def find_switch(plan, sample, state, t, t_end, work, track):
    """Find where in an accepted step the first control switches, by bisection on the dense output.

    Returns
    -------
    float
        Fraction of the step; above 1 if none switches. ``track.probe`` is the state there.
    """
    if plan.controls.size == 0:
        return 2.0
    for piece in range(1, PIECES + 1):
        high = piece / PIECES
        if _any_flipped(plan, sample, state, t, t_end, high, work, track):
            low = (piece - 1) / PIECES
            while high - low > 1e-15:
                middle = 0.5 * (low + high)
                if _any_flipped(plan, sample, state, t, t_end, middle, work, track):
                    high = middle
                else:
                    low = middle
            probe(plan, sample, state, work.new, t, t_end, high, work, track)
            return high
    return 2.0


@jit
def _any_flipped(plan, sample, state, t, t_end, theta, work, track):
    """Whether any control would switch at the fraction theta of a step."""
    probe(plan, sample, state, work.new, t, t_end, theta, work, track)
    _observe_all(plan, sample, track.probe, work.right)
    for i in range(plan.controls.size):
        if _has_flipped(plan, sample, work.right, i):
            return True
    return False


@jit
def _observe_all(plan, sample, state, rate):
    """Look at a state, and take its rates if a control watches one."""
    for i in range(plan.controls.size):
        if plan.controls[i]["quantity"] in (FLOW, PRESSURE_FALL):
            rates(plan, sample, state, rate)
            return
    look(plan, sample, state)


@jit
def _has_flipped(plan, sample, rate, i):
    """Whether control i is on and should be off, or the other way round."""
    row = plan.controls[i]
    control = sample.controls[i]
    if control["on"] == 1 and row["once"] > 0:
        return False
    if is_resting(plan, sample, i):
        return False
    closes = row["action"] == SET_OPENING and row["once"] > 0
    if closes and control["on"] == 0 and sample.paths[row["target"]]["opening"] == 0.0:
        return False  # nothing to shut
    value = observe(plan, sample, rate, row["quantity"], row["place"], row["species"])
    if control["on"] == 0:
        return row["sign"] * (value - sample.inputs[row["on"]]) >= 0.0
    if row["off"] >= 0:
        return row["sign"] * (value - sample.inputs[row["off"]]) <= 0.0
    return row["sign"] * (value - sample.inputs[row["on"]]) < 0.0


@jit_rare
def _release(sample, row):
    """Undo what a control set."""
    if row["action"] == SET_OPENING:
        sample.paths[row["target"]]["opening"] = 0.0
    elif row["action"] == SET_FEED:
        sample.feeds[row["target"]]["runs"] = 0.0
