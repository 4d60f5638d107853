"""Rates of several samples side by side, each at its own state, in the lanes of vector instructions.

What `network.rates` does for one sample, by the numbers of `sample_lanes`; the cell of each of its tables is
noted when a pressure enters it. A law that has no such numbers (a crack without a table) is asked for lane by
lane. No lane looks at another one: what a sample comes to does not depend on its neighbours.
"""

from .elementary import log
from .flows import patch_factor, path_flow
from .hole_lanes import hole_flow
from .jit import jit, jit_inline
from .model import CELLS, INTEGRATED, NODES
from .sample_lanes import (
    AREA,
    ARGUMENT,
    ASK,
    BASE,
    CHOKED,
    COEFFICIENT,
    DISCHARGE,
    FLOW,
    GAIN,
    GAMMA,
    HIGH,
    HOLE,
    LAMINAR,
    LANES,
    LEVEL,
    LOSS,
    LOW,
    MOLECULAR,
    MOST,
    NEW,
    OTHER,
    OWN,
    PER_LOW,
    PER_MASS,
    PLACE,
    PRESSURE,
    RATE,
    RATIO,
    SCALE,
    SHARE,
    SLOPE,
    TABULATED,
    VISCOUS,
)
from .table import WIDTH, cell_at, cell_ends


@jit
def rates_in_lanes(plan, samples, lanes, turn, at):
    """Right-hand side, in the row `RATE` of each content's block.

    Parameters
    ----------
    plan : model.Plan
    samples : pack.Packs of model.Sample
        Of each lane. Tables are filled as they are needed.
    lanes : Lanes
        With the conditions of each lane.
    turn : int
        The lanes that it is for; the others have numbers without meaning.
    at : int
        Row of the contents where they stand, `ARGUMENT` or `NEW`.
    """
    links, count = lanes.link.shape[0], lanes.turn.size
    within = lanes.content.shape[0] - links
    for i in range(within):
        if at == ARGUMENT:
            _start_rate(ARGUMENT, lanes.content[i], count)
        else:
            _start_rate(NEW, lanes.content[i], count)
    for k in range(links):
        block = lanes.link[k]
        source = -1
        if k < plan.paths.size:
            source = plan.volumes[plan.paths[k]["source"]]["state"]
            sink = plan.volumes[plan.paths[k]["sink"]]["state"]
            _copy_pressure(plan, lanes, plan.paths[k]["source"], block, OWN)
            _copy_pressure(plan, lanes, plan.paths[k]["sink"], block, OTHER)
            _set_flows(plan, samples, lanes, turn, k, block)
        else:
            v = plan.feeds[k - plan.paths.size]["volume"]
            sink = plan.volumes[v]["state"]
            _copy_pressure(plan, lanes, v, block, OWN)
            _set_feed(block)
        if source >= 0:
            add_flow(-1.0, block, FLOW, lanes.content[source], count)
        if sink >= 0:
            add_flow(1.0, block, FLOW, lanes.content[sink], count)
        copy_row(block, FLOW, lanes.content[within + k], RATE)


@jit
def flow_in_lane(lanes, k, lane):
    """Flow of link k in a lane where `rates_in_lanes` looked last [kg/s]."""
    return lanes.link[k, FLOW + lane]


@jit
def _set_flows(plan, samples, lanes, turn, p, block):
    """Write the flow of path p, whose pressures are there, in all lanes."""
    asked = lanes.laws[p, ASK]
    if lanes.laws[p, TABULATED] > 0:
        if plan.volumes[plan.paths[p]["source"]]["kind"] == INTEGRATED:
            _set_places(OWN, block)
        else:
            _set_places(OTHER, block)
        if _count_outside(block) > 0:
            asked += _enter_cells(plan, samples, lanes, turn, p, block)
        _set_table_flows(block)
    else:
        _set_linear_flows(block, lanes.turn.size)
        if lanes.laws[p, HOLE] > 0:
            asked += _count_short(block)
            _add_hole_flows(block)
    if asked > 0:
        _ask(plan, samples, lanes, turn, p, block)


@jit
def _ask(plan, samples, lanes, turn, p, block):
    """Add what has no numbers, lane by lane."""
    for lane in range(LANES):
        law = lanes.law[p, lane]
        own, other = block[OWN + lane], block[OTHER + lane]
        no_cell = law == TABULATED and not block[HIGH + lane] > 0.0
        short = law == HOLE and min(own, other) < 0.0
        if lanes.turn[lane] == turn and (law == ASK or no_cell or short):
            sample = samples[lane]
            sample.volumes[plan.paths[p]["source"]]["pressure"] = own
            sample.volumes[plan.paths[p]["sink"]]["pressure"] = other
            block[FLOW + lane] += path_flow(plan, sample, p)


@jit
def _enter_cells(plan, samples, lanes, turn, p, block):
    """Note the cells that pressures have entered; return in how many lanes there is none."""
    none = 0
    for lane in range(LANES):
        place = block[PLACE + lane]
        if lanes.law[p, lane] != TABULATED or lanes.turn[lane] != turn:
            continue
        if not block[LOW + lane] <= place < block[HIGH + lane]:
            sample = samples[lane]
            k = cell_at(plan, sample, p, place)[0]
            low, high = cell_ends(k)
            block[LOW + lane] = low
            block[HIGH + lane] = high
            block[SCALE + lane] = 2.0 / (high - low) if k >= 0 else 0.0
            weight = patch_factor(sample, p)
            for j in range(NODES):
                part = weight * sample.cells[p * CELLS + k]["coefficient"][j] if k >= 0 else 0.0
                block[COEFFICIENT + j * LANES + lane] = part
        none += 0 if block[HIGH + lane] > 0.0 else 1
    return none


@jit
def _copy_pressure(plan, lanes, v, block, row):
    """Write the pressures of volume v into a row of a link's block."""
    i = plan.volumes[v]["state"]
    if i >= 0:
        copy_row(lanes.content[i], PRESSURE, block, row)
    else:
        copy_row(lanes.given[v], 0, block, row)


@jit
def copy_row(source, start, target, row):
    """Copy a row of a block into one of another."""
    for lane in range(LANES):
        target[row + lane] = source[start + lane]


@jit_inline
def _start_rate(at, block, count):
    """Write the pressure of a content, and no rate yet; where it stands is a constant for each call."""
    for lane in range(count):
        block[PRESSURE + lane] = block[at + lane] * block[PER_MASS + lane]
        block[RATE + lane] = 0.0


@jit
def _set_linear_flows(block, count):
    """Write the flow by the conductances."""
    for lane in range(count):
        own, other = block[OWN + lane], block[OTHER + lane]
        through = block[MOLECULAR + lane] + block[VISCOUS + lane] * (own + other)
        block[FLOW + lane] = through * (own - other)


@jit
def _count_short(block):
    """Count the lanes in which a pressure is negative."""
    short = 0
    for lane in range(LANES):
        short += 1 if (block[OWN + lane] < 0.0) | (block[OTHER + lane] < 0.0) else 0
    return short


@jit
def _add_hole_flows(block):
    """Add the flow through holes, where no pressure is negative."""
    for lane in range(LANES):
        own, other = block[OWN + lane], block[OTHER + lane]
        outward = own >= other
        p1 = own if outward else other
        p2 = other if outward else own
        flow = hole_flow(
            p1,
            p2,
            _of_inflow(outward, block, GAMMA + lane),
            _of_inflow(outward, block, RATIO + lane),
            _of_inflow(outward, block, CHOKED + lane),
            _of_inflow(outward, block, LAMINAR + lane),
            block[DISCHARGE + lane],
            block[LOSS + lane],
        )
        scale = _of_inflow(outward, block, AREA + lane)
        flow = scale * (flow if outward else -flow)
        there = (scale != 0.0) & (p2 >= 0.0)
        before = block[FLOW + lane]
        block[FLOW + lane] = before + flow if there else before


@jit_inline
def _of_inflow(outward, block, at):
    """Number of the gas that flows in: both are read, so that a lane is no branch."""
    own, other = block[at], block[at + LANES]
    return own if outward else other


@jit_inline
def _set_places(own, block):
    """Write the places of pressures in their tables; the row of these is a constant for each call."""
    for lane in range(LANES):
        pressure = block[own + lane]
        place = log(pressure * block[PER_LOW + lane]) / WIDTH
        place = place if pressure > 0.0 else -1.0
        block[PLACE + lane] = place


@jit
def _count_outside(block):
    """Count the places that are outside of the cell at hand."""
    outside = 0
    for lane in range(LANES):
        place = block[PLACE + lane]
        outside += 1 if (place < block[LOW + lane]) | (place >= block[HIGH + lane]) else 0
    return outside


@jit
def _set_table_flows(block):
    """Write the flow by the conductances and the tables: even and odd terms side by side, as in `table`."""
    for lane in range(LANES):
        scale = block[SCALE + lane]
        x = (block[PLACE + lane] - block[LOW + lane]) * scale - 1.0
        x = x if scale > 0.0 else 0.0
        y = 4.0 * x * x - 2.0
        even, even2 = 0.0, 0.0
        odd, odd2 = 0.0, 0.0
        for i in range(1, NODES // 2):
            j = COEFFICIENT + 2 * (NODES // 2 - i) * LANES + lane
            even, even2 = block[j] + y * even - even2, even
            odd, odd2 = block[j + LANES] + y * odd - odd2, odd
        value = block[COEFFICIENT + lane] + 0.5 * y * even - even2
        value += x * (block[COEFFICIENT + LANES + lane] + y * odd - odd2 - odd)
        own, other = block[OWN + lane], block[OTHER + lane]
        through = block[MOLECULAR + lane] + block[VISCOUS + lane] * (own + other)
        block[FLOW + lane] = (through + value) * (own - other)


@jit
def _set_feed(block):
    """Write what a feed gives, by `feeds.feed_numbers`."""
    for lane in range(LANES):
        p = block[OWN + lane]
        missing = block[LEVEL + lane] - block[SHARE + lane] * p
        made_up = block[GAIN + lane] * (missing if missing > 0.0 else 0.0)
        made_up = made_up if made_up < block[MOST + lane] else block[MOST + lane]
        block[FLOW + lane] = block[BASE + lane] + block[SLOPE + lane] * p + made_up


@jit
def add_flow(sign, flow, at, content, count):
    """Add the flow of a link to the rate of a content."""
    for lane in range(count):
        content[RATE + lane] += sign * flow[at + lane]
