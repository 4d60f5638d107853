"""Volumes at a state: pressures, temperatures and properties of their gas, and what is watched of them.

Each volume holds an ideal gas, ``p V = sum_c m_c R_c T``, of constant specific heats. A volume without
an energy balance has the temperature of its wall, which may cycle; one with a balance has the temperature
that its energy gives, ``U = sum_c m_c cv_c T``. With next to no gas that would be noise over noise: a trace
of gas at the initial temperature is counted with it, as much as some tolerances of the pressure, and less
the more gas there is; as long as it outweighs the gas, no temperature is told. Where any volume has a
balance, the energy content of the others is a ledger of what gas brought and took: the heat from the wall is
what is missing to ``U``.
"""

import math

import numpy as np

from .gas import (
    MOLAR_MASS,
    N_SPECIES,
    UNIVERSAL_GAS_CONSTANT,
    mixture_constants,
    mixture_properties,
    mole_fractions_of_masses,
)
from .jit import jit, jit_rare
from .model import (
    ATOL,
    FLOW,
    HELD,
    INTEGRATED,
    PARTIAL_PRESSURE,
    PRESSURE,
    PRESSURE_DROP,
    PRESSURE_OVER_TEMPERATURE,
    TEMPERATURE,
    THERMAL,
    contents_per_volume,
)
from .orifice import critical_flow_squared, critical_pressure_ratio

_NITROGEN = 0  # place in gas.SPECIES
# trace of gas, over the tolerance of pressure, and least temperature of a volume that follows its energy [K]
_TRACE = 4.0
_COLDEST = 1.0
# pressure over its tolerance from which a temperature is told, right to some 3 K
_TOLD = 30.0


@jit_rare
def set_components(plan, sample):
    """Write the gas constants and the specific heats of the components."""
    for c in range(plan.components.shape[0]):
        R, gamma = mixture_constants(plan.components[c])
        sample.component_gas[c] = R
        sample.component_heat[c] = R / (gamma - 1.0)


@jit_rare
def start_volume(plan, sample, v, state):
    """Set volume v to the start of a run; False if it cannot be."""
    row = plan.volumes[v]
    volume = sample.volumes[v]
    volume["size"] = sample.inputs[row["size"]] if row["size"] >= 0 else math.inf
    volume["temperature"] = sample.inputs[row["temperature"]]
    volume["wall"] = sample.inputs[row["wall"]] if row["wall"] >= 0 else volume["temperature"]
    volume["pressure"] = sample.inputs[row["pressure"]]
    volume["added"] = 0.0
    volume["nitrogen"] = 0.0
    volume["vented"] = 0.0
    volume["energy_added"] = 0.0
    volume["energy_vented"] = 0.0
    volume["heat"] = 0.0
    volume["group"] = v
    volume["keeper"] = -1 if row["balanced"] > 0 else v
    if volume["keeper"] == v:
        volume["temperature"] = wall_temperature(plan, sample, v)
    if not (
        volume["size"] > 0.0
        and volume["temperature"] > 0.0
        and volume["wall"] > 0.0
        and 0.0 <= volume["pressure"] < math.inf
    ):
        return False
    for c in range(plan.components.shape[0]):
        sample.fractions[v, c] = plan.gases[row["gas"], c]
    set_gas(plan, sample, v)
    if row["kind"] == INTEGRATED:
        place = row["state"] * contents_per_volume(plan)
        volume_mass = volume["pressure"] * volume["size"] / (volume["gas_constant"] * volume["temperature"])
        energy = 0.0
        for c in range(plan.components.shape[0]):
            mass = volume_mass * sample.fractions[v, c]
            state[place + c] = mass
            energy += mass * sample.component_heat[c] * volume["temperature"]
        if plan.settings[THERMAL] > 0.0:
            state[place + plan.components.shape[0]] = energy
        # heat capacity of gas at a few tolerances of pressure
        R = volume["gas_constant"]
        trace = _TRACE * plan.settings[ATOL] * volume["size"] / (R * volume["temperature"])
        volume["trace"] = trace * (volume["specific_heat"] - R)
        volume["first_temperature"] = volume["temperature"]
    return True


@jit
def look(plan, sample, state):
    """Update temperatures, pressures, mass fractions and gas properties of the volumes from a state."""
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    for v in range(plan.volumes.size):
        volume = sample.volumes[v]
        if volume["keeper"] >= 0:
            volume["temperature"] = wall_temperature(plan, sample, volume["keeper"])
        if plan.volumes[v]["kind"] == INTEGRATED:
            start = plan.volumes[v]["state"] * contents
            nR = 0.0
            for c in range(components):
                nR += state[start + c] * sample.component_gas[c]
            if contents > components:
                capacity = heat_capacity(sample, state[start : start + components])
                trace = _trace(volume, capacity)
                volume["heat_capacity"] = capacity + trace
                volume["scarcity"] = trace / volume["trace"]
                if volume["keeper"] < 0:
                    energy = state[start + components] + trace * volume["first_temperature"]
                    volume["temperature"] = max(energy / volume["heat_capacity"], _COLDEST)
            volume["pressure"] = nR * volume["temperature"] / volume["size"]
            if components > 1:
                set_fractions(sample, v, state[start : start + components])
                set_gas(plan, sample, v)
        if volume["temperature"] != volume["gas_temperature"]:
            set_gas(plan, sample, v)


@jit
def heat_capacity(sample, masses):
    """Heat capacity at constant volume of masses of the components [J/K]."""
    total = 0.0
    for c in range(masses.size):
        total += masses[c] * sample.component_heat[c]
    return total


@jit
def set_fractions(sample, v, masses):
    """Write the mass fractions of volume v; without any gas they stay as they were."""
    total = 0.0
    for c in range(masses.size):
        total += max(masses[c], 0.0)
    if total > 0.0:
        for c in range(masses.size):
            sample.fractions[v, c] = max(masses[c], 0.0) / total


@jit
def set_gas(plan, sample, v):
    """Update the properties of the gas in volume v at its fractions and temperature."""
    volume = sample.volumes[v]
    if plan.components.shape[0] == 1:  # the properties depend on the temperature only
        for w in range(v + 1):
            if sample.volumes[w]["gas_temperature"] == volume["temperature"]:
                _copy_gas(sample.volumes[w], volume)
                return
    mole_fractions = np.empty(N_SPECIES)
    mole_fractions_of_masses(sample.fractions[v], plan.components, mole_fractions)
    R, mu, gamma = mixture_properties(mole_fractions, max(volume["temperature"], 1.0))
    volume["gas_constant"] = R
    volume["viscosity"] = mu
    volume["gamma"] = gamma
    volume["critical_ratio"] = critical_pressure_ratio(gamma)
    volume["critical_flow2"] = critical_flow_squared(gamma)
    volume["specific_heat"] = R * gamma / (gamma - 1.0)
    volume["gas_temperature"] = volume["temperature"]


@jit
def _copy_gas(one, other):
    """Give the properties of the gas in one volume to another."""
    other["gas_constant"] = one["gas_constant"]
    other["viscosity"] = one["viscosity"]
    other["gamma"] = one["gamma"]
    other["critical_ratio"] = one["critical_ratio"]
    other["critical_flow2"] = one["critical_flow2"]
    other["specific_heat"] = one["specific_heat"]
    other["gas_temperature"] = one["gas_temperature"]


@jit
def wall_temperature(plan, sample, v):
    """Temperature of the wall of volume v at the sample's clock [K]."""
    total = sample.volumes[v]["wall"]
    first = plan.volumes[v]["first_cycle"]
    for i in range(first, first + plan.volumes[v]["cycles"]):
        total += sample.inputs[plan.cycles[i]["amplitude"]] * math.cos(_phase(plan, sample, i))
    return total


@jit
def wall_rate(plan, sample, v):
    """Rate of the temperature of the wall of volume v at the sample's clock [K/s]."""
    total = 0.0
    first = plan.volumes[v]["first_cycle"]
    for i in range(first, first + plan.volumes[v]["cycles"]):
        turn = 2.0 * math.pi / sample.inputs[plan.cycles[i]["period"]]
        total -= sample.inputs[plan.cycles[i]["amplitude"]] * turn * math.sin(_phase(plan, sample, i))
    return total


@jit
def observe(plan, sample, rate, quantity, place, species):
    """Value of a watched quantity at the state last looked at.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    rate : float64[n]
        Of that state; used for `PRESSURE_FALL` alone.
    quantity, place, species : int
        What is watched, of which volume or path, and of a partial pressure which of `gas.SPECIES`.

    Returns
    -------
    float
        In SI; a negative pressure within the tolerance is zero. NaN for the temperature of next to no gas.
    """
    if quantity == PRESSURE:
        return max(sample.volumes[place]["pressure"], 0.0)
    if quantity == TEMPERATURE:
        return math.nan if is_void(plan, sample, place) else sample.volumes[place]["temperature"]
    if quantity == PRESSURE_OVER_TEMPERATURE:
        return max(sample.volumes[place]["pressure"], 0.0) / sample.volumes[place]["temperature"]
    if quantity == PARTIAL_PRESSURE:
        return partial_pressure(plan, sample, place, species)
    if quantity == PRESSURE_DROP:
        source = sample.volumes[plan.paths[place]["source"]]["pressure"]
        return source - sample.volumes[plan.paths[place]["sink"]]["pressure"]
    if quantity == FLOW:
        return abs(path_total(plan, sample, place))
    return -pressure_rate(plan, sample, rate, place)


@jit
def is_void(plan, sample, v):
    """Whether volume v follows its energy and holds too little gas to tell a temperature.

    Its pressure is below thirty tolerances of pressure, what is counted with its gas outweighs it, or its
    energy is that of gas below the least temperature.
    """
    volume = sample.volumes[v]
    if plan.volumes[v]["kind"] != INTEGRATED or volume["keeper"] >= 0:
        return False
    scarce = 2.0 * volume["scarcity"] * volume["trace"] > volume["heat_capacity"]
    return scarce or volume["pressure"] < _TOLD * plan.settings[ATOL] or volume["temperature"] <= _COLDEST


@jit
def is_resting(plan, sample, i):
    """Whether control i cannot switch before the next event: it is a relief valve that is not there yet."""
    row = plan.controls[i]
    return row["quantity"] == PRESSURE_DROP and sample.paths[row["place"]]["active"] == 0.0


@jit
def partial_pressure(plan, sample, v, species):
    """Partial pressure of a species in volume v at the state last looked at [Pa]."""
    moles = 0.0
    all_moles = 0.0
    for c in range(plan.components.shape[0]):
        part = sample.fractions[v, c] * sample.component_gas[c]
        moles += part * plan.components[c, species]
        all_moles += part
    return max(sample.volumes[v]["pressure"], 0.0) * moles / all_moles


@jit
def pressure_rate(plan, sample, rate, v):
    """Rate of the pressure of an integrated volume by the rates of the state last looked at [Pa/s]."""
    if plan.volumes[v]["kind"] != INTEGRATED:
        return 0.0
    volume = sample.volumes[v]
    components = plan.components.shape[0]
    start = plan.volumes[v]["state"] * contents_per_volume(plan)
    heating = 0.0
    nR_rate = 0.0
    for c in range(components):
        nR_rate += rate[start + c] * sample.component_gas[c]
        heating -= rate[start + c] * sample.component_heat[c] * volume["temperature"]
    if volume["keeper"] >= 0:
        warming = wall_rate(plan, sample, volume["keeper"])
    else:
        warming = (heating + rate[start + components]) / volume["heat_capacity"]
    nR = volume["pressure"] * volume["size"] / volume["temperature"]
    return (nR_rate * volume["temperature"] + nR * warming) / volume["size"]


@jit
def donor(plan, sample, p, forward):
    """Volume that the gas through path p comes from: by the way it flows, unless `donors` hold one."""
    held = sample.paths[p]["donor"]
    if held > 0:
        forward = held == 1
    return plan.paths[p]["source"] if forward else plan.paths[p]["sink"]


@jit
def path_total(plan, sample, p):
    """Mass flow through path or feed p at the state whose `rates` were last taken [kg/s]."""
    contents = contents_per_volume(plan)
    total = 0.0
    for c in range(plan.components.shape[0]):
        total += sample.flux[p * contents + c]
    return total


@jit
def nitrogen_of(plan, sample, c):
    """Mass fraction of nitrogen in component c."""
    return (
        plan.components[c, _NITROGEN]
        * MOLAR_MASS[_NITROGEN]
        * sample.component_gas[c]
        / UNIVERSAL_GAS_CONSTANT
    )


@jit
def is_given(plan, v):
    """Whether the pressure of volume v is given: it is held, or a boundary."""
    return plan.volumes[v]["kind"] >= HELD


@jit
def internal_energy(plan, sample, state, v):
    """Energy of the gas in an integrated volume at the temperature last looked at [J]."""
    start = plan.volumes[v]["state"] * contents_per_volume(plan)
    masses = state[start : start + plan.components.shape[0]]
    volume = sample.volumes[v]
    capacity = heat_capacity(sample, masses)
    trace = _trace(volume, capacity)
    return capacity * volume["temperature"] + trace * (volume["temperature"] - volume["first_temperature"])


@jit
def _trace(volume, capacity):
    """Heat capacity of the trace of gas that is counted with gas of a heat capacity [J/K]."""
    own = volume["trace"]
    return own * (own / (max(capacity, 0.0) + own))


@jit
def _phase(plan, sample, i):
    turns = (sample.clock[0] - sample.inputs[plan.cycles[i]["peak"]]) / sample.inputs[
        plan.cycles[i]["period"]
    ]
    return 2.0 * math.pi * (turns - math.floor(turns))


@jit
def temperature_slope(plan, sample, v, k):
    """Slope of the temperature of an integrated volume by its content k [K/kg, or K/J for its energy]."""
    volume = sample.volumes[v]
    if volume["keeper"] >= 0 or volume["temperature"] <= _COLDEST:
        return 0.0
    if k == plan.components.shape[0]:
        return 1.0 / volume["heat_capacity"]
    # the trace gives way as gas comes
    scarce = volume["scarcity"] * volume["scarcity"]
    pull = volume["temperature"] - scarce * (volume["temperature"] - volume["first_temperature"])
    return -sample.component_heat[k] / volume["heat_capacity"] * pull


@jit
def pressure_slope(plan, sample, v, k):
    """Slope of the pressure of an integrated volume by its content k [Pa/kg, or Pa/J for its energy]."""
    volume = sample.volumes[v]
    by_temperature = volume["pressure"] / volume["temperature"] * temperature_slope(plan, sample, v, k)
    if k == plan.components.shape[0]:
        return by_temperature
    return sample.component_gas[k] * volume["temperature"] / volume["size"] + by_temperature
