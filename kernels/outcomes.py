"""Scalar outcomes of one sample, in one row whose layout is fixed by the sizes of the plan."""

import math

import numpy as np

from .flows import overboard_flow, path_flow_slopes, quick_flow, quick_flow_slopes
from .jit import jit, jit_rare
from .model import (
    BOUNDARY,
    DURATION,
    HATCH,
    HELD,
    HOLD,
    INTEGRATED,
    RATE,
    THERMAL,
    WALL,
    contents_per_volume,
    n_contents,
)
from .network import rates
from .orifice import flow_function, thrust_coefficient
from .volumes import internal_energy, nitrogen_of, observe, path_total, pressure_rate


def offsets(
    volumes: int, paths: int, thresholds: int, records: int, series: int, feeds: int, controls: int
) -> dict[str, tuple[int, int]]:
    """Return where each group of outcomes starts in a row, and its length (Python, for names).

    Parameters
    ----------
    volumes, paths, thresholds, records, series, feeds, controls : int
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
        "final": series,  # what the series list, at the end [Pa, K]
        "pressure_rate": volumes,  # at the start with all valves shut [Pa/s]
        "gas_added": volumes,  # make-up of a held volume, or put in by events and controls [kg]
        "gas_vented": volumes,  # let out by events [kg]
        "heat": volumes,  # taken up from the wall [J]
        "feed_mass": feeds,  # given to the volume [kg]
        "control_count": controls,  # how often it acted
        "control_time": controls,  # when first [s], NaN if never
        "trend_pressure": volumes,  # leak as read off p V/T [kg/s]
        "trend_nitrogen": volumes,  # leak as read off the nitrogen of it [kg/s]
        "time_to": thresholds,  # [s], NaN if never
        "record": records,  # what is watched at the record's times
        "steps": 1,
        "rejected_steps": 1,
        "mass_balance_residual": 1,  # over all the gas there was
        "energy_balance_residual": 1,  # over all the energy there was; 0 where none is followed
        "table_error": 1,  # of the tables of cracks that were used, over the largest flow in the cell
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
    watched = plan.series.size + plan.feeds.size + 2 * plan.controls.size
    watched += plan.thresholds.size + plan.records.size
    return 4 * paths + 4 + 6 * volumes + watched + 5


@jit_rare
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
    rates(plan, sample, state, scratch)
    row[4 * paths + 1] = overboard_flow(plan, sample)
    _note_trends_at_start(plan, sample, row)
    _note_pressure_rates(plan, sample, state, scratch, row)
    for p in range(paths):
        opening = sample.paths[p]["opening"]
        if plan.paths[p]["kind"] == HATCH:
            sample.paths[p]["opening"] = 0.0
        flow = quick_flow(plan, sample, p)
        row[paths + p] = _equivalent_diameter(plan, sample, p, flow)
        row[2 * paths + p] = _thrust(plan, sample, p, flow)
        row[3 * paths + p] = _flow_exponent(plan, sample, p)
        sample.paths[p]["opening"] = opening


@jit_rare
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
    track : track.Track
    row : float64[n_outcomes]
        Output; what `note_start` wrote is kept.
    """
    paths = plan.paths.size
    volumes = plan.volumes.size
    passed = n_contents(plan)
    rates(plan, sample, end, scratch)
    lost = 0.0
    for p in range(paths):
        row[p] = end[passed + p]
        if plan.volumes[plan.paths[p]["sink"]]["kind"] == BOUNDARY:
            lost += row[p]
        if plan.volumes[plan.paths[p]["source"]]["kind"] == BOUNDARY:
            lost -= row[p]
    place = 4 * paths
    row[place] = lost
    row[place + 2] = lost / plan.settings[DURATION]
    row[place + 3] = overboard_flow(plan, sample)
    place += 4
    for k in range(plan.series.size):
        line = plan.series[k]
        row[place + k] = observe(plan, sample, scratch, line["quantity"], line["volume"], line["species"])
    place += plan.series.size + volumes
    for v in range(volumes):
        row[place + v] = (
            _make_up(plan, v, end) if plan.volumes[v]["kind"] == HELD else sample.volumes[v]["added"]
        )
        row[place + volumes + v] = sample.volumes[v]["vented"]
        row[place + 2 * volumes + v] = _heat(plan, sample, v, end)
    place += 3 * volumes
    for f in range(plan.feeds.size):
        row[place + f] = end[passed + paths + f]
    place += plan.feeds.size
    for i in range(plan.controls.size):
        row[place + i] = sample.controls[i]["count"]
        row[place + plan.controls.size + i] = sample.controls[i]["first"]
    place += 2 * plan.controls.size
    _note_trends_at_end(plan, sample, end, row)
    place += 2 * volumes
    for i in range(track.crossing.size):
        row[place + i] = track.crossing[i]
    place += track.crossing.size
    for i in range(track.record.size):
        row[place + i] = track.record[i]
    place += track.record.size
    row[place] = track.counts[0]
    row[place + 1] = track.counts[1]
    row[place + 2] = _mass_balance_residual(plan, sample, start, end)
    row[place + 3] = _energy_balance_residual(plan, sample, start, end)
    row[place + 4] = 0.0
    for p in range(paths):
        row[place + 4] = max(row[place + 4], sample.paths[p]["table_error"])


@jit_rare
def _note_pressure_rates(plan, sample, state, scratch, row):
    """Note the rate of each pressure with all valves and hatches shut; of a held one, were it not held.

    What paths, feeds and walls do counts, and what permeates. ``scratch`` has the rates with none shut.
    """
    place = 4 * plan.paths.size + 4 + plan.series.size
    openings = np.zeros(plan.paths.size)
    is_open = False
    for p in range(plan.paths.size):
        openings[p] = sample.paths[p]["opening"]
        if plan.paths[p]["opening"] >= 0:
            is_open = is_open or openings[p] > 0.0
            sample.paths[p]["opening"] = 0.0
    if is_open:
        rates(plan, sample, state, scratch)
    for v in range(plan.volumes.size):
        row[place + v] = pressure_rate(plan, sample, scratch, v)
    for p in range(plan.paths.size):
        a = plan.paths[p]["source"]
        b = plan.paths[p]["sink"]
        flow = path_total(plan, sample, p)
        R = sample.volumes[a if flow >= 0.0 else b]["gas_constant"]
        for v, sign in ((a, -1.0), (b, 1.0)):
            if plan.volumes[v]["kind"] == HELD:
                volume = sample.volumes[v]
                row[place + v] += sign * flow * R * volume["temperature"] / volume["size"]
        sample.paths[p]["opening"] = openings[p]


@jit_rare
def _trend_place(plan):
    """Place in a row of the first trend."""
    place = 4 * plan.paths.size + 4 + plan.series.size + 4 * plan.volumes.size
    return place + plan.feeds.size + 2 * plan.controls.size


@jit_rare
def _note_trends_at_start(plan, sample, row):
    """Keep the gas that volumes hold by their p V/T, and their nitrogen [kg], and their share of nitrogen."""
    place = _trend_place(plan)
    for v in range(plan.volumes.size):
        row[place + v] = _gas_held(plan, sample, v)
        row[place + plan.volumes.size + v] = _nitrogen_held(plan, sample, v)


@jit_rare
def _note_trends_at_end(plan, sample, end, row):
    """Turn what was kept at the start into the leak rates that the two trends would be read as [kg/s].

    Gas that events, controls and make-up put in is known to those who read, and taken off; what the crew
    breathes and a filter removes is not. The leak carries nitrogen in its share by mass, the mean of start
    and end.
    """
    place = _trend_place(plan)
    volumes = plan.volumes.size
    passed = n_contents(plan) + plan.paths.size
    for v in range(volumes):
        if plan.volumes[v]["kind"] != INTEGRATED:
            row[place + v] = math.nan
            row[place + volumes + v] = math.nan
            continue
        gas = row[place + v] - _gas_held(plan, sample, v) + sample.volumes[v]["added"]
        gas -= sample.volumes[v]["vented"]
        nitrogen = row[place + volumes + v] - _nitrogen_held(plan, sample, v) + sample.volumes[v]["nitrogen"]
        for f in range(plan.feeds.size):
            if plan.feeds[f]["volume"] == v and _is_metered(plan, f):
                gas += end[passed + f]
                nitrogen += _nitrogen_share(plan, sample, f) * end[passed + f]
        held = row[place + v]
        first = row[place + volumes + v] / held if held > 0.0 else math.nan
        now = _gas_held(plan, sample, v)
        last = _nitrogen_held(plan, sample, v) / now if now > 0.0 else math.nan
        row[place + v] = gas / plan.settings[DURATION]
        share = 0.5 * (first + last)
        row[place + volumes + v] = nitrogen / share / plan.settings[DURATION] if share > 0.0 else math.nan


@jit_rare
def _is_metered(plan, f):
    """Whether feed f is gas from a bottle: not heat, nor a filter, nor the breath of a crew."""
    kind = plan.feeds[f]["kind"]
    return kind == HOLD or (kind == RATE and plan.feeds[f]["factor"] < 0)


@jit_rare
def _gas_held(plan, sample, v):
    """Gas in volume v [kg]."""
    volume = sample.volumes[v]
    if plan.volumes[v]["kind"] != INTEGRATED:
        return 0.0
    return volume["pressure"] * volume["size"] / (volume["gas_constant"] * volume["temperature"])


@jit_rare
def _nitrogen_held(plan, sample, v):
    """Nitrogen in volume v [kg]."""
    total = 0.0
    for c in range(plan.components.shape[0]):
        total += sample.fractions[v, c] * nitrogen_of(plan, sample, c)
    return total * _gas_held(plan, sample, v)


@jit_rare
def _nitrogen_share(plan, sample, f):
    """Mass fraction of nitrogen in what feed f gives or takes."""
    gas = plan.feeds[f]["gas"]
    total = 0.0
    for c in range(plan.components.shape[0]):
        total += plan.gases[gas, c] * nitrogen_of(plan, sample, c)
    return total


@jit_rare
def _equivalent_diameter(plan, sample, p, flow):
    """Diameter of an ideal nozzle that passes the same flow between the same ends; NaN without a flow."""
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    if _is_level(plan, sample, p):
        return math.nan
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


@jit_rare
def _is_level(plan, sample, p):
    """Whether the pressures at the ends of path p are equal within rounding."""
    a = sample.volumes[plan.paths[p]["source"]]["pressure"]
    b = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    return abs(a - b) <= 1e-12 * max(a, b)


@jit_rare
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


@jit_rare
def _flow_exponent(plan, sample, p):
    """How the flow goes with the pressure it comes from, ``d ln(flow)/d ln(p)``; NaN without a flow."""
    flow, by_source, by_sink = quick_flow_slopes(plan, sample, p)
    if flow == 0.0 or _is_level(plan, sample, p):
        return math.nan
    if sample.paths[p]["table"] == (2 if flow > 0.0 else 1):  # it knows nothing of the end that stands still
        flow, by_source, by_sink = path_flow_slopes(plan, sample, p)
    if flow > 0.0:
        return by_source * sample.volumes[plan.paths[p]["source"]]["pressure"] / flow
    return by_sink * sample.volumes[plan.paths[p]["sink"]]["pressure"] / flow


@jit_rare
def _make_up(plan, v, state):
    """Gas that life support gave to hold volume v: what left it less what came [kg]."""
    return _left(plan, v, state, n_contents(plan))


@jit_rare
def _left(plan, v, state, passed):
    """What left volume v by paths and feeds less what came, by the totals from place ``passed`` on."""
    total = 0.0
    for p in range(plan.paths.size):
        if plan.paths[p]["source"] == v:
            total += state[passed + p]
        if plan.paths[p]["sink"] == v:
            total -= state[passed + p]
    for f in range(plan.feeds.size):
        if plan.feeds[f]["volume"] == v:
            total -= state[passed + plan.paths.size + f]
    return total


@jit_rare
def _heat(plan, sample, v, end):
    """Heat that volume v took up from its wall [J]; 0 where no energy is followed."""
    if not plan.settings[THERMAL] > 0.0 or plan.volumes[v]["kind"] != INTEGRATED:
        return 0.0
    heat = sample.volumes[v]["heat"]
    contents = contents_per_volume(plan)
    if sample.volumes[v]["keeper"] >= 0:
        heat += internal_energy(plan, sample, end, v)
        heat -= end[plan.volumes[v]["state"] * contents + contents - 1]
    passed = n_contents(plan) + plan.paths.size + plan.feeds.size + plan.paths.size
    for f in range(plan.feeds.size):
        if plan.feeds[f]["volume"] == v and plan.feeds[f]["kind"] == WALL:
            heat += end[passed + f]
    return heat


@jit_rare
def _mass_balance_residual(plan, sample, start, end):
    """Gas unaccounted for in the worst volume, over all the gas there was, and that came from outside."""
    passed = n_contents(plan)
    contents = contents_per_volume(plan)
    total = 0.0
    worst = 0.0
    for v in range(plan.volumes.size):
        total += sample.volumes[v]["added"]
        if plan.volumes[v]["kind"] == INTEGRATED:
            first = plan.volumes[v]["state"] * contents
            missing = sample.volumes[v]["added"] - sample.volumes[v]["vented"] - _make_up(plan, v, end)
            for c in range(first, first + plan.components.shape[0]):
                missing -= end[c] - start[c]
                total += start[c]
            worst = max(worst, abs(missing))
    for p in range(plan.paths.size):
        forward = end[passed + p]
        donor = plan.paths[p]["source"] if forward >= 0.0 else plan.paths[p]["sink"]
        total += abs(forward) if plan.volumes[donor]["kind"] != INTEGRATED else 0.0
    for f in range(plan.feeds.size):
        total += abs(end[passed + plan.paths.size + f])
    return worst / total if total > 0.0 else worst


@jit_rare
def _energy_balance_residual(plan, sample, start, end):
    """Energy unaccounted for in the worst volume, over all the energy there was; 0 if none is followed."""
    if not plan.settings[THERMAL] > 0.0:
        return 0.0
    contents = contents_per_volume(plan)
    passed = n_contents(plan) + plan.paths.size + plan.feeds.size
    total = 0.0
    worst = 0.0
    for v in range(plan.volumes.size):
        volume = sample.volumes[v]
        total += abs(volume["energy_added"]) + abs(volume["heat"])
        if plan.volumes[v]["kind"] == INTEGRATED:
            place = plan.volumes[v]["state"] * contents + contents - 1
            missing = volume["energy_added"] - volume["energy_vented"] + volume["heat"]
            missing -= _left(plan, v, end, passed) + end[place] - start[place]
            total += start[place]
            worst = max(worst, abs(missing))
    for p in range(plan.paths.size + plan.feeds.size):
        total += abs(end[passed + p])
    return worst / total if total > 0.0 else worst
