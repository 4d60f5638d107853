"""What is believed of each hypothesis before a test: its probability, and draws of its inputs.

By the record of the case, sampled anew or read from a file of ``leakflow diagnose --out``; or by the priors
alone. The draws that make the simulated records and those that judge them are never the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import NoEvidenceError, ResultsError
from ..plan import compile_case
from .forward import Forward
from .hypotheses import Rival
from .posterior import read_posteriors
from .sampler import resampled, sample
from .trial import Draws, from_prior
from .windows import rough_windows

__all__ = ["Prospect", "by_priors", "by_record", "from_file"]

Floats = NDArray[np.float64]


_LEAST_ESS, _MOST_ESS = 2000, 20_000
# of the points, for the records at least: their weights differ
_SHARE = 0.15
# draws by which windows of uncertain times are judged
_LOOKED_AT = 1000


class Prospect(NamedTuple):
    """What is believed of a hypothesis.

    Attributes
    ----------
    rival : Rival
    probability : float
        Before the test.
    makers, judges : Draws
        Of its inputs: those that make records, and others that judge them.
    reasons : tuple of str
        Why the sampling that they come from has not converged, or why its likelihood is off.
    """

    rival: Rival
    probability: float
    makers: Draws
    judges: Draws
    reasons: tuple[str, ...] = ()


def by_priors(rivals: Sequence[Rival], seed: int, records: int, draws: int) -> list[Prospect]:
    """Draw from the priors of each hypothesis."""
    found = []
    for rival in rivals:
        both = from_prior(rival.case, seed, records + draws)
        parts = (Draws(both.names, both.values[:records]), Draws(both.names, both.values[records:]))
        found.append(Prospect(rival, rival.prior, *parts))
    return found


def by_record(
    rivals: Sequence[Rival], seed: int, records: int, draws: int, live: int, *,
    threads: int | None = None, report: Callable[[str], None] | None = None,
) -> list[Prospect]:  # fmt: skip
    """Sample the posterior of each hypothesis given the record of the case."""
    logs, parts = [], []
    reasons: list[tuple[str, ...]] = []
    for rival in rivals:
        if report is not None:
            report(rival.name)
        forward = Forward(rival.case, seed, threads=threads)
        # as many effective points as draws are wanted, or these would be the same ones again and again
        ess = min(max(records + draws, _LEAST_ESS), _MOST_ESS)
        try:
            sampled = sample(forward, forward.dimensions, seed=seed, live=live, wanted_ess=ess)
        except NoEvidenceError as error:
            if not error.zero:
                raise NoEvidenceError(f"hypothesis {rival.name}: {error}", zero=False) from None
            nothing = Draws([], np.empty((0, 0)))
            logs.append(-np.inf)
            reasons.append(())
            parts.append([nothing, nothing])
            continue
        logs.append(sampled.log_evidence)
        drawn = sampled.cube[resampled(sampled, _LOOKED_AT, seed)]
        reasons.append((*sampled.reasons, *rough_windows(rival.case, drawn, seed, threads)))
        weights = np.exp(sampled.log_weights - sampled.log_weights.max())
        rows = _split(np.arange(weights.size), weights, records, draws, seed)
        own = len(forward.compiled.inputs)
        parts.append([Draws(forward.names[:own], forward.run(sampled.cube[r]).inputs[:, :own]) for r in rows])
    if not np.isfinite(logs).any():
        names = ", ".join(rival.name for rival in rivals)
        raise NoEvidenceError(
            f"{names}: the likelihood is zero: every run failed, or readings are out of reach", zero=True
        )
    probable = _probabilities(rivals, logs)
    return [
        Prospect(rival, probable[i], parts[i][0], parts[i][1], reasons[i]) for i, rival in enumerate(rivals)
    ]


def from_file(rivals: Sequence[Rival], path: Path, seed: int, records: int, draws: int) -> list[Prospect]:
    """Take evidences and posterior draws from a file of ``leakflow diagnose --out``.

    Raises
    ------
    ResultsError
        As `leakflow.solver.diagnosis.posterior.read_posteriors` raises; one line.
    """
    found = []
    for one in read_posteriors(path, rivals, seed):
        inputs = [column.name for column in compile_case(one.case, nominal=False).inputs]
        later = [name for name in inputs if name not in one.draws]
        if later:
            raise ResultsError(f"{path}: has no draws of input {later[0]} of hypothesis {one.name}")
        values = np.zeros((one.size, 0))
        same = np.arange(2)
        if inputs:
            values = np.stack([one.draws[name] for name in inputs], axis=1)
            # a draw that stands there more than once goes to one side only
            same = np.unique(values, axis=0, return_inverse=True)[1].ravel()
        rows = _split(same, np.ones(same.size), records, draws, seed)
        parts = [Draws(inputs, values[r] if inputs else np.zeros((r.size, 0))) for r in rows]
        rival = next(rival for rival in rivals if rival.name == one.name)
        found.append(Prospect(rival, one.probability, parts[0], parts[1], one.reasons))
    return found


def _probabilities(rivals: Sequence[Rival], log_evidences: Sequence[float]) -> list[float]:
    logs = np.array(log_evidences) + np.log([rival.prior for rival in rivals])
    weights = np.exp(logs - logs.max())
    return [float(p) for p in weights / weights.sum()]


def _split(
    same: NDArray[np.int64], weights: Floats, records: int, draws: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows for the records and rows to judge them by, of equal weight and from disjoint points.

    Parameters
    ----------
    same : int64 (n,)
        Rows of the same number are the same point.
    weights : float64 (n,)
    """
    rng = np.random.default_rng(seed)
    share = max(_SHARE, records / (records + draws))
    makes = rng.random(int(same.max()) + 1)[same] < share
    if makes.all() or not makes.any():  # there is one point only, as where nothing is random
        return np.zeros(records, np.int64), np.zeros(draws, np.int64)
    return _rows(makes * weights, records, rng), _rows(~makes * weights, draws, rng)


def _rows(weights: Floats, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return rows of equal weight by systematic resampling, in random order."""
    steps = np.cumsum(weights / weights.sum())
    rows = np.searchsorted(steps, (rng.random() + np.arange(count)) / count)
    last = int(np.flatnonzero(weights)[-1])
    return np.asarray(rng.permutation(np.minimum(rows, last)), np.int64)
