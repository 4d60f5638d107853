"""Chatterjee's rank correlation: 0 if the outcome does not depend on the input, 1 if it is a function of it.

Chatterjee 2021, doi:10.1080/01621459.2020.1758115. It needs no special design and no model of the
dependence; it is the first-order index of Cramér and von Mises (Gamboa et al. 2022, Bernoulli 28).
The bootstrap fails for it (Lin and Han 2024), so its spread is taken over subsamples without replacement.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .sobol import confidence_factor

__all__ = ["chatterjee", "xi"]

Floats = NDArray[np.float64]


def chatterjee(
    x: Floats, y: Floats, *, resamples: int = 100, confidence: float = 0.95, seed: int = 1
) -> tuple[Floats, Floats]:
    """Return the correlation of each outcome with each input, and half-widths of its intervals.

    Parameters
    ----------
    x : float64 (n, D)
    y : float64 (n, m)
        All finite.

    Returns
    -------
    float64 (m, D), float64 (m, D)
        NaN for an outcome that does not vary, or an input that does not.
    """
    n, d = x.shape
    generator = np.random.default_rng(seed)
    m = max(min(n - 1, round(n ** (2.0 / 3.0))), 2)
    taken = [np.sort(generator.choice(n, m, replace=False)) for _ in range(resamples)] if n > 8 else []
    found, half = np.full((y.shape[1], d), np.nan), np.full((y.shape[1], d), np.nan)
    up_to, spread_of_y = _ranked(y)
    for j in range(d):
        order = _order(x[:, j], generator)
        if order is None:
            continue
        found[:, j] = _of_ranks(up_to[order], spread_of_y)
        if taken:
            place = np.empty(n, np.int64)
            place[order] = np.arange(n)
            # a subsample in the order of x
            spread = np.stack([xi(y[order[np.sort(place[rows])]]) for rows in taken])
            # an unused subsample of equal values has none; the spread shrinks as 1 / sqrt(n)
            with np.errstate(invalid="ignore"):
                half[:, j] = confidence_factor(confidence) * spread.std(axis=0, ddof=1) * np.sqrt(m / n)
    return found, half


def xi(y: Floats) -> Floats:
    """Return the coefficient of outcomes (n, m) in the order of the input; NaN if all are equal."""
    return _of_ranks(*_ranked(y))


def _ranked(y: Floats) -> tuple[Floats, Floats]:
    """Return how many outcomes are not above each, and the sum that the coefficient is measured by."""
    from scipy.stats import rankdata

    up_to = rankdata(y, method="max", axis=0).astype(float)
    from_ = len(y) + 1 - rankdata(y, method="min", axis=0)
    return up_to, (from_ * (len(y) - from_)).sum(axis=0)


def _of_ranks(up_to: Floats, spread: Floats) -> Floats:
    jumps = np.abs(np.diff(up_to, axis=0)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(spread > 0.0, 1.0 - len(up_to) * jumps / (2.0 * spread), np.nan)
    return found


def _order(x: Floats, generator: np.random.Generator) -> NDArray[np.int64] | None:
    """Return the ascending order, equal values at random; None if all are equal."""
    if x.min() == x.max():
        return None
    shuffled = generator.permutation(len(x))
    order: NDArray[np.int64] = shuffled[np.argsort(x[shuffled], kind="stable")]
    return order
