"""How much a future record would tell of the hypotheses: nested Monte Carlo over predicted readings.

Ryan, J. Comput. Graph. Stat. 12 (2003) 585; the outer and the inner draws are disjoint, and what a finite
number of inner draws does to the mean is taken off by a jackknife over groups of them (Miller, Biometrika 61
(1974) 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .likelihood import log_rounded

__all__ = ["Gauge", "Told", "information", "least_draws"]

Floats = NDArray[np.float64]
_Reals = NDArray[np.floating[Any]]

#: Groups of inner draws that the jackknife leaves out, one at a time.
GROUPS = 8
# numbers of one piece of work: it stays in the cache of a processor
_PIECE = 1 << 17
# of the rounded likelihood: how far its table reaches from an edge of the step, in standard deviations, and
# its cells in one of them
_REACH, _STEPS = 40.0, 1024
# standard deviations; where a step has more, single precision would blur its edges by more than 1e-3 of one
_FINE = 1e4


class Gauge(NamedTuple):
    """How readings are made: standard deviation, and the step that they are rounded to, 0 for none; Pa."""

    uncertainty: float
    resolution: float = 0.0

    def read(self, shown: Floats, normal: Floats) -> Floats:
        """Return readings where the gauge would show ``shown`` but for its noise, ``normal`` of sd 1."""
        read = shown + self.uncertainty * normal
        if self.resolution > 0.0:
            read = np.round(read / self.resolution) * self.resolution
        return np.asarray(read)


class Told(NamedTuple):
    """What records of each length would tell; arrays over K, the number of readings so far.

    Attributes
    ----------
    gain, error : float64 (K,)
        Expected information gain on the hypotheses, nats, and its standard error: scatter over simulated
        records and over inner draws.
    bias : float64 (K,)
        What the jackknife took off the plain estimate; a large one asks for more draws.
    entropy : float
        Of the hypotheses before the test, nats: the most that can be gained.
    decisive, wrong : float64 (K,)
        Probability that the true hypothesis comes out with the wanted certainty, and that a wrong one does.
    decisive_error : float64 (K,)
        Standard error of ``decisive``.
    decisive_if : float64 (H, K)
        The same, if that hypothesis is true.
    imbalance, imbalance_error : float64 (K,)
        Expected posterior probability of the truth, less what the posterior probabilities themselves claim
        it to be, ``E[sum_g p(g | y)^2]``: 0 if they are right, below 0 if too sure for want of draws.
    effective : float64 (H,)
        Effective number of inner draws that whole records of each hypothesis are judged by, median over them.
    """

    gain: Floats
    error: Floats
    bias: Floats
    entropy: float
    decisive: Floats
    wrong: Floats
    decisive_error: Floats
    decisive_if: Floats
    imbalance: Floats
    imbalance_error: Floats
    effective: Floats


def information(
    records: Sequence[Floats], inner: Sequence[Floats], weights: Floats, gauge: Gauge, certainty: float,
    *, threads: int = 1,
) -> Told:  # fmt: skip
    """Judge simulated records by Monte Carlo marginal likelihoods of each hypothesis.

    With hypotheses h of probability w_h and records y_1 .. y_k, the expected information gain is the mutual
    information ``sum_h w_h E[ln p(h | y)] - sum_h w_h ln w_h``, where ``p(h | y)`` follows from
    ``p(y | h) = mean_j p(y | theta_hj)`` over the inner draws.

    Parameters
    ----------
    records : H arrays float64 (n_h, K)
        Readings simulated from draws of each hypothesis.
    inner : H arrays float64 (m_h, K)
        What the gauge would show but for its noise, by other draws of each hypothesis; errors that readings
        share, such as an offset, are in it.
    weights : float64 (H,)
        Probabilities of the hypotheses before the test, all above 0; they sum to 1.
    gauge : Gauge
    certainty : float
    threads : int
        The answer does not depend on it.
    """
    logs, effective = _marginals(records, inner, gauge, threads)
    prior = np.log(weights)
    entropy = float(-(weights * prior).sum())
    gain, scatter, decisive, wrong, balance, balance_scatter = [], [], [], [], [], []
    for h, own in enumerate(logs):  # own: (n_h, H, 1 + GROUPS, K), first with all draws, then less each group
        posterior = own + prior[None, :, None, None]
        posterior = posterior - np.logaddexp.reduce(posterior, axis=1)[:, None]
        gain.append(posterior[:, h].mean(axis=0))
        full = posterior[:, :, 0]
        corrected = GROUPS * full[:, h] - (GROUPS - 1) * posterior[:, h, 1:].mean(axis=1)
        scatter.append(corrected.var(axis=0, ddof=1) / len(own))
        excess = np.exp(full[:, h]) - np.exp(2.0 * full).sum(axis=1)
        balance.append(excess.mean(axis=0))
        balance_scatter.append(excess.var(axis=0, ddof=1) / len(own))
        sure = full >= np.log(certainty)
        decisive.append(sure[:, h].mean(axis=0))
        wrong.append((sure.any(axis=1) & ~sure[:, h]).mean(axis=0))
    by = np.tensordot(weights, np.stack(gain), 1) + entropy  # (1 + GROUPS, K)
    left = by[1:].mean(axis=0)
    best = GROUPS * by[0] - (GROUPS - 1) * left
    inner_variance = (GROUPS - 1) / GROUPS * ((by[1:] - left) ** 2).sum(axis=0)
    outer_variance, balance_variance = (
        (weights[:, None] ** 2 * np.stack(each)).sum(axis=0) for each in (scatter, balance_scatter)
    )
    shares, counts = np.stack(decisive), np.array([len(own) for own in logs])
    # a share of none or all of n has an error too: that of n + 2 with one more of either kind
    fair = (shares * counts[:, None] + 1.0) / (counts[:, None] + 2.0)
    share_variance = (weights**2 / counts)[:, None] * fair * (1.0 - fair)
    return Told(
        best, np.sqrt(inner_variance + outer_variance), by[0] - best, entropy,
        weights @ shares, weights @ np.stack(wrong), np.sqrt(share_variance.sum(axis=0)), shares,
        weights @ np.stack(balance), np.sqrt(balance_variance), effective,
    )  # fmt: skip


def least_draws() -> int:
    """Return the fewest inner draws that a jackknife can do with."""
    return 4 * GROUPS


def _marginals(
    records: Sequence[Floats], inner: Sequence[Floats], gauge: Gauge, threads: int
) -> tuple[list[Floats], Floats]:
    """Return log marginal likelihoods of each record, with all draws and less each group of them.

    Returns
    -------
    list of float64 (n_h, H, 1 + GROUPS, K)
        Up to a constant of each record.
    float64 (H,)
        Effective inner draws under the true hypothesis, at the last reading, median over records.
    """
    hypotheses, readings = len(inner), records[0].shape[1]
    logs = [np.empty((len(own), hypotheses, 1 + GROUPS, readings)) for own in records]
    effective = [np.empty(len(own)) for own in records]
    log_likelihood = _log_likelihood(gauge)

    def work(task: tuple[int, int, int, int]) -> None:
        h, g, first, last = task
        logs[h][first:last, g], ess = _log_means(records[h][first:last], inner[g], gauge, log_likelihood)
        if g == h:
            effective[h][first:last] = ess

    tasks = []
    for h in range(hypotheses):
        for g in range(hypotheses):
            rows = max(1, _PIECE // len(inner[g]))
            tasks += [(h, g, i, min(i + rows, len(records[h]))) for i in range(0, len(records[h]), rows)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, tasks))
    return logs, np.array([np.median(ess) for ess in effective])


def _log_means(
    read: Floats, shown: Floats, gauge: Gauge, log_likelihood: _Likelihood
) -> tuple[Floats, Floats]:
    """Return the log of the mean likelihood of the first k readings, float64 (n, 1 + GROUPS, K), and the ESS.

    In single precision, which Monte Carlo does not feel, from distances to the middle of the readings; in
    double where the step is that coarse beside the gauge's own error that it would be felt at its edges.
    """
    n, readings = read.shape
    precision = _precision(gauge)
    size = len(shown) // GROUPS
    middle = np.median(read, axis=0)
    scaled = ((read - middle) / gauge.uncertainty).astype(precision)
    each = np.ascontiguousarray(((shown[: size * GROUPS] - middle) / gauge.uncertainty).T, precision)
    total, work = np.zeros((2, n, size * GROUPS), precision)
    logs = np.empty((n, 1 + GROUPS, readings))
    for k in range(readings):
        np.subtract(scaled[:, k, None], each[k], out=work)
        total += log_likelihood(work)
        top = total.max(axis=1)
        np.subtract(total, top[:, None], out=work)
        share = np.exp(work, out=work)
        groups = share.reshape(n, GROUPS, size).sum(axis=2).astype(np.float64)
        logs[:, 0, k] = top + np.log(groups.sum(axis=1) / (size * GROUPS))
        # summed anew, for a difference of sums would lose all digits where one group has all there is
        rest = groups @ _OTHERS / (size * (GROUPS - 1))
        logs[:, 1:, k] = top[:, None] + np.log(np.maximum(rest, _TINY))
    return logs, groups.sum(axis=1) ** 2 / np.einsum("ij,ij->i", share, share)


_OTHERS = 1.0 - np.eye(GROUPS)
_TINY = 1e-45


class _Likelihood:
    """The log likelihood of a reading by its distance in standard deviations, up to a constant.

    Of rounded readings by a table; a draw beyond its end is out, by however much. The middle of a coarse
    step, farther from its edges than the table reaches, is one number: it is cut out of the distances and of
    the table, which has 160 standard deviations at most, however fine the gauge is beside its step.
    """

    def __init__(self, resolution: float, precision: type[np.floating[Any]]) -> None:
        """Tabulate it, for a step of the scale in standard deviations, 0 for none, and for such distances."""
        self.table: _Reals | None = None
        if resolution > 2e-6:
            half = 0.5 * resolution
            self.flat = max(half - _REACH, 0.0)
            self.reach = _REACH + half - self.flat
            cells = int(2.0 * self.reach * _STEPS)
            middles = (np.arange(cells) + 0.5) / _STEPS - self.reach
            distances = middles + np.copysign(self.flat, middles)
            self.table = log_rounded(0.0, distances, 1.0, resolution).astype(precision)

    def __call__(self, distance: _Reals) -> _Reals:
        """Return it for each distance, and overwrite these."""
        if self.table is None:
            np.multiply(distance, distance, out=distance)
            distance *= distance.dtype.type(-0.5)
            return distance
        if self.flat > 0.0:
            beyond = np.maximum(np.abs(distance) - distance.dtype.type(self.flat), 0.0)
            np.copysign(beyond, distance, out=distance)
        distance += distance.dtype.type(self.reach)
        distance *= distance.dtype.type(_STEPS)
        # what lies beyond is first brought to the ends, or it would not fit into an integer
        np.clip(distance, 0.0, distance.dtype.type(self.table.size - 1), out=distance)
        return self.table.take(distance.astype(np.int32), out=distance, mode="clip")


def _log_likelihood(gauge: Gauge) -> _Likelihood:
    return _Likelihood(gauge.resolution / gauge.uncertainty, _precision(gauge))


def _precision(gauge: Gauge) -> type[np.floating[Any]]:
    return np.float32 if gauge.resolution < _FINE * gauge.uncertainty else np.float64
