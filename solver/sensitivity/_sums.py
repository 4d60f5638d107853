"""The sums that Sobol' indices are made of, additive over groups of rows: a sweep of any size streams.

A group of rows is a base point of Saltelli's design: A, AB_1 to AB_D, (BA_1 to BA_D,) B. Each group gives one
row of terms; terms are added with any weights (all 1, or those of a bootstrap), and the indices follow from
the sums alone. The formulas are those of SALib:

    first order   mean(B (AB_j - A)) / V                   Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018
    total order   mean((A - AB_j)^2) / 2 V                 Jansen 1999, doi:10.1016/S0010-4655(98)00154-4
    second order  mean(BA_j AB_k - A B) / V - S1_j - S1_k  Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1

with V the variance of A and B together, and all values less the mean over all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moments", "Ratios", "group_terms", "moments", "ratios", "term_count", "weighted_sums"]

Floats = NDArray[np.float64]

# places of a group's terms: 1, A, B, A^2 + B^2, A B, mean of all rows; then D of each kind
_ONE, _A, _B, _SQUARES, _AB, _ALL, _FIRST = range(7)


@dataclass(frozen=True)
class Moments:
    """Means over groups, of outcomes less their mean over all rows; leading axes are free.

    Attributes
    ----------
    variance : (...)
        Of A and B together.
    first, total : (..., D)
        Of ``B (AB_j - A)`` and of half ``(A - AB_j)^2``.
    second : (..., D, D) or None
        Of ``BA_j AB_k - A B`` for j < k; NaN elsewhere.
    """

    variance: Floats
    first: Floats
    total: Floats
    second: Floats | None


@dataclass(frozen=True)
class Ratios:
    """Indices of first, total and, where asked for, second order; NaN where nothing varies."""

    S1: Floats
    ST: Floats
    S2: Floats | None


def term_count(factors: int, second_order: bool) -> int:
    """Return how many terms a group has."""
    return _FIRST + 3 * factors + (factors * factors + factors if second_order else 0)


def group_terms(rows: Floats, factors: int, second_order: bool) -> Floats:
    """Return the terms of each group.

    Parameters
    ----------
    rows : float64 (n, D + 2) or (n, 2 D + 2)
        One outcome, a group to a row; less about its mean, or digits are lost. BA may be there without
        second order being wanted.
    factors : int
        D.
    second_order : bool

    Returns
    -------
    float64 (n, `term_count`)
    """
    a, b = rows[:, :1], rows[:, -1:]
    ab = rows[:, 1 : factors + 1]
    terms = np.empty((rows.shape[0], term_count(factors, second_order)))
    terms[:, _ONE] = 1.0
    terms[:, _A], terms[:, _B] = rows[:, 0], rows[:, -1]
    terms[:, _SQUARES] = rows[:, 0] ** 2 + rows[:, -1] ** 2
    terms[:, _AB] = rows[:, 0] * rows[:, -1]
    terms[:, _ALL] = rows.mean(axis=1)  # BA too, whether it is used or not
    change = ab - a
    first, total, changes, second = _places(factors)
    np.multiply(b, change, out=terms[:, first])
    np.multiply(change, change, out=terms[:, total])
    terms[:, changes] = change
    if second_order:
        ba = rows[:, factors + 1 : 2 * factors + 1]
        terms[:, second] = (ba[:, :, None] * ab[:, None, :]).reshape(len(rows), factors * factors)
        terms[:, second.stop :] = ba
    return terms


def weighted_sums(weights: Floats, terms: Floats) -> Floats:
    """Return the sums of terms with many sets of weights.

    Not by a product of matrices: BLAS adds in an order that depends on its number of threads.

    Parameters
    ----------
    weights : float64 (n, resamples)
    terms : float64 (n, t)

    Returns
    -------
    float64 (resamples, t)
    """
    sums: Floats = np.einsum("nr,nt->tr", weights, terms).T
    return sums


def moments(sums: Floats, factors: int, second_order: bool, centre: Floats | None = None) -> Moments:
    """Return the moments about the mean of all rows, from sums of terms.

    Parameters
    ----------
    sums : float64 (..., `term_count`)
        Weighted sums of `group_terms`.
    factors, second_order
        As there.
    centre : float64 (...), optional
        The mean of all rows, where it is not to be that of these sums (a bootstrap keeps that of the whole).
    """
    first, total, changes, second = _places(factors)
    count = sums[..., _ONE]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / count[..., None]
    c = mean[..., _ALL] if centre is None else centre
    c_ = c[..., None]
    half = 0.5 * (mean[..., _A] + mean[..., _B])
    variance = np.maximum(0.5 * mean[..., _SQUARES] - half**2, 0.0)
    centred_first = mean[..., first] - c_ * mean[..., changes]
    both = None
    if second_order:
        ab = mean[..., changes] + mean[..., _A, None]
        ba = mean[..., second.stop :]
        product = mean[..., second].reshape(*mean.shape[:-1], factors, factors)
        linear = ba[..., :, None] + ab[..., None, :] - (mean[..., _A] + mean[..., _B])[..., None, None]
        both = product - mean[..., _AB, None, None] - c_[..., None] * linear
        both = np.where(np.triu(np.ones((factors, factors), bool), 1), both, np.nan)
    return Moments(variance, centred_first, 0.5 * mean[..., total], both)


def ratios(found: Moments, where_constant: float = np.nan) -> Ratios:
    """Return the indices that moments make; ``where_constant`` where nothing varies."""
    varies = found.variance > 0.0
    v = np.where(varies, found.variance, 1.0 if where_constant == 0.0 else np.nan)
    found = found if where_constant != 0.0 else _cleared(found, varies)
    s1, st = found.first / v[..., None], found.total / v[..., None]
    if found.second is None:
        return Ratios(s1, st, None)
    s2 = found.second / v[..., None, None] - s1[..., :, None] - s1[..., None, :]
    return Ratios(s1, st, s2)


def _cleared(found: Moments, varies: NDArray[np.bool_]) -> Moments:
    """Return moments with zeros where nothing varies."""
    second = None if found.second is None else np.where(varies[..., None, None], found.second, 0.0)
    return Moments(
        found.variance, np.where(varies[..., None], found.first, 0.0),
        np.where(varies[..., None], found.total, 0.0), second,
    )  # fmt: skip


def _places(factors: int) -> tuple[slice, slice, slice, slice]:
    starts = [_FIRST + k * factors for k in range(4)]
    return (
        slice(starts[0], starts[1]),
        slice(starts[1], starts[2]),
        slice(starts[2], starts[3]),
        slice(starts[3], starts[3] + factors * factors),
    )
