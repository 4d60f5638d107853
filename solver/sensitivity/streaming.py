"""Sobol' indices of a sweep that does not fit into memory, of many outcomes in one pass over the files.

The sums of `_sums` are added up piece by piece. The bootstrap is Poisson's: each group counts as often as a
Poisson variate of mean 1 says, which for many groups is the same as drawing them with replacement (Chamandy
et al. 2012, "Estimating uncertainty for massive data streams"), and needs no knowledge of how many there are.
The variates belong to the group's index and the seed, so pieces, parts and files do not change them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._drop_bounds import Bounds, bounds_from_sums
from ._sums import Moments, group_terms, moments, ratios, term_count, weighted_sums
from .groups import Column, Survey, group_values
from .sobol import SobolIndices, confidence_factor
from .sources import Source

__all__ = ["Stream", "generalised", "stream_sobol"]

Floats = NDArray[np.float64]

#: Groups whose Poisson weights are drawn together; pieces are cut out of it.
_WEIGHT_BLOCK = 4096
#: Values of a piece, at most.
_VALUES = 8 * 2**20


@dataclass(frozen=True)
class Stream:
    """What one pass gave.

    Attributes
    ----------
    sizes : tuple of int
        Groups after which the indices were taken; the last is all.
    at_sizes : list of list of SobolIndices
        For each size, those of each column.
    sums : float64 (columns, 1 + resamples, terms)
        About each column's ``centre`` and over its ``scale``.
    """

    sizes: tuple[int, ...]
    at_sizes: list[list[SobolIndices]]
    sums: Floats
    scale: Floats


def stream_sobol(
    source: Source,
    found: Survey,
    columns: Sequence[Column],
    names: tuple[str, ...],
    *,
    second_order: bool,
    resamples: int,
    confidence: float,
    seed: int,
    sizes: Sequence[int],
    bounded: bool = True,
    step: int | None = None,
) -> Stream:
    """Return the indices of columns, in one pass.

    Parameters
    ----------
    source, found
        The sweep, and which of its groups are whole.
    columns
        What to analyse.
    names
        Factors, D.
    sizes
        Numbers of groups, ascending, after which indices are wanted; the last is that of all groups.
    bounded
        Whether bounds over missing values are wanted.
    step
        Rows of a group, where the design holds BA but ``second_order`` is not wanted.
    """
    from ..engine import available_threads  # it loads the kernels: not for whoever streams nothing

    step = step or (2 if second_order else 1) * len(names) + 2
    taken = []
    weights = _Weights(resamples, seed)
    with ThreadPoolExecutor(available_threads(), thread_name_prefix="leakflow") as pool:
        state = _State(pool, len(columns), len(names), second_order, resamples, bounded)
        for start, stop in _pieces(sizes, found.first, max(1, _VALUES // (step * len(columns)))):
            rows = group_values(source, found, step, start, stop, columns)
            counts = weights.of(found.first + start, found.first + stop)[found.whole[start:stop]]
            state.add(rows, counts)
            if stop in sizes:
                last = stop == sizes[-1]
                taken.append(state.indices(names, confidence, bounded=bounded and last))
    return Stream(tuple(sizes), taken, state.sums, state.scale)


def generalised(
    stream: Stream, columns: Sequence[int], weights: Floats, factors: int, confidence: float
) -> dict[str, Floats]:
    """Return the indices of several columns as one outcome, such as all times of a series.

    The numerators and the variances are summed, not the indices: Gamboa et al. 2014, doi:10.1214/14-EJS895;
    Lamboni et al. 2011, doi:10.1016/j.ress.2010.09.002.

    Parameters
    ----------
    stream : Stream
        Without second order.
    columns : sequence of int
    weights : float64 (columns,)
        What each counts, such as the time that it stands for.
    """
    own = stream.sums[list(columns)]
    each = moments(own, factors, False, _all_rows_mean(own[:, :1]))
    by = (weights * stream.scale[list(columns)] ** 2)[:, None]
    whole = ratios(
        Moments(
            (each.variance * by).sum(axis=0), (each.first * by[..., None]).sum(axis=0),
            (each.total * by[..., None]).sum(axis=0), None,
        )
    )  # fmt: skip
    half = confidence_factor(confidence)
    return {
        "S1": whole.S1[0], "S1_conf": half * whole.S1[1:].std(axis=0, ddof=1),
        "ST": whole.ST[0], "ST_conf": half * whole.ST[1:].std(axis=0, ddof=1),
    }  # fmt: skip


def _pieces(sizes: Sequence[int], first: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut the groups where weights, sizes and memory ask for it."""
    start = 0
    for size in sizes:
        while start < size:
            in_block = _WEIGHT_BLOCK - (first + start) % _WEIGHT_BLOCK
            stop = min(start + in_block, start + most, size)
            yield start, stop
            start = stop


class _Weights:
    """Poisson weights of groups, by index."""

    def __init__(self, resamples: int, seed: int) -> None:
        self._resamples, self._seed = resamples, seed
        self._block, self._drawn = -1, np.empty((0, 0))

    def of(self, first: int, last: int) -> Floats:
        """Return the weights of groups ``first`` to ``last - 1`` of one block, (groups, resamples)."""
        block = first // _WEIGHT_BLOCK
        if block != self._block:
            generator = np.random.default_rng([self._seed, block])
            self._drawn = generator.poisson(1.0, (_WEIGHT_BLOCK, self._resamples)).astype(float)
            self._block = block
        at = block * _WEIGHT_BLOCK
        return self._drawn[first - at : last - at]


class _State:
    """Sums so far."""

    def __init__(
        self, pool: ThreadPoolExecutor, columns: int, factors: int, second_order: bool, resamples: int,
        bounded: bool,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._factors, self._second, self._bounded = factors, second_order, bounded
        self.sums = np.zeros((columns, 1 + resamples, term_count(factors, second_order)))
        self.centre, self.scale = np.full(columns, np.nan), np.ones(columns)
        self._low, self._high = np.full(columns, np.inf), np.full(columns, -np.inf)
        self._seen_low, self._seen_high = self._low.copy(), self._high.copy()
        self._end_low, self._end_high = self._low.copy(), self._high.copy()
        self._dropped = np.zeros(columns, np.int64)
        self._kept_back: list[list[Floats]] = [[] for _ in range(columns)]

    def add(self, rows: Floats, counts: Floats) -> None:
        """Add groups, (columns, groups, rows of a group), with their weights."""
        each = [self._pool.submit(self._add_to, c, values, counts) for c, values in enumerate(rows)]
        for done in each:
            done.result()

    def _add_to(self, c: int, values: Floats, counts: Floats) -> None:
        """Add groups of one column; columns touch nothing of each other, so threads may take them."""
        finite = np.isfinite(values)
        whole = finite.all(axis=1)
        if not whole.all():
            lost = values[~whole]
            self._dropped[c] += len(lost)
            if self._bounded:
                self._kept_back[c].append(lost)
            seen = lost[np.isfinite(lost)]
            self._seen_low[c] = min(self._seen_low[c], seen.min(initial=np.inf))
            self._seen_high[c] = max(self._seen_high[c], seen.max(initial=-np.inf))
            values = values[whole]
        if not len(values):
            return
        if np.isnan(self.centre[c]):
            self.centre[c], self.scale[c] = values.mean(), values.std() or 1.0
        ends = values[:, [0, -1]]
        self._end_low[c] = min(self._end_low[c], ends.min())
        self._end_high[c] = max(self._end_high[c], ends.max())
        self._low[c] = min(self._low[c], values.min())
        self._high[c] = max(self._high[c], values.max())
        terms = group_terms((values - self.centre[c]) / self.scale[c], self._factors, self._second)
        self.sums[c, 0] += terms.sum(axis=0)
        self.sums[c, 1:] += weighted_sums(counts if whole.all() else counts[whole], terms)

    def indices(self, names: tuple[str, ...], confidence: float, *, bounded: bool) -> list[SobolIndices]:
        """Return the indices of each column from the sums so far."""
        by = confidence_factor(confidence)
        return [self._one(c, names, by, bounded) for c in range(len(self.sums))]

    def _one(self, c: int, names: tuple[str, ...], by: float, bounded: bool) -> SobolIndices:
        sums, d = self.sums[c], self._factors
        kept = round(float(sums[0, 0]))
        largest = max(abs(self._low[c]), abs(self._high[c]))
        constant = bool(kept and self._end_high[c] - self._end_low[c] <= 8.0 * np.finfo(float).eps * largest)
        found = moments(sums, d, self._second, _all_rows_mean(sums[:1]))
        found = found if not constant and kept else _void(found)
        all_, spread = ratios(found), ratios(found, np.nan if constant or not kept else 0.0)
        half = [
            None if s is None else by * s[1:].std(axis=0, ddof=1) for s in (spread.S1, spread.ST, spread.S2)
        ]
        limits = Bounds.unknown(d, self._second)
        if bounded and kept and not constant:
            limits = self._bounds(c, kept)
        mean = self.centre[c] + self.scale[c] * float(_all_rows_mean(sums[:1])[0])
        unused = np.full(d, constant) | (found.total[0] == 0.0)
        s2 = None if all_.S2 is None else all_.S2[0]
        assert half[0] is not None
        assert half[1] is not None
        return SobolIndices(
            names, all_.S1[0], half[0], all_.ST[0], half[1], s2, half[2],
            np.float64(mean), found.variance[0] * self.scale[c] ** 2, np.int64(kept),
            np.int64(self._dropped[c]), np.bool_(constant), unused, limits,
        )  # fmt: skip

    def _bounds(self, c: int, kept: int) -> Bounds:
        sums = self.sums[c, 0]
        step = (2 if self._second else 1) * self._factors + 2
        dropped = np.concatenate(self._kept_back[c]) if self._kept_back[c] else np.empty((0, step))
        centre, scale = self.centre[c], self.scale[c]
        mean = (sums[1] + sums[2]) / (2 * kept)
        seen = (min(self._low[c], self._seen_low[c]), max(self._high[c], self._seen_high[c]))
        return bounds_from_sums(
            sums, (mean, sums[3] - 2 * kept * mean**2), kept, (dropped - centre) / scale,
            ((seen[0] - centre) / scale, (seen[1] - centre) / scale), self._factors, self._second,
        )  # fmt: skip


def _all_rows_mean(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = sums[..., 5] / sums[..., 0]
    return mean


def _void(found: Moments) -> Moments:
    """Return moments of nothing."""
    second = None if found.second is None else np.full_like(found.second, np.nan)
    return Moments(
        np.full_like(found.variance, np.nan), np.full_like(found.first, np.nan),
        np.full_like(found.total, np.nan), second,
    )  # fmt: skip
