"""Sobol' indices against functions whose indices are known, against SALib, and with samples missing."""

from __future__ import annotations

import numpy as np
import pytest
from known_indices import KNOWN, ishigami, saltelli

from leakflow.solver.sensitivity.sobol import sobol_indices

NAMES = ("a", "b", "c")


@pytest.mark.parametrize("name", KNOWN)
def test_known_indices_lie_within_the_confidence(name):
    function, factors, (first, total) = KNOWN[name]
    u = saltelli(factors, 2048, second_order=False, seed=11)
    found = sobol_indices(function(u), [f"x{j}" for j in range(factors)], second_order=False)
    assert np.all(np.abs(found.S1 - first) <= found.S1_conf)
    assert np.all(np.abs(found.ST - total) <= found.ST_conf)
    assert found.S1_conf.max() < 0.15


def test_second_order_of_ishigami():
    """Only the first and the third input act together; their share is what is missing from first order."""
    found = sobol_indices(ishigami(saltelli(3, 2048)), NAMES)
    _, _, (first, total) = KNOWN["ishigami"]
    expected = np.array([0.0, total[0] - first[0], 0.0])
    upper = np.triu_indices(3, 1)
    assert np.all(np.abs(found.S2[upper] - expected) <= found.S2_conf[upper])
    assert np.isnan(found.S2[np.tril_indices(3)]).all()


@pytest.mark.parametrize("second_order", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_equal_to_salib(second_order, offset):
    from SALib.analyze import sobol

    y = ishigami(saltelli(3, 64, second_order)) + offset
    problem = {"num_vars": 3, "names": NAMES, "bounds": [[0, 1]] * 3}
    theirs = sobol.analyze(problem, y, calc_second_order=second_order, seed=5)
    ours = sobol_indices(y, NAMES, second_order=second_order, seed=5)
    for key in theirs:
        np.testing.assert_allclose(getattr(ours, key), theirs[key], rtol=1e-12, atol=1e-12)


def test_several_outcomes_are_those_of_each():
    y = ishigami(saltelli(3, 32))
    both = sobol_indices(np.stack([y, y**2], axis=1), NAMES)
    alone = sobol_indices(y**2, NAMES)
    for key in ("S1", "S1_conf", "ST", "S2", "variance", "unused"):
        np.testing.assert_array_equal(getattr(both, key)[1], getattr(alone, key))


def test_one_missing_of_512_drops_one_group():
    """SALib gives zeros for all of it."""
    from SALib.analyze import sobol

    y = ishigami(saltelli(3, 64))
    assert y.size == 512
    y[77] = np.nan
    problem = {"num_vars": 3, "names": NAMES, "bounds": [[0, 1]] * 3}
    with np.errstate(all="ignore"):
        theirs = sobol.analyze(problem, y, seed=1)
    assert not np.any(theirs["S1"] > 0.0)
    ours = sobol_indices(y, NAMES)
    assert (ours.groups, ours.dropped) == (63, 1)
    whole = np.delete(y.reshape(64, 8), 77 // 8, axis=0).ravel()
    clean = sobol.analyze(problem, whole, seed=1)
    np.testing.assert_allclose(ours.S1, clean["S1"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours.ST_conf, clean["ST_conf"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_is_a_missing_one(value):
    y = ishigami(saltelli(3, 64))
    y[20] = value
    found, missing = sobol_indices(y, NAMES), sobol_indices(np.where(np.isfinite(y), y, np.nan), NAMES)
    assert np.isfinite(found.ST).all()
    np.testing.assert_array_equal(found.ST, missing.ST)
    np.testing.assert_array_equal(found.bounds.ST_high, missing.bounds.ST_high)


def test_a_constant_outcome_is_said_to_be_one():
    found = sobol_indices(np.full(80, 0.1 + 0.2), NAMES)
    assert found.constant
    assert np.isnan(found.S1).all()


def test_an_input_that_changes_nothing_is_said_so():
    u = saltelli(3, 32)
    found = sobol_indices(u[:, 0] + u[:, 1] ** 2, NAMES)
    assert found.unused.tolist() == [False, False, True]
    assert found.ST[2] == 0.0


def test_all_missing_gives_no_numbers():
    found = sobol_indices(np.full(80, np.nan), NAMES)
    assert (found.groups, found.dropped, bool(found.constant)) == (0, 10, False)
    assert np.isnan(found.ST).all()


def test_rows_must_be_whole_groups():
    with pytest.raises(ValueError, match="81 rows are no whole number of groups of 8"):
        sobol_indices(np.zeros(81), NAMES)


@pytest.mark.parametrize("second_order", [True, False])
def test_no_imputation_leaves_the_bounds(second_order):
    """Missing values put anywhere between the least and the largest seen, at the ends above all."""
    rng = np.random.default_rng(3)
    y = ishigami(saltelli(3, 32, second_order))
    lost = rng.choice(y.size, 3, replace=False)
    y[lost] = np.nan
    bounds = sobol_indices(y, NAMES, second_order=second_order, resamples=2).bounds
    low, high = np.nanmin(y), np.nanmax(y)
    reached = {}
    for _ in range(200):
        y[lost] = rng.choice([low, high, rng.uniform(low, high)], 3)
        found = sobol_indices(y, NAMES, second_order=second_order, resamples=2)
        for key in ("S1", "ST", "S2")[: 2 + second_order]:
            value = np.nan_to_num(getattr(found, key))
            least, most = (np.nan_to_num(getattr(bounds, f"{key}_{end}")) for end in ("low", "high"))
            assert np.all(value >= least - 1e-12), key
            assert np.all(value <= most + 1e-12), key
            reached[key] = max(reached.get(key, 0.0), float(value.max()))
    # and they are not so wide that they say nothing: half of what is allowed upwards is reached
    best = sobol_indices(np.where(np.isnan(y), low, y), NAMES, second_order=second_order, resamples=2)
    assert bounds.ST_high.max() - best.ST.max() < 0.5
    assert reached["ST"] > best.ST.max()


def test_without_missing_values_the_bounds_are_the_indices():
    found = sobol_indices(ishigami(saltelli(3, 32)), NAMES)
    for key in ("S1", "ST", "S2"):
        for end in ("low", "high"):
            np.testing.assert_allclose(
                getattr(found.bounds, f"{key}_{end}"), getattr(found, key), rtol=1e-10, atol=1e-12
            )
