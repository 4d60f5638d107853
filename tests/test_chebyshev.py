"""Chebyshev series beside NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import chebyshev as theirs

from leakflow.kernels import chebyshev

ORDER = chebyshev.POINTS


@pytest.fixture
def values():
    return np.random.default_rng(5).normal(size=ORDER + 4)  # more than there are points, as a row may have


def coefficients_of(values):
    coefficients = np.full(ORDER + 1, np.nan)
    chebyshev.set_coefficients(values, coefficients)
    return coefficients


def test_the_series_goes_through_the_values(values):
    coefficients = coefficients_of(values)
    assert coefficients[ORDER] == 0.0
    at_points = theirs.chebval(np.array(chebyshev.POINT), coefficients)
    np.testing.assert_allclose(at_points, values[:ORDER], rtol=0.0, atol=1e-14)


def test_the_sum_is_that_of_numpy(values):
    coefficients = coefficients_of(values)
    coefficients[ORDER] = 0.3  # as an integral has
    places = np.linspace(-1.0, 1.0, 41)
    sums = [chebyshev.series_sum(coefficients, s) for s in places]
    np.testing.assert_allclose(sums, theirs.chebval(places, coefficients), rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("half", [0.7, -1.4])
def test_the_integral_is_that_of_numpy_and_begins_at_zero(values, half):
    coefficients = coefficients_of(values)
    expected = theirs.chebint(coefficients[:ORDER], lbnd=-1.0, scl=half)
    chebyshev.integrate_series(coefficients, half)
    np.testing.assert_allclose(coefficients, expected, rtol=0.0, atol=1e-14)
    assert chebyshev.series_sum(coefficients, -1.0) == pytest.approx(0.0, abs=1e-14)


def test_the_tail_is_the_largest_of_the_last_four_of_the_interpolant(values):
    coefficients = coefficients_of(values)
    assert chebyshev.tail(coefficients) == np.abs(coefficients[ORDER - 4 : ORDER]).max()


def test_what_it_misses_between_is_the_worst_difference_from_the_values_there(values):
    coefficients = coefficients_of(values)
    misses = np.abs(theirs.chebval(np.array(chebyshev.BETWEEN), coefficients) - values[ORDER:])
    assert chebyshev.worst_between(values) == pytest.approx(misses.max(), rel=1e-13)
    values[ORDER:] = theirs.chebval(np.array(chebyshev.BETWEEN), coefficients)
    assert chebyshev.worst_between(values) < 1e-14
