"""Shapley effects: shares of the variance that add up to one even where inputs depend on each other.

Owen 2014, doi:10.1137/130936233; Song, Nelson and Staum 2016, doi:10.1137/15M1048070. From given samples
by nearest neighbours: Broto, Bachoc and Depecker 2020, doi:10.1137/18M1234631.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .sobol import confidence_factor

__all__ = ["Shapley", "shapley_effects", "shapley_linear_gaussian"]

Floats = NDArray[np.float64]

#: Of each point, itself among them; Broto et al. find 3 best.
_NEIGHBOURS = 3
#: With more inputs than this, orders of inputs are drawn instead of all subsets taken.
_MOST_INPUTS = 9
_ORDERS = 64
#: The spread is that over disjoint blocks of rows, of several partitions, if blocks have this many rows.
_BLOCKS, _PARTITIONS, _LEAST_ROWS = 8, 2, 20

_Plan = list[tuple[tuple[int, ...], dict[int, float]]]


@dataclass(frozen=True)
class Shapley:
    """Shapley effects of D inputs on m outcomes.

    Attributes
    ----------
    effects, conf : float64 (m, D)
        Shares of the variance, and half-widths of their intervals; NaN for an outcome that does not vary.
    unexplained : float64 (m,)
        Share that no input shows: 0, unless something random moves the outcomes that is not among the inputs.
    """

    effects: Floats
    conf: Floats
    unexplained: Floats


def shapley_effects(
    x: Floats, y: Floats, *, noisy: bool = False, confidence: float = 0.95, seed: int = 1
) -> Shapley:
    """Return Shapley effects from given samples, by nearest neighbours.

    For each subset of inputs the mean variance of the outcome is taken, the other inputs held: over a point
    and its two nearest neighbours in the ranks of the others. The effect of an input is the mean of what it
    adds to that variance, over all orders of the inputs.

    Parameters
    ----------
    x : float64 (n, D)
        Independent rows; the inputs may depend on each other.
    y : float64 (n, m)
        All finite.
    noisy : bool
        Whether something random moves the outcomes that is not among the inputs: its share is then the
        variance that is left with all inputs held, instead of zero.
    confidence : float
        Of the intervals: from the spread over disjoint eighths of the rows, since neighbours are shared and
        points do not count as independent. The error of neighbours that lie apart, which grows with D, is
        not in them.
    seed : int
        Of the eighths, of the order among equal values, and of the orders of inputs if there are more than 9.
    """
    n = len(x)
    generator = np.random.default_rng(seed)
    plan = list(_subsets(x.shape[1], generator))
    effects, unexplained = _effects(x, y, plan, noisy, generator)
    conf = np.full(effects.shape, np.nan)
    size = n // _BLOCKS
    if size >= _LEAST_ROWS:
        spread = []
        for _ in range(_PARTITIONS):
            blocks = generator.permutation(n)[: size * _BLOCKS].reshape(_BLOCKS, size)
            apart = [_effects(x[rows], y[rows], plan, noisy, generator)[0] for rows in blocks]
            spread.append(np.var(apart, axis=0, ddof=1))
        conf = confidence_factor(confidence) * np.sqrt(np.mean(spread, axis=0) * size / n)
    return Shapley(effects, conf, unexplained)


def shapley_linear_gaussian(coefficients: Floats, covariance: Floats) -> Floats:
    """Return the Shapley effects of ``sum coefficients x`` for Gaussian inputs, exactly.

    Owen and Prieur 2017, doi:10.1137/16M1097717, theorem 4.1.

    Parameters
    ----------
    coefficients : float64 (D,)
    covariance : float64 (D, D)
    """
    d = len(coefficients)
    total = float(coefficients @ covariance @ coefficients)
    effects = np.zeros(d)
    for subset, weights in _subsets(d, None):
        value = _held_variance(coefficients, covariance, subset)
        for j, weight in weights.items():
            effects[j] += weight * value / total
    return effects


def _effects(
    x: Floats, y: Floats, plan: _Plan, noisy: bool, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return effects (m, D) and the unexplained share (m,) of some rows."""
    from scipy.stats import rankdata

    n, d = x.shape
    places = rankdata(x, axis=0) / n  # equal values stay equal
    jitter = generator.permutation(n)
    varies = np.ptp(y, axis=0) > 8.0 * np.finfo(float).eps * np.abs(y).max(axis=0, initial=0.0)
    ys = y - y.mean(axis=0)
    variance = np.where(varies, np.mean(ys**2, axis=0), np.nan)
    effects, unexplained = np.zeros((y.shape[1], d)), np.zeros(y.shape[1])
    for subset, weights in plan:
        share = _variance_with_others_held(places, ys, subset, noisy, jitter) / variance
        if not subset:
            unexplained = share
        for j, weight in weights.items():
            effects[:, j] += weight * share
    return effects, unexplained


def _held_variance(coefficients: Floats, covariance: Floats, subset: tuple[int, ...]) -> float:
    """Return the variance left by the inputs of a subset with all others held."""
    if not subset:
        return 0.0
    own = list(subset)
    others = [j for j in range(len(coefficients)) if j not in subset]
    left = covariance[np.ix_(own, own)]
    if others:
        cross = covariance[np.ix_(own, others)]
        left = left - cross @ np.linalg.solve(covariance[np.ix_(others, others)], cross.T)
    return float(coefficients[own] @ left @ coefficients[own])


def _subsets(
    d: int, generator: np.random.Generator | None
) -> Iterator[tuple[tuple[int, ...], dict[int, float]]]:
    """Yield subsets of inputs, with how much the variance of each counts for which input."""
    if d <= _MOST_INPUTS or generator is None:
        for size in range(d + 1):
            for subset in itertools.combinations(range(d), size):
                inside = 1.0 / (d * math.comb(d - 1, size - 1)) if size else 0.0
                outside = 1.0 / (d * math.comb(d - 1, size)) if size < d else 0.0
                yield subset, {j: inside if j in subset else -outside for j in range(d)}
        return
    counted: dict[tuple[int, ...], dict[int, float]] = {}
    for _ in range(_ORDERS // 2):
        order = generator.permutation(d).tolist()
        for each in (order, order[::-1]):  # an order and its reverse: less spread
            for place, j in enumerate(each):
                before, after = tuple(sorted(each[:place])), tuple(sorted(each[: place + 1]))
                for subset, sign in ((before, -1.0), (after, 1.0)):
                    weights = counted.setdefault(subset, {})
                    weights[j] = weights.get(j, 0.0) + sign / _ORDERS
    yield from counted.items()


def _variance_with_others_held(
    places: Floats, ys: Floats, subset: tuple[int, ...], noisy: bool, jitter: NDArray[np.int64]
) -> Floats:
    """Return the mean variance of the outcomes over a point and its neighbours in the inputs left out."""
    from scipy.spatial import cKDTree

    d = places.shape[1]
    if len(subset) == d:
        whole: Floats = np.mean(ys**2, axis=0)
        return whole
    if not subset and not noisy:
        return np.zeros(ys.shape[1])
    others = [j for j in range(d) if j not in subset]
    # points that coincide are taken in a random order, not in that of the samples
    tree = cKDTree(places[jitter][:, others])
    _, near = tree.query(places[:, others], k=_NEIGHBOURS)
    found: Floats = ys[jitter[near]].var(axis=1, ddof=1).mean(axis=0)
    return found
