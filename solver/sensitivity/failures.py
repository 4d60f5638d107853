"""Which inputs lead to failure: a sweep whose failed samples lie at one end of an input is a biased one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kernels import status as status_codes
from .design import PICK_FREEZE
from .groups import row_values
from .sources import Source

__all__ = ["BINS", "Failures", "failure_of_input", "find_failures"]

Floats = NDArray[np.float64]

#: Classes of equal count into which an input is cut.
BINS = 10


@dataclass(frozen=True)
class Failures:
    """How each of D stored inputs goes with failure.

    Attributes
    ----------
    inputs : tuple of str
    auc : float64 (D,)
        Probability that a failed sample has a larger value than a good one: 0.5 tells nothing, 0 and 1 all
        (Mann and Whitney's U over the number of pairs).
    S1 : float64 (D,)
        Share of the variance of "it failed" that the input alone explains, from the failure rates of its
        classes, less what chance would give.
    edges, rates : float64 (D, BINS + 1), float64 (D, BINS)
        Limits of the classes, and the share of each that failed; NaN for a class that no sample is in.
    samples, failed : int
        How many samples were looked at, and how many of them failed.
    """

    inputs: tuple[str, ...]
    auc: Floats
    S1: Floats
    edges: Floats
    rates: Floats
    samples: int
    failed: int


def find_failures(source: Source, inputs: Sequence[str]) -> Failures:
    """Compare failed samples with good ones, one input at a time.

    Of Saltelli's groups the rows A and B count: the others repeat their values, so that one failure would
    count for as many rows, and for inputs that have nothing to do with it. If no such row failed, all count.
    """
    rows = source.design.rows_per_group if source.design.kind == PICK_FREEZE else 1
    every: tuple[int, ...] | None = (0, rows - 1) if rows > 1 else None
    status, _, _ = row_values(source, (), (), every=every, rows=rows)
    if (status == status_codes.OK).all():
        every, rows = None, 1
        status, _, _ = row_values(source, (), ())
    found = []
    for name in inputs:
        _, values, _ = row_values(source, [name], (), every=every, rows=rows)
        found.append(failure_of_input(values[:, 0], status != status_codes.OK))
    auc, s1, edges, rates = (np.array([one[k] for one in found]) for k in range(4))
    d = len(found)
    return Failures(
        tuple(inputs), auc, s1, edges.reshape(d, BINS + 1), rates.reshape(d, BINS),
        len(status), int((status != status_codes.OK).sum()),
    )  # fmt: skip


def failure_of_input(x: Floats, failed: NDArray[np.bool_]) -> tuple[float, float, Floats, Floats]:
    """Return the AUC, the first-order index of failure, limits of classes and failure rates of one input.

    Parameters
    ----------
    x : float64 (n,)
    failed : bool (n,)
    """
    known = np.isfinite(x)
    x, failed = x[known], failed[known]
    nothing = np.full(BINS + 1, np.nan)
    if not len(x) or x.min() == x.max():
        return np.nan, np.nan, nothing, nothing[1:]
    edges = np.quantile(x, np.linspace(0.0, 1.0, BINS + 1))
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = np.bincount(place, failed, minlength=BINS) / counts
    return _auc(x, failed), _explained(failed, rates, counts), edges, rates


def _auc(x: Floats, failed: NDArray[np.bool_]) -> float:
    bad = np.sort(x[failed])
    good = np.sort(x[~failed])
    if not len(bad) or not len(good):
        return float("nan")
    below = np.searchsorted(good, bad, side="left") + np.searchsorted(good, bad, side="right")
    return float(below.sum() / (2.0 * len(bad) * len(good)))


def _explained(failed: NDArray[np.bool_], rates: Floats, counts: NDArray[np.int64]) -> float:
    """Return the correlation ratio of failure, its expectation under no dependence taken away."""
    n, rate = len(failed), failed.mean()
    classes = int((counts > 0).sum())
    if rate in (0.0, 1.0) or n <= classes:
        return float("nan")
    there = counts > 0
    ratio = (counts[there] * (rates[there] - rate) ** 2).sum() / (n * rate * (1.0 - rate))
    chance = (classes - 1.0) / (n - 1.0)
    return float((ratio - chance) / (1.0 - chance))
