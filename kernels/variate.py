"""One variate: a row of draws with its arguments, at a uniform number."""

from .jit import jit
from .random import CHOICE, CONSTANT, quantile


@jit
def variate(draw, choices, inputs, u):
    """Return one variate of a row of draws.

    Parameters
    ----------
    draw : model.DRAW
    choices : float64[n, 2]
        Of `model.Plan`.
    inputs : float64[I]
        The sample's inputs.
    u : float
        Where in the distribution, in (0, 1).
    """
    kind = draw["kind"]
    a = argument(draw, 0, inputs)
    if kind == CONSTANT:
        return a
    if kind == CHOICE:
        place = int(a)
        last = place + int(draw["value"][1]) - 1
        while place < last and u >= choices[place, 1]:
            place += 1
        return choices[place, 0]
    b = argument(draw, 1, inputs)
    return quantile(kind, a, b, argument(draw, 2, inputs), argument(draw, 3, inputs), u)


@jit
def argument(draw, place, inputs):
    """One argument of a distribution: a number, or an input drawn before."""
    slot = draw["slot"][place]
    return inputs[slot] if slot >= 0 else draw["value"][place]
