"""How likely readings are that were taken together, at one uncertain time: pressure and temperature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .likelihood import Reading, at_places, log_law, log_rounded

__all__ = ["log_together"]

Floats = NDArray[np.float64]

# pieces of the window to begin with, and how often one may be halved: 2^30 is beyond what a gauge resolves
_PIECES, _HALVINGS = 40, 30
# a piece is halved while the logarithm bends by more than this over it: the error of its mean is a twelfth
_BENDS = 0.1
# what may be so far below the best found of a sample is left as it is
_MATTERS = 30.0
# of the logarithm itself: what it bends by rounding alone
_ROUNDING = 1e-11


def log_together(readings: Sequence[Reading], nodes: Sequence[Floats]) -> Floats:
    """Return the log of the mean, over the law of their one time, of the product of their likelihoods.

    The pressure, or temperature, of each is the polynomial through its nodes. The window is cut into pieces,
    and those are halved where the logarithm of product and law bends: that bends down near what was read,
    so that the secant of one half bounds it in the other, and no narrow peak is missed. In a piece that is
    left the logarithm goes evenly from one end of each half to the other, where the mean is exact.
    Its logarithm is good to 0.02.

    Parameters
    ----------
    readings : sequence of Reading
        Of the same time, law and window.
    nodes : sequence of float64 (n, `NODES`)
        Of each reading, at `node_offsets` from its time.

    Returns
    -------
    float64 (n,)
    """
    n = len(nodes[0])

    def log_of(rows: NDArray[np.intp], places: Floats) -> Floats:
        """Return the logarithm of product and law for some samples, each at some places of the window."""
        found = log_law(places, readings[0])
        for reading, own in zip(readings, nodes, strict=True):
            value = np.asarray(reading.value)
            at = value[rows, None] if value.ndim else value
            found = found + log_rounded(
                at, at_places(own[rows], places), reading.uncertainty, reading.resolution
            )
        return found

    edges = np.linspace(-1.0, 1.0, 2 * _PIECES + 1)
    rows = np.repeat(np.arange(n), _PIECES)
    first, length = np.tile(edges[:-1:2], n), np.full(rows.size, 2.0 / _PIECES)
    whole = log_of(np.arange(n), np.tile(edges, (n, 1)))
    best = whole.max(axis=1, initial=-np.inf)
    # of each piece the logarithm at its start, middle and end
    logs = np.stack([whole[:, :-1:2], whole[:, 1::2], whole[:, 2::2]], axis=-1).reshape(-1, 3)
    sums = np.full(n, -np.inf)
    for left in reversed(range(_HALVINGS + 1)):
        halved = _unresolved(logs, best[rows]) if left else np.zeros(rows.size, np.bool_)
        np.logaddexp.at(sums, rows[~halved], _log_integral(logs[~halved], length[~halved]))
        if not halved.any():
            break
        rows, first, length, logs = rows[halved], first[halved], 0.5 * length[halved], logs[halved]
        between = log_of(rows, first[:, None] + length[:, None] * np.array([0.5, 1.5]))
        np.maximum.at(best, rows, between.max(axis=1))
        logs = np.concatenate([
            np.stack([logs[:, 0], between[:, 0], logs[:, 1]], axis=1),
            np.stack([logs[:, 1], between[:, 1], logs[:, 2]], axis=1),
        ])  # fmt: skip
        rows, first = np.tile(rows, 2), np.concatenate([first, first + length])
        length = np.tile(length, 2)
    return sums


def _unresolved(logs: Floats, best: Floats) -> NDArray[np.bool_]:
    """Return which pieces bend, and may hold what matters, by the secants of their halves."""
    start, middle, end = logs.T
    with np.errstate(invalid="ignore"):
        bends = np.abs(start - 2.0 * middle + end)
        bound = np.maximum(2.0 * middle - np.minimum(start, end), np.maximum(start, end))
        return np.asarray((bends > _BENDS + _ROUNDING * np.abs(middle)) & (bound > best - _MATTERS))


def _log_integral(logs: Floats, length: Floats) -> Floats:
    """Return the log of the integral over pieces in each half of which the logarithm goes evenly.

    It bends down by ``b`` between the ends of a half, which adds ``b/12`` to second order.
    """
    start, middle, end = logs.T
    with np.errstate(invalid="ignore"):
        bends = np.nan_to_num(2.0 * middle - start - end, nan=0.0)
    halves = np.logaddexp(_log_even(start, middle), _log_even(middle, end))
    return np.asarray(halves + np.log(0.5 * length) + np.clip(bends, -_BENDS, _BENDS) / 12.0)


def _log_even(one: Floats, other: Floats) -> Floats:
    """Return the log of the mean of what grows evenly in its logarithm from one value to the other."""
    top = np.maximum(one, other)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        fall = np.nan_to_num(top - np.minimum(one, other), nan=0.0)
        small = fall < 1e-6
        return np.asarray(
            top + np.where(small, -0.5 * fall, np.log(-np.expm1(-fall) / np.where(small, 1.0, fall)))
        )
