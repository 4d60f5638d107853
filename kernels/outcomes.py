"""Scalar outcomes of one sample, in one row whose layout is fixed by the sizes of the plan."""

import math

from .jit import jit
from .model import BOUNDARY, DURATION, HATCH, HELD, INTEGRATED
from .network import n_masses, overboard_flow, path_flow, path_flow_slopes, rates
from .orifice import flow_function, thrust_coefficient


def offsets(volumes: int, paths: int, thresholds: int, records: int) -> dict[str, tuple[int, int]]:
    """Return where each group of outcomes starts in a row, and its length (Python, for names).

    Parameters
    ----------
    volumes, paths, thresholds, records : int
        Sizes of the plan.

    Returns
    -------
    dict of str to tuple of int
        Group to (start, length), in the order of the row.
    """
    lengths = {
        "mass": paths,  # passed each path [kg]
        "equivalent_diameter": paths,  # of an ideal nozzle passing the same, at the start [m]
        "thrust": paths,  # of an ideal jet of the flow into a boundary, at the start [N]
        "flow_exponent": paths,  # d ln(flow)/d ln(pressure upstream), at the start
        "mass_lost": 1,  # net into the boundaries [kg]
        "leak_rate": 3,  # net into the boundaries: at the start, mean, at the end [kg/s]
        "pressure_final": volumes,  # [Pa]
        "pressure_rate": volumes,  # at the start with all valves shut [Pa/s]
        "gas_added": volumes,  # make-up of a held volume, or put in by events [kg]
        "gas_vented": volumes,  # let out by events [kg]
        "time_to": thresholds,  # [s], NaN if never
        "record": records,  # pressures at the record's times [Pa]
        "steps": 1,
        "rejected_steps": 1,
        "mass_balance_residual": 1,  # over all the gas there was
    }
    place = 0
    result = {}
    for name, length in lengths.items():
        result[name] = (place, length)
        place += length
    return result


@jit
def n_outcomes(plan):
    """Length of a row of outcomes."""
    paths = plan.paths.size
    volumes = plan.volumes.size
    return 4 * paths + 4 + 4 * volumes + plan.thresholds.size + plan.records.size + 3


@jit
def note_start(plan, sample, state, scratch, row):
    """Note what is seen at the start of a prepared sample, before any event.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Prepared by `network.prepare`.
    state, scratch : float64[n]
        Its state, and memory that may be overwritten.
    row : float64[n_outcomes]
        Output.
    """
    paths = plan.paths.size
    volumes = plan.volumes.size
    rate = 4 * paths + 4 + volumes
    rates(plan, sample, state, scratch)
    row[4 * paths + 1] = overboard_flow(plan, sample)
    for v in range(volumes):
        row[rate + v] = 0.0
    for p in range(paths):
        opening = sample.paths[p]["opening"]
        if plan.paths[p]["kind"] == HATCH:
            sample.paths[p]["opening"] = 0.0
        flow = path_flow(plan, sample, p)
        row[paths + p] = _equivalent_diameter(plan, sample, p, flow)
        row[2 * paths + p] = _thrust(plan, sample, p, flow)
        row[3 * paths + p] = _flow_exponent(plan, sample, p)
        is_valve = plan.paths[p]["kind"] != HATCH and plan.paths[p]["opening"] >= 0
        if sample.paths[p]["active"] > 0.0 and not is_valve:
            a = plan.paths[p]["source"]
            b = plan.paths[p]["sink"]
            R = sample.volumes[a if flow >= 0.0 else b]["gas_constant"]
            row[rate + a] -= flow * R * sample.volumes[a]["temperature"] / sample.volumes[a]["size"]
            row[rate + b] += flow * R * sample.volumes[b]["temperature"] / sample.volumes[b]["size"]
        sample.paths[p]["opening"] = opening


@jit
def note_end(plan, sample, start, end, scratch, track, row):
    """Note the rest at the end of the run.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    start, end : float64[n]
        States at the start and the end.
    scratch : float64[n]
        Memory that may be overwritten.
    track : integrate.Track
    row : float64[n_outcomes]
        Output; what `note_start` wrote is kept.
    """
    paths = plan.paths.size
    volumes = plan.volumes.size
    masses = n_masses(plan)
    rates(plan, sample, end, scratch)
    lost = 0.0
    for p in range(paths):
        passed = end[masses + p]
        row[p] = passed
        if plan.volumes[plan.paths[p]["sink"]]["kind"] == BOUNDARY:
            lost += passed
        if plan.volumes[plan.paths[p]["source"]]["kind"] == BOUNDARY:
            lost -= passed
    place = 4 * paths
    row[place] = lost
    row[place + 2] = lost / plan.settings[DURATION]
    row[place + 3] = overboard_flow(plan, sample)
    place += 4
    for v in range(volumes):
        row[place + v] = max(sample.volumes[v]["pressure"], 0.0)
        row[place + 2 * volumes + v] = (
            _make_up(plan, v, end) if plan.volumes[v]["kind"] == HELD else sample.volumes[v]["added"]
        )
        row[place + 3 * volumes + v] = sample.volumes[v]["vented"]
    place += 4 * volumes
    for i in range(track.crossing.size):
        row[place + i] = track.crossing[i]
    place += track.crossing.size
    for i in range(track.record.size):
        row[place + i] = track.record[i]
    place += track.record.size
    row[place] = track.counts[0]
    row[place + 1] = track.counts[1]
    row[place + 2] = _mass_balance_residual(plan, sample, start, end)


@jit
def _equivalent_diameter(plan, sample, p, flow):
    """Diameter of an ideal nozzle that passes the same flow between the same ends; NaN without a flow."""
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    source, sink = (a, b) if sample.volumes[a]["pressure"] >= sample.volumes[b]["pressure"] else (b, a)
    p1 = sample.volumes[source]["pressure"]
    psi = (
        flow_function(sample.volumes[sink]["pressure"] / p1, sample.volumes[source]["gamma"])
        if p1 > 0.0
        else 0.0
    )
    if not psi > 0.0:
        return math.nan
    RT = sample.volumes[source]["gas_constant"] * sample.volumes[source]["temperature"]
    return math.sqrt(4.0 / math.pi * abs(flow) * math.sqrt(RT) / (p1 * psi))


@jit
def _thrust(plan, sample, p, flow):
    """Thrust of an ideal jet that carries the flow out of path p [N]; a rarefied leak's is less."""
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    source, sink = (a, b) if flow >= 0.0 else (b, a)
    p1 = sample.volumes[source]["pressure"]
    if flow == 0.0 or not p1 > 0.0:
        return 0.0
    gas = sample.volumes[source]
    speed = math.sqrt(gas["gas_constant"] * gas["temperature"])
    return abs(flow) * speed * thrust_coefficient(sample.volumes[sink]["pressure"] / p1, gas["gamma"])


@jit
def _flow_exponent(plan, sample, p):
    """How the flow goes with the pressure it comes from, ``d ln(flow)/d ln(p)``; NaN without a flow."""
    flow, by_source, by_sink = path_flow_slopes(plan, sample, p)
    if flow == 0.0:
        return math.nan
    if flow > 0.0:
        return by_source * sample.volumes[plan.paths[p]["source"]]["pressure"] / flow
    return by_sink * sample.volumes[plan.paths[p]["sink"]]["pressure"] / flow


@jit
def _make_up(plan, v, state):
    """Gas that life support gave to hold volume v: what left it less what came [kg]."""
    masses = n_masses(plan)
    total = 0.0
    for p in range(plan.paths.size):
        if plan.paths[p]["source"] == v:
            total += state[masses + p]
        if plan.paths[p]["sink"] == v:
            total -= state[masses + p]
    return total


@jit
def _mass_balance_residual(plan, sample, start, end):
    """Gas unaccounted for in the worst volume, over all the gas there was."""
    masses = n_masses(plan)
    components = plan.components.shape[0]
    total = 0.0
    for i in range(masses):
        total += start[i]
    worst = 0.0
    for v in range(plan.volumes.size):
        total += sample.volumes[v]["added"]
        if plan.volumes[v]["kind"] == INTEGRATED:
            first = plan.volumes[v]["state"] * components
            missing = sample.volumes[v]["added"] - sample.volumes[v]["vented"] - _make_up(plan, v, end)
            for c in range(first, first + components):
                missing -= end[c] - start[c]
            worst = max(worst, abs(missing))
    for p in range(plan.paths.size):
        total += abs(end[masses + p]) if plan.volumes[plan.paths[p]["source"]]["kind"] != INTEGRATED else 0.0
    return worst / total if total > 0.0 else worst
