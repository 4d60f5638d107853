"""Priors that depend on each other: the rank correlations that a case gives to its inputs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from .._column import Column
from .._sweep_section import Correlation
from ..case import Case
from ..designs.checks import correlation_of
from ..designs.copula import Copula
from ..designs.own import Named

__all__ = ["among", "copula_of", "uncorrelated"]


def copula_of(case: Case, inputs: Sequence[Column]) -> Copula | None:
    """Return what takes points of the unit cube to probabilities of the inputs of a case.

    It is the Gaussian copula of a sweep, by the Cholesky factor of the normals' correlations: a map of the
    cube onto itself under which even points have the prior that the case says. It is of those inputs that
    the run has: one may act later only.

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
    sweep = case.sweep.model_copy(update={"correlations": among(case.sweep.correlations or [], names)})
    found = correlation_of(sweep, in_order)
    if found is None:
        return None
    places = [names.index(name) for name in found.names]
    return Copula(np.array(places, np.int64), found.copula.factor)


def among(correlations: Sequence[Correlation], names: Collection[str]) -> list[Correlation]:
    """Return what correlations say of these inputs alone: the marginal of the copula."""
    found = []
    for given in correlations:
        places = [i for i, name in enumerate(given.inputs) if name in names]
        if len(places) < 2:
            continue
        inputs = [given.inputs[i] for i in places]
        matrix = given.matrix and [[given.matrix[i][j] for j in places] for i in places]
        found.append(given.model_copy(update={"inputs": inputs, "matrix": matrix}))
    return found


def uncorrelated(case: Case) -> Case:
    """Return a case without correlations, for runs whose inputs are given: they may lack some of them."""
    return case.model_copy(update={"sweep": case.sweep.model_copy(update={"correlations": []})})
