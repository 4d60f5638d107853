"""Which inputs lead to failure: against SciPy, a count by hand and a region that was planted."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from sensitivity_example import example_sweep

from leakflow.solver.sensitivity import analyse
from leakflow.solver.sensitivity.failures import BINS, failure_of_input, find_failures
from leakflow.solver.sensitivity.sources import open_sources


def test_auc_is_mann_and_whitneys():
    rng = np.random.default_rng(0)
    x = np.round(rng.normal(size=300), 1)  # with ties
    failed = rng.random(300) < 0.1 + 0.2 * (x > 0.5)
    auc, *_ = failure_of_input(x, failed)
    u = scipy.stats.mannwhitneyu(x[failed], x[~failed]).statistic
    assert auc == pytest.approx(u / (failed.sum() * (~failed).sum()), rel=1e-12)


def test_rates_are_counts_in_tenths():
    x = np.arange(1000.0)
    failed = (x >= 900.0) & (x % 2 == 0)
    _, explained, edges, rates = failure_of_input(x, failed)
    assert len(rates) == BINS
    np.testing.assert_allclose(rates, [0.0] * 9 + [0.5], atol=0.01)
    assert edges[0] == 0.0
    assert edges[-1] == 999.0
    # of p (1 - p) with p = 0.05, the classes explain 0.1 * 0.45^2 + 0.9 * 0.05^2
    assert explained == pytest.approx((0.1 * 0.45**2 + 0.9 * 0.05**2) / (0.05 * 0.95), abs=0.01)


def test_failure_by_chance_is_explained_by_nothing():
    rng = np.random.default_rng(1)
    found = [failure_of_input(rng.random(2000), rng.random(2000) < 0.05) for _ in range(40)]
    assert abs(np.mean([one[0] for one in found]) - 0.5) < 0.02
    assert abs(np.mean([one[1] for one in found])) < 0.002


def test_an_input_that_does_not_vary_tells_nothing():
    auc, explained, edges, rates = failure_of_input(np.ones(50), np.arange(50) < 5)
    assert np.isnan([auc, explained, *edges, *rates]).all()


def test_a_planted_region_is_found():
    """The largest openings fail, nothing else: so does only a corner that the cracks have a say in."""
    results = example_sweep(256, failed=lambda u: u[:, 1] > 0.99)
    (source,) = open_sources(results)
    found = find_failures(source, ("volume", "opening"))
    assert found.auc[1] > 0.99
    assert 0.3 < found.auc[0] < 0.7
    assert found.rates[1, -1] > 0.05
    assert (found.rates[1, :-1] == 0.0).all()
    indices = analyse(results, max_failed_share=0.2)
    assert indices["failure_ST"][1] > 0.5 > 0.2 > indices["failure_ST"][0]
    assert indices["failure_first"][1] > 10.0 * abs(indices["failure_first"][0])


def test_rows_that_repeat_a_failed_one_do_not_count():
    """Two points fail by their opening, and all but one row of their groups with them, at any volume."""
    opening = np.sort(np.array(example_sweep(64)["opening"]).reshape(64, 8)[:, 0])
    results = example_sweep(64, failed=lambda u: u[:, 1] >= opening[-2])
    assert (results.status != 0).sum() > 8
    (source,) = open_sources(results)
    found = find_failures(source, ("volume", "opening"))
    status, rows = results.status.reshape(64, 8), (0, 7)
    assert (found.samples, found.failed) == (128, (status[:, rows] != 0).sum())
    volume = np.array(results["volume"]).reshape(64, 8)[:, rows].ravel()
    alone = failure_of_input(volume, status[:, rows].ravel() != 0)
    assert found.S1[0] == alone[1]
    indices = analyse(results, max_failed_share=0.2)
    assert indices.attributes["failure_samples"] == 128


def test_failures_in_other_rows_alone_are_not_missed():
    """A corner that no row A or B lies in."""
    results = example_sweep(64, failed=lambda u: (np.arange(len(u)) % 8 == 3) & (u[:, 1] > 0.9))
    (source,) = open_sources(results)
    found = find_failures(source, ("volume", "opening"))
    assert found.samples == 512
    assert found.failed == (results.status != 0).sum() > 0
    assert found.auc[1] > 0.9


def test_failure_by_two_inputs_together_shows_in_total_order():
    """A corner of openings and cracks: each alone explains little of it, together all."""
    results = example_sweep(1024, failed=lambda u: (u[:, 1] > 0.97) & (u[:, 2] > 0.9))
    indices = analyse(results, max_failed_share=0.2)
    first, total = indices["failure_S1"], indices["failure_ST"]
    assert total[0] == 0.0
    assert total[1] > 0.5
    assert total[2] > 0.5
    assert first.sum() < 0.5
