"""Priors that depend on each other: the rank correlations that a case gives to its inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._column import Column
from ..case import Case
from ..designs.checks import correlation_of
from ..designs.copula import Copula
from ..designs.own import Named

__all__ = ["copula_of"]


def copula_of(case: Case, inputs: Sequence[Column]) -> Copula | None:
    """Return what takes points of the unit cube to probabilities of the inputs of a case.

    It is the Gaussian copula of a sweep, by the Cholesky factor of the normals' correlations: a map of the
    cube onto itself under which even points have the prior that the case says.

    Parameters
    ----------
    case : Case
        Compiled before, so that its correlations are sound.
    inputs : sequence of Column
        Of the columns of the cube.

    Returns
    -------
    Copula or None
        None if all inputs are independent.
    """
    names = [column.name for column in inputs]
    in_order = Named(tuple(sorted(inputs, key=lambda column: column.name)), ())
    found = correlation_of(case.sweep, in_order)
    if found is None:
        return None
    places = [names.index(name) for name in found.names]
    return Copula(np.array(places, np.int64), found.copula.factor)
