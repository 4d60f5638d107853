"""What errors a step may have: absolute tolerances of the contents, and the largest error over its tolerance.

Error control: Hairer and Wanner, Solving ODE II, sec. IV.8.
"""

import math

from .jit import jit, jit_rare
from .model import ATOL, INTEGRATED, RTOL, THERMAL, contents_per_volume, n_contents
from .volumes import pressure_slope

# pressure over its tolerance below which the limit of `tolerance_limit` is relative to that
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
def step_error(plan, sample, state, work, limit):
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
