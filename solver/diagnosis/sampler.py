"""The nested sampler, behind one face: a likelihood on the unit cube goes in, weighted points come out.

Nautilus (Lange, MNRAS 525 (2023) 3181) was chosen; docs/diagnosis.md has what it was measured beside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import LeakflowError, NoEvidenceError

__all__ = ["Sampled", "resampled", "sample"]

Floats = NDArray[np.float64]

# points that a likelihood gets at once: enough for all threads of the batch engine
_BATCH = 500
# points of the prior among which one whose likelihood is not zero is looked for
_LOOKED_AT = 20_000
# ln of a likelihood that is zero for every purpose
_ZERO = -1e100
_WANTED_ESS = 2000
_LEAST_ESS = 500


class Sampled(NamedTuple):
    """What nested sampling gave.

    Attributes
    ----------
    cube : float64 (n, D)
    log_weights : float64 (n,)
        Of the posterior; their exponentials sum to 1.
    log_evidence, error : float
        Natural logarithm of the evidence, and its standard error: of one run ``1/sqrt(ess)``, no more.
    ess : float
        Effective sample size of the posterior.
    evaluations : int
    reasons : tuple of str
        Why it has not converged; empty if it has.
    runs : tuple of float
        Log evidences of runs with other seeds that were put together; empty of one run.
    rhat : float
        Largest rank-normalised split R-hat of an input between these; 1 of one run.
    doubts : tuple of str
        Why the likelihood itself is off; empty if it is not.
    """

    cube: Floats
    log_weights: Floats
    log_evidence: float
    error: float
    ess: float
    evaluations: int
    reasons: tuple[str, ...]
    runs: tuple[float, ...] = ()
    rhat: float = 1.0
    doubts: tuple[str, ...] = ()


def said_against(sampled: Sampled) -> list[str]:
    """Return why figures of a sampling are not to be trusted; empty if they are."""
    missed = f"not converged: {'; '.join(sampled.reasons)}"
    return [*([missed] if sampled.reasons else []), *sampled.doubts]


def sample(
    log_likelihood: Callable[[Floats], Floats], dimensions: int, *, seed: int, live: int,
    most_evaluations: int = 500_000, wanted_ess: int = _WANTED_ESS,
) -> Sampled:  # fmt: skip
    """Sample a likelihood over the unit cube.

    Parameters
    ----------
    log_likelihood : callable
        Takes float64 (n, D), returns float64 (n,); -inf is allowed, though not everywhere.
    dimensions : int
        D; with 0 the likelihood is a number, and so is the evidence.
    seed : int
        The same seed gives the same answer.
    live : int
        Live points.
    most_evaluations : int
        After these it gives up; the answer then says that it has not converged.
    wanted_ess : int
        Effective sample size of the posterior, from which on it ends.

    Raises
    ------
    LeakflowError
        The sampler is not installed.
    NoEvidenceError
        The likelihood is zero wherever it was looked, or the sampling was stopped before it gave an evidence.
    """
    if dimensions == 0:
        return _of_a_number(float(log_likelihood(np.empty((1, 0)))[0]))
    if dimensions == 1:  # the sampler wants two; the other one changes nothing
        found = sample(
            lambda cube: log_likelihood(cube[:, :1]), 2, seed=seed, live=live,
            most_evaluations=most_evaluations, wanted_ess=wanted_ess,
        )  # fmt: skip
        return found._replace(cube=found.cube[:, :1])
    try:
        from nautilus import Sampler
    except ImportError:
        raise LeakflowError(
            'a diagnosis needs nautilus-sampler; install it with: pip install "leakflow[diagnosis]"'
        ) from None
    _refuse_nothing(log_likelihood, dimensions, seed)
    sampler = Sampler(
        lambda cube: cube, lambda cube: _finite(log_likelihood(cube)), n_dim=dimensions, n_live=live,
        n_batch=_BATCH, n_networks=0, vectorized=True, pass_dict=False, seed=seed % 2**32,
    )  # fmt: skip
    collapsed = False
    try:
        with np.errstate(divide="ignore", invalid="ignore"):  # it divides by the number of its bounds
            done = sampler.run(n_eff=wanted_ess, discard_exploration=True, n_like_max=most_evaluations)
    except np.linalg.LinAlgError:  # all points that count have come to lie on one edge of the cube
        done, collapsed = False, True
    known = [found for found in (sampler.n_eff, sampler.log_z) if found is not None and np.isfinite(found)]
    if len(known) < 2 or not known[0] > 0.0 or known[1] < 0.5 * _ZERO:
        reasons = _reasons(bool(done), 0.0, most_evaluations, collapsed=collapsed)
        raise NoEvidenceError(f"{reasons[0]}, before there was any evidence", zero=False)
    ess, log_evidence = map(float, known)
    cube, log_weights, _ = sampler.posterior()
    # relative error of a mean of weights that ess independent ones would have
    error = 1.0 / np.sqrt(max(ess, 1.0))
    return Sampled(
        np.asarray(cube), np.asarray(log_weights), log_evidence, error, ess, int(sampler.n_like),
        _reasons(bool(done), ess, most_evaluations, collapsed=collapsed),
    )  # fmt: skip


def resampled(sampled: Sampled, count: int, seed: int) -> NDArray[np.int64]:
    """Return the rows of ``count`` draws of equal weight, by systematic resampling."""
    rng = np.random.default_rng(seed)
    weights = np.exp(sampled.log_weights - sampled.log_weights.max())
    steps = np.cumsum(weights / weights.sum())
    rows = np.searchsorted(steps, (rng.random() + np.arange(count)) / count)
    rows = np.minimum(rows, weights.size - 1)
    return np.asarray(rng.permutation(rows), np.int64)  # neighbours must not be the same point


def _finite(logs: Floats) -> Floats:
    """Give failed samples a likelihood that is zero for every purpose, yet can be compared."""
    return np.where(np.isfinite(logs), logs, _ZERO)


def _refuse_nothing(log_likelihood: Callable[[Floats], Floats], dimensions: int, seed: int) -> None:
    """Look for a point whose likelihood is not zero, and say so where there is none."""
    rng = np.random.default_rng(seed)
    for _ in range(_LOOKED_AT // _BATCH):
        if np.isfinite(log_likelihood(rng.random((_BATCH, dimensions)))).any():
            return
    raise NoEvidenceError(
        f"the likelihood is zero at each of {_LOOKED_AT:,} points drawn from the prior: every run failed, or "
        "the readings are out of reach", zero=True,
    )  # fmt: skip


def _reasons(done: bool, ess: float, most: int, *, collapsed: bool) -> tuple[str, ...]:
    reasons = []
    if collapsed:
        reasons.append("the likelihood is all on one edge of the prior, too narrow to be sampled")
    elif not done:
        reasons.append(f"stopped after {most:,} evaluations")
    if ess < _LEAST_ESS:
        reasons.append(f"effective sample size {ess:.0f}, below {_LEAST_ESS}")
    return tuple(reasons)


def _of_a_number(log_likelihood: float) -> Sampled:
    """Return the answer where nothing is random: the evidence is the likelihood."""
    if not np.isfinite(log_likelihood):
        text = "the likelihood is zero: the run failed, or the readings are out of reach"
        raise NoEvidenceError(text, zero=True)
    return Sampled(np.empty((1, 0)), np.zeros(1), log_likelihood, 0.0, float(_WANTED_ESS), 1, ())
