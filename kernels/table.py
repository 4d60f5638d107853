"""The flow of a population of cracks as one function of one pressure, tabulated where it is smooth.

All cracks between the same two volumes are one function of the two pressures, and where one of these
stands still (a boundary, a held volume) it is a function of the other alone. Over a factor of four of
that pressure fourteen Chebyshev nodes in its logarithm hold it to 1e-10 and better, so that a run costs some
dozen sums over the cracks however many steps it takes. A cell is filled when a pressure first falls into
it. Where its last coefficients or a point between its nodes say that it is not good enough (a crack that
turns turbulent, opens, or whose two pressures meet there), the cracks are summed as before.

Source
------
Trefethen, Approximation Theory and Approximation Practice (2013), ch. 3 (interpolation), 8 (convergence);
Clenshaw, Math. Comp. 9 (1955) 118 (the sum, and its derivative).
"""

import math

import numpy as np

from .jit import jit
from .model import CELLS, CRACKS, HELD, INTEGRATED, NODES, RTOL
from .population import population_flow

LOWEST = 1e-3
_WIDTH = math.log(4.0)
# error of the table over the tolerance of a step, and the tolerance below which no table is used
_SHARE = 1e-3
_TIGHTEST = 1e-9

UNFILLED = 0
FILLED = 1
UNFIT = 2

_NODE = tuple(math.cos(math.pi * (k + 0.5) / NODES) for k in range(NODES))
_COSINE = np.cos(np.pi * np.outer(np.arange(NODES), np.arange(NODES) + 0.5) / NODES)
# where the interpolant is checked: between the outermost nodes, and between two in the middle
_CHECK = (math.cos(math.pi * 1.0 / NODES), math.cos(math.pi * (NODES // 2) / NODES))


@jit
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
    flow, by_source, by_sink : float
        [kg/s, kg/(s Pa), kg/(s Pa)]; the slope by the end whose pressure stands still is zero.
    fit : bool
        False if there is no table at this pressure.
    """
    path = sample.paths[p]
    if path["table"] == 0:
        return 0.0, 0.0, 0.0, False
    source = sample.volumes[plan.paths[p]["source"]]
    sink = sample.volumes[plan.paths[p]["sink"]]
    if source["temperature"] != path["table_source"] or sink["temperature"] != path["table_sink"]:
        forget_table(sample, p)
        path["table_source"] = source["temperature"]
        path["table_sink"] = sink["temperature"]
    pressure = source["pressure"] if path["table"] == 1 else sink["pressure"]
    if not pressure >= LOWEST:
        return 0.0, 0.0, 0.0, False
    place = math.log(pressure / LOWEST) / _WIDTH
    if not place < CELLS:
        return 0.0, 0.0, 0.0, False
    k = int(place)
    cell = sample.cells[p * CELLS + k]
    if cell["kind"] == UNFILLED:
        _fill(plan, sample, p, k)
    if cell["kind"] == UNFIT:
        return 0.0, 0.0, 0.0, False
    flow, slope = _clenshaw(cell["coefficient"], 2.0 * (place - k) - 1.0)
    slope *= 2.0 / (_WIDTH * pressure)
    if path["table"] == 1:
        return flow, slope, 0.0, True
    return flow, 0.0, slope, True


@jit
def _fill(plan, sample, p, k):
    """Fill cell k of path p: interpolate the sum over the cracks at the Chebyshev nodes, and check it."""
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
    error = abs(cell["coefficient"][NODES - 1])
    for x in _CHECK:
        error = max(error, abs(_clenshaw(cell["coefficient"], x)[0] - _exact(plan, sample, p, k, x)))
    error = error / largest if largest > 0.0 else error
    cell["error"] = error
    if error <= _SHARE * plan.settings[RTOL]:
        cell["kind"] = FILLED
        sample.paths[p]["table_error"] = max(sample.paths[p]["table_error"], error)
    else:
        cell["kind"] = UNFIT


@jit
def _exact(plan, sample, p, k, x):
    """Sum over the cracks at the place x, from -1 to 1, of cell k."""
    pressure = LOWEST * math.exp(_WIDTH * (k + 0.5 * (x + 1.0)))
    if sample.paths[p]["table"] == 1:
        other = sample.volumes[plan.paths[p]["sink"]]["pressure"]
        return population_flow(plan, sample, p, pressure, other)
    other = sample.volumes[plan.paths[p]["source"]]["pressure"]
    return population_flow(plan, sample, p, other, pressure)


@jit
def _clenshaw(coefficient, x):
    """Sum of a Chebyshev series at x, and its derivative."""
    b1, b2 = 0.0, 0.0
    d1, d2 = 0.0, 0.0
    for j in range(NODES - 1, 0, -1):
        d1, d2 = 2.0 * b1 + 2.0 * x * d1 - d2, d1
        b1, b2 = coefficient[j] + 2.0 * x * b1 - b2, b1
    return coefficient[0] + x * b1 - b2, b1 + x * d1 - d2
