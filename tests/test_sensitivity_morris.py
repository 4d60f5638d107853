"""Elementary effects against SALib's, against a hand calculation, and with samples missing."""

from __future__ import annotations

import numpy as np
import pytest

from leakflow.solver.errors import ResultsError
from leakflow.solver.sensitivity.morris import (
    morris_effects,
    morris_of_trajectories,
    steps_of_trajectories,
)

PROBLEM = {"num_vars": 4, "names": list("abcd"), "bounds": [[0.0, 1.0]] * 4}


def trajectories(levels=4, count=12):
    from SALib.sample import morris

    x = morris.sample(PROBLEM, count, num_levels=levels, seed=2)
    return x, x[:, 0] * x[:, 1] + np.exp(x[:, 2]) - x[:, 3]


@pytest.mark.parametrize("levels", [4, 6])
def test_equal_to_salib(levels):
    from SALib.analyze import morris

    x, y = trajectories(levels)
    theirs = morris.analyze(PROBLEM, x, y, num_levels=levels, seed=9)
    ours = morris_effects(x, y, levels=levels, seed=9)
    for key in ("mu", "mu_star", "sigma", "mu_star_conf"):
        np.testing.assert_allclose(getattr(ours, key), np.asarray(theirs[key], float), rtol=1e-12, atol=1e-12)


def test_a_scale_that_ascends_changes_nothing():
    x, y = trajectories()
    np.testing.assert_array_equal(morris_effects(x, y).mu, morris_effects(np.exp(5.0 * x), y).mu)


def test_a_linear_model_has_its_slopes_and_no_spread():
    x, _ = trajectories()
    found = morris_effects(x, x @ np.array([1.0, -2.0, 0.0, 4.0]))
    np.testing.assert_allclose(found.mu, [1.0, -2.0, 0.0, 4.0], atol=1e-12)
    np.testing.assert_allclose(found.sigma, 0.0, atol=1e-12)


def test_an_unused_input_and_a_constant_outcome_are_said_so():
    x, _ = trajectories()
    assert morris_effects(x, x[:, 0] ** 2).unused.tolist() == [False, True, True, True]
    found = morris_effects(x, np.ones(len(x)))
    assert found.constant
    assert np.isnan(found.mu_star).all()


def test_missing_values_drop_their_trajectories_and_no_imputation_leaves_the_bounds():
    x, y = trajectories()
    lost = [7, 33]
    y[lost] = np.nan
    found = morris_effects(x, y)
    assert (found.trajectories, found.dropped) == (10, 2)
    kept = np.ones(len(y), bool)
    for row in lost:
        kept[row // 5 * 5 : row // 5 * 5 + 5] = False
    np.testing.assert_array_equal(found.mu_star, morris_effects(x[kept], y[kept]).mu_star)
    rng = np.random.default_rng(1)
    low, high = np.nanmin(y), np.nanmax(y)
    for _ in range(200):
        y[lost] = rng.choice([low, high, rng.uniform(low, high)], 2)
        other = morris_effects(x, y, resamples=2)
        for key in ("mu", "mu_star", "sigma"):
            assert np.all(getattr(other, key) >= getattr(found, f"{key}_low") - 1e-12), key
            assert np.all(getattr(other, key) <= getattr(found, f"{key}_high") + 1e-12), key


def test_noise_whose_values_are_not_kept_moves_in_the_step_that_is_left():
    x, y = trajectories()
    known = x.reshape(-1, 5, 4)[:, :, :3]
    moved, sign = steps_of_trajectories(known, [(0,), (1,), (2,), ()])
    found = morris_of_trajectories(y.reshape(-1, 5), moved, sign, levels=4)
    full = morris_effects(x, y)
    np.testing.assert_array_equal(found.mu_star, full.mu_star)
    assert np.isnan(found.mu[3])
    assert found.mu[2] == full.mu[2]


def test_an_input_that_depends_on_another_moves_with_it():
    x, y = trajectories()
    x = x.copy()
    x[:, 1] += 10.0 * x[:, 0]
    np.testing.assert_array_equal(morris_effects(x, y).mu_star, morris_effects(trajectories()[0], y).mu_star)


def test_groups_move_together():
    from SALib.analyze import morris as analyze
    from SALib.sample import morris as sample

    problem = PROBLEM | {"groups": ["p", "q", "p", "q"]}
    x = sample.sample(problem, 8, num_levels=4, seed=3)
    y = x[:, 0] * x[:, 1] + np.exp(x[:, 2]) - x[:, 3]
    theirs = analyze.analyze(problem, x, y, num_levels=4, seed=1)
    moved, sign = steps_of_trajectories(x.reshape(-1, 3, 4), [(0, 2), (1, 3)])
    ours = morris_of_trajectories(y.reshape(-1, 3), moved, sign, levels=4)
    np.testing.assert_allclose(ours.mu_star, np.asarray(theirs["mu_star"], float), rtol=1e-12)
    assert np.isnan(ours.sigma).all()


def test_rows_of_another_design_are_refused():
    with pytest.raises(ResultsError, match="do not tell which input"):
        morris_effects(np.random.default_rng(0).random((10, 4)), np.arange(10.0))
