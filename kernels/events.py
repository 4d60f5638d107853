"""Events: what a schedule or a control does to a sample, and the order of a schedule."""

import math

import numpy as np

from .flows import patch_factor
from .jit import jit_rare
from .model import (
    INTEGRATED,
    LOAD_CYCLES,
    PATCH,
    REPRESSURISE,
    SET_FEED,
    SET_OPENING,
    SET_TEMPERATURE,
    START,
    THERMAL,
    VENT,
    contents_per_volume,
)
from .opening import grow_by_cycles
from .table import forget_table
from .volumes import heat_capacity, look, nitrogen_of


@jit_rare
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


@jit_rare
def apply_event(plan, sample, state, e):
    """Apply event e of the schedule to a sample and its state.

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
    event = plan.events[e]
    value = sample.inputs[event["value"]] if event["value"] >= 0 else 0.0
    second = sample.inputs[event["second"]] if event["second"] >= 0 else -1.0
    if event["second"] >= 0 and not second >= 0.0:
        return False
    if not value >= 0.0:
        return False
    return act(plan, sample, state, event["action"], event["target"], value, second, event["gas"])


@jit_rare
def act(plan, sample, state, action, target, value, second, gas):
    """Do one thing to a sample at its clock.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state : float64[n]
    action, target : int
        As in `model.EVENT`.
    value, second : float
        ``second`` is negative where it is not given.
    gas : int
        Row of ``Plan.gases``.

    Returns
    -------
    bool
        False if the value is impossible.
    """
    if action == SET_OPENING:
        sample.paths[target]["opening"] = value
        return value <= 1.0
    if action == PATCH:
        path = sample.paths[target]
        path["factor"] = patch_factor(sample, target)
        path["patched"] = 1.0 - value
        path["patch_time"] = sample.clock[0]
        path["ageing"] = second if second >= 0.0 else math.inf
        return second != 0.0
    if action == LOAD_CYCLES:
        return _load(plan, sample, target, value, second)
    if action == START:
        sample.paths[target]["active"] = 1.0
        sample.paths[target]["started"] = sample.clock[0]
    elif action == REPRESSURISE:
        _repressurise(plan, sample, state, target, value, second, gas)
    elif action == VENT:
        _vent(plan, sample, state, target, value)
    elif action == SET_FEED:
        sample.feeds[target]["factor"] = value
    elif action == SET_TEMPERATURE:
        sample.volumes[target]["wall"] = value
        return value > 0.0
    return True


@jit_rare
def _repressurise(plan, sample, state, v, pressure, temperature, gas):
    """Add gas until the pressure is reached; a volume already above it is left alone.

    Of volumes that open hatches have joined all are filled; the gas is put into this one and shared out
    when the group is settled. Without a temperature the gas comes at that of the volume.
    """
    look(plan, sample, state)
    volume = sample.volumes[v]
    if plan.volumes[v]["kind"] != INTEGRATED or not volume["pressure"] < pressure:
        return
    components = plan.components.shape[0]
    T = temperature if temperature > 0.0 else volume["temperature"]
    R = 0.0
    cv = 0.0
    for c in range(components):
        R += plan.gases[gas, c] * sample.component_gas[c]
        cv += plan.gases[gas, c] * sample.component_heat[c]
    mass = 0.0
    for w in range(plan.volumes.size):
        if sample.volumes[w]["group"] == volume["group"]:
            if plan.volumes[w]["kind"] != INTEGRATED:
                return
            mass += _missing_mass(plan, sample, state, w, pressure, T, R, cv)
    start = plan.volumes[v]["state"] * contents_per_volume(plan)
    for c in range(components):
        state[start + c] += mass * plan.gases[gas, c]
    volume["added"] += mass
    for c in range(components):
        volume["nitrogen"] += mass * plan.gases[gas, c] * nitrogen_of(plan, sample, c)
    if plan.settings[THERMAL] > 0.0:
        energy = mass * (cv + R) * T
        state[start + components] += energy
        volume["energy_added"] += energy


@jit_rare
def _missing_mass(plan, sample, state, v, pressure, T, R, cv):
    """Gas of given R and cv that brings volume v to a pressure, if it comes at temperature T [kg].

    With an energy balance, ``(U + m cp T)(sum m R + m R) = p V (sum m cv + m cv)``.
    """
    volume = sample.volumes[v]
    if volume["keeper"] >= 0:
        return (pressure - volume["pressure"]) * volume["size"] / (R * volume["temperature"])
    components = plan.components.shape[0]
    start = plan.volumes[v]["state"] * contents_per_volume(plan)
    U = state[start + components]
    nR = volume["pressure"] * volume["size"] / volume["temperature"]
    C = heat_capacity(sample, state[start : start + components])
    pV = pressure * volume["size"]
    inflow = (cv + R) * T
    a = inflow * R
    b = U * R + inflow * nR - pV * cv
    c = U * nR - pV * C
    root = math.sqrt(b * b - 4.0 * a * c)
    return 0.5 * (root - b) / a if b < 0.0 else -2.0 * c / (root + b)  # c is negative: one root is positive


@jit_rare
def _vent(plan, sample, state, v, pressure):
    """Let gas out in its own composition until the pressure is reached; what stays expands isentropically.

    A volume whose temperature is given keeps it. Of volumes that open hatches have joined all are vented:
    what leaves is taken from this one, and the rest is shared out when the group is settled.
    """
    look(plan, sample, state)
    volume = sample.volumes[v]
    if plan.volumes[v]["kind"] != INTEGRATED or not volume["pressure"] > pressure:
        return
    for w in range(plan.volumes.size):
        joined = sample.volumes[w]["group"] == volume["group"]
        if joined and plan.volumes[w]["kind"] != INTEGRATED:
            return
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    start = plan.volumes[v]["state"] * contents
    ratio = pressure / volume["pressure"]
    keep = ratio
    follows_energy = volume["keeper"] < 0
    if follows_energy:
        keep = ratio ** (1.0 / volume["gamma"])
    out = np.zeros(contents)
    for w in range(plan.volumes.size):
        if sample.volumes[w]["group"] == volume["group"]:
            other = plan.volumes[w]["state"] * contents
            energy = 0.0
            for c in range(components):
                part = state[other + c] * (1.0 - keep)
                out[c] += part
                energy += part * (sample.component_heat[c] + sample.component_gas[c])
            if contents > components:
                energy *= sample.volumes[w]["temperature"]
                out[components] += state[other + components] * (1.0 - ratio) if follows_energy else energy
    for c in range(contents):
        state[start + c] -= out[c]
        if c < components:
            volume["vented"] += out[c]
            volume["nitrogen"] -= out[c] * nitrogen_of(plan, sample, c)
        else:
            volume["energy_vented"] += out[c]


@jit_rare
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
    forget_table(sample, p)
    return possible
