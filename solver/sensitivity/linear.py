"""Correlation and regression on given samples: how far a straight line, or a monotone one, explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .sobol import confidence_factor

__all__ = ["Regression", "ranks", "regression"]

Floats = NDArray[np.float64]

#: Inputs that depend on each other beyond this leave their coefficients undetermined.
_MOST_CONDITION = 1e10


@dataclass(frozen=True)
class Regression:
    """Measures of D inputs on m outcomes.

    Attributes
    ----------
    pearson, spearman : float64 (m, D)
        Correlations of values and of ranks.
    SRC, SRRC : float64 (m, D)
        Standardised coefficients of the linear regression on values and on ranks.
    PCC, PRCC : float64 (m, D)
        Partial correlations, the other inputs' linear part taken away, of values and of ranks.
    pearson_conf, spearman_conf, SRC_conf, SRRC_conf, PCC_conf, PRCC_conf : float64 (m, D)
        Half-widths: of correlations by Fisher's z, of coefficients by their standard errors.
    R2, R2_rank : float64 (m,)
        Share of the variance that the regression explains. Under 0.7 the coefficients tell little.
    collinear : bool
        Whether inputs depend on each other so much that coefficients are NaN.
    """

    pearson: Floats
    pearson_conf: Floats
    spearman: Floats
    spearman_conf: Floats
    SRC: Floats
    SRC_conf: Floats
    SRRC: Floats
    SRRC_conf: Floats
    PCC: Floats
    PCC_conf: Floats
    PRCC: Floats
    PRCC_conf: Floats
    R2: Floats
    R2_rank: Floats
    collinear: bool


def regression(x: Floats, y: Floats, *, confidence: float = 0.95) -> Regression:
    """Return correlations and regressions; NaN for inputs and outcomes that do not vary.

    Parameters
    ----------
    x : float64 (n, D)
    y : float64 (n, m)
        All finite.
    """
    by = confidence_factor(confidence)
    plain, ranked = _linear(x, y, by), _linear(ranks(x), ranks(y), by)
    return Regression(
        plain.r, plain.r_conf, ranked.r, ranked.r_conf,
        plain.beta, plain.beta_conf, ranked.beta, ranked.beta_conf,
        plain.partial, plain.partial_conf, ranked.partial, ranked.partial_conf,
        plain.r2, ranked.r2, plain.collinear or ranked.collinear,
    )  # fmt: skip


def ranks(values: Floats) -> Floats:
    """Return the ranks along the first axis, those of equal values averaged."""
    from scipy.stats import rankdata

    found: Floats = rankdata(values, axis=0)
    return found


@dataclass(frozen=True)
class _Linear:
    r: Floats
    r_conf: Floats
    beta: Floats
    beta_conf: Floats
    partial: Floats
    partial_conf: Floats
    r2: Floats
    collinear: bool


def _linear(x: Floats, y: Floats, by: float) -> _Linear:
    n, d = x.shape
    xs, ys = _standard(x), _standard(y)
    varies = np.isfinite(xs).all(axis=0)
    used = np.flatnonzero(varies)
    r = np.einsum("nm,nd->md", ys, xs) / n  # BLAS would add in an order of its threads
    shape = (y.shape[1], d)
    beta, vif = np.full(shape, np.nan), np.full(d, np.nan)
    between = np.einsum("ni,nj->ij", xs[:, used], xs[:, used]) / n
    collinear = bool(used.size and np.linalg.cond(between) > _MOST_CONDITION)
    enough = used.size and n > used.size + 1 and not collinear
    if enough:
        inverse = np.linalg.inv(between)
        beta[:, used] = r[:, used] @ inverse
        vif[used] = np.diag(inverse)
    r2 = np.clip(np.nansum(beta * r, axis=1), 0.0, 1.0) if enough else np.full(y.shape[1], np.nan)
    r2 = np.where(np.isfinite(ys).all(axis=0), r2, np.nan)
    rest = np.maximum(1.0 - r2, 0.0)[:, None]
    freedom = max(n - used.size - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = beta**2 / vif  # of the variance, what this input alone explains
        partial = np.sign(beta) * np.sqrt(own / (own + rest))
    conf = by * np.sqrt(rest / freedom * vif)
    return _Linear(
        r, _fisher(r, n - 3, by), beta, np.broadcast_to(conf, shape),
        partial, _fisher(partial, n - 3 - (used.size - 1), by), r2, collinear,
    )  # fmt: skip


def _standard(values: Floats) -> Floats:
    spread = values.std(axis=0)
    varies = np.ptp(values, axis=0) > 8.0 * np.finfo(float).eps * np.abs(values).max(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(varies, (values - values.mean(axis=0)) / np.where(varies, spread, 1.0), np.nan)


def _fisher(r: Floats, freedom: int, by: float) -> Floats:
    """Return half the width of the interval of a correlation, by Fisher's z."""
    if freedom < 1:
        return np.full(r.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.arctanh(np.clip(r, -1.0, 1.0))
        half = 0.5 * (np.tanh(z + by / np.sqrt(freedom)) - np.tanh(z - by / np.sqrt(freedom)))
    return np.where(np.abs(r) >= 1.0, 0.0, half)
