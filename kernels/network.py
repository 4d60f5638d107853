"""Volumes joined by paths: initial state, right-hand side and Jacobian of the balances.

The state is what each integrated volume contains (the mass of each component, then its energy where that
is followed), then the mass that has passed each path and feed, then the energy that has. What passes
leaves one volume and arrives in the other: the integrator keeps these sums to rounding. Gas takes the
composition and the enthalpy of the volume that it comes from.
"""

import numpy as np

from . import status
from .feeds import feed_fluxes, feed_slopes, start_feed
from .flows import fits_law, may_pass, path_flow, permeance, quick_flow, quick_flow_slopes, start_path
from .hatches import any_joined, set_groups, settle
from .jit import jit, jit_rare
from .model import INTEGRATED, THERMAL, contents_per_volume, copy, fill, n_contents, n_passed
from .volumes import (
    donor,
    internal_energy,
    look,
    pressure_slope,
    set_components,
    set_fractions,
    set_gas,
    start_volume,
    temperature_slope,
)

# the viscosity fits are within 3 % of the reference correlations over this range [K]
_TEMPERATURE_LOW = 150.0
_TEMPERATURE_HIGH = 500.0
# relative change of a volume's gas and temperature in the difference quotients of a flow by them
_NUDGE = 1e-7


@jit_rare
def prepare(plan, sample, state):
    """Set a drawn sample to the start of its run.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Drawn by `draw.draw_sample`.
    state : float64[n]
        Output: initial contents [kg, J]; nothing has passed the paths.

    Returns
    -------
    int
        A status of `status`.
    """
    set_components(plan, sample)
    fill(state, 0.0)
    sample.clock[0] = 0.0
    result = status.OK
    for i in range(plan.cycles.size):
        if not sample.inputs[plan.cycles[i]["period"]] > 0.0:
            return status.IMPOSSIBLE
    for v in range(plan.volumes.size):
        if not start_volume(plan, sample, v, state):
            return status.IMPOSSIBLE
        if not _TEMPERATURE_LOW <= sample.volumes[v]["temperature"] <= _TEMPERATURE_HIGH:
            result = status.OUT_OF_RANGE
    look(plan, sample, state)
    for p in range(plan.paths.size):
        if not start_path(plan, sample, p):
            return status.IMPOSSIBLE
        if not fits_law(plan, sample, p):
            result = status.OUT_OF_RANGE
    for f in range(plan.feeds.size):
        if not start_feed(plan, sample, f):
            return status.IMPOSSIBLE
    for e in range(plan.events.size):
        if not sample.inputs[plan.events[e]["at"]] >= 0.0:
            return status.IMPOSSIBLE
    return result if set_groups(plan, sample) else status.IMPOSSIBLE


@jit
def rates(plan, sample, state, rate):
    """Right-hand side: ``rate = d state/dt`` [kg/s, W].

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state, rate : float64[n]
    """
    look(plan, sample, state)
    for p in range(plan.paths.size):
        flow = quick_flow(plan, sample, p) if may_pass(plan, sample, p) else 0.0
        _set_fluxes(plan, sample, p, flow)
    feed_fluxes(plan, sample, state)
    fill(rate, 0.0)
    collect(plan, sample.flux, rate)
    if any_joined(plan, sample):
        _settle_rates(plan, sample, state, rate)


@jit
def rates_and_slopes(plan, sample, state, rate, slopes):
    """Right-hand side, and the slopes of the fluxes by the contents.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state, rate : float64[n]
    slopes : float64[(P + S) * C, n_contents]
        Output: of the flux of each content through each path and feed. Their `collect` is the Jacobian;
        nothing depends on what has passed.
    """
    look(plan, sample, state)
    fill(slopes.ravel(), 0.0)
    for p in range(plan.paths.size):
        flow = 0.0
        if may_pass(plan, sample, p):
            flow, by_source, by_sink = quick_flow_slopes(plan, sample, p)
            _add_flow_slopes(plan, sample, state, p, plan.paths[p]["source"], flow, by_source, slopes)
            _add_flow_slopes(plan, sample, state, p, plan.paths[p]["sink"], flow, by_sink, slopes)
            _add_permeation_slopes(plan, sample, p, slopes)
        _set_fluxes(plan, sample, p, flow)
    feed_fluxes(plan, sample, state)
    feed_slopes(plan, sample, state, slopes)
    fill(rate, 0.0)
    collect(plan, sample.flux, rate)
    if any_joined(plan, sample):
        _settle_rates(plan, sample, state, rate)
        _settle_slopes(plan, sample, slopes)


@jit
def collect(plan, flux, total):
    """Take fluxes from the source of each path and give them to its sink, and add them to what passed.

    The same number leaves and arrives, so that what is collected conserves mass and energy whatever the
    fluxes. A feed has a sink only.

    Parameters
    ----------
    plan : model.Plan
    flux : float64[(P + S) * C]
        Of each content through each path and feed.
    total : float64[n]
        Added to.
    """
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    passed = n_contents(plan)
    links = plan.paths.size + plan.feeds.size
    for p in range(links):
        if p < plan.paths.size:
            source = plan.volumes[plan.paths[p]["source"]]["state"]
            sink = plan.volumes[plan.paths[p]["sink"]]["state"]
        else:
            source = -1
            sink = plan.volumes[plan.feeds[p - plan.paths.size]["volume"]]["state"]
        for c in range(contents):
            part = flux[p * contents + c]
            if source >= 0:
                total[source * contents + c] -= part
            if sink >= 0:
                total[sink * contents + c] += part
            total[passed + p + (links if c == components else 0)] += part


@jit_rare
def regroup(plan, sample, state):
    """Find the groups that open hatches make, and bring joined volumes to one pressure and one gas.

    What moves is counted as passed the hatches. A volume whose temperature begins to follow its energy
    again starts from the temperature it has.

    Returns
    -------
    bool
        False if a group has two volumes whose pressure is given.
    """
    look(plan, sample, state)
    for v in range(plan.volumes.size):
        if plan.volumes[v]["balanced"] > 0 and sample.volumes[v]["keeper"] >= 0:
            _start_balance(plan, sample, state, v)
    possible = set_groups(plan, sample)
    if possible and any_joined(plan, sample):
        if plan.settings[THERMAL] > 0.0:  # other walls keep the temperatures now
            look(plan, sample, state)
        flux = sample.through
        fill(flux, 0.0)
        settle(plan, sample, state, state, 1.0, flux)
        _carry_enthalpy(plan, sample, flux, flux)
        collect(plan, flux, state)
    return possible


@jit_rare
def _start_balance(plan, sample, state, v):
    """Let the energy content of volume v be the energy that its gas has; what was missing is heat."""
    place = plan.volumes[v]["state"] * contents_per_volume(plan) + plan.components.shape[0]
    energy = internal_energy(plan, sample, state, v)
    sample.volumes[v]["heat"] += energy - state[place]
    state[place] = energy


@jit
def _settle_rates(plan, sample, state, rate):
    """Add to the rates what goes through open hatches."""
    flux = sample.through
    fill(flux, 0.0)
    settle(plan, sample, rate, state, 0.0, flux)
    _carry_enthalpy(plan, sample, flux, flux)
    collect(plan, flux, rate)
    for i in range(flux.size):
        sample.flux[i] += flux[i]


@jit_rare
def _settle_slopes(plan, sample, slopes):
    """Add the slopes of what goes through open hatches: a linear function of those of all other fluxes."""
    q = sample.flux.size
    column = np.zeros(q)
    total = np.zeros(slopes.shape[1] + n_passed(plan))
    unit = np.zeros(slopes.shape[1])
    flux = np.zeros(q)
    for j in range(slopes.shape[1]):
        for i in range(q):
            column[i] = slopes[i, j]
        fill(total, 0.0)
        fill(unit, 0.0)
        unit[j] = 1.0
        collect(plan, column, total)
        settle(plan, sample, total, unit, 0.0, flux)
        _carry_enthalpy(plan, sample, flux, sample.flux)
        for i in range(q):
            slopes[i, j] += flux[i]


@jit_rare
def _carry_enthalpy(plan, sample, flux, flow):
    """Let gas through the open hatches of a group that has no energy balance carry its enthalpy.

    It has the temperature of where ``flow`` comes from: the fluxes themselves, or those of which
    ``flux`` are the slopes.
    """
    if not plan.settings[THERMAL] > 0.0:
        return
    components = plan.components.shape[0]
    contents = components + 1
    for p in range(plan.paths.size):
        source = plan.paths[p]["source"]
        grouped = sample.volumes[source]["group"] == sample.volumes[plan.paths[p]["sink"]]["group"]
        if grouped and sample.volumes[source]["keeper"] >= 0:
            energy = 0.0
            for c in range(components):
                part = flux[p * contents + c]
                v = source if flow[p * contents + c] >= 0.0 else plan.paths[p]["sink"]
                cp = sample.component_heat[c] + sample.component_gas[c]
                energy += part * cp * sample.volumes[v]["temperature"]
            flux[p * contents + components] = energy


@jit
def _set_fluxes(plan, sample, p, flow):
    """Split the flow of path p into components and energy, and add what permeates."""
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    a, b = plan.paths[p]["source"], plan.paths[p]["sink"]
    v = donor(plan, sample, p, flow >= 0.0)
    energy = flow * sample.volumes[v]["specific_heat"] * sample.volumes[v]["temperature"]
    permeates = plan.paths[p]["membrane"][0] >= 0 and may_pass(plan, sample, p)
    for c in range(components):
        part = flow * sample.fractions[v, c]
        if permeates:
            drop = _component_pressure(sample, a, c) - _component_pressure(sample, b, c)
            more = permeance(plan, sample, p, c) * drop
            part += more
            cp = sample.component_heat[c] + sample.component_gas[c]
            energy += more * cp * sample.volumes[a if more >= 0.0 else b]["temperature"]
        sample.flux[p * contents + c] = part
    if contents > components:
        sample.flux[p * contents + components] = energy


@jit
def _component_pressure(sample, v, c):
    """Partial pressure of component c in volume v [Pa]."""
    volume = sample.volumes[v]
    return volume["pressure"] * sample.fractions[v, c] * sample.component_gas[c] / volume["gas_constant"]


@jit
def _add_flow_slopes(plan, sample, state, p, v, flow, by_pressure, slopes):
    """Add the slopes of path p's fluxes by the contents of volume v, one of its ends."""
    if plan.volumes[v]["state"] < 0:
        return
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    start = plan.volumes[v]["state"] * contents
    source = donor(plan, sample, p, flow >= 0.0)
    enthalpy = sample.volumes[source]["specific_heat"] * sample.volumes[source]["temperature"]
    upstream = source == v
    total = 0.0
    for c in range(components):
        total += max(state[start + c], 0.0)
    upstream = upstream and total > 0.0
    by_temperature = 0.0
    if upstream and sample.volumes[v]["keeper"] < 0:
        by_temperature = _by_temperature(plan, sample, p, v, flow)
    for k in range(contents):
        warming = temperature_slope(plan, sample, v, k)
        by_content = by_pressure * pressure_slope(plan, sample, v, k) + by_temperature * warming
        if upstream and components > 1 and k < components:
            masses = state[start : start + components]
            by_content += _by_composition(plan, sample, p, v, masses, total, k, flow)
        for c in range(components):
            by = by_content * sample.fractions[source, c]
            if upstream and k < components:
                by += ((1.0 if c == k else 0.0) - sample.fractions[v, c]) * flow / total
            slopes[p * contents + c, start + k] += by
        if contents > components:
            by = by_content * enthalpy
            if upstream:
                by += flow * sample.volumes[v]["specific_heat"] * warming
                if k < components:
                    cp = sample.component_heat[k] + sample.component_gas[k]
                    by += (cp * sample.volumes[v]["temperature"] - enthalpy) * flow / total
            slopes[p * contents + components, start + k] += by


@jit_rare
def _by_temperature(plan, sample, p, v, flow):
    """Slope of the flow of path p by the temperature of volume v, pressures as they are [kg/(s K)]."""
    volume = sample.volumes[v]
    temperature = volume["temperature"]
    step = _NUDGE * temperature
    volume["temperature"] = temperature + step
    set_gas(plan, sample, v)
    nudged = path_flow(plan, sample, p)
    volume["temperature"] = temperature
    set_gas(plan, sample, v)
    return (nudged - flow) / step


@jit_rare
def _by_composition(plan, sample, p, v, masses, total, k, flow):
    """Slope of the flow of path p by the composition of volume v, pressures as they are [1/s]."""
    nudged = np.empty(masses.size)
    copy(nudged, masses)
    step = _NUDGE * total
    nudged[k] += step
    set_fractions(sample, v, nudged)
    set_gas(plan, sample, v)
    other = path_flow(plan, sample, p)
    set_fractions(sample, v, masses)
    set_gas(plan, sample, v)
    return (other - flow) / step


@jit_rare
def _add_permeation_slopes(plan, sample, p, slopes):
    """Add the slopes of what permeates through path p by the contents of its two ends."""
    if plan.paths[p]["membrane"][0] < 0:
        return
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    for end in range(2):
        v = plan.paths[p]["source"] if end == 0 else plan.paths[p]["sink"]
        other = plan.paths[p]["sink"] if end == 0 else plan.paths[p]["source"]
        if plan.volumes[v]["kind"] == INTEGRATED:
            sign = 1.0 if end == 0 else -1.0
            start = plan.volumes[v]["state"] * contents
            T = sample.volumes[v]["temperature"]
            for c in range(components):
                own = _component_pressure(sample, v, c)
                drop = own - _component_pressure(sample, other, c)
                here = drop >= 0.0 if end == 0 else drop > 0.0
                through = permeance(plan, sample, p, c)
                cp = sample.component_heat[c] + sample.component_gas[c]
                T_from = T if here else sample.volumes[other]["temperature"]
                for k in range(contents):
                    warming = temperature_slope(plan, sample, v, k)
                    by = own / T * warming
                    if k == c:
                        by += sample.component_gas[c] * T / sample.volumes[v]["size"]
                    slopes[p * contents + c, start + k] += sign * through * by
                    if contents > components:
                        carried = cp * T_from * by + (cp * drop * warming if here else 0.0)
                        slopes[p * contents + components, start + k] += sign * through * carried
