"""Checks against over-confidence: would the model have made such readings, and does it foretell each?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import LeakflowError
from .forward import READINGS, Forward, Found
from .likelihood import Reading, at_offsets, window

__all__ = ["LeaveOneOut", "leave_one_out", "p_value", "replicates"]

Floats = NDArray[np.float64]
# log likelihoods of all draws that differ by less leave weights that are the same
_SAME = 1e-6


class LeaveOneOut(NamedTuple):
    """How well each reading is foretold by the others; what shares a time is left out as one.

    Attributes
    ----------
    elpd : float
        Sum over readings of the log density that the others foretell.
    each : float64 (M,)
    pareto_k : float64 (M,)
        Above 0.7 the estimate of that reading is not to be trusted; 0 where it is exact, for all draws say
        the same of that reading, as where nothing is random.
    """

    elpd: float
    each: Floats
    pareto_k: Floats


def replicates(forward: Forward, found: Found, seed: int) -> Floats:
    """Return readings as each draw would have made them, float64 (n, R); things told are left aside.

    Those of pressures come first, then those of temperatures. What shares an uncertain time is read at one.
    """
    rng = np.random.default_rng(seed)
    made = []
    clocks: dict[str, Floats] = {}
    for wanted, nodes in zip(forward.wanted, found.nodes, strict=True):
        if wanted.kind not in READINGS:
            continue
        n, reading = len(nodes), wanted.reading
        pressures = nodes[:, 0]
        if reading.time_uncertainty > 0.0:
            start, clock = reading.start, wanted.clock or wanted.label
            if clock not in clocks:
                clocks[clock] = _times(rng, reading, n)
            z = clocks[clock]
            pressures = at_offsets(nodes, 2.0 * (z - start) / (1.0 - start) - 1.0 if start > -1.0 else z)
        shown = pressures + reading.uncertainty * rng.standard_normal(n)
        if reading.resolution > 0.0:
            shown = np.round(shown / reading.resolution) * reading.resolution
        made.append(shown)
    return np.stack(made, axis=1) if made else np.empty((len(found.failed), 0))


def p_value(forward: Forward, found: Found, replicated: Floats) -> float | None:
    """Return the posterior predictive p-value of the deviance of all readings; None without any.

    The share of draws whose replicates are at least as unlikely, given the draw, as the readings are
    (Gelman, Meng and Stern, Statistica Sinica 6 (1996) 733). Near 0 the model does not fit; near 1
    it fits better than its own noise allows.
    """
    if replicated.shape[1] == 0:
        return None
    seen, made = np.zeros(len(replicated)), np.zeros(len(replicated))
    read = [i for i, wanted in enumerate(forward.wanted) if wanted.kind in READINGS]
    values = dict(zip(read, replicated.T, strict=True))
    for term in forward.terms:
        if term[0] in values:
            seen -= forward.log_of(term, found.nodes)
            made -= forward.log_of(term, found.nodes, values)
    return float(np.mean(made >= seen))


def leave_one_out(log_likelihood: Floats) -> LeaveOneOut:
    """Return leave-one-out scores by Pareto-smoothed importance sampling.

    Vehtari, Gelman and Gabry, Stat. Comput. 27 (2017) 1413, as ArviZ has it.

    Parameters
    ----------
    log_likelihood : float64 (n, M)
        Of posterior draws of equal weight.

    Raises
    ------
    LeakflowError
        ArviZ is not installed.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ArviZ speaks of its own future
            from arviz.stats import psislw
    except ImportError:
        raise LeakflowError(
            'leave-one-out scores need arviz; install it with: pip install "leakflow[diagnosis]"'
        ) from None
    # the smoothing fits the shape of weights whatever their size, and has none to fit where they are the same
    same = np.ptp(log_likelihood, axis=0) < _SAME
    each, pareto_k = log_likelihood.mean(axis=0), np.zeros(log_likelihood.shape[1])
    if not same.all():
        logs = log_likelihood.T[~same]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            log_weights, k = psislw(-logs)  # type: ignore[no-untyped-call]
        terms = np.asarray(log_weights) + logs
        top = terms.max(axis=1)
        each[~same] = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
        pareto_k[~same] = k
    return LeaveOneOut(float(each.sum()), each, pareto_k)


def _times(rng: np.random.Generator, reading: Reading, n: int) -> Floats:
    """Draw times of a reading, as places of its whole window, from -1 to 1."""
    if reading.uniform:
        return rng.uniform(reading.start, 1.0, n)
    reach = window(1.0, uniform=False)
    return _inside(rng, reach, n, reading.start) / reach


def _inside(rng: np.random.Generator, reach: float, n: int, start: float) -> Floats:
    """Draw normal numbers within ``reach``, from the share ``start`` of it on."""
    from scipy.special import ndtr, ndtri

    return np.asarray(ndtri(rng.uniform(ndtr(start * reach), ndtr(reach), n)))
