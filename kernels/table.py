"""The flow of a population of cracks as one function of one pressure, tabulated where it is smooth.

All cracks between the same two volumes are one function of the two pressures, and where one of these
stands still (a boundary, a held volume) it is a function of the other alone. Over a factor of sixteen of
that pressure sixteen Chebyshev nodes in its logarithm hold it to 1e-10, so that a run costs some dozen sums
over the cracks whatever it does with them. A cell is filled when a pressure first falls into it. Where its
last coefficients or a point between its nodes say that it is not good enough (a crack that turns turbulent,
opens, or whose two pressures meet there), two cells of half the width take its place, and where they are not
either, the cracks are summed as before. What is tabulated is the flow over the difference of the two
pressures, so that none flows where they are equal: an error of the flow itself would pass there, and add up
for as long as a volume rests. A cell ends at the highest pressure of the start. The error that a
run tells is that of the cells which its own steps used, whatever else is looked at on the way.

Source
------
Trefethen, Approximation Theory and Approximation Practice (2013), ch. 3 (interpolation), 8 (convergence);
Clenshaw, Math. Comp. 9 (1955) 118 (the sum, and its derivative).
"""

import math

import numpy as np

from .jit import jit, jit_rare
from .model import CELLS, CRACKS, HELD, INTEGRATED, NODES, RTOL
from .population import population_flow

#: Width of a narrow cell in the logarithm of the pressure.
WIDTH = math.log(4.0)
# narrow cells, of a factor of four each; the rest are wide, of two narrow ones
_NARROW = 2 * CELLS // 3
# narrow cells above the highest pressure of the start
_ABOVE = 2
# how far the uppermost edge below these stands above that pressure, so that rounding does not go over it
_CLEAR = 1.0 + 1e-6
# error of the table over the tolerance of a step, and the tolerance below which no table is used
_SHARE = 1e-3
_TIGHTEST = 1e-9
# where the limit of flow over difference is taken, over the pressure: the law is exact however small that is
_BESIDE = 1.0 + 1e-12

UNFILLED = 0
FILLED = 1
UNFIT = 2

_NODE = tuple(math.cos(math.pi * (k + 0.5) / NODES) for k in range(NODES))
_COSINE = np.cos(np.pi * np.outer(np.arange(NODES), np.arange(NODES) + 0.5) / NODES)
# where the interpolant is checked: at its ends, beyond the outermost nodes, and between two in the middle
_CHECK = (1.0, math.cos(math.pi * (NODES // 2) / NODES), -1.0)


@jit_rare
def start_table(plan, sample, p):
    """Say whether path p has a table, and of which end's pressure: 0 none, 1 its source's, 2 its sink's.

    The pressure, the temperatures and the composition at the other end, and the cracks, must stand still
    between events; events, and cracks that close, call `forget_table`.
    """
    row = plan.paths[p]
    path = sample.paths[p]
    path["table"] = 0
    path["table_error"] = 0.0
    if row["kind"] != CRACKS or plan.components.shape[0] > 1 or plan.settings[RTOL] < _TIGHTEST:
        return
    for end in range(2):
        v = row["source"] if end == 0 else row["sink"]
        if plan.volumes[v]["balanced"] > 0 or plan.volumes[v]["cycles"] > 0:
            return
    if row["moves"] > 0:
        for i in range(path["crack_start"], path["crack_start"] + path["crack_count"]):
            if sample.moving[i]["growth"] != 0.0:
                return
    source = plan.volumes[row["source"]]["kind"]
    sink = plan.volumes[row["sink"]]["kind"]
    if source == INTEGRATED and sink >= HELD:
        path["table"] = 1
    elif sink == INTEGRATED and source >= HELD:
        path["table"] = 2
    top = 0.0
    for v in range(plan.volumes.size):
        top = max(top, sample.volumes[v]["pressure"])
    path["table_low"] = top * _CLEAR * 4.0 ** (_ABOVE - _NARROW)
    forget_table(sample, p)


@jit
def forget_table(sample, p):
    """Empty the table of path p: its cracks or its gas have changed."""
    if sample.paths[p]["table"] > 0:
        for k in range(p * CELLS, (p + 1) * CELLS):
            sample.cells[k]["kind"] = UNFILLED


@jit
def table_flow(plan, sample, p):
    """Flow of the cracks of path p by its table, at the pressures last looked at.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        Cells are filled as they are needed.
    p : int

    Returns
    -------
    flow : float
        [kg/s]
    fit : bool
        False if there is no table at this pressure.
    """
    k, x, _, drop = _find(plan, sample, p)
    if k < 0:
        return 0.0, False
    return drop * _value(sample.cells[p * CELLS + k]["coefficient"], x), True


@jit
def table_flow_slopes(plan, sample, p):
    """Return `table_flow`, its slopes by the pressures of source and sink [kg/(s Pa)], and whether it is fit.

    The slope by the end whose pressure stands still is zero.
    """
    k, x, pressure, drop = _find(plan, sample, p)
    if k < 0:
        return 0.0, 0.0, 0.0, False
    value, slope = _value_and_slope(sample.cells[p * CELLS + k]["coefficient"], x)
    slope *= drop * (2.0 if k < _NARROW else 1.0) / (WIDTH * pressure)
    if sample.paths[p]["table"] == 1:
        return drop * value, slope + value, 0.0, True
    return drop * value, 0.0, slope - value, True


@jit
def table_place(plan, sample, p, pressure):
    """Place of a pressure in the table of path p, in narrow cells from its low end.

    The table is emptied if the temperature at an end is no longer that for which it was filled.
    """
    path = sample.paths[p]
    source = sample.volumes[plan.paths[p]["source"]]["temperature"]
    sink = sample.volumes[plan.paths[p]["sink"]]["temperature"]
    if source != path["table_source"] or sink != path["table_sink"]:
        forget_table(sample, p)
        path["table_source"] = source
        path["table_sink"] = sink
    return math.log(pressure / path["table_low"]) / WIDTH if pressure > 0.0 else -1.0


@jit
def cell_at(plan, sample, p, place):
    """Cell of path p at a place of `table_place` (-1 if there is none that fits), and where in it, -1 to 1.

    It is filled if it was not.
    """
    if not 0.0 <= place < _NARROW:
        return -1, 0.0
    k = _NARROW + int(0.5 * place)
    x = 2.0 * (0.5 * place - (k - _NARROW)) - 1.0
    if _is_unfit(plan, sample, p, k):
        k = int(place)
        x = 2.0 * (place - k) - 1.0
        if _is_unfit(plan, sample, p, k):
            return -1, 0.0
    if sample.aside[0] == 0:
        path = sample.paths[p]
        path["table_error"] = max(path["table_error"], sample.cells[p * CELLS + k]["error"])
    return k, x


@jit
def cell_ends(k):
    """Places of `table_place` at the two ends of cell k; of none (-1), 0 and 0."""
    if k < 0:
        return 0.0, 0.0
    return (float(k), k + 1.0) if k < _NARROW else (2.0 * (k - _NARROW), 2.0 * (k - _NARROW) + 2.0)


@jit
def _find(plan, sample, p):
    """Cell of path p at the pressures last looked at (-1 if there is none), and the place in it.

    Besides, the pressure, and the difference of that of the source and that of the sink.
    """
    end = sample.paths[p]["table"]
    if end == 0:
        return -1, 0.0, 0.0, 0.0
    source = sample.volumes[plan.paths[p]["source"]]["pressure"]
    sink = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    pressure = source if end == 1 else sink
    k, x = cell_at(plan, sample, p, table_place(plan, sample, p, pressure))
    return k, x, pressure, source - sink


@jit
def _is_unfit(plan, sample, p, k):
    """Whether cell k of path p is no use; it is filled if it was not."""
    if sample.cells[p * CELLS + k]["kind"] == UNFILLED:
        _fill(plan, sample, p, k)
    return sample.cells[p * CELLS + k]["kind"] == UNFIT


@jit
def _fill(plan, sample, p, k):
    """Fill cell k of path p: interpolate `_exact` at the Chebyshev nodes, and check it."""
    cell = sample.cells[p * CELLS + k]
    value = np.empty(NODES)
    largest = 0.0
    for i in range(NODES):
        value[i] = _exact(plan, sample, p, k, _NODE[i])
        largest = max(largest, abs(value[i]))
    for j in range(NODES):
        total = 0.0
        for i in range(NODES):
            total += _COSINE[j, i] * value[i]
        cell["coefficient"][j] = (1.0 if j == 0 else 2.0) / NODES * total
    error = abs(cell["coefficient"][NODES - 1]) + abs(cell["coefficient"][NODES - 2])
    for x in _CHECK:
        exact = _exact(plan, sample, p, k, x)
        largest = max(largest, abs(exact))
        error = max(error, abs(_value(cell["coefficient"], x) - exact))
    error = error / largest if largest > 0.0 else error
    cell["error"] = error
    if error <= _SHARE * plan.settings[RTOL]:
        cell["kind"] = FILLED
    else:
        cell["kind"] = UNFIT


@jit
def _exact(plan, sample, p, k, x):
    """Sum over the cracks at the place x, from -1 to 1, of cell k, over the difference of the pressures."""
    place = k + 0.5 * (x + 1.0) if k < _NARROW else 2.0 * (k - _NARROW) + (x + 1.0)
    pressure = sample.paths[p]["table_low"] * math.exp(WIDTH * place)
    source, sink = plan.paths[p]["source"], plan.paths[p]["sink"]
    other = sample.volumes[sink if sample.paths[p]["table"] == 1 else source]["pressure"]
    if pressure == other:
        pressure *= _BESIDE
    if sample.paths[p]["table"] == 1:
        return population_flow(plan, sample, p, pressure, other) / (pressure - other)
    return population_flow(plan, sample, p, other, pressure) / (other - pressure)


@jit
def _value(coefficient, x):
    """Sum of a Chebyshev series at x: even and odd terms side by side, for ``T_2j(x) = T_j(2 x^2 - 1)``."""
    y = 4.0 * x * x - 2.0
    even, even2 = 0.0, 0.0
    odd, odd2 = 0.0, 0.0
    for j in range(NODES // 2 - 1, 0, -1):
        even, even2 = coefficient[2 * j] + y * even - even2, even
        odd, odd2 = coefficient[2 * j + 1] + y * odd - odd2, odd
    # T_1 and T_-1 begin the odd terms, and both are x
    return coefficient[0] + 0.5 * y * even - even2 + x * (coefficient[1] + y * odd - odd2 - odd)


@jit
def _value_and_slope(coefficient, x):
    """Sum of a Chebyshev series at x, and its derivative."""
    b1, b2 = 0.0, 0.0
    d1, d2 = 0.0, 0.0
    for j in range(NODES - 1, 0, -1):
        d1, d2 = 2.0 * b1 + 2.0 * x * d1 - d2, d1
        b1, b2 = coefficient[j] + 2.0 * x * b1 - b2, b1
    return coefficient[0] + x * b1 - b2, b1 + x * d1 - d2
