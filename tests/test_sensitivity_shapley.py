"""Shapley effects of correlated inputs, against the closed form of a linear model with Gaussian inputs."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from leakflow.solver.sensitivity.shapley import shapley_effects, shapley_linear_gaussian

SLOPES = np.array([1.0, 0.5, 2.0])
COVARIANCE = np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.3], [0.0, 0.3, 1.5]])
TOTAL = SLOPES @ COVARIANCE @ SLOPES


def samples(n, seed=0):
    x = np.random.default_rng(seed).multivariate_normal(np.zeros(3), COVARIANCE, n)
    return x, (x @ SLOPES)[:, None]


def by_definition():
    """Mean over all orders of what an input adds to the variance of the conditional mean."""
    effects = np.zeros(3)
    for order in permutations(range(3)):
        known, before = [], 0.0
        for j in order:
            known.append(j)
            gain = np.linalg.solve(COVARIANCE[np.ix_(known, known)], COVARIANCE[known] @ SLOPES)
            after = gain @ COVARIANCE[np.ix_(known, known)] @ gain
            effects[j] += (after - before) / 6.0 / TOTAL
            before = after
    return effects


def test_closed_form_is_the_mean_over_orders():
    np.testing.assert_allclose(shapley_linear_gaussian(SLOPES, COVARIANCE), by_definition(), rtol=1e-12)


def test_two_inputs_by_hand():
    """Owen and Prieur 2017: with correlation r, a^2 (1 - r^2 / 2) + a b r + b^2 r^2 / 2 over the variance."""
    a, b, r = 1.0, 2.0, 0.6
    found = shapley_linear_gaussian(np.array([a, b]), np.array([[1.0, r], [r, 1.0]]))
    total = a**2 + 2.0 * a * b * r + b**2
    assert found[0] == pytest.approx((a**2 * (1 - r**2 / 2) + a * b * r + b**2 * r**2 / 2) / total, rel=1e-12)
    assert found.sum() == pytest.approx(1.0, rel=1e-12)


def test_given_samples_give_the_closed_form():
    found = shapley_effects(*samples(3000))
    expected = shapley_linear_gaussian(SLOPES, COVARIANCE)
    assert np.all(np.abs(found.effects[0] - expected) <= found.conf[0])
    assert found.effects.sum() == pytest.approx(1.0, abs=0.02)
    assert found.unexplained[0] == 0.0


def test_noise_has_its_own_share():
    x, y = samples(3000)
    y = y + np.random.default_rng(1).normal(size=y.shape) * 2.0
    found = shapley_effects(x, y, noisy=True)
    share = 4.0 / (4.0 + TOTAL)
    assert found.unexplained[0] == pytest.approx(share, abs=0.03)
    expected = shapley_linear_gaussian(SLOPES, COVARIANCE) * (1.0 - share)
    np.testing.assert_allclose(found.effects[0], expected, atol=0.03)


def test_a_copy_of_an_input_shares_with_it():
    x = np.random.default_rng(2).random((1500, 2))
    x = np.column_stack([x, x[:, 0]])
    found = shapley_effects(x, x[:, :1] + x[:, 1:2])
    np.testing.assert_allclose(found.effects[0], [0.25, 0.5, 0.25], atol=0.04)


def test_many_inputs_are_taken_in_drawn_orders():
    x = np.random.default_rng(3).normal(size=(500, 10))
    slopes = np.zeros(10)
    slopes[:2] = 1.0, 2.0
    found = shapley_effects(x, (x @ slopes)[:, None])
    assert found.effects[0].sum() == pytest.approx(1.0, abs=0.05)
    assert found.effects[0, 1] > found.effects[0, 0] > found.effects[0, 2:].max()


def test_an_outcome_that_does_not_vary_gets_no_number():
    x, y = samples(100)
    found = shapley_effects(x, np.column_stack([y[:, 0], np.full(100, 0.1)]))
    assert np.isfinite(found.effects[0]).all()
    assert np.isnan(found.effects[1]).all()
