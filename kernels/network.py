"""Volumes joined by paths: initial state, right-hand side and Jacobian of the mass balances.

The state is the mass of each component in each integrated volume, then the mass that has passed each
path. The sum of volumes and passed masses is a linear invariant: the integrator keeps it to rounding.

Each volume holds an ideal gas at its own constant temperature, ``p V = sum_c m_c R_c T``. Gas takes
the composition of the volume it comes from.
"""

import math

import numpy as np

from . import status
from .crack import geometry_flow, geometry_flow_slopes
from .gas import N_SPECIES, mixture_properties, mole_fractions_of_masses
from .jit import jit
from .model import BOUNDARY, CRACKS, INTEGRATED, ORIFICE, fill
from .orifice import (
    PERRY,
    critical_flow_squared,
    critical_pressure_ratio,
    orifice_flow,
    orifice_flow_slopes,
)
from .seal import seal_flow, seal_flow_slopes

# the viscosity fits are within 3 % of the reference correlations over this range [K]
_TEMPERATURE_LOW = 150.0
_TEMPERATURE_HIGH = 500.0


@jit
def n_masses(plan):
    """Count the masses in the state: integrated volumes times components."""
    count = 0
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            count += 1
    return count * plan.components.shape[0]


@jit
def prepare(plan, sample, state):
    """Set a drawn sample to the start of its run.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Drawn by `draw.draw_sample`.
    state : float64[n_masses + P]
        Output: initial masses [kg]; nothing has passed the paths.

    Returns
    -------
    int
        A status of `status`.
    """
    components = plan.components.shape[0]
    unit = np.zeros(components)
    fractions = np.empty(N_SPECIES)
    for c in range(components):
        sample.component_gas[c] = mixture_properties(plan.components[c], 300.0)[0]
    fill(state, 0.0)
    result = status.OK
    for v in range(plan.volumes.size):
        temperature = sample.inputs[plan.volumes[v]["temperature"]]
        pressure = sample.inputs[plan.volumes[v]["pressure"]]
        size = sample.inputs[plan.volumes[v]["size"]] if plan.volumes[v]["size"] >= 0 else math.inf
        if not (size > 0.0 and temperature > 0.0 and 0.0 <= pressure < math.inf):
            return status.IMPOSSIBLE
        if not _TEMPERATURE_LOW <= temperature <= _TEMPERATURE_HIGH:
            result = status.OUT_OF_RANGE
        held = plan.volumes[v]["component"]
        sample.volumes[v]["size"] = size
        sample.volumes[v]["temperature"] = temperature
        sample.volumes[v]["pressure"] = pressure
        sample.volumes[v]["added"] = 0.0
        sample.volumes[v]["vented"] = 0.0
        fill(unit, 0.0)
        unit[held] = 1.0
        for c in range(components):
            sample.fractions[v, c] = unit[c]
        mole_fractions_of_masses(unit, plan.components, fractions)
        _set_gas(sample, v, fractions)
        if plan.volumes[v]["kind"] == INTEGRATED:
            place = plan.volumes[v]["state"] * components + held
            state[place] = pressure * size / (sample.component_gas[held] * temperature)
    for p in range(plan.paths.size):
        if not _prepare_path(plan, sample, p):
            return status.IMPOSSIBLE
    for e in range(plan.events.size):
        if math.isnan(sample.inputs[plan.events[e]["at"]]):
            return status.IMPOSSIBLE
    return result


@jit
def look(plan, sample, state):
    """Update pressures, mass fractions and gas properties of the volumes from a state."""
    components = plan.components.shape[0]
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            start = plan.volumes[v]["state"] * components
            nRT = 0.0
            for c in range(components):
                nRT += state[start + c] * sample.component_gas[c]
            sample.volumes[v]["pressure"] = nRT * sample.volumes[v]["temperature"] / sample.volumes[v]["size"]
            if components > 1:
                _look_at_mixture(plan, sample, v, state[start : start + components])


@jit
def path_flow(plan, sample, p):
    """Flow of path p [kg/s] at the pressures last looked at.

    Patches and openings count; whether the path has started does not.
    """
    p_up = sample.volumes[plan.paths[p]["source"]]["pressure"]
    p_down = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    T, R, mu, gamma, ratio, flow2 = _upstream_gas(plan, sample, p)
    kind = plan.paths[p]["kind"]
    flow = 0.0
    if kind == CRACKS:
        first = sample.paths[p]["crack_start"]
        for crack in range(first, first + sample.paths[p]["crack_count"]):
            flow += geometry_flow(p_up, p_down, R * T, mu, ratio, flow2, sample.geometry[crack])
    elif kind == ORIFICE:
        area, Cd = _aperture(plan, sample, p)
        flow = orifice_flow(p_up, p_down, T, R, mu, gamma, area, Cd)
    else:
        flow = seal_flow(
            p_up, p_down, sample.inputs[plan.paths[p]["slot"][0]], sample.inputs[plan.paths[p]["slot"][1]]
        )
    return sample.paths[p]["factor"] * flow


@jit
def path_flow_slopes(plan, sample, p):
    """Return `path_flow` and its derivatives by the pressures of the two ends [kg/s, kg/(s Pa)]."""
    p_up = sample.volumes[plan.paths[p]["source"]]["pressure"]
    p_down = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    T, R, mu, gamma, ratio, flow2 = _upstream_gas(plan, sample, p)
    kind = plan.paths[p]["kind"]
    flow, by_up, by_down = 0.0, 0.0, 0.0
    if kind == CRACKS:
        first = sample.paths[p]["crack_start"]
        for crack in range(first, first + sample.paths[p]["crack_count"]):
            one = geometry_flow_slopes(p_up, p_down, R * T, mu, ratio, flow2, sample.geometry[crack])
            flow += one[0]
            by_up += one[1]
            by_down += one[2]
    elif kind == ORIFICE:
        area, Cd = _aperture(plan, sample, p)
        flow, by_up, by_down = orifice_flow_slopes(p_up, p_down, T, R, mu, gamma, area, Cd)
    else:
        flow, by_up, by_down = seal_flow_slopes(
            p_up, p_down, sample.inputs[plan.paths[p]["slot"][0]], sample.inputs[plan.paths[p]["slot"][1]]
        )
    weight = sample.paths[p]["factor"]
    return weight * flow, weight * by_up, weight * by_down


@jit
def rates(plan, sample, state, rate):
    """Right-hand side: ``rate = d state/dt`` [kg/s].

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state, rate : float64[n_masses + P]
    """
    look(plan, sample, state)
    masses = n_masses(plan)
    fill(rate, 0.0)
    for p in range(plan.paths.size):
        if sample.paths[p]["active"] > 0.0:
            flow = path_flow(plan, sample, p)
            _share(plan, sample, p, flow, rate)
            rate[masses + p] = flow


@jit
def rates_and_jacobian(plan, sample, state, rate, jacobian):
    """Right-hand side and its Jacobian by the masses.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state, rate : float64[n_masses + P]
    jacobian : float64[n_masses + P, n_masses]
        Output [1/s]. Nothing depends on the passed masses, so they have no columns. With several
        components the change of viscosity with composition is left out.
    """
    look(plan, sample, state)
    masses = n_masses(plan)
    fill(rate, 0.0)
    fill(jacobian.ravel(), 0.0)
    for p in range(plan.paths.size):
        if sample.paths[p]["active"] > 0.0:
            flow, by_up, by_down = path_flow_slopes(plan, sample, p)
            _share(plan, sample, p, flow, rate)
            rate[masses + p] = flow
            _share_slope(plan, sample, p, plan.paths[p]["source"], by_up, jacobian)
            _share_slope(plan, sample, p, plan.paths[p]["sink"], by_down, jacobian)
            _mixing_slope(plan, sample, state, p, flow, jacobian)


@jit
def overboard_flow(plan, sample):
    """Net flow into the boundaries [kg/s] at the pressures last looked at."""
    total = 0.0
    for p in range(plan.paths.size):
        if sample.paths[p]["active"] > 0.0:
            out = plan.volumes[plan.paths[p]["sink"]]["kind"] == BOUNDARY
            back = plan.volumes[plan.paths[p]["source"]]["kind"] == BOUNDARY
            if out != back:
                flow = path_flow(plan, sample, p)
                total += flow if out else -flow
    return total


@jit
def _upstream_gas(plan, sample, p):
    """Gas on path p's side of higher pressure: T, R, viscosity, gamma and its two critical numbers."""
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    v = a if sample.volumes[a]["pressure"] >= sample.volumes[b]["pressure"] else b
    gas = sample.volumes[v]
    return (
        gas["temperature"], gas["gas_constant"], gas["viscosity"], gas["gamma"],
        gas["critical_ratio"], gas["critical_flow2"],
    )  # fmt: skip


@jit
def _aperture(plan, sample, p):
    """Open area of an orifice [m2] and its discharge coefficient."""
    coefficient = plan.paths[p]["slot"][1]
    Cd = sample.inputs[coefficient] if coefficient >= 0 else PERRY
    return sample.paths[p]["area"] * sample.paths[p]["opening"], Cd


@jit
def _prepare_path(plan, sample, p):
    sample.paths[p]["factor"] = 1.0
    sample.paths[p]["active"] = 0.0 if plan.paths[p]["starts_later"] else 1.0
    sample.paths[p]["opening"] = 1.0
    sample.paths[p]["area"] = 0.0
    slots = plan.paths[p]["slot"]
    if plan.paths[p]["kind"] == CRACKS:
        return True
    if plan.paths[p]["kind"] == ORIFICE:
        size = sample.inputs[slots[0]]
        sample.paths[p]["area"] = 0.25 * math.pi * size * size if plan.paths[p]["is_diameter"] else size
        if slots[2] >= 0:
            sample.paths[p]["opening"] = sample.inputs[slots[2]]
        coefficient = sample.inputs[slots[1]] if slots[1] >= 0 else 1.0
        return size >= 0.0 and 0.0 < coefficient <= 1.0 and 0.0 <= sample.paths[p]["opening"] <= 1.0
    return sample.inputs[slots[0]] >= 0.0 and sample.inputs[slots[1]] >= 0.0


@jit
def _look_at_mixture(plan, sample, v, masses):
    total = 0.0
    for c in range(masses.size):
        total += max(masses[c], 0.0)
    if total > 0.0:
        for c in range(masses.size):
            sample.fractions[v, c] = max(masses[c], 0.0) / total
    fractions = np.empty(N_SPECIES)
    mole_fractions_of_masses(sample.fractions[v], plan.components, fractions)
    _set_gas(sample, v, fractions)


@jit
def _set_gas(sample, v, mole_fractions):
    R, mu, gamma = mixture_properties(mole_fractions, sample.volumes[v]["temperature"])
    sample.volumes[v]["gas_constant"] = R
    sample.volumes[v]["viscosity"] = mu
    sample.volumes[v]["gamma"] = gamma
    sample.volumes[v]["critical_ratio"] = critical_pressure_ratio(gamma)
    sample.volumes[v]["critical_flow2"] = critical_flow_squared(gamma)


@jit
def _share(plan, sample, p, flow, rate):
    """Take a flow from one end and give it to the other, in the composition of where it comes from."""
    components = plan.components.shape[0]
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    source = a if flow >= 0.0 else b
    for c in range(components):
        part = flow * sample.fractions[source, c]
        if plan.volumes[a]["state"] >= 0:
            rate[plan.volumes[a]["state"] * components + c] -= part
        if plan.volumes[b]["state"] >= 0:
            rate[plan.volumes[b]["state"] * components + c] += part


@jit
def _share_slope(plan, sample, p, v, slope, jacobian):
    """Add to the Jacobian what path p's flow does as the pressure of volume v changes."""
    if plan.volumes[v]["state"] < 0:
        return
    components = plan.components.shape[0]
    masses = n_masses(plan)
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    source = a if sample.volumes[a]["pressure"] >= sample.volumes[b]["pressure"] else b
    for k in range(components):
        column = plan.volumes[v]["state"] * components + k
        by_mass = (
            slope * sample.component_gas[k] * sample.volumes[v]["temperature"] / sample.volumes[v]["size"]
        )
        jacobian[masses + p, column] += by_mass
        for c in range(components):
            part = by_mass * sample.fractions[source, c]
            if plan.volumes[a]["state"] >= 0:
                jacobian[plan.volumes[a]["state"] * components + c, column] -= part
            if plan.volumes[b]["state"] >= 0:
                jacobian[plan.volumes[b]["state"] * components + c, column] += part


@jit
def _mixing_slope(plan, sample, state, p, flow, jacobian):
    """Add to the Jacobian what path p carries as the composition of its source changes."""
    components = plan.components.shape[0]
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    source = a if flow >= 0.0 else b
    if components == 1 or plan.volumes[source]["state"] < 0:
        return
    start = plan.volumes[source]["state"] * components
    total = 0.0
    for c in range(components):
        total += max(state[start + c], 0.0)
    if not total > 0.0:
        return
    for k in range(components):
        for c in range(components):
            slope = flow / total * ((1.0 if c == k else 0.0) - sample.fractions[source, c])
            if plan.volumes[a]["state"] >= 0:
                jacobian[plan.volumes[a]["state"] * components + c, start + k] -= slope
            if plan.volumes[b]["state"] >= 0:
                jacobian[plan.volumes[b]["state"] * components + c, start + k] += slope
