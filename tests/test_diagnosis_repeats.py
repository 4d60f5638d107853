from __future__ import annotations

import numpy as np
import pytest

from leakflow.solver.diagnosis.repeats import joined, sample_repeatedly, split_rhat
from leakflow.solver.diagnosis.sampler import sample

MEAN, SD = np.array([0.4, 0.6]), np.array([0.05, 0.02])
NAMES = ["left", "right"]


def gaussian(cube, mean=MEAN):
    return -0.5 * (((cube - mean) / SD) ** 2).sum(axis=1)


def test_runs_that_agree_are_one_surer_run():
    found = sample_repeatedly(gaussian, NAMES, seed=3, live=100, most_evaluations=50_000, repeat=2)
    first = sample(gaussian, 2, seed=3, live=100)
    assert not found.reasons
    assert found.runs[0] == first.log_evidence
    assert found.runs[1] != found.runs[0]
    assert found.log_evidence == pytest.approx(np.log(2.0 * np.pi * SD.prod()), abs=4.0 * found.error)
    assert found.error < 1.3 * first.error
    assert np.exp(found.log_weights).sum() == pytest.approx(1.0, rel=1e-9)
    assert found.rhat < 1.01


def test_one_run_is_what_it_was():
    once = sample_repeatedly(gaussian, NAMES, seed=3, live=100, most_evaluations=50_000, repeat=1)
    assert np.array_equal(once.cube, sample(gaussian, 2, seed=3, live=100).cube)
    assert once.runs == ()


def test_runs_that_disagree_have_not_converged():
    """As where each of two runs has found one of two peaks, and one of these is twice as high."""
    one = sample(gaussian, 2, seed=1, live=100)
    moved = MEAN + np.array([0.0, 0.05])
    other = sample(lambda cube: gaussian(cube, moved) + np.log(2.0), 2, seed=2, live=100)
    reasons = joined([one, other], NAMES, 1).reasons
    assert len(reasons) == 3
    assert reasons[0].startswith(f"runs of other seeds give ln Z of {one.log_evidence:.2f}, ")
    assert "of right between runs of other seeds" in reasons[2]


@pytest.mark.parametrize("apart, converged", [(0.2, True), (0.23, False)])
def test_evidences_that_scatter_have_not_converged(apart, converged):
    """Two numbers a distance d apart have a standard deviation of d/sqrt(2): 0.14 and 0.16."""
    one = sample(gaussian, 2, seed=1, live=100)._replace(error=0.1)
    other = one._replace(log_evidence=one.log_evidence + apart)
    reasons = joined([one, other], NAMES, 1).reasons
    assert reasons == (
        () if converged else ("ln Z scatters by 0.16 between runs of other seeds, more than 0.15",)
    )


def test_rhat_of_chains_that_are_apart():
    """Two normal runs with means d apart: the variance between their means is d^2/4 of that within."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 4000, 2))
    x[1, :, 1] += 0.5
    x[:, :, 1] = np.exp(x[:, :, 1])  # ranks do not see it
    level, apart = split_rhat(list(x))
    assert level == pytest.approx(1.0, abs=0.002)
    # four half chains, two on each side: their means vary by (0.25^2) 4/3, within and ranks as normal
    assert apart == pytest.approx(np.sqrt(1.0 + 0.25**2 * 4.0 / 3.0), abs=0.01)
