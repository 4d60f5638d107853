"""Sobol' indices of rows placed by Saltelli's design, with confidence and what dropped rows could do."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._drop_bounds import Bounds, sobol_bounds
from ._sums import group_terms, moments, ratios, weighted_sums

__all__ = ["SobolIndices", "confidence_factor", "is_constant", "sobol_indices", "sobol_of_groups"]

Floats = NDArray[np.float64]
#: One value, or an array of one for each outcome.
PerOutcome = Any

#: Terms that are held at once, in bytes.
_PIECE = 32 * 2**20


@dataclass(frozen=True)
class SobolIndices:
    """Indices of one outcome, or of several with a leading axis m; the names are SALib's.

    Attributes
    ----------
    names : tuple of str (D)
    S1, ST : float64 (m, D)
        First and total order; NaN where an outcome is constant or no group of it is whole.
    S1_conf, ST_conf : float64 (m, D)
        Half-widths of the confidence intervals, by a bootstrap over groups.
    S2, S2_conf : float64 (m, D, D) or None
        Second order, for j < k; NaN elsewhere.
    variance, mean : float64 (m,)
        Variance of the rows A and B, mean of all rows.
    groups, dropped : int64 (m,)
        Groups that the indices are of, and groups that were left out since a value of theirs is missing.
    constant : bool (m,)
        Outcomes that are the same in all rows A and B, up to rounding.
    unused : bool (m, D)
        Inputs that do not change the outcome in any group, not by a bit.
    bounds : Bounds
        Between what the indices would be, whatever the missing values are within the range seen.
    """

    names: tuple[str, ...]
    S1: Floats
    S1_conf: Floats
    ST: Floats
    ST_conf: Floats
    S2: Floats | None
    S2_conf: Floats | None
    mean: PerOutcome
    variance: PerOutcome
    groups: PerOutcome
    dropped: PerOutcome
    constant: PerOutcome
    unused: NDArray[np.bool_]
    bounds: Bounds


def sobol_indices(
    y: NDArray[np.float64],
    names: Sequence[str],
    *,
    second_order: bool = True,
    resamples: int = 100,
    confidence: float = 0.95,
    seed: int = 1,
) -> SobolIndices:
    """Return Sobol' indices of outcomes, in memory.

    On samples without gaps they are those of ``SALib.analyze.sobol`` with the same seed, confidence included.

    Parameters
    ----------
    y : float64 (n,) or (n, m)
        Outcomes in the order of the design's rows: A, AB_1 .. AB_D, (BA_1 .. BA_D,) B of each base point.
        What is not finite is missing, and drops its group.
    names : sequence of str
        The D inputs, or groups of inputs.
    second_order : bool
        Whether the rows hold BA.
    resamples : int
        Of the bootstrap.
    confidence : float
        Of the intervals.
    seed : int
        Of the bootstrap.

    Returns
    -------
    SobolIndices
        Without the axis m if ``y`` has one dimension.

    Raises
    ------
    ValueError
        The rows are no whole number of groups.
    """
    y = np.asarray(y, float)
    step = (2 if second_order else 1) * len(names) + 2
    if y.shape[0] % step or y.shape[0] == 0:
        raise ValueError(f"{y.shape[0]} rows are no whole number of groups of {step}")
    columns = y[:, None] if y.ndim == 1 else y
    found = [
        sobol_of_groups(
            np.ascontiguousarray(column).reshape(-1, step), tuple(names), second_order=second_order,
            resamples=resamples, confidence=confidence, seed=seed,
        )
        for column in columns.T
    ]  # fmt: skip
    return found[0] if y.ndim == 1 else _stacked(found)


def sobol_of_groups(
    rows: Floats,
    names: tuple[str, ...],
    *,
    second_order: bool,
    resamples: int = 100,
    confidence: float = 0.95,
    seed: int = 1,
) -> SobolIndices:
    """Return the indices of one outcome from its groups, a row to each; see `sobol_indices`."""
    factors = len(names)
    whole = np.isfinite(rows).all(axis=1)
    kept, dropped = rows[whole], rows[~whole]
    constant = is_constant(kept[:, [0, -1]])
    if not len(kept) or constant:
        return _nothing(names, second_order, kept, dropped, constant)
    centre = kept.mean()
    scale = kept.std()
    kept = (kept - centre) / scale
    sums, resampled = _weighted_sums(
        kept, factors, second_order, bootstrap_counts(len(kept), resamples, seed)
    )
    best = moments(sums, factors, second_order)
    point = ratios(best)
    centres = np.broadcast_to(sums[5] / len(kept), resamples)
    # a resample of equal values has indices of zero, as SALib has it: one NaN would spoil the interval
    spread = ratios(moments(resampled, factors, second_order, centres), 0.0)
    by = confidence_factor(confidence)
    bounds = sobol_bounds(kept, (dropped - centre) / scale, factors, second_order)
    return SobolIndices(
        names, point.S1, _half_width(spread.S1, by), point.ST, _half_width(spread.ST, by),
        point.S2, None if spread.S2 is None else _half_width(spread.S2, by),
        np.float64(centre), best.variance * scale**2, np.int64(len(kept)), np.int64(len(dropped)),
        np.bool_(constant), best.total == 0.0, bounds,
    )  # fmt: skip


def confidence_factor(confidence: float) -> float:
    """Return how many standard deviations half an interval of that confidence is wide."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    return NormalDist().inv_cdf(0.5 + confidence / 2.0)


def is_constant(values: Floats) -> bool:
    """Tell whether values are the same up to rounding."""
    if not values.size:
        return False
    low, high = float(values.min()), float(values.max())
    return high - low <= 8.0 * float(np.finfo(float).eps) * max(abs(low), abs(high))


@functools.lru_cache(maxsize=4)
def bootstrap_counts(groups: int, resamples: int, seed: int) -> Floats:
    """Return how often each group is drawn in each resample, (groups, resamples); the draws are SALib's."""
    drawn = np.random.default_rng(seed).integers(groups, size=(groups, resamples))
    flat = (drawn * resamples + np.arange(resamples)).ravel()
    return np.bincount(flat, minlength=groups * resamples).reshape(groups, resamples).astype(float)


def _weighted_sums(rows: Floats, factors: int, second_order: bool, counts: Floats) -> tuple[Floats, Floats]:
    """Return the sums of terms, plain and of each resample."""
    size = max(1, _PIECE // (8 * (6 + (3 + second_order) * factors + second_order * factors**2)))
    plain = resampled = None
    for start in range(0, len(rows), size):
        terms = group_terms(rows[start : start + size], factors, second_order)
        one, many = terms.sum(axis=0), weighted_sums(counts[start : start + size], terms)
        plain = one if plain is None else plain + one
        resampled = many if resampled is None else resampled + many
    assert plain is not None
    assert resampled is not None
    return plain, resampled


def _half_width(spread: Floats, by: float) -> Floats:
    if spread.shape[0] < 2:
        return np.full(spread.shape[1:], np.nan)
    half: Floats = by * spread.std(axis=0, ddof=1)
    return half


def _nothing(
    names: tuple[str, ...], second_order: bool, kept: Floats, dropped: Floats, constant: bool
) -> SobolIndices:
    """Return no numbers: the outcome is constant, or no group of it is whole."""
    d = len(names)
    one, two = np.full(d, np.nan), np.full((d, d), np.nan) if second_order else None
    mean = np.float64(kept.mean() if kept.size else np.nan)
    variance = np.float64(0.0 if constant else np.nan)
    return SobolIndices(
        names, one, one, one, one, two, two, mean, variance, np.int64(len(kept)), np.int64(len(dropped)),
        np.bool_(constant), np.full(d, constant), Bounds.unknown(d, second_order),
    )  # fmt: skip


def _stacked(found: list[SobolIndices]) -> SobolIndices:
    stacked: dict[str, Any] = {}
    for name in SobolIndices.__dataclass_fields__:
        if name not in ("names", "bounds"):
            values = [getattr(one, name) for one in found]
            stacked[name] = None if values[0] is None else np.stack(values)
    return SobolIndices(names=found[0].names, bounds=Bounds.stacked([one.bounds for one in found]), **stacked)
