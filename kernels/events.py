"""Events: what a schedule does to a sample at a time, and the order in which it does it."""

import math

from .jit import jit
from .model import INTEGRATED, LOAD_CYCLES, PATCH, REPRESSURISE, SET_OPENING, START, VENT
from .network import look, patch_factor
from .opening import grow_by_cycles


@jit
def order_events(plan, sample):
    """Write the sample's event times and their order; events of one time keep the order of the case.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Output: ``event_order``, ``event_time``.
    """
    for e in range(plan.events.size):
        at = sample.inputs[plan.events[e]["at"]]
        place = e
        while place > 0 and sample.events[place - 1]["time"] > at:
            sample.events[place]["time"] = sample.events[place - 1]["time"]
            sample.events[place]["row"] = sample.events[place - 1]["row"]
            place -= 1
        sample.events[place]["time"] = at
        sample.events[place]["row"] = e


@jit
def apply_event(plan, sample, state, e):
    """Apply event e to a sample and its state.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state : float64[n]

    Returns
    -------
    bool
        False if its value is impossible (an opening outside 0 to 1, a negative pressure or factor).
    """
    action = plan.events[e]["action"]
    target = plan.events[e]["target"]
    value = sample.inputs[plan.events[e]["value"]] if plan.events[e]["value"] >= 0 else 0.0
    if not value >= 0.0:
        return False
    if action == SET_OPENING:
        sample.paths[target]["opening"] = value
        return value <= 1.0
    second = sample.inputs[plan.events[e]["second"]] if plan.events[e]["second"] >= 0 else math.inf
    if action == PATCH:
        path = sample.paths[target]
        path["factor"] = patch_factor(sample, target)
        path["patched"] = 1.0 - value
        path["patch_time"] = sample.clock[0]
        path["ageing"] = second
        return second > 0.0
    if action == LOAD_CYCLES:
        return _load(plan, sample, target, value, second)
    if action == START:
        sample.paths[target]["active"] = 1.0
        sample.paths[target]["started"] = sample.clock[0]
    elif action == REPRESSURISE:
        _repressurise(plan, sample, state, target, value, plan.events[e]["component"])
    elif action == VENT:
        _vent(plan, sample, state, target, value)
    return True


@jit
def _repressurise(plan, sample, state, v, pressure, component):
    """Add gas of one component until the pressure is reached; a volume already above it is left alone."""
    look(plan, sample, state)
    missing = pressure - sample.volumes[v]["pressure"]
    if plan.volumes[v]["kind"] == INTEGRATED and missing > 0.0:
        mass = (
            missing
            * sample.volumes[v]["size"]
            / (sample.component_gas[component] * sample.volumes[v]["temperature"])
        )
        state[plan.volumes[v]["state"] * plan.components.shape[0] + component] += mass
        sample.volumes[v]["added"] += mass


@jit
def _vent(plan, sample, state, v, pressure):
    """Let gas out in its own composition until the pressure is reached."""
    look(plan, sample, state)
    if plan.volumes[v]["kind"] == INTEGRATED and sample.volumes[v]["pressure"] > pressure:
        keep = pressure / sample.volumes[v]["pressure"]
        components = plan.components.shape[0]
        start = plan.volumes[v]["state"] * components
        for c in range(start, start + components):
            sample.volumes[v]["vented"] += state[c] * (1.0 - keep)
            state[c] *= keep


@jit
def _load(plan, sample, p, cycles, stress_range):
    """Let the cracks on path p grow by load cycles; False if one runs away."""
    slots = plan.paths[p]["paris"]
    coefficient, exponent = sample.inputs[slots[0]], sample.inputs[slots[1]]
    first = sample.paths[p]["crack_start"]
    possible = coefficient >= 0.0 and stress_range >= 0.0
    for i in range(first, first + sample.paths[p]["crack_count"]):
        crack = sample.moving[i]
        grown = crack["growth"] * (sample.clock[0] - sample.paths[p]["started"])
        before = crack["length"] + grown
        after = grow_by_cycles(before, cycles, stress_range, coefficient, exponent)
        possible = possible and after < math.inf
        crack["length"] = after - grown
    return possible
