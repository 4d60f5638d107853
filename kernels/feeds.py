"""What comes into a volume, or leaves it, other than by a path: make-up, crew, filters, heat of the wall."""

import math

from .jit import jit, jit_rare
from .model import HOLD, RATE, REMOVAL, WALL, contents_per_volume
from .volumes import pressure_slope, temperature_slope, wall_temperature


@jit_rare
def start_feed(plan, sample, f):
    """Set feed f to the start of a run; False if its numbers are impossible."""
    row = plan.feeds[f]
    sample.feeds[f]["runs"] = 1.0 if row["runs"] > 0 else 0.0
    sample.feeds[f]["factor"] = sample.inputs[row["factor"]] if row["factor"] >= 0 else 1.0
    value = sample.inputs[row["value"]]
    possible = abs(value) < math.inf and (value >= 0.0 or row["kind"] == RATE)
    if row["time"] >= 0:
        possible = possible and sample.inputs[row["time"]] > 0.0
    if row["temperature"] >= 0:
        possible = possible and sample.inputs[row["temperature"]] > 0.0
    if row["most"] >= 0:
        possible = possible and sample.inputs[row["most"]] >= 0.0
    return possible and sample.feeds[f]["factor"] >= 0.0


@jit
def feed_fluxes(plan, sample, state):
    """Write what each feed gives to its volume at the state last looked at.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Output: ``flux`` from the first feed on [kg/s, W].
    state : float64[n]
    """
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    for f in range(plan.feeds.size):
        row = plan.feeds[f]
        v = row["volume"]
        place = (plan.paths.size + f) * contents
        for c in range(contents):
            sample.flux[place + c] = 0.0
        weight = sample.feeds[f]["runs"] * sample.feeds[f]["factor"]
        if row["kind"] == WALL:
            sample.flux[place + components] = weight * _wall_heat(plan, sample, f)
        elif row["kind"] == REMOVAL:
            c = row["gas"]
            flow = -weight * sample.inputs[row["value"]] * _density(plan, sample, state, v, c)
            sample.flux[place + c] = flow
            if contents > components:
                h = (sample.component_heat[c] + sample.component_gas[c]) * sample.volumes[v]["temperature"]
                sample.flux[place + components] = flow * h
        else:
            flow = weight * _rate(plan, sample, state, f)
            for c in range(components):
                sample.flux[place + c] = flow * plan.gases[row["gas"], c]
            if contents > components:
                heat = sample.inputs[row["heat"]] if row["heat"] >= 0 else 0.0
                cp = _specific_heat(plan, sample, row["gas"])
                sample.flux[place + components] = (
                    flow * cp * _inlet_temperature(plan, sample, f, flow) + weight * heat
                )


@jit
def feed_numbers(plan, sample, f):
    """Return what feed f gives a volume of one gas at a constant temperature, as numbers of one formula.

    It gives ``base + slope p + min(gain max(level - share p, 0), most)`` [kg/s] at the volume's pressure p.

    Returns
    -------
    base, slope, level, share, gain, most : float
    """
    row = plan.feeds[f]
    volume = sample.volumes[row["volume"]]
    value = sample.inputs[row["value"]]
    weight = sample.feeds[f]["runs"] * sample.feeds[f]["factor"]
    if row["kind"] == RATE:
        return weight * row["sign"] * value, 0.0, 0.0, 0.0, 0.0, 0.0
    if row["kind"] == REMOVAL:
        return 0.0, -weight * value / (volume["gas_constant"] * volume["temperature"]), 0.0, 0.0, 0.0, 0.0
    share = plan.components[0, row["species"]] if row["species"] >= 0 else 1.0
    most = sample.inputs[row["most"]] if row["most"] >= 0 else 1e300
    return 0.0, 0.0, value, share, weight * _gain(plan, sample, f), weight * most


@jit
def feed_slopes(plan, sample, state, slopes):
    """Add the slopes of `feed_fluxes` by the contents of volumes, flows as last written.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state : float64[n]
    slopes : float64[(P + S) * C, n_contents]
        Added to.
    """
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    for f in range(plan.feeds.size):
        row = plan.feeds[f]
        v = row["volume"]
        if plan.volumes[v]["state"] < 0:
            continue
        place = (plan.paths.size + f) * contents
        start = plan.volumes[v]["state"] * contents
        weight = sample.feeds[f]["runs"] * sample.feeds[f]["factor"]
        for k in range(contents):
            warming = temperature_slope(plan, sample, v, k)
            if row["kind"] == WALL:
                if sample.volumes[v]["keeper"] < 0:
                    conductance = weight * sample.inputs[row["value"]]
                    slopes[place + components, start + k] -= conductance * warming
            elif row["kind"] == REMOVAL:
                c = row["gas"]
                out = weight * sample.inputs[row["value"]] / sample.volumes[v]["size"]
                by_mass = -out if k == c else 0.0
                slopes[place + c, start + k] += by_mass
                if contents > components:
                    cp = sample.component_heat[c] + sample.component_gas[c]
                    T = sample.volumes[v]["temperature"]
                    slopes[place + components, start + k] += cp * (
                        by_mass * T - out * state[start + c] * warming
                    )
            else:
                flow = weight * _rate(plan, sample, state, f)
                by_content = weight * _rate_slope(plan, sample, state, f, k)
                for c in range(components):
                    slopes[place + c, start + k] += by_content * plan.gases[row["gas"], c]
                if contents > components:
                    own = row["temperature"] < 0 or flow < 0.0
                    cp = _specific_heat(plan, sample, row["gas"])
                    slopes[place + components, start + k] += cp * (
                        by_content * _inlet_temperature(plan, sample, f, flow)
                        + (flow * warming if own else 0.0)
                    )


@jit
def is_exhausted(plan, sample, state):
    """Whether a feed that takes gas out at a given rate has taken more than there was."""
    contents = contents_per_volume(plan)
    for f in range(plan.feeds.size):
        row = plan.feeds[f]
        integrated = plan.volumes[row["volume"]]["state"] >= 0
        if integrated and row["kind"] == RATE and sample.feeds[f]["runs"] > 0.0:
            start = plan.volumes[row["volume"]]["state"] * contents
            taken = row["sign"] * sample.inputs[row["value"]] * sample.feeds[f]["factor"] < 0.0
            for c in range(plan.components.shape[0]):
                if taken and plan.gases[row["gas"], c] > 0.0 and state[start + c] < 0.0:
                    return True
    return False


@jit
def _wall_heat(plan, sample, f):
    """Heat that the wall gives to the gas [W]; of a volume without a balance of its own it is no flux."""
    v = plan.feeds[f]["volume"]
    if sample.volumes[v]["keeper"] >= 0:
        return 0.0
    warmer = wall_temperature(plan, sample, v) - sample.volumes[v]["temperature"]
    return sample.inputs[plan.feeds[f]["value"]] * warmer


@jit
def _rate(plan, sample, state, f):
    """Mass flow of a feed of gas [kg/s], its factor left aside."""
    row = plan.feeds[f]
    if row["kind"] == RATE:
        return row["sign"] * sample.inputs[row["value"]]
    missing = sample.inputs[row["value"]] - _held_pressure(plan, sample, state, f)
    most = sample.inputs[row["most"]] if row["most"] >= 0 else 1e300
    return min(max(missing, 0.0) * _gain(plan, sample, f), most)


@jit
def _rate_slope(plan, sample, state, f, k):
    """Slope of `_rate` by content k of the feed's volume."""
    row = plan.feeds[f]
    if row["kind"] != HOLD:
        return 0.0
    flow = _rate(plan, sample, state, f)
    if not flow > 0.0 or (row["most"] >= 0 and flow >= sample.inputs[row["most"]]):
        return 0.0
    v = row["volume"]
    volume = sample.volumes[v]
    warming = temperature_slope(plan, sample, v, k) / volume["temperature"]
    if row["species"] < 0:
        by_content = pressure_slope(plan, sample, v, k)
    else:
        by_content = _held_pressure(plan, sample, state, f) * warming
        if k < plan.components.shape[0]:
            share = plan.components[k, row["species"]]
            by_content += share * sample.component_gas[k] * volume["temperature"] / volume["size"]
    return -by_content * _gain(plan, sample, f) - flow * warming


@jit
def _held_pressure(plan, sample, state, f):
    """Pressure, or partial pressure, that a make-up holds [Pa]."""
    row = plan.feeds[f]
    volume = sample.volumes[row["volume"]]
    if row["species"] < 0:
        return volume["pressure"]
    nR = 0.0
    for c in range(plan.components.shape[0]):
        density = _density(plan, sample, state, row["volume"], c)
        nR += density * sample.component_gas[c] * plan.components[c, row["species"]]
    return nR * volume["temperature"]


@jit
def _density(plan, sample, state, v, c):
    """Mass of component c in a cubic metre of volume v [kg/m3]."""
    volume = sample.volumes[v]
    row = plan.volumes[v]["state"]
    if row >= 0:
        return state[row * contents_per_volume(plan) + c] / volume["size"]
    return sample.fractions[v, c] * volume["pressure"] / (volume["gas_constant"] * volume["temperature"])


@jit
def _gain(plan, sample, f):
    """Make-up over the pressure that is missing [kg/(s Pa)]: it is made good in the feed's time constant."""
    row = plan.feeds[f]
    volume = sample.volumes[row["volume"]]
    R = 0.0
    for c in range(plan.components.shape[0]):
        R += plan.gases[row["gas"], c] * sample.component_gas[c]
    return volume["size"] / (R * volume["temperature"] * sample.inputs[row["time"]])


@jit
def _specific_heat(plan, sample, gas):
    """Specific heat at constant pressure of a row of ``Plan.gases`` [J/(kg K)]."""
    total = 0.0
    for c in range(plan.components.shape[0]):
        total += plan.gases[gas, c] * (sample.component_heat[c] + sample.component_gas[c])
    return total


@jit
def _inlet_temperature(plan, sample, f, flow):
    """Temperature of what a feed gives: its own, or the volume's where none is given or gas is taken out."""
    row = plan.feeds[f]
    if row["temperature"] >= 0 and flow >= 0.0:
        return sample.inputs[row["temperature"]]
    return sample.volumes[row["volume"]]["temperature"]
