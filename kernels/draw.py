"""The inputs and the cracks of sample i, from the seed and i alone, or where a design puts them."""

import math

import numpy as np

from . import status
from .crack import N_GEOMETRY, crack_geometry
from .draw_lanes import draw_lanes
from .jit import jit, jit_rare
from .model import DRAWN, N_CRACK_FIELDS, NOMINAL
from .opening import LEAST_OPENING, OPENED, UNOPENED, can_open, shell_stretch
from .random import CONSTANT, GREATEST_UNIFORM, LEAST_UNIFORM, uniform
from .variate import variate

# what the law is fitted to and tested over
_ACCOMMODATION_LOW = 0.6
_TAPER_HIGH = 10.0


@jit_rare
def draw_sample(plan, seed, index, sample):
    """Draw inputs and cracks of one sample into its working memory.

    Parameters
    ----------
    plan : model.Plan
    seed, index : integer
        Below 2**64.
    sample : model.Sample
        Output: ``inputs``, ``geometry``, and where each path's cracks stand.

    Returns
    -------
    int
        A status of `status`.
    """
    draw_inputs(plan, seed, index, sample.inputs)
    for p in range(plan.paths.size):
        sample.paths[p]["noise"] = np.uint64(index)
    return draw_cracks(plan, seed, sample)


@jit_rare
def draw_point(plan, seed, index, points, row, sample):
    """Draw one sample of a design; what the design leaves open is drawn as `draw_sample` does.

    Parameters
    ----------
    plan : model.Plan
    seed, index : integer
        Below 2**64.
    points : model.Points
    row : int
        The sample's row in ``points``.
    sample : model.Sample
        Output, as of `draw_sample`.

    Returns
    -------
    int
        A status of `status`.
    """
    draw_point_inputs(plan, seed, index, points, row, sample.inputs)
    given = row < points.noise.shape[0]
    for p in range(plan.paths.size):
        sample.paths[p]["noise"] = points.noise[row, p] if given else np.uint64(index)
    return draw_cracks(plan, seed, sample)


@jit
def draw_cracks(plan, seed, sample):
    """Draw the cracks of a sample whose inputs, and noise of each path, are there.

    Parameters
    ----------
    plan : model.Plan
    seed : integer
    sample : model.Sample
        Output: ``geometry``, and where each path's cracks stand.

    Returns
    -------
    int
        A status of `status`.
    """
    result = status.OK
    first = 0
    for p in range(plan.paths.size):
        if plan.paths[p]["count"] >= 0:
            count = sample.inputs[plan.paths[p]["count"]]
            if not 0.0 <= count < plan.max_cracks - first + 0.5:
                return status.IMPOSSIBLE
            cracks = whole_count(count)
            sample.paths[p]["crack_start"] = first
            sample.paths[p]["crack_count"] = cracks
            this = _draw_population(plan, seed, sample.paths[p]["noise"], p, sample)
            if this == status.IMPOSSIBLE:
                return this
            if this != status.OK:
                result = this
            first += cracks
    return result


@jit
def whole_count(count):
    """Round a drawn number of cracks to a whole one."""
    return np.int64(math.floor(count + 0.5))


@jit_rare
def draw_inputs(plan, seed, index, inputs):
    """Draw the inputs of sample ``index``; an input may use those before it as its arguments.

    Parameters
    ----------
    plan : model.Plan
    seed, index : integer
    inputs : float64[I]
        Output.
    """
    nominal = plan.settings[NOMINAL] > 0.0
    for row in range(plan.draws.size):
        draw = plan.draws[row]
        u = 0.5 if nominal else uniform(seed, index, draw["stream"], 0)
        inputs[row] = variate(draw, plan.choices, inputs, u)


@jit
def draw_point_inputs(plan, seed, index, points, row, inputs):
    """Draw the inputs of one sample of a design.

    Parameters
    ----------
    plan : model.Plan
    seed, index : integer
    points : model.Points
    row : int
        The sample's row in ``points``.
    inputs : float64[I]
        Output.
    """
    nominal = plan.settings[NOMINAL] > 0.0
    for k in range(plan.draws.size):
        value = _entry(points.values, row, k)
        if value == value:
            inputs[k] = value
            continue
        draw = plan.draws[k]
        u = _entry(points.u, row, k)
        if u == u:
            u = min(max(u, LEAST_UNIFORM), GREATEST_UNIFORM)
        else:
            u = 0.5 if nominal else uniform(seed, index, draw["stream"], 0)
        inputs[k] = variate(draw, plan.choices, inputs, u)


@jit
def draw_crack(plan, p, seed, index, crack, inputs, fields):
    """Draw one crack of the population on path p.

    Parameters
    ----------
    plan : model.Plan
    p : int
    seed, index, crack : integer
        The index is that of the sample, or what a design gives as the path's noise.
    inputs : float64[I]
        The sample's inputs.
    fields : float64[N_CRACK_FIELDS]
        Output, in the order of `model.CRACK_FIELDS`.
    """
    first = plan.paths[p]["crack_row"]
    for field in range(N_CRACK_FIELDS):
        draw = plan.crack_draws[first + field]
        u = uniform(seed, index, draw["stream"], crack) if draw["kind"] != CONSTANT else 0.5
        fields[field] = variate(draw, plan.choices, inputs, u)


@jit
def draw_populations(plan, p, seed, samples, inputs, counts, fields):
    """Draw again the cracks on path p of many samples, one after the other, to be looked at.

    Parameters
    ----------
    plan : model.Plan
    p : int
    seed : uint64
    samples : int64[n]
        Global indices, or the bits of what a design gives as the path's noise.
    inputs : float64[n, I]
        The samples' inputs.
    counts : int64[n]
        Cracks of each sample.
    fields : float64[sum of counts, N_CRACK_FIELDS]
        Output.
    """
    row = 0
    for i in range(samples.size):
        for crack in range(counts[i]):
            draw_crack(plan, p, seed, np.uint64(samples[i]), crack, inputs[i], fields[row])
            row += 1


@jit
def _entry(table, row, column):
    """One entry of float64[n, I], NaN where nothing is given; a table of no rows gives nothing."""
    return table[row, column] if row < table.shape[0] else math.nan


@jit
def _draw_population(plan, seed, index, p, sample):
    inlet_loss = sample.inputs[plan.paths[p]["inlet_loss"]]
    moves = plan.paths[p]["moves"] > 0
    stretch = _shell_stretch(plan, p, sample.inputs) if moves else 0.0
    if not stretch < math.inf:
        return status.IMPOSSIBLE
    first = sample.paths[p]["crack_start"]
    fields = np.empty(N_CRACK_FIELDS)
    result = status.OK
    count = sample.paths[p]["crack_count"]
    for crack in range(count):
        lane = crack % DRAWN
        if lane == 0:
            draw_lanes(plan, p, seed, index, crack, min(DRAWN, count - crack), sample.inputs, sample.drawn)
        for field in range(N_CRACK_FIELDS):
            fields[field] = sample.drawn[field * DRAWN + lane]
        this = _crack_status(fields, inlet_loss, moves, stretch)
        if this == status.IMPOSSIBLE:
            return this
        if this != status.OK:
            result = this
        _write_geometry(fields, inlet_loss, sample.geometry[first + crack])
        if moves:
            _write_moving(fields, inlet_loss, stretch, sample.moving[first + crack])
    return result


@jit
def _crack_status(fields, inlet_loss, moves, stretch):
    """Whether a crack can be built, and lies inside what the law holds for."""
    opening, length, depth, tortuosity = fields[0], fields[1], fields[2], fields[3]
    roughness, taper, accommodation = fields[4], fields[5], fields[6]
    compliance, growth = fields[7], fields[8]
    opens = opening > 0.0 or (moves and can_open(compliance, stretch))
    possible = opens and length > 0.0 and depth >= 0.0 and inlet_loss >= 0.0
    size = abs(opening) + length + depth + tortuosity + roughness + taper + inlet_loss
    finite = size < math.inf and abs(compliance) < math.inf and 0.0 <= growth < math.inf
    if not (possible and finite and tortuosity >= 1.0 and roughness >= 0.0 and taper >= 1.0):
        return status.IMPOSSIBLE
    if not (_ACCOMMODATION_LOW <= accommodation <= 1.0 and taper <= _TAPER_HIGH):
        return status.OUT_OF_RANGE
    return status.OK


@jit
def _write_geometry(fields, inlet_loss, row):
    """Write `crack.crack_geometry` of a crack at rest; one that is shut has no area, and no flow."""
    shut = not fields[0] > 0.0
    opening = LEAST_OPENING if shut else fields[0]
    geometry = crack_geometry(
        opening, fields[1], fields[2], fields[3], fields[4], fields[5], fields[6], inlet_loss
    )
    for place in range(N_GEOMETRY):
        row[place] = geometry[place]
    if shut:
        row[0] = 0.0
        row[1] = 0.0


@jit
def _write_moving(fields, inlet_loss, stretch, moving):
    moving["opening"] = fields[0]
    moving["length"] = fields[1]
    moving["depth"] = fields[2]
    moving["tortuosity"] = fields[3]
    moving["roughness"] = fields[4]
    moving["taper"] = fields[5]
    moving["accommodation"] = fields[6]
    moving["inlet_loss"] = inlet_loss
    moving["compliance"] = fields[7]
    moving["stretch"] = stretch
    moving["growth"] = fields[8]
    moving["shut"] = OPENED if fields[0] > 0.0 else UNOPENED


@jit
def _shell_stretch(plan, p, inputs):
    """What the shell around path p's cracks adds to their compliance for each metre of length [1/Pa]."""
    slots = plan.paths[p]["elastic"]
    if slots[0] < 0:
        return 0.0
    radius, wall, modulus = inputs[slots[0]], inputs[slots[1]], inputs[slots[2]]
    return shell_stretch(radius, wall, modulus) if min(radius, wall, modulus) > 0.0 else math.nan
