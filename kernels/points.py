"""Rates of one unknown at all points of a range side by side, in the lanes of vector instructions.

What `network.rates` does for one state, where all that can change is the gas in one volume. Points of a range
have all else in common: the laws, their numbers, and the cells of their tables, and their places in those
follow from the points without a logarithm. So they fill the lanes whatever other samples do.
"""

import numpy as np

from .chebyshev import BETWEEN, POINT
from .elementary import exp
from .flows import bare_flow, conductances, has_plain_seal, orifice_numbers, patch_factor, path_law, permeance
from .hole_lanes import hole_flows, iso_flows
from .jit import jit
from .model import CELLS, NODES, ORIFICE
from .table import WIDTH, cell_at, cell_ends, table_place

#: Lanes: the points, and four places for checks.
LANES = 24
#: Where they are in the range, from -1 to 1.
PLACE = np.array(POINT + BETWEEN)
# rows of the working memory: growth of the mass, pressures, a flow, places in a cell, which cell; sums of
# Clenshaw
_GROWTH, _PRESSURE, _FLOW, _PLACE, _CELL, _Y, _EVEN, _EVEN2, _ODD, _ODD2 = (k * LANES for k in range(10))
#: Length of the working memory.
SIDE = 10 * LANES

# of a point that no cell is for, and of one that is done
_NO_CELL, _DONE = -1.0, -2.0


@jit
def rates_at_points(plan, sample, x, state, side, rate, passed):
    """Rates of ln m, and what passes, at the points of a range that begins at ``state``.

    Parameters
    ----------
    plan : model.Plan
        One unknown in volumes, as `quadrature.has_curve` wants it.
    sample : model.Sample
        With rates last taken at any state of these conditions; no hatch of the volume stands open.
    x : float64[LANES]
        Where the points are: change of ln m since ``state``.
    state : float64[n]
    side : float64[SIDE]
        Working memory.
    rate : float64[LANES]
        Output [1/s], at `PLACE`.
    passed : float64[links, LANES]
        Output: through each path, then into the volume by each feed [kg/s].
    """
    v = 0
    while plan.volumes[v]["state"] != 0:
        v += 1
    volume = sample.volumes[v]
    pressure = state[0] * sample.component_gas[0] * volume["temperature"] / volume["size"]
    for i in range(LANES):
        growth = exp(x[i])
        side[_GROWTH + i] = growth
        side[_PRESSURE + i] = pressure * growth
        rate[i] = 0.0
    paths = plan.paths.size
    for k in range(passed.shape[0]):
        gives = k < paths and plan.paths[k]["source"] == v
        takes = k < paths and plan.paths[k]["sink"] == v
        if gives or takes:
            _set_flows(plan, sample, k, v, pressure, x, side)
        else:  # between volumes that stand still, or a feed at a given rate
            for i in range(LANES):
                side[_FLOW + i] = sample.flux[k]
        sign = -1.0 if gives else (1.0 if takes or k >= paths else 0.0)
        for i in range(LANES):
            passed[k, i] = side[_FLOW + i]
            rate[i] += sign * side[_FLOW + i]
    for i in range(LANES):
        rate[i] /= state[0] * side[_GROWTH + i]


@jit
def _set_flows(plan, sample, p, v, pressure, x, side):
    """Write the flow of path p, of which volume v is an end, at all points."""
    for i in range(LANES):
        side[_FLOW + i] = 0.0
        side[_CELL + i] = _NO_CELL
    if not sample.paths[p]["active"] > 0.0:
        return
    of_source = plan.paths[p]["source"] == v
    end = plan.paths[p]["sink"] if of_source else plan.paths[p]["source"]
    other = sample.volumes[end]["pressure"]
    sign = 1.0 if of_source else -1.0
    if has_plain_seal(plan, sample, p):
        molecular, viscous = conductances(plan, sample, p)
        for i in range(LANES):
            own = side[_PRESSURE + i]
            side[_FLOW + i] = sign * ((molecular + 0.5 * viscous * (own + other)) * (own - other))
    elif path_law(plan, sample, p) == ORIFICE:
        _set_hole_flows(plan, sample, p, v, end, sign, side)
    else:
        if sample.paths[p]["table"] > 0:
            _set_table_flows(plan, sample, p, pressure, x, side)
            for i in range(LANES):
                side[_FLOW + i] *= sign * (side[_PRESSURE + i] - other)
        for i in range(LANES):
            if side[_CELL + i] == _NO_CELL:
                sample.volumes[v]["pressure"] = side[_PRESSURE + i]
                side[_FLOW + i] = bare_flow(plan, sample, p)
    weight = patch_factor(sample, p)
    through = sign * permeance(plan, sample, p, 0) if plan.paths[p]["membrane"][0] >= 0 else 0.0
    for i in range(LANES):
        side[_FLOW + i] = weight * side[_FLOW + i] + through * (side[_PRESSURE + i] - other)


@jit
def _set_hole_flows(plan, sample, p, v, end, sign, side):
    """Write the flow of path p, an orifice, at all points; 0 where it is shut."""
    size, coefficient, loss, b, m = orifice_numbers(plan, sample, p)
    if not size > 0.0:
        return
    here, there = sample.volumes[v], sample.volumes[end]
    own = side[_PRESSURE : _PRESSURE + LANES]
    flow = side[_FLOW : _FLOW + LANES]
    if plan.paths[p]["iso"][0] >= 0:
        gas = (here["temperature"], here["gas_constant"])
        beyond = (there["temperature"], there["gas_constant"])
        iso_flows(own, there["pressure"], gas, beyond, size, b, m, flow)
    else:
        hole_flows(own, there["pressure"], _gas(here), _gas(there), size, coefficient, loss, flow)
    for i in range(LANES):
        flow[i] *= sign


@jit
def _gas(volume):
    """Properties of a volume's gas, as `hole_lanes.hole_flows` wants them."""
    RT = volume["gas_constant"] * volume["temperature"]
    return RT, volume["viscosity"], volume["gamma"], volume["critical_ratio"], volume["critical_flow2"]


@jit
def _set_table_flows(plan, sample, p, pressure, x, side):
    """Write the flow over the difference of pressures, at points where the table of path p has a cell."""
    first = table_place(plan, sample, p, pressure)
    for i in range(LANES):
        side[_PLACE + i] = first + x[i] / WIDTH
    k, low, high = -1, 0.0, 0.0
    for i in range(LANES):
        place = side[_PLACE + i]
        if not low <= place < high:
            k = cell_at(plan, sample, p, place)[0]
            low, high = cell_ends(k)
        side[_CELL + i] = k if k >= 0 else _NO_CELL
        side[_PLACE + i] = (place - low) / (high - low) * 2.0 - 1.0
    for i in range(LANES):
        k = side[_CELL + i]
        if k >= 0.0:
            _set_flows_of_cell(sample.cells[p * CELLS + int(k)]["coefficient"], k, side)


@jit
def _set_flows_of_cell(coefficient, k, side):
    """Write the sum of a cell's series at its points: even and odd terms side by side, as in `table`."""
    for i in range(LANES):
        x = side[_PLACE + i]
        side[_Y + i] = 4.0 * x * x - 2.0
        side[_EVEN + i] = 0.0
        side[_EVEN2 + i] = 0.0
        side[_ODD + i] = 0.0
        side[_ODD2 + i] = 0.0
    for j in range(NODES // 2 - 1, 0, -1):
        a, b = coefficient[2 * j], coefficient[2 * j + 1]
        for i in range(LANES):
            y, even, odd = side[_Y + i], side[_EVEN + i], side[_ODD + i]
            side[_EVEN + i] = a + y * even - side[_EVEN2 + i]
            side[_EVEN2 + i] = even
            side[_ODD + i] = b + y * odd - side[_ODD2 + i]
            side[_ODD2 + i] = odd
    a, b = coefficient[0], coefficient[1]
    for i in range(LANES):
        y, odd = side[_Y + i], side[_ODD + i]
        value = a + 0.5 * y * side[_EVEN + i] - side[_EVEN2 + i]
        value += side[_PLACE + i] * (b + y * odd - side[_ODD2 + i] - odd)
        here = side[_CELL + i] == k
        side[_FLOW + i] = value if here else side[_FLOW + i]
        side[_CELL + i] = _DONE if here else side[_CELL + i]
