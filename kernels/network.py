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
from .hatches import any_joined, set_groups, settle
from .jit import jit
from .model import BOUNDARY, CRACKS, HATCH, INTEGRATED, ORIFICE, SEAL, copy, fill
from .opening import moving_flow, moving_flow_slopes, opening_at
from .orifice import (
    PERRY,
    critical_flow_squared,
    critical_pressure_ratio,
    iso_flow_slopes,
    thick_hole_slopes,
)
from .seal import seal_flow, seal_flow_slopes

# the viscosity fits are within 3 % of the reference correlations over this range [K]
_TEMPERATURE_LOW = 150.0
_TEMPERATURE_HIGH = 500.0
# relative change of a volume's gas in the difference quotient of its composition
_NUDGE = 1e-7
# tolerances while pressures equalise, and the opening from which a crack is wide [m]
_TIGHT_ORIFICE = 1e-7
_TIGHT_CRACK = 1e-9
_WIDE = 5e-4


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
    sample.clock[0] = 0.0
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
        if not sample.inputs[plan.events[e]["at"]] >= 0.0:
            return status.IMPOSSIBLE
    return result if set_groups(plan, sample) else status.IMPOSSIBLE


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

    Patches and openings count; whether the path has started does not. What goes through an open hatch is
    no function of the pressures: here it is zero, and `hatches.settle` finds it.
    """
    p_up = sample.volumes[plan.paths[p]["source"]]["pressure"]
    p_down = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    T, R, mu, gamma, ratio, flow2 = _upstream_gas(plan, sample, p)
    kind = _law(plan, sample, p)
    flow = 0.0
    if kind == CRACKS:
        first = sample.paths[p]["crack_start"]
        moves = plan.paths[p]["moves"] > 0
        elliptic = plan.paths[p]["elliptic"] > 0
        age = sample.clock[0] - sample.paths[p]["started"]
        for i in range(first, first + sample.paths[p]["crack_count"]):
            if moves:
                crack = sample.moving[i]
                flow += moving_flow(p_up, p_down, R * T, mu, ratio, flow2, crack, elliptic, age)
            else:
                flow += geometry_flow(p_up, p_down, R * T, mu, ratio, flow2, sample.geometry[i])
    elif kind == ORIFICE:
        flow = _orifice_slopes(plan, sample, p, p_up, p_down, T, R, mu, gamma)[0]
    elif kind == SEAL:
        molecular, viscous = _conductances(plan, sample, p)
        flow = seal_flow(p_up, p_down, molecular, viscous)
    return patch_factor(sample, p) * flow


@jit
def path_flow_slopes(plan, sample, p):
    """Return `path_flow` and its derivatives by the pressures of the two ends [kg/s, kg/(s Pa)]."""
    p_up = sample.volumes[plan.paths[p]["source"]]["pressure"]
    p_down = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    T, R, mu, gamma, ratio, flow2 = _upstream_gas(plan, sample, p)
    kind = _law(plan, sample, p)
    flow, by_up, by_down = 0.0, 0.0, 0.0
    if kind == CRACKS:
        first = sample.paths[p]["crack_start"]
        moves = plan.paths[p]["moves"] > 0
        elliptic = plan.paths[p]["elliptic"] > 0
        age = sample.clock[0] - sample.paths[p]["started"]
        for i in range(first, first + sample.paths[p]["crack_count"]):
            if moves:
                crack = sample.moving[i]
                one = moving_flow_slopes(p_up, p_down, R * T, mu, ratio, flow2, crack, elliptic, age)
            else:
                one = geometry_flow_slopes(p_up, p_down, R * T, mu, ratio, flow2, sample.geometry[i])
            flow += one[0]
            by_up += one[1]
            by_down += one[2]
    elif kind == ORIFICE:
        flow, by_up, by_down = _orifice_slopes(plan, sample, p, p_up, p_down, T, R, mu, gamma)
    elif kind == SEAL:
        molecular, viscous = _conductances(plan, sample, p)
        flow, by_up, by_down = seal_flow_slopes(p_up, p_down, molecular, viscous)
    weight = patch_factor(sample, p)
    return weight * flow, weight * by_up, weight * by_down


@jit
def patch_factor(sample, p):
    """Share of path p's flow that its patches leave at the sample's clock; a patch may age."""
    path = sample.paths[p]
    left = path["patched"]
    if left > 0.0 and path["ageing"] < math.inf:
        left *= math.exp(-(sample.clock[0] - path["patch_time"]) / path["ageing"])
    return path["factor"] * (1.0 - left)


@jit
def shut_closed_cracks(plan, sample):
    """Mark the moving cracks that are closed at the pressures last looked at, unless they may reopen."""
    for p in range(plan.paths.size):
        there = sample.paths[p]["active"] > 0.0
        if there and plan.paths[p]["moves"] > 0 and plan.paths[p]["reopens"] == 0:
            source = sample.volumes[plan.paths[p]["source"]]["pressure"]
            drop = source - sample.volumes[plan.paths[p]["sink"]]["pressure"]
            age = sample.clock[0] - sample.paths[p]["started"]
            first = sample.paths[p]["crack_start"]
            for i in range(first, first + sample.paths[p]["crack_count"]):
                if opening_at(sample.moving[i], drop, age) == 0.0:
                    sample.moving[i]["shut"] = 1.0


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
    for p in range(plan.paths.size):
        flow = path_flow(plan, sample, p) if sample.paths[p]["active"] > 0.0 else 0.0
        _set_fluxes(plan, sample, p, flow)
    fill(rate, 0.0)
    collect(plan, sample.flux, rate)
    if any_joined(plan, sample):
        _settle_rates(plan, sample, rate)


@jit
def rates_and_slopes(plan, sample, state, rate, slopes):
    """Right-hand side, and the slopes of the fluxes by the masses.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state, rate : float64[n_masses + P]
    slopes : float64[P * K, n_masses]
        Output [1/s]: of the flux of each component through each path. Their `collect` is the Jacobian;
        nothing depends on the passed masses.
    """
    look(plan, sample, state)
    fill(slopes.ravel(), 0.0)
    for p in range(plan.paths.size):
        flow = 0.0
        if sample.paths[p]["active"] > 0.0:
            flow, by_source, by_sink = path_flow_slopes(plan, sample, p)
            _pressure_slopes(plan, sample, p, plan.paths[p]["source"], by_source, slopes)
            _pressure_slopes(plan, sample, p, plan.paths[p]["sink"], by_sink, slopes)
            if plan.components.shape[0] > 1:
                _mixing_slopes(plan, sample, state, p, flow, slopes)
        _set_fluxes(plan, sample, p, flow)
    fill(rate, 0.0)
    collect(plan, sample.flux, rate)
    if any_joined(plan, sample):
        _settle_rates(plan, sample, rate)
        _settle_slopes(plan, sample, slopes)


@jit
def settle_masses(plan, sample, state):
    """Bring joined volumes to one pressure and one gas; what moves is counted as passed the hatches."""
    flux = np.zeros(sample.flux.size)
    settle(plan, sample, state, 1.0, flux)
    collect(plan, flux, state)


@jit
def collect(plan, flux, total):
    """Take fluxes from the source of each path and give them to its sink, and add them to what passed.

    The same number leaves and arrives, so that what is collected conserves mass whatever the fluxes.

    Parameters
    ----------
    plan : model.Plan
    flux : float64[P * K]
        Of each component through each path.
    total : float64[n_masses + P]
        Added to.
    """
    components = plan.components.shape[0]
    masses = n_masses(plan)
    for p in range(plan.paths.size):
        source = plan.volumes[plan.paths[p]["source"]]["state"]
        sink = plan.volumes[plan.paths[p]["sink"]]["state"]
        for c in range(components):
            part = flux[p * components + c]
            if source >= 0:
                total[source * components + c] -= part
            if sink >= 0:
                total[sink * components + c] += part
            total[masses + p] += part


@jit
def tolerance_limit(plan, sample):
    """Largest relative error that a step may have: infinite, or small while volumes equalise through a hole.

    Where two pressures, last looked at, are within one per cent, the flow through an orifice turns around
    within 1e-7 of them, and that through a wide crack within 1e-9: errors above that would throw the
    pressures to and fro across it.
    """
    limit = math.inf
    for p in range(plan.paths.size):
        law = _law(plan, sample, p)
        if law in (ORIFICE, CRACKS) and sample.paths[p]["active"] > 0.0:
            a = plan.paths[p]["source"]
            b = plan.paths[p]["sink"]
            bounded = plan.volumes[a]["kind"] == BOUNDARY or plan.volumes[b]["kind"] == BOUNDARY
            pa = sample.volumes[a]["pressure"]
            pb = sample.volumes[b]["pressure"]
            if not bounded and abs(pa - pb) < 0.01 * max(pa, pb):
                if law == CRACKS and _is_wide(plan, sample, p):
                    limit = min(limit, _TIGHT_CRACK)
                elif law == ORIFICE and sample.paths[p]["opening"] > 0.0:
                    limit = min(limit, _TIGHT_ORIFICE)
    return limit


@jit
def _is_wide(plan, sample, p):
    """Whether a crack on path p is so wide that its flow turns around sharply at equal pressures."""
    first = sample.paths[p]["crack_start"]
    for i in range(first, first + sample.paths[p]["crack_count"]):
        opening = sample.moving[i]["opening"] if plan.paths[p]["moves"] > 0 else sample.geometry[i, 0]
        if opening > _WIDE:
            return True
    return False


@jit
def overboard_flow(plan, sample):
    """Net flow into the boundaries [kg/s] at the state whose `rates` were last taken."""
    components = plan.components.shape[0]
    total = 0.0
    for p in range(plan.paths.size):
        out = plan.volumes[plan.paths[p]["sink"]]["kind"] == BOUNDARY
        back = plan.volumes[plan.paths[p]["source"]]["kind"] == BOUNDARY
        if out != back:
            for c in range(components):
                part = sample.flux[p * components + c]
                total += part if out else -part
    return total


@jit
def _law(plan, sample, p):
    """Which law path p follows: a hatch that is shut is a seal, one ajar an orifice, an open one none."""
    kind = plan.paths[p]["kind"]
    if kind != HATCH:
        return kind
    opening = sample.paths[p]["opening"]
    if opening >= 1.0:
        return HATCH
    if opening > 0.0:
        return ORIFICE
    return CRACKS if plan.paths[p]["count"] >= 0 else SEAL


@jit
def _conductances(plan, sample, p):
    """Molecular and viscous conductance of a seal."""
    return sample.inputs[plan.paths[p]["molecular"]], sample.inputs[plan.paths[p]["viscous"]]


@jit
def _settle_rates(plan, sample, rate):
    """Add to the rates what goes through open hatches."""
    flux = np.zeros(sample.flux.size)
    settle(plan, sample, rate, 0.0, flux)
    collect(plan, flux, rate)
    for i in range(flux.size):
        sample.flux[i] += flux[i]


@jit
def _settle_slopes(plan, sample, slopes):
    """Add the slopes of what goes through open hatches: a linear function of those of all other fluxes."""
    q = sample.flux.size
    column = np.zeros(q)
    total = np.zeros(slopes.shape[1] + plan.paths.size)
    flux = np.zeros(q)
    for j in range(slopes.shape[1]):
        for i in range(q):
            column[i] = slopes[i, j]
        fill(total, 0.0)
        collect(plan, column, total)
        settle(plan, sample, total, 0.0, flux)
        for i in range(q):
            slopes[i, j] += flux[i]


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
def _orifice_slopes(plan, sample, p, p_up, p_down, T, R, mu, gamma):
    """Flow of an orifice and its slopes: by its area, or by what ISO 6358 measured of it."""
    path = plan.paths[p]
    opening = sample.paths[p]["opening"]
    if path["iso"][0] >= 0:
        C = opening * sample.inputs[path["iso"][0]]
        return iso_flow_slopes(
            p_up, p_down, T, R, C, sample.inputs[path["iso"][1]], sample.inputs[path["iso"][2]]
        )
    Cd = sample.inputs[path["coefficient"]] if path["coefficient"] >= 0 else PERRY
    loss = sample.inputs[path["inlet_loss"]] if path["inlet_loss"] >= 0 else 0.0
    area = opening * sample.paths[p]["area"]
    return thick_hole_slopes(p_up, p_down, T, R, mu, gamma, area, Cd, loss)


@jit
def _prepare_path(plan, sample, p):
    sample.paths[p]["factor"] = 1.0
    sample.paths[p]["started"] = 0.0
    sample.paths[p]["patched"] = 0.0
    sample.paths[p]["patch_time"] = 0.0
    sample.paths[p]["ageing"] = math.inf
    sample.paths[p]["active"] = 0.0 if plan.paths[p]["starts_later"] else 1.0
    sample.paths[p]["opening"] = 1.0
    sample.paths[p]["area"] = 0.0
    path = plan.paths[p]
    possible = True
    if path["size"] >= 0:
        size = sample.inputs[path["size"]]
        sample.paths[p]["area"] = 0.25 * math.pi * size * size if path["is_diameter"] else size
        coefficient = sample.inputs[path["coefficient"]] if path["coefficient"] >= 0 else 1.0
        possible = size >= 0.0 and 0.0 < coefficient <= 1.0
    if path["opening"] >= 0:
        sample.paths[p]["opening"] = sample.inputs[path["opening"]]
        possible = possible and 0.0 <= sample.paths[p]["opening"] <= 1.0
    if path["iso"][0] >= 0:
        C, b, m = sample.inputs[path["iso"][0]], sample.inputs[path["iso"][1]], sample.inputs[path["iso"][2]]
        possible = C >= 0.0 and 0.0 <= b < 1.0 and 0.0 < m <= 1.0
    if path["inlet_loss"] >= 0:
        possible = possible and 0.0 <= sample.inputs[path["inlet_loss"]] < math.inf
    if path["molecular"] >= 0:
        molecular, viscous = _conductances(plan, sample, p)
        possible = possible and molecular >= 0.0 and viscous >= 0.0
    return possible


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
def _set_fluxes(plan, sample, p, flow):
    """Split the flow of path p into components, in the composition of where it comes from."""
    components = plan.components.shape[0]
    source = plan.paths[p]["source"] if flow >= 0.0 else plan.paths[p]["sink"]
    for c in range(components):
        sample.flux[p * components + c] = flow * sample.fractions[source, c]


@jit
def _pressure_slopes(plan, sample, p, v, slope, slopes):
    """Add what the fluxes of path p do as the pressure of volume v changes, by the slope of its flow."""
    state = plan.volumes[v]["state"]
    if state < 0:
        return
    components = plan.components.shape[0]
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    source = a if sample.volumes[a]["pressure"] >= sample.volumes[b]["pressure"] else b
    per_kelvin = slope * sample.volumes[v]["temperature"] / sample.volumes[v]["size"]
    for k in range(components):
        by_mass = per_kelvin * sample.component_gas[k]
        for c in range(components):
            slopes[p * components + c, state * components + k] += by_mass * sample.fractions[source, c]


@jit
def _mixing_slopes(plan, sample, state, p, flow, slopes):
    """Add what the fluxes of path p do as the composition of its source changes, pressures as they are.

    The flow's own change with the properties of the gas is a difference quotient.
    """
    components = plan.components.shape[0]
    v = plan.paths[p]["source"] if flow >= 0.0 else plan.paths[p]["sink"]
    if plan.volumes[v]["state"] < 0:
        return
    start = plan.volumes[v]["state"] * components
    masses = state[start : start + components]
    total = 0.0
    for c in range(components):
        total += max(masses[c], 0.0)
    if not total > 0.0:
        return
    nudged = np.empty(components)
    step = _NUDGE * total
    for k in range(components):
        copy(nudged, masses)
        nudged[k] += step
        _look_at_mixture(plan, sample, v, nudged)
        by_mass = (path_flow(plan, sample, p) - flow) / step
        _look_at_mixture(plan, sample, v, masses)
        for c in range(components):
            moved = ((1.0 if c == k else 0.0) - sample.fractions[v, c]) * flow / total
            slopes[p * components + c, start + k] += moved + by_mass * sample.fractions[v, c]
