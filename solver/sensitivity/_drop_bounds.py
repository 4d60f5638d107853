"""What rows that were dropped could do to an index: bounds over all values that they might have had.

A missing value is taken to lie anywhere between the least and the largest value seen. Interval arithmetic
then encloses what the estimator would give with all groups, whatever the missing values are. The bounds
are rigorous but not sharp: that the same value occurs in several terms is not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._sums import group_terms

__all__ = ["Bounds", "Interval", "ratio_bounds", "sobol_bounds", "spread_bounds", "unknown_range"]

Floats = NDArray[np.float64]
_PIECE = 1024


@dataclass(frozen=True)
class Bounds:
    """Lowest and highest value of each index; NaN where there is nothing to bound."""

    S1_low: Floats
    S1_high: Floats
    ST_low: Floats
    ST_high: Floats
    S2_low: Floats | None
    S2_high: Floats | None

    @staticmethod
    def unknown(factors: int, second_order: bool) -> Bounds:
        """Return bounds of nothing."""
        one = np.full(factors, np.nan)
        two = np.full((factors, factors), np.nan) if second_order else None
        return Bounds(one, one, one, one, two, two)

    @staticmethod
    def stacked(several: list[Bounds]) -> Bounds:
        """Return the bounds of several outcomes along a first axis."""
        fields: list[Any] = []
        for name in Bounds.__dataclass_fields__:
            values = [getattr(one, name) for one in several]
            fields.append(None if values[0] is None else np.stack(values))
        return Bounds(*fields)


@dataclass(frozen=True)
class Interval:
    """Arrays of lowest and highest values."""

    low: Floats
    high: Floats

    def __add__(self, other: Interval) -> Interval:
        """Sum."""
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        """Difference of two that do not depend on each other."""
        return Interval(self.low - other.high, self.high - other.low)

    def __mul__(self, other: Interval) -> Interval:
        """Product."""
        four = np.stack(
            np.broadcast_arrays(
                self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high
            )
        )
        return Interval(four.min(axis=0), four.max(axis=0))

    def square(self) -> Interval:
        """Return the square, which is not below zero."""
        ends = np.stack([self.low**2, self.high**2])
        within = (self.low <= 0.0) & (self.high >= 0.0)
        return Interval(np.where(within, 0.0, ends.min(axis=0)), ends.max(axis=0))

    def magnitude(self) -> Interval:
        """Return the absolute value."""
        square = self.square()
        return Interval(np.sqrt(square.low), np.sqrt(square.high))

    def total(self) -> Interval:
        """Sum over the first axis."""
        return Interval(self.low.sum(axis=0), self.high.sum(axis=0))

    def __getitem__(self, where: Any) -> Interval:
        """Return a part."""
        return Interval(self.low[where], self.high[where])


def unknown_range(kept: Floats, dropped: Floats) -> tuple[float, float]:
    """Return the least and the largest value seen, in whatever group."""
    seen = dropped[np.isfinite(dropped)]
    return (
        float(min(kept.min(), seen.min(initial=np.inf))),
        float(max(kept.max(), seen.max(initial=-np.inf))),
    )


def sobol_bounds(kept: Floats, dropped: Floats, factors: int, second_order: bool) -> Bounds:
    """Return bounds of the Sobol' indices over all groups.

    Parameters
    ----------
    kept : float64 (n, rows of a group)
        Whole groups, less their mean.
    dropped : float64 (k, rows of a group)
        Groups with values that are not finite, in the same scale.
    factors, second_order
        As in `group_terms`.
    """
    sums = group_terms_sum(kept, factors, second_order)
    low, high = unknown_range(kept, dropped)
    ends = kept[:, [0, -1]]
    return bounds_from_sums(
        sums, (float(ends.mean()), float(((ends - ends.mean()) ** 2).sum())), len(kept), dropped, (low, high),
        factors, second_order,
    )  # fmt: skip


def bounds_from_sums(
    sums: Floats, ends: tuple[float, float], kept: int, dropped: Floats, seen: tuple[float, float],
    factors: int, second_order: bool,
) -> Bounds:  # fmt: skip
    """Return the same from the sums of terms of the whole groups.

    Parameters
    ----------
    sums : float64 (terms)
        Of the whole groups' values less a centre that is about, not just, their mean.
    ends : tuple of float
        Mean, and sum of squares about it, of the rows A and B of whole groups.
    kept : int
        How many groups are whole.
    dropped : float64 (k, rows of a group)
        Groups with missing values, less the same centre.
    seen : tuple of float
        Least and largest value, less the same centre.
    """
    numerators = _numerators(sums, dropped, seen, factors, second_order, kept)
    n = kept + len(dropped)
    rows = dropped[:, [0, -1]]
    variance = spread_bounds(ends, 2 * kept, rows, seen)
    variance = Interval(variance.low / (2 * n), variance.high / (2 * n))
    s1, st, s2 = (None if each is None else ratio_bounds(each, variance) for each in numerators)
    assert s1 is not None
    assert st is not None
    mask = np.triu(np.ones((factors, factors), bool), 1)
    two = (None, None) if s2 is None else tuple(np.where(mask, end, np.nan) for end in (s2.low, s2.high))
    return Bounds(s1.low, s1.high, st.low, st.high, *two)


def group_terms_sum(rows: Floats, factors: int, second_order: bool) -> Floats:
    """Return the sum of the terms of many groups."""
    total: Floats = group_terms(rows[:0], factors, second_order).sum(axis=0)
    for start in range(0, len(rows), _PIECE):
        total += group_terms(rows[start : start + _PIECE], factors, second_order).sum(axis=0)
    return total


def spread_bounds(
    known: tuple[float, float], count: int, rows: Floats, seen: tuple[float, float]
) -> Interval:
    """Return bounds of the sum of squares about the mean of known values and of ``rows``, some unknown.

    No sum of squares is below that of the values known; about the mean of those it is a bound from above.
    """
    mean, squares = known
    there = rows[np.isfinite(rows)]
    total = count + there.size
    if there.size:
        own = there.mean()
        squares += ((there - own) ** 2).sum() + count * there.size / total * (own - mean) ** 2
        mean += there.size / total * (own - mean)
    unknown = rows.size - there.size
    farthest = max((seen[0] - mean) ** 2, (seen[1] - mean) ** 2)
    return Interval(np.asarray(squares), np.asarray(squares + unknown * farthest))


def ratio_bounds(numerator: Interval, denominator: Interval) -> Interval:
    """Return a quotient by what is positive; NaN where it may be zero."""
    safe = np.where(denominator.low > 0.0, denominator.low, np.nan)
    low = np.where(numerator.low >= 0.0, numerator.low / denominator.high, numerator.low / safe)
    high = np.where(numerator.high >= 0.0, numerator.high / safe, numerator.high / denominator.high)
    lost = np.isnan(safe)
    return Interval(np.where(lost, np.nan, low), np.where(lost, np.nan, high))


def _numerators(
    sums: Floats, dropped: Floats, seen: tuple[float, float], factors: int, second_order: bool, kept: int
) -> tuple[Interval, Interval, Interval | None]:
    """Return the numerators of the indices, means over all groups."""
    d, step = factors, (2 if second_order else 1) * factors + 2
    start = 6
    first, total, changes = (Interval(*[sums[start + k * d : start + (k + 1) * d]] * 2) for k in range(3))
    everything = Interval(step * sums[5], step * sums[5])
    product = linear = None
    if second_order:
        at = start + 3 * d
        ba, ab = sums[at + d * d :], sums[start + 2 * d : start + 3 * d] + sums[1]
        cross = sums[at : at + d * d].reshape(d, d) - sums[4]
        slope = ba[:, None] + ab[None, :] - (sums[1] + sums[2])
        product, linear = Interval(cross, cross), Interval(slope, slope)
    for begin in range(0, len(dropped), _PIECE):
        rows = dropped[begin : begin + _PIECE]
        known = np.isfinite(rows)
        value = Interval(np.where(known, rows, seen[0]), np.where(known, rows, seen[1]))
        a, b, ab_ = value[:, :1], value[:, -1:], value[:, 1 : d + 1]
        change = ab_ - a
        first += (b * change).total()
        total += change.square().total()
        changes += change.total()
        everything += value.total().total()
        if product is not None and linear is not None:
            ba_ = value[:, d + 1 : 2 * d + 1]
            left, right = ba_[:, :, None], ab_[:, None, :]
            product += (left * right).total() - (a * b).total()
            linear += (left + right).total() - (a + b).total()
    n = kept + len(dropped)
    share = Interval(everything.low / (n * step), everything.high / (n * step))  # the mean of all rows
    first = first - share * changes
    half = Interval(total.low / (2 * n), total.high / (2 * n))
    if product is None or linear is None:
        return _over(first, n), half, None
    both = product - share * linear - first[:, None] - first[None, :]
    return _over(first, n), half, _over(both, n)


def _over(interval: Interval, by: int) -> Interval:
    return Interval(interval.low / by, interval.high / by)
