"""What errors a step may have: absolute tolerances of the contents, and the largest error over its tolerance.

Error control: Hairer and Wanner, Solving ODE II, sec. IV.8.
"""

import math

from .jit import jit, jit_rare
from .model import ATOL, INTEGRATED, RTOL, THERMAL, contents_per_volume, n_contents
from .volumes import pressure_slope

# pressure over its tolerance below which a limit of `flows.set_limits` is relative to that
_FAR_ABOVE = 1e4
# least tolerance of what passes, over the gas at the path's ends: their rounding passes to and fro
_ROUNDING = 4e-15


@jit_rare
def set_scales(plan, sample, work):
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
def step_error(plan, sample, state, work):
    """Largest error of the step over its tolerance; infinite if not finite, above 1 if a mass is negative.

    The difference of two pressures may have the error of `flows.set_limits` at most.
    """
    worst = _worst_difference(plan, sample, work)
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
def _worst_difference(plan, sample, work):
    """Largest error of the difference of two pressures that meet, over its limit.

    It is relative to the larger pressure and 1e4 tolerances of it. Errors of mass and energy that leave the
    pressures as they are, or move both by as much, throw nothing about.
    """
    worst = 0.0
    for p in range(plan.paths.size):
        limit = sample.paths[p]["limit"]
        if limit < math.inf:
            a = plan.paths[p]["source"]
            b = plan.paths[p]["sink"]
            size = max(abs(sample.volumes[a]["pressure"]), abs(sample.volumes[b]["pressure"]))
            error = _pressure_error(plan, sample, work, a) - _pressure_error(plan, sample, work, b)
            worst = max(worst, abs(error) / (limit * (size + _FAR_ABOVE * plan.settings[ATOL])))
    return worst


@jit
def _pressure_error(plan, sample, work, v):
    """Error of the pressure of volume v by those of what is in it [Pa]."""
    if plan.volumes[v]["kind"] != INTEGRATED:
        return 0.0
    contents = contents_per_volume(plan)
    first = plan.volumes[v]["state"] * contents
    error = 0.0
    for k in range(contents):
        error += pressure_slope(plan, sample, v, k) * work.error[first + k]
    return error
