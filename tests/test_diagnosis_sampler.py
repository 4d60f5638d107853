from __future__ import annotations

import numpy as np
import pytest

from leakflow.solver.diagnosis.sampler import resampled, sample
from leakflow.solver.errors import LeakflowError, NoEvidenceError

MEAN, SD = np.array([0.4, 0.6]), np.array([0.05, 0.02])


def gaussian(cube):
    return -0.5 * (((cube - MEAN) / SD) ** 2).sum(axis=1)


TRUE = np.log(2.0 * np.pi * SD.prod())


def test_evidence_and_posterior_of_a_gaussian():
    found = sample(gaussian, 2, seed=3, live=300)
    assert not found.reasons
    assert found.log_evidence == pytest.approx(TRUE, abs=4.0 * found.error)
    assert found.error < 0.05
    weights = np.exp(found.log_weights)
    assert weights.sum() == pytest.approx(1.0, rel=1e-9)
    draws = found.cube[resampled(found, 1000, 3)]
    assert draws.mean(axis=0) == pytest.approx(MEAN, abs=0.007)
    assert draws.std(axis=0) == pytest.approx(SD, rel=0.12)


def test_a_seed_gives_the_same_answer_and_another_seed_another():
    first, again, other = (sample(gaussian, 2, seed=seed, live=100) for seed in (1, 1, 2))
    assert np.array_equal(first.cube, again.cube)
    assert first.log_evidence == again.log_evidence
    assert first.log_evidence != other.log_evidence


def test_a_sampling_that_was_cut_short_says_so():
    found = sample(gaussian, 2, seed=1, live=300, most_evaluations=1000)
    assert any("stopped after 1,000 evaluations" in reason for reason in found.reasons)


def test_one_input():
    found = sample(lambda cube: -0.5 * ((cube[:, 0] - 0.5) / 0.001) ** 2, 1, seed=1, live=100)
    assert found.log_evidence == pytest.approx(np.log(np.sqrt(2.0 * np.pi) * 0.001), abs=4.0 * found.error)
    assert found.cube.shape[1] == 1
    assert not found.reasons


def test_without_inputs_the_evidence_is_the_likelihood():
    found = sample(lambda cube: np.full(len(cube), -2.0), 0, seed=1, live=100)
    assert (found.log_evidence, found.error, found.reasons) == (-2.0, 0.0, ())


def test_a_likelihood_that_is_zero_everywhere_is_refused():
    with pytest.raises(LeakflowError, match="likelihood is zero"):
        sample(lambda cube: np.full(len(cube), -np.inf), 2, seed=1, live=100)


def test_a_sampler_whose_bounds_collapse_has_not_converged(monkeypatch):
    """As where a hypothesis fits so badly that all that counts lies on one edge of its prior."""
    from nautilus import Sampler

    whole = Sampler.run

    def collapse(self, **options):
        whole(self, n_eff=100, discard_exploration=False, n_like_max=2000)
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(Sampler, "run", collapse)
    found = sample(lambda cube: -0.5 * ((cube[:, 0] - 0.5) / 0.1) ** 2, 2, seed=1, live=50)
    assert any("too narrow to be sampled" in reason for reason in found.reasons)


def test_a_sampling_stopped_before_any_evidence_says_so(monkeypatch):
    """As where the limit falls at the end of the exploration, whose points are discarded."""
    from nautilus import Sampler

    monkeypatch.setattr(Sampler, "run", lambda self, **options: False)
    monkeypatch.setattr(Sampler, "log_z", None)
    monkeypatch.setattr(Sampler, "n_eff", 0.0)
    with pytest.raises(NoEvidenceError, match="stopped after 600 evaluations") as caught:
        sample(gaussian, 2, seed=1, live=50, most_evaluations=600)
    assert not caught.value.zero


def test_a_rare_point_is_looked_for():
    """Of the first 500 points none lies in this corner; the evidence is its area."""
    seen = []

    def corner(cube):
        inside = (cube < 0.025).all(axis=1)
        seen.append(inside.any())
        return np.where(inside, 0.0, -np.inf)

    found = sample(corner, 2, seed=1, live=200, most_evaluations=50_000)
    assert not seen[0]
    assert found.log_evidence == pytest.approx(2.0 * np.log(0.025), abs=4.0 * max(found.error, 0.05))
