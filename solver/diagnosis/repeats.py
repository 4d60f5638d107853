"""A sampling made again with other seeds: do the runs agree? The check that one run cannot make of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from .sampler import Sampled, resampled, sample

__all__ = ["joined", "sample_repeatedly", "split_rhat"]

Floats = NDArray[np.float64]

# beyond so many standard errors two evidences differ by more than chance
_MOST_APART = 4.0
# of the draws of independent runs; the bound of Vehtari et al., 1.01, is for chains that go on
_MOST_RHAT = 1.05
# standard deviation of the log evidences of runs; what one run says of itself is its sample size restated
_MOST_SCATTER = 0.15
_DRAWS = 1000


def sample_repeatedly(
    log_likelihood: Callable[[Floats], Floats], names: Sequence[str], *, seed: int, live: int,
    most_evaluations: int, repeat: int, first: Sampled | None = None,
) -> Sampled:  # fmt: skip
    """Sample as `sample` does, ``repeat`` times with seeds of their own, and put the runs together.

    The first has the seed given, so that one run is what it always was; it may be given. Where nothing is
    random there is one.
    """
    runs = [first] if first is not None else []
    for i in range(len(runs), repeat if names else 1):
        own = _seed(seed, i)
        runs.append(
            sample(log_likelihood, len(names), seed=own, live=live, most_evaluations=most_evaluations)
        )
    return joined(runs, names, seed)


def joined(runs: Sequence[Sampled], names: Sequence[str], seed: int) -> Sampled:
    """Put runs together: mean evidence, all points, and a reason where they disagree."""
    if len(runs) == 1:
        return runs[0]
    logs, errors = np.array([run.log_evidence for run in runs]), np.array([run.error for run in runs])
    top = logs.max()
    mean = float(top + np.log(np.mean(np.exp(logs - top))))
    own = np.sqrt((errors**2).sum()) / len(runs)
    scatter = float(logs.std(ddof=1))
    seen = scatter / np.sqrt(len(runs))
    rhats = split_rhat([run.cube[resampled(run, _DRAWS, seed)] for run in runs])
    reasons = list(dict.fromkeys(reason for run in runs for reason in run.reasons))
    if any(
        abs(logs[i] - logs[j]) > _MOST_APART * np.hypot(errors[i], errors[j])
        for i, j in combinations(range(len(runs)), 2)
    ):
        reasons.append(f"runs of other seeds give ln Z of {', '.join(f'{log:.2f}' for log in logs)}")
    if scatter > _MOST_SCATTER:
        reasons.append(
            f"ln Z scatters by {scatter:.2f} between runs of other seeds, more than {_MOST_SCATTER}"
        )
    if rhats.size and not rhats.max() <= _MOST_RHAT:
        worst = int(np.argmax(rhats))
        reasons.append(f"R-hat {rhats[worst]:.2f} of {names[worst]} between runs of other seeds")
    return Sampled(
        np.concatenate([run.cube for run in runs]),
        np.concatenate([run.log_weights for run in runs]) - np.log(len(runs)),
        mean, float(max(own, seen)), sum(run.ess for run in runs), sum(run.evaluations for run in runs),
        tuple(reasons), tuple(logs.tolist()), float(rhats.max()) if rhats.size else 1.0,
    )  # fmt: skip


def split_rhat(draws: Sequence[Floats]) -> Floats:
    """Return the rank-normalised split R-hat of each input, float64 (D,).

    Vehtari, Gelman, Simpson, Carpenter and Burkner, Bayesian Anal. 16 (2021) 667.

    Parameters
    ----------
    draws : sequence of float64 (n, D)
        Of each run, as many of each.
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    half = len(draws[0]) // 2
    chains = np.stack([part for run in draws for part in (run[:half], run[half : 2 * half])])
    ranks = rankdata(chains.reshape(-1, chains.shape[2]), axis=0).reshape(chains.shape)
    normal = ndtri((ranks - 0.375) / (chains.shape[0] * half + 0.25))
    within = normal.var(axis=1, ddof=1).mean(axis=0)
    between = normal.mean(axis=1).var(axis=0, ddof=1)
    return np.asarray(np.sqrt((half - 1) / half + between / within))


def _seed(seed: int, i: int) -> int:
    return seed if i == 0 else int(np.random.SeedSequence([seed, i]).generate_state(1)[0])
