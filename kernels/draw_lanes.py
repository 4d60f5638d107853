"""Cracks drawn side by side, in the lanes of vector instructions; each as `draw.draw_crack` draws it alone.

A field of many cracks is one row: its uniform numbers first, then its distribution, in loops without a
branch. Distributions that need libm, or a search, are taken one by one.
"""

from .elementary import exp, log, normal_quantile
from .jit import jit
from .model import DRAWN, N_CRACK_FIELDS
from .random import CONSTANT, LOGNORMAL, LOGUNIFORM, NORMAL, UNIFORM, uniform
from .variate import argument, variate

#: Those of the cracks that one instruction takes at most.
_VECTOR = 8


@jit
def draw_lanes(plan, p, seed, index, first, count, inputs, fields):
    """Draw some cracks of the population on path p.

    Parameters
    ----------
    plan : model.Plan
    p : int
    seed, index : integer
        The index is that of the sample, or what a design gives as the path's noise.
    first, count : int
        Which cracks: at most `DRAWN`.
    inputs : float64[I]
        The sample's inputs.
    fields : float64[N_CRACK_FIELDS * DRAWN]
        Output: a row for each field, in the order of `model.CRACK_FIELDS`.
    """
    row = plan.paths[p]["crack_row"]
    vectors = (count + _VECTOR - 1) // _VECTOR
    for field in range(N_CRACK_FIELDS):
        draw = plan.crack_draws[row + field]
        values = fields[field * DRAWN : (field + 1) * DRAWN]
        kind = draw["kind"]
        if kind == CONSTANT:
            a = argument(draw, 0, inputs)
            for i in range(_VECTOR * vectors):
                values[i] = a
            continue
        _uniforms(seed, index, draw["stream"], first, vectors, values)
        if kind in (UNIFORM, LOGUNIFORM, NORMAL, LOGNORMAL):
            _distribute(kind, argument(draw, 0, inputs), argument(draw, 1, inputs), vectors, values)
        else:
            for i in range(count):
                values[i] = variate(draw, plan.choices, inputs, values[i])


@jit
def _uniforms(seed, index, stream, first, vectors, values):
    for i in range(_VECTOR * vectors):
        values[i] = uniform(seed, index, stream, first + i)


@jit
def _distribute(kind, a, b, vectors, values):
    """Take uniform numbers to a distribution, as `random.quantile` does."""
    if kind == UNIFORM:
        for i in range(_VECTOR * vectors):
            values[i] = a + (b - a) * values[i]
    elif kind == LOGUNIFORM:
        width = log(b / a)
        for i in range(_VECTOR * vectors):
            values[i] = a * exp(values[i] * width)
    elif kind == NORMAL:
        for i in range(_VECTOR * vectors):
            values[i] = a + b * normal_quantile(values[i])
    else:
        for i in range(_VECTOR * vectors):
            values[i] = b * normal_quantile(values[i])
        for i in range(_VECTOR * vectors):
            values[i] = a * exp(values[i])
