from __future__ import annotations

import math

import numpy as np
import pytest
from plans import Case, outside, tank
from scipy import stats

from leakflow.kernels import copula as kernel
from leakflow.kernels import draw
from leakflow.solver.designs.copula import cholesky, make_copula, nearest_correlations

SEED = 5
N = 20_000
RANKS = np.array([[1.0, 0.7, -0.3], [0.7, 1.0, 0.2], [-0.3, 0.2, 1.0]])
IMPOSSIBLE = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])


def chance(n=N, first=0, streams=(11, 12, 13)):
    u = np.empty((n, len(streams)))
    kernel.chance(np.uint64(SEED), np.uint64(first), np.array(streams), u)
    return u


@pytest.fixture(scope="module")
def correlated():
    u = chance()
    make_copula([0, 1, 2], RANKS).apply(u)
    return u


def test_rank_correlations_are_those_wanted(correlated):
    """A rank correlation of n samples strays by (1 - r^2) / sqrt(n), here at most 0.0071."""
    found = stats.spearmanr(correlated).statistic
    assert found == pytest.approx(RANKS, abs=4.5 / math.sqrt(N))
    assert stats.spearmanr(chance()).statistic == pytest.approx(np.eye(3), abs=4.5 / math.sqrt(N))


def test_each_stays_uniform_and_the_first_as_it_was(correlated):
    assert (correlated[:, 0] == chance()[:, 0]).all()
    for column in correlated.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3


def test_it_is_a_gaussian_copula(correlated):
    """The normals' own correlations, through scipy."""
    normals = stats.norm.ppf(correlated)
    assert np.corrcoef(normals.T) == pytest.approx(2 * np.sin(math.pi * RANKS / 6), abs=4.5 / math.sqrt(N))
    mixed = stats.norm.ppf(chance(50)) @ np.linalg.cholesky(2 * np.sin(math.pi * RANKS / 6)).T
    assert correlated[:50] == pytest.approx(stats.norm.cdf(mixed), rel=1e-10)


def test_same_bits_for_any_rows(correlated):
    part = chance(7, first=13)
    make_copula([0, 1, 2], RANKS).apply(part)
    assert part.tobytes() == correlated[13:20].tobytes()


def test_only_the_columns_named_are_touched():
    u = chance(20, streams=(1, 2, 3, 4))
    before = u.copy()
    make_copula([3, 1], np.array([[1.0, 0.5], [0.5, 1.0]])).apply(u)
    assert (u[:, [0, 2, 3]] == before[:, [0, 2, 3]]).all()
    assert (u[:, 1] != before[:, 1]).all()


def test_the_ends_stay_inside():
    u = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    make_copula([0, 1], np.array([[1.0, 0.99], [0.99, 1.0]])).apply(u)
    assert ((u[:, 1] > 0.0) & (u[:, 1] < 1.0)).all()


def test_chance_is_what_the_kernels_draw_at():
    case = Case([tank(("uniform", 0.0, 1.0), ("uniform", 0.0, 1.0)), outside()], [], 1.0)
    plan = case.plan
    streams = plan.draws["stream"][[case.slot("volume0.size"), case.slot("volume0.pressure")]]
    inputs = np.empty(plan.draws.size)
    for index in (0, 3, 2**40):
        draw.draw_inputs(plan, np.uint64(SEED), np.uint64(index), inputs)
        found = [inputs[case.slot(name)] for name in ("volume0.size", "volume0.pressure")]
        assert chance(1, index, streams)[0].tolist() == found


def test_cholesky_is_numpys():
    normal = 2 * np.sin(math.pi * RANKS / 6)
    assert cholesky(normal) == pytest.approx(np.linalg.cholesky(normal), rel=1e-14)


def test_what_no_inputs_can_have_makes_none():
    assert make_copula([0, 1, 2], IMPOSSIBLE) is None
    assert make_copula([0, 1], np.ones((2, 2))) is None
    assert make_copula([0, 1], -np.ones((2, 2)) + 2 * np.eye(2)) is None


def test_the_nearest_can_be_had_and_is_near():
    near = nearest_correlations(IMPOSSIBLE)
    assert make_copula([0, 1, 2], near) is not None
    assert (near == near.T).all()
    assert (np.round(near, 3) == near).all()
    # by symmetry the nearest has one size of correlation, 0.5 for normals, a rank correlation of 0.483
    assert np.abs(near[np.triu_indices(3, 1)]) == pytest.approx(6 / math.pi * math.asin(0.25), abs=3e-3)
    assert (np.sign(near) == np.sign(IMPOSSIBLE)).all()


def test_the_nearest_to_what_can_be_is_itself():
    assert nearest_correlations(RANKS) == pytest.approx(RANKS, abs=2e-3)
