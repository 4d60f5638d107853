"""Elementary effects of Morris's trajectories: a screening with few rows.

Morris 1991, doi:10.1080/00401706.1991.10484804; mu* of Campolongo et al. 2007,
doi:10.1016/j.envsoft.2006.10.004. An effect is the change of the outcome over the step in probability,
``delta = levels / (2 (levels - 1))``. On trajectories without gaps the numbers are those of
``SALib.analyze.morris`` with the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ResultsError
from ._drop_bounds import Interval, spread_bounds, unknown_range
from .sobol import confidence_factor, is_constant

__all__ = ["MorrisEffects", "morris_effects", "morris_of_trajectories", "steps_of_trajectories"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MorrisEffects:
    """Effects of D factors on one outcome; the names are SALib's.

    Attributes
    ----------
    mu, mu_star, sigma, mu_star_conf : float64 (D,)
        Mean, mean size and standard deviation of the effects, and the half-width of the confidence interval
        of ``mu_star``. ``mu`` is NaN where a step has no direction (noise, a group of inputs), ``sigma`` for
        groups.
    mu_star_low, mu_star_high, sigma_low, sigma_high, mu_low, mu_high : float64 (D,)
        Bounds over whatever the missing values are within the range seen.
    trajectories, dropped : int
        How many count, and how many were left out since a value is missing.
    constant : bool
    unused : bool (D,)
        Factors whose steps change nothing, not by a bit.
    """

    mu: Floats
    mu_star: Floats
    sigma: Floats
    mu_star_conf: Floats
    mu_low: Floats
    mu_high: Floats
    mu_star_low: Floats
    mu_star_high: Floats
    sigma_low: Floats
    sigma_high: Floats
    trajectories: int
    dropped: int
    constant: bool
    unused: NDArray[np.bool_]


_NUMBERS = (
    "mu", "mu_star", "sigma", "mu_star_conf", "mu_low", "mu_high", "mu_star_low", "mu_star_high",
    "sigma_low", "sigma_high",
)  # fmt: skip


def morris_effects(
    x: Floats, y: Floats, *, levels: int = 4, resamples: int = 100, confidence: float = 0.95, seed: int = 1
) -> MorrisEffects:
    """Return the effects of the inputs on an outcome.

    Parameters
    ----------
    x : float64 (n, D)
        The rows, D + 1 to a trajectory; any scale that ascends with the probability.
    y : float64 (n,)
        The outcome; what is not finite is missing and drops its trajectory.
    levels : int
        Of the design's grid.
    resamples, confidence, seed
        Of the bootstrap over trajectories.
    """
    step = x.shape[1] + 1
    if len(y) % step or len(x) != len(y) or len(y) == 0:
        raise ValueError(f"{len(y)} rows are no whole number of trajectories of {step}")
    moved, sign = steps_of_trajectories(x.reshape(-1, step, x.shape[1]), [(j,) for j in range(x.shape[1])])
    return morris_of_trajectories(
        np.asarray(y, float).reshape(-1, step), moved, sign, levels=levels, resamples=resamples,
        confidence=confidence, seed=seed,
    )  # fmt: skip


def steps_of_trajectories(
    x: Floats, members: Sequence[Sequence[int]]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return which factor each step of each trajectory moves, and whether up or down.

    Parameters
    ----------
    x : float64 (trajectories, D + 1, inputs)
    members : sequence of sequences of int
        The inputs of each factor, by column of ``x``; none for a factor whose values are not kept (noise).

    Returns
    -------
    int64 (trajectories, D), int8 (trajectories, D)
        The factor; and +1 or -1, 0 where the step has no direction.

    Raises
    ------
    ResultsError
        The steps do not tell which factor moved: another design than it says.
    """
    difference = np.diff(x, axis=1)
    changed = difference != 0.0
    factors = len(members)
    moved = np.full(changed.shape[:2], -1, np.int64)
    sign = np.zeros(changed.shape[:2], np.int8)
    touches = np.zeros((*changed.shape[:2], factors), bool)
    for j, columns in enumerate(members):
        if columns:
            touches[..., j] = changed[..., list(columns)].any(axis=2)
    hidden = [j for j, columns in enumerate(members) if not columns]
    left = np.ones((len(x), factors), bool)
    # an input may depend on another and move with it: take the steps that leave no choice first
    for _ in range(factors):
        open_ = (moved < 0)[..., None] & touches & left[:, None, :]
        sure = open_.sum(axis=2) == 1
        if not sure.any():
            break
        found = np.where(sure, open_.argmax(axis=2), -1)
        moved = np.where(sure, found, moved)
        for j in range(factors):
            left[:, j] &= ~(found == j).any(axis=1)
    if len(hidden) == 1:
        rest = (moved < 0) & ~touches.any(axis=2)
        moved[rest] = hidden[0]
    counted = np.sort(moved, axis=1)
    if (counted != np.arange(factors)).any():
        raise ResultsError("the rows do not tell which input each step of a Morris trajectory moves")
    for j, columns in enumerate(members):
        if len(columns) == 1:
            own = moved == j
            sign[own] = np.sign(difference[..., columns[0]][own])
    return moved, sign


def morris_of_trajectories(
    y: Floats,
    moved: NDArray[np.int64],
    sign: NDArray[np.int8],
    *,
    levels: int,
    resamples: int = 100,
    confidence: float = 0.95,
    seed: int = 1,
) -> MorrisEffects:
    """Return the effects from outcomes (trajectories, D + 1) and what each step moved."""
    d = moved.shape[1]
    delta = levels / (2.0 * (levels - 1.0))
    whole = np.isfinite(y).all(axis=1)
    kept, dropped = y[whole], y[~whole]
    constant = is_constant(kept)
    if len(kept) == 0 or constant:
        return MorrisEffects(
            **dict.fromkeys(_NUMBERS, np.full(d, np.nan)), trajectories=len(kept), dropped=len(dropped),
            constant=constant, unused=np.full(d, constant),
        )  # fmt: skip
    order = np.argsort(moved, axis=1)
    signs = np.take_along_axis(sign, order, axis=1).astype(float)
    undirected = (signs == 0.0).any(axis=0)
    signs = np.where(undirected, 1.0, signs)
    effects = np.take_along_axis(np.diff(y, axis=1) / delta, order, axis=1) * signs
    effects = effects[whole]
    low, high = unknown_range(kept, dropped)
    lost = _lost_effects(dropped, order[~whole], signs[~whole], (low, high), delta)
    mu = effects.mean(axis=0)
    sigma = effects.std(axis=0, ddof=1) if len(effects) > 1 else np.full(d, np.nan)
    mean_bound, star_bound, sigma_bound = _bounds(effects, lost, delta, high - low)
    half = _star_confidence(effects, resamples, confidence, seed)
    signed = (mu, sigma, mean_bound.low, mean_bound.high, sigma_bound.low, sigma_bound.high)
    mu, sigma, mu_low, mu_high, sigma_low, sigma_high = (np.where(undirected, np.nan, v) for v in signed)
    return MorrisEffects(
        mu, np.abs(effects).mean(axis=0), sigma, half, mu_low, mu_high, star_bound.low, star_bound.high,
        sigma_low, sigma_high, len(kept), len(dropped), constant, (effects == 0.0).all(axis=0),
    )  # fmt: skip


def _star_confidence(effects: Floats, resamples: int, confidence: float, seed: int) -> Floats:
    """Return half-widths of mu*, drawn as SALib draws them."""
    generator = np.random.default_rng(seed)
    half = np.empty(effects.shape[1])
    for j, own in enumerate(np.abs(effects).T):
        drawn = own[generator.integers(len(own), size=(resamples, len(own)))]
        half[j] = confidence_factor(confidence) * drawn.mean(axis=1).std(ddof=1)
    return half


def _lost_effects(
    y: Floats, order: NDArray[np.int64], signs: Floats, seen: tuple[float, float], delta: float
) -> Interval:
    """Return between what the effects of dropped trajectories lie."""
    known = np.isfinite(y)
    value = Interval(np.where(known, y, seen[0]), np.where(known, y, seen[1]))
    step = value[:, 1:] - value[:, :-1]
    low = np.take_along_axis(step.low / delta, order, axis=1)
    high = np.take_along_axis(step.high / delta, order, axis=1)
    return Interval(np.where(signs > 0, low, -high), np.where(signs > 0, high, -low))


def _bounds(
    effects: Floats, lost: Interval, delta: float, width: float
) -> tuple[Interval, Interval, Interval]:
    """Return bounds of mu, mu* and sigma over all trajectories."""
    n = len(effects) + len(lost.low)
    size = lost.magnitude()
    mean, star = (
        Interval(
            (kept.sum(axis=0) + each.low.sum(axis=0)) / n, (kept.sum(axis=0) + each.high.sum(axis=0)) / n
        )
        for kept, each in ((effects, lost), (np.abs(effects), size))
    )
    ends = []
    farthest = (-width / delta, width / delta)
    for j, own in enumerate(effects.T):
        known = (float(own.mean()), float(((own - own.mean()) ** 2).sum()))
        unsure = np.where(lost.low[:, j] == lost.high[:, j], lost.low[:, j], np.nan)
        ends.append(spread_bounds(known, len(own), unsure, farthest))
    freedom = max(n - 1, 1)
    low, high = (np.sqrt(np.array([getattr(e, side) for e in ends]) / freedom) for side in ("low", "high"))
    return mean, star, Interval(low, high)
