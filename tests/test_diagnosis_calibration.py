"""Small runs of the calibration whose figures are in docs/diagnosis.md, and its statistics."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.diagnosis_calibration import (
    RANKS,
    Bench,
    Weighed,
    interval,
    spiegelhalter,
    uniformity,
    weighed,
    written,
)


def test_the_likelihood_is_calibrated(tmp_path):
    """Ranks are uniform and probabilities right, up to chance, over the prior and the gauge's errors."""
    tests, z = weighed(tmp_path, 150, draws=6000)
    assert set(tests) == {
        "steady swing", "steady conductance", "grows swing", "grows conductance", "grows growth",
    }  # fmt: skip
    assert min(tests.values()) > 0.001
    assert abs(z) < 3.3


def test_the_sampler_finds_what_weighed_draws_find(tmp_path):
    bench = Bench(written(tmp_path, time_sd=0.0))
    judge = Weighed(bench, 20_000).judge
    truth, grows, _ = judge(0)
    outcome = bench.outcome(0)
    assert outcome.truth == truth
    assert outcome.converged
    # errors of ln Z of 0.04 each, and of a few hundred effective draws
    odds = np.log(outcome.probabilities[1] / outcome.probabilities[0])
    assert odds == pytest.approx(np.log(grows / (1.0 - grows)), abs=0.3)


def test_ranks_that_lean_are_seen():
    rng = np.random.default_rng(0)
    assert uniformity(rng.integers(0, RANKS + 1, 2000)) > 0.01
    assert uniformity(np.floor((RANKS + 1) * rng.beta(1.5, 1.5, 2000))) < 1e-4


def test_statistics_of_calibration():
    # of 8 in 10, by the tables of Clopper and Pearson
    assert interval(8, 10) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    assert interval(0, 10)[0] == 0.0
    rng = np.random.default_rng(1)
    probable = rng.uniform(0.0, 1.0, 4000)
    assert abs(spiegelhalter(probable, rng.random(4000) < probable)) < 3.0
    sure = np.clip(0.5 + 1.3 * (probable - 0.5), 0.01, 0.99)
    assert abs(spiegelhalter(sure, rng.random(4000) < probable)) > 3.0
