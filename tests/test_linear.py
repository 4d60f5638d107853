from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leakflow.kernels import linear

SIZES = st.integers(1, 7)
ENTRIES = st.floats(-1e3, 1e3).map(lambda x: round(x, 6))


def solve(matrix, right):
    factors, vector = matrix.copy(), right.copy()
    pivots = np.full(matrix.shape[0], -1)
    assert linear.factorise(factors, pivots)
    linear.substitute(factors, pivots, vector)
    return vector


@settings(deadline=None, max_examples=200)
@given(data=st.data(), n=SIZES)
def test_solution_agrees_with_numpy(data, n):
    matrix = data.draw(hnp.arrays(float, (n, n), elements=ENTRIES))
    right = data.draw(hnp.arrays(float, n, elements=ENTRIES))
    singular = np.linalg.svd(matrix, compute_uv=False)
    assume(singular[-1] > 1e-6 * singular[0])
    expected = np.linalg.solve(matrix, right)
    error = np.abs(solve(matrix, right) - expected).max()
    assert error <= 1e-14 * n * singular[0] / singular[-1] * np.abs(expected).max()


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), n=SIZES, more=st.integers(1, 4))
def test_what_lies_beyond_the_matrix_is_left_alone(seed, n, more):
    rng = np.random.default_rng(seed)
    matrix, right = rng.normal(size=(n, n)), rng.normal(size=n + more)
    solution = solve(matrix, right)
    assert np.array_equal(solution[n:], right[n:])
    assert np.array_equal(solution[:n], solve(matrix, right[:n]))


def test_a_zero_on_the_diagonal_is_no_hindrance():
    assert solve(np.array([[0.0, 2.0], [3.0, 0.0]]), np.array([4.0, 9.0])).tolist() == [3.0, 2.0]


def test_of_no_unknowns():
    assert solve(np.zeros((0, 0)), np.array([5.0])).tolist() == [5.0]


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.0]],
        [[1.0, 2.0], [2.0, 4.0]],
        [[1.0, 0.0, 2.0], [3.0, 0.0, 4.0], [5.0, 0.0, 6.0]],
        [[np.nan]],
        [[np.inf]],
        [[1.0, 2.0], [np.nan, 1.0]],
        [[1.0, np.inf], [1.0, 1.0]],
    ],
)
def test_singular_or_not_finite_is_refused(matrix):
    matrix = np.array(matrix)
    assert not linear.factorise(matrix, np.zeros(matrix.shape[0], int))
