"""Measures of given samples: against SciPy, SALib, least squares and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from leakflow.solver.sensitivity._salib import SALIB_METHODS, salib_indices
from leakflow.solver.sensitivity.chatterjee_xi import chatterjee
from leakflow.solver.sensitivity.delta import delta_estimate, delta_indices
from leakflow.solver.sensitivity.linear import regression

RNG = np.random.default_rng(4)
X = RNG.random((400, 3))
Y = np.sin(6.0 * X[:, 0]) + 3.0 * X[:, 1] ** 2


# Chatterjee's correlation


@pytest.mark.parametrize("y", [Y, np.round(Y, 1)], ids=["distinct", "ties"])
def test_chatterjee_is_scipys(y):
    found, _ = chatterjee(X, y[:, None])
    for j in range(3):
        assert found[0, j] == pytest.approx(scipy.stats.chatterjeexi(X[:, j], y).statistic, abs=1e-12)


def test_chatterjee_finds_a_dependence_that_no_slope_shows():
    x = np.linspace(-1.0, 1.0, 1001)[:, None]
    found, half = chatterjee(x, x**2)
    assert found[0, 0] > 0.99
    assert half[0, 0] < 0.05


def test_chatterjee_half_width_is_that_of_repeated_samples():
    """1.96 standard deviations over samples, and the mean of the half-widths told."""
    rng = np.random.default_rng(0)
    runs = []
    for _ in range(60):
        x = rng.random((300, 1))
        runs.append(chatterjee(x, x + 0.3 * rng.normal(size=(300, 1)), resamples=60))
    spread = 1.96 * np.std([found[0, 0] for found, _ in runs])
    assert np.mean([half[0, 0] for _, half in runs]) == pytest.approx(spread, rel=0.3)


def test_equal_inputs_are_ordered_at_random():
    """Not as the samples stand, which here is the order of the outcome."""
    found, half = chatterjee(np.repeat([0.0, 1.0], 200)[:, None], np.arange(400.0)[:, None] % 200)
    assert abs(found[0, 0]) < 2.0 * half[0, 0]


# Delta


@pytest.mark.parametrize("n", [60, 400])
def test_delta_is_salibs(n):
    from SALib.analyze.delta import calc_delta

    x, y = X[:n], Y[:n]
    exponent = 2.0 / (7.0 + np.tanh((1500.0 - n) / 500.0))
    classes = np.linspace(0, n, int(np.round(min(int(np.ceil(n**exponent)), 48))) + 1)
    grid = np.linspace(y.min(), y.max(), 100)
    for j in range(3):
        assert delta_estimate(x[:, j], y) == pytest.approx(calc_delta(y, grid, x[:, j], classes), rel=1e-12)


def test_delta_of_what_does_not_matter_is_near_zero():
    found, half = delta_indices(X, Y)
    assert found[1] > found[0] > 0.2
    assert found[2] < 0.1
    assert np.all((half > 0.0) & (half < 0.1))


# Through SALib


@pytest.mark.parametrize("method", SALIB_METHODS)
def test_salib_finds_what_matters_and_is_left_as_it_was(method):
    before = np.random.get_state()[1].copy()
    found = salib_indices(method, X, Y)
    again = salib_indices(method, X, Y)
    name = next(iter(found))
    assert found[name][1] > found[name][0] > found[name][2]
    np.testing.assert_array_equal(found[name], again[name])
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_salib_does_not_see_an_input_that_does_not_vary():
    found = salib_indices("pawn", np.column_stack([X[:, 1], np.ones(400)]), Y)
    assert np.isfinite(found["pawn_median"][0])
    assert np.isnan(found["pawn_median"][1])


# Regression


def test_regression_is_least_squares_on_standardised_values():
    found = regression(X, Y[:, None])
    xs, ys = (X - X.mean(axis=0)) / X.std(axis=0), (Y - Y.mean()) / Y.std()
    slopes, (left,), *_ = np.linalg.lstsq(xs, ys, rcond=None)
    np.testing.assert_allclose(found.SRC[0], slopes, rtol=1e-10)
    assert found.R2[0] == pytest.approx(1.0 - left / len(ys), rel=1e-10)


def test_correlations_are_scipys():
    found = regression(X, Y[:, None])
    for j in range(3):
        assert found.pearson[0, j] == pytest.approx(scipy.stats.pearsonr(X[:, j], Y).statistic, rel=1e-10)
        assert found.spearman[0, j] == pytest.approx(scipy.stats.spearmanr(X[:, j], Y).statistic, rel=1e-10)


def test_partial_correlation_is_that_of_residuals():
    found = regression(X, Y[:, None])
    for ranked, values in ((False, found.PCC), (True, found.PRCC)):
        x, y = (scipy.stats.rankdata(v, axis=0) if ranked else v for v in (X, Y))
        for j in range(3):
            others = np.column_stack([np.ones(len(x)), np.delete(x, j, axis=1)])
            rest = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (x[:, j], y)]
            assert values[0, j] == pytest.approx(np.corrcoef(*rest)[0, 1], rel=1e-9)


def test_a_straight_line_is_explained_whole():
    found = regression(X, (X @ np.array([1.0, 2.0, -3.0]))[:, None])
    assert found.R2[0] == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(found.PCC[0], [1.0, 1.0, -1.0], rtol=1e-6)


def test_inputs_that_are_one_another_get_no_coefficients():
    found = regression(np.column_stack([X, X[:, 0] * 2.0]), Y[:, None])
    assert found.collinear
    assert np.isnan(found.SRC).all()
    assert np.isfinite(found.pearson).all()


def test_what_does_not_vary_gets_no_number_and_spoils_no_other():
    found = regression(np.column_stack([X, np.full(400, 0.3)]), np.column_stack([Y, np.full(400, 0.7)]))
    assert np.isnan(found.SRC[0, 3])
    assert np.isfinite(found.SRC[0, :3]).all()
    assert np.isnan(found.R2[1])


# The package


def test_names_of_the_package_are_what_they_say():
    """Also once their modules are loaded, which would hide a function of the same name."""
    from leakflow.solver import sensitivity

    for name in sensitivity.__all__:
        assert callable(getattr(sensitivity, name)), name
