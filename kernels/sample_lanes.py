"""Samples side by side, a lane for each: the numbers of their steps, and what their flows follow from.

Where volumes hold one gas at constant temperatures, a path's flow follows from the two pressures and a few
numbers that stand still between events: they are noted when the sample of a lane begins a span.

Each content and each link has a flat block, a row of it for each number: at constant distances in one array
the compiler sees that lanes do not touch each other. Loops over two blocks, which it has to compare, and
short ones, which it would unroll instead, have the number of lanes as an argument.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .feeds import feed_numbers
from .flows import conductances, has_plain_seal, orifice_numbers, patch_factor, path_law, permeance
from .jit import jit
from .model import HATCH, NODES, ORIFICE, THERMAL, TIMED, Plan, sizes
from .orifice import laminar_part
from .pack import Pack
from .table import table_place

#: Samples side by side.
LANES = 16
#: Rows of the block of a content, or of what has passed a link: the rate where a step begins, then what its
#: method keeps of its stages; where it begins, the argument of a stage, where it ends, its error, and its
#: length [s]; the pressure [Pa], that over the gas [Pa/kg], and the rate.
STATE, ARGUMENT, NEW, ERROR, STEP_LENGTH, PRESSURE, PER_MASS, RATE = (k * LANES for k in range(13, 21))
_CONTENT = 21 * LANES
#: What a lane waits for where it waits for no step of a method of `places`.
IDLE = -1

#: Laws of a path in a lane, besides what its conductances give.
NO_MORE, TABULATED, HOLE, ASK = 0, 1, 2, 3
_LAWS = 4
#: Rows of the block of a link: pressures of its ends, of a feed that of its volume, the flow, conductances;
#: where the cell of a table begins and ends, in places of `table`, what turns a place into one from -1 to 1,
#: one over the lowest pressure of the table, the place at hand, the coefficients; of a feed `feed_numbers`.
OWN, OTHER, FLOW, MOLECULAR, VISCOUS = (k * LANES for k in range(5))
LOW, HIGH, SCALE, PER_LOW, PLACE, COEFFICIENT = (k * LANES for k in range(5, 11))
BASE, SLOPE, LEVEL, SHARE, GAIN, MOST = (k * LANES for k in range(5, 11))
#: Of a hole: discharge coefficient, inlet loss, and for each end what the law takes of its gas.
DISCHARGE, LOSS = 10 * LANES, 11 * LANES
AREA, LAMINAR, GAMMA, RATIO, CHOKED = (k * LANES for k in range(12, 22, 2))
_LINK = (10 + NODES) * LANES


class Lanes(Pack):
    """Working memory of samples side by side; n unknowns, V volumes, P paths, S feeds.

    content : float64[n, ...]
        Blocks of what is in the volumes, then of what has passed each link.
    given : float64[V, LANES]
        Pressures of volumes that are not integrated [Pa].
    link : float64[P + S, ...]
        Blocks of the paths, then of the feeds.
    system, flux : float64[P + S, ...], float64[P + S, LANES]
        Of `implicit_lanes`: factors and slopes of each flux, and what is solved for.
    law : int64[P, LANES]; laws : int64[P, 4]
        Which law a path has besides its conductances, and in how many lanes each.
    turn, place, span : int64[LANES]
        What a lane waits for, which sample of the block it has, and for which span of that its numbers hold.
    regime : int64[LANES, 2]
        Of `flows.regimes` where the step begins.
    """

    content: NDArray[Any]
    given: NDArray[Any]
    link: NDArray[Any]
    system: NDArray[Any]
    flux: NDArray[Any]
    law: NDArray[Any]
    laws: NDArray[Any]
    turn: NDArray[Any]
    place: NDArray[Any]
    span: NDArray[Any]
    regime: NDArray[Any]


def new_lanes(plan: Plan) -> Lanes:
    """Allocate the working memory of samples side by side (Python)."""
    links = plan.paths.size + plan.feeds.size
    return Lanes(
        content=np.zeros((sizes(plan)[1], _CONTENT)),
        given=np.zeros((plan.volumes.size, LANES)),
        link=np.zeros((links, _LINK)),
        system=np.zeros((links, (links + sizes(plan)[0]) * LANES)),
        flux=np.zeros((links, LANES)),
        law=np.zeros((plan.paths.size, LANES), np.int64),
        laws=np.zeros((plan.paths.size, _LAWS), np.int64),
        turn=np.zeros(LANES, np.int64),
        place=np.zeros(LANES, np.int64),
        span=np.zeros(LANES, np.int64),
        regime=np.zeros((LANES, 2), np.int64),
    )


def goes_in_lanes(plan: Plan) -> bool:
    """Whether samples of a plan are followed side by side (Python).

    Of one unknown histories are integrals, without steps; gas must have one composition and temperatures that
    stand still.
    """
    timed = plan.settings[TIMED] > 0.0 or plan.settings[THERMAL] > 0.0
    return sizes(plan)[0] > 1 and plan.components.shape[0] == 1 and not timed


@jit
def set_conditions(plan, sample, lanes, lane):
    """Note what stands still in the span that a sample begins.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        With rates last taken in these conditions; no hatch stands open.
    lanes : Lanes
    lane : int
    """
    for v in range(plan.volumes.size):
        volume = sample.volumes[v]
        i = plan.volumes[v]["state"]
        if i >= 0:
            lanes.content[i, PER_MASS + lane] = (
                sample.component_gas[0] * volume["temperature"] / volume["size"]
            )
        else:
            lanes.given[v, lane] = volume["pressure"]
    for p in range(plan.paths.size):
        _set_path(plan, sample, lanes, p, lane)
    _count_laws(lanes)
    for f in range(plan.feeds.size):
        base, slope, level, share, gain, most = feed_numbers(plan, sample, f)
        block = lanes.link[plan.paths.size + f]
        block[BASE + lane] = base
        block[SLOPE + lane] = slope
        block[LEVEL + lane] = level
        block[SHARE + lane] = share
        block[GAIN + lane] = gain
        block[MOST + lane] = most


@jit
def put_step(lanes, lane, h, state, rate):
    """Give a lane a step of length h from ``state``, where the rates are ``rate``."""
    for i in range(state.size):
        block = lanes.content[i]
        block[STEP_LENGTH + lane] = h
        block[STATE + lane] = state[i]
        block[lane] = rate[i]


@jit
def set_looked_at(plan, sample, lanes, lane):
    """Let the argument of a lane's last stage be what its sample last looked at."""
    for v in range(plan.volumes.size):
        i = plan.volumes[v]["state"]
        if i >= 0:
            block = lanes.content[i]
            sample.volumes[v]["pressure"] = block[ARGUMENT + lane] * block[PER_MASS + lane]


@jit
def _set_path(plan, sample, lanes, p, lane):
    """Note the numbers of path p for a lane."""
    _clear_path(lanes, p, lane)
    if not sample.paths[p]["active"] > 0.0:
        return
    block = lanes.link[p]
    weight = patch_factor(sample, p)
    block[MOLECULAR + lane] = permeance(plan, sample, p, 0)
    if has_plain_seal(plan, sample, p):
        molecular, viscous = conductances(plan, sample, p)
        block[MOLECULAR + lane] += weight * molecular
        block[VISCOUS + lane] = 0.5 * weight * viscous
    elif sample.paths[p]["table"] > 0:
        lanes.law[p, lane] = TABULATED
        end = plan.paths[p]["source"] if sample.paths[p]["table"] == 1 else plan.paths[p]["sink"]
        table_place(plan, sample, p, sample.volumes[end]["pressure"])
        block[PER_LOW + lane] = 1.0 / sample.paths[p]["table_low"]
        block[LOW + lane] = 0.0  # none yet
        block[HIGH + lane] = 0.0
    elif path_law(plan, sample, p) == ORIFICE and plan.paths[p]["iso"][0] < 0:
        _set_hole(plan, sample, p, lane, weight, lanes.law[p], block)
    elif path_law(plan, sample, p) != HATCH:
        lanes.law[p, lane] = ASK


@jit
def _set_hole(plan, sample, p, lane, weight, law, block):
    """Note the numbers of path p, a hole, for a lane."""
    area, discharge_coefficient, loss, _, _ = orifice_numbers(plan, sample, p)
    if not area > 0.0:
        return
    law[lane] = HOLE
    block[DISCHARGE + lane] = discharge_coefficient
    block[LOSS + lane] = loss
    for end in range(2):
        gas = sample.volumes[plan.paths[p]["source"] if end == 0 else plan.paths[p]["sink"]]
        RT = gas["gas_constant"] * gas["temperature"]
        at = end * LANES + lane
        block[AREA + at] = weight * area / math.sqrt(RT)
        block[LAMINAR + at] = laminar_part(RT, gas["viscosity"], area)
        block[GAMMA + at] = gas["gamma"]
        block[RATIO + at] = gas["critical_ratio"]
        block[CHOKED + at] = gas["critical_flow2"]


@jit
def _clear_path(lanes, p, lane):
    """Let nothing flow through path p in a lane."""
    lanes.law[p, lane] = NO_MORE
    block = lanes.link[p]
    block[MOLECULAR + lane] = 0.0
    block[VISCOUS + lane] = 0.0
    block[LOW + lane] = -np.inf
    block[HIGH + lane] = np.inf
    block[SCALE + lane] = 0.0
    block[PER_LOW + lane] = 1.0
    for k in range(COEFFICIENT, _LINK, LANES):
        block[k + lane] = 0.0


@jit
def _count_laws(lanes):
    """Count the lanes in which a path has each law."""
    for p in range(lanes.law.shape[0]):
        for law in range(_LAWS):
            lanes.laws[p, law] = 0
        for lane in range(LANES):
            lanes.laws[p, lanes.law[p, lane]] += 1
