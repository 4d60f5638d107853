from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import integrate, special, stats

from leakflow.solver.diagnosis.information import Gauge, information
from leakflow.solver.diagnosis.likelihood import log_rounded

SD = 1.0


def simulated(means, spread, rng, *, times=(1.0,), records=400, draws=4000, gauge=None):
    """Readings whose slope is normal about a mean: what a linear-Gaussian hypothesis predicts."""
    gauge = gauge or Gauge(SD)
    times = np.asarray(times)
    shown = [np.outer(rng.normal(mean, spread, records), times) for mean in means]
    read = [gauge.read(own, rng.standard_normal(own.shape)) for own in shown]
    return read, [np.outer(rng.normal(mean, spread, draws), times) for mean in means]


def mutual_information(means, weights, sd):
    """Of the index of a Gaussian mixture with one common width, by quadrature."""
    weights = np.asarray(weights)

    def integrand(y):
        each = weights * stats.norm.pdf(y, means, sd)
        posterior = each / each.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            return each.sum() * np.nansum(posterior * np.log(posterior / weights))

    low, high = min(means) - 9 * sd, max(means) + 9 * sd
    return integrate.quad(integrand, low, high, points=list(means), limit=400, epsabs=1e-9)[0]


@pytest.mark.parametrize(
    "means, weights", [([0.0, 2.0], [0.5, 0.5]), ([0.0, 1.0, 4.0], [0.2, 0.5, 0.3]), ([0.0, 4.5], [0.9, 0.1])]
)
def test_linear_gaussian_hypotheses_against_quadrature(means, weights):
    read, inner = simulated(means, 0.7, np.random.default_rng(1), records=2000, draws=800)
    found = information(read, inner, np.array(weights), Gauge(SD), 0.95)
    expected = mutual_information(means, weights, np.hypot(SD, 0.7))
    assert found.error[0] < 0.02
    assert found.gain[0] == pytest.approx(expected, abs=3.0 * found.error[0])


def test_the_error_covers_what_seeds_scatter():
    expected = mutual_information([0.0, 2.0], [0.5, 0.5], np.hypot(SD, 0.7))
    off = []
    for seed in range(60):
        read, inner = simulated([0.0, 2.0], 0.7, np.random.default_rng(seed), records=100, draws=160)
        found = information(read, inner, np.array([0.5, 0.5]), Gauge(SD), 0.95)
        off.append((found.gain[0] - expected) / found.error[0])
    assert np.mean(off) == pytest.approx(0.0, abs=3.0 / np.sqrt(60))
    assert np.std(off) == pytest.approx(1.0, abs=0.3)


def test_decisive_and_wrong_answers_of_two_gaussians():
    """The posterior of h is above c where y is beyond a point: both shares have a closed form."""
    read, inner = simulated([0.0, 3.0], 1e-9, np.random.default_rng(2), records=5000, draws=64)
    found = information(read, inner, np.array([0.5, 0.5]), Gauge(SD), 0.9)
    beyond = np.log(9.0) / 3.0  # from the middle, where ln(p/(1-p)) = 3 (y - 1.5)
    assert found.decisive[0] == pytest.approx(stats.norm.cdf(1.5 - beyond), abs=4 * found.decisive_error[0])
    assert found.wrong[0] == pytest.approx(stats.norm.cdf(-1.5 - beyond), abs=0.004)
    assert found.decisive_if.shape == (2, 1)


def test_a_test_that_tells_nothing():
    read, inner = simulated([1.0, 1.0, 1.0], 0.5, np.random.default_rng(3))
    found = information(read, inner, np.full(3, 1 / 3), Gauge(SD), 0.95)
    assert found.gain[0] == pytest.approx(0.0, abs=3.0 * found.error[0])
    assert found.decisive[0] == 0.0


def test_a_test_that_tells_all():
    weights = np.array([0.6, 0.3, 0.1])
    read, inner = simulated([0.0, 30.0, 60.0], 0.5, np.random.default_rng(4))
    found = information(read, inner, weights, Gauge(SD), 0.95)
    assert found.entropy == pytest.approx(-(weights * np.log(weights)).sum())
    assert found.gain[0] == pytest.approx(found.entropy, rel=1e-9)
    assert (found.decisive[0], found.wrong[0]) == (pytest.approx(1.0), 0.0)


def test_more_readings_tell_more_and_never_more_than_there_is():
    times = np.arange(1, 9) * 0.4
    read, inner = simulated([0.0, 1.0], 0.3, np.random.default_rng(5), times=times)
    found = information(read, inner, np.array([0.5, 0.5]), Gauge(SD), 0.95)
    assert (np.diff(found.gain) > -3.0 * np.hypot(found.error[1:], found.error[:-1])).all()
    assert found.gain[-1] > found.gain[0] + 3.0 * np.hypot(found.error[0], found.error[-1])
    assert (found.gain < np.log(2.0) + 3.0 * found.error).all()
    # a slope seen at all times is seen as at one, so this too has a closed form
    sd = np.sqrt(0.3**2 + SD**2 / (times**2).sum())
    assert found.gain[-1] == pytest.approx(
        mutual_information([0, 1], [0.5, 0.5], sd), abs=3 * found.error[-1]
    )


def test_threads_do_not_matter_and_a_coarse_gauge_tells_less():
    gauge = Gauge(SD, 6.0)
    read, inner = simulated([0.0, 2.0], 0.5, np.random.default_rng(6), gauge=gauge)
    one, two = (information(read, inner, np.array([0.5, 0.5]), gauge, 0.9, threads=n) for n in (1, 3))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    fine_read, _ = simulated([0.0, 2.0], 0.5, np.random.default_rng(6))
    fine = information(fine_read, inner, np.array([0.5, 0.5]), Gauge(SD), 0.9)
    assert one.gain[0] < fine.gain[0] - 3.0 * np.hypot(one.error[0], fine.error[0])
    # of one rounded reading the index of a mixture has a finite table of probabilities
    shown = np.arange(-4, 6) * 6.0
    table = np.array([np.exp(log_rounded(0.0, shown - m, np.hypot(SD, 0.5), 6.0)) * 6.0 for m in (0.0, 2.0)])
    both = 0.5 * table.sum(axis=0)
    expected = sum(0.5 * (row * np.log(row / both)).sum() for row in table)
    assert one.gain[0] == pytest.approx(expected, abs=3.0 * one.error[0])


def test_a_fine_gauge_beside_a_coarse_step_is_exact_and_takes_little_memory():
    """A step of 1e5 standard deviations: all there is to a reading is on which side of an edge it fell."""
    gauge = Gauge(6e-5, 6.0)
    read, inner = simulated([0.0, 2.0], 0.5, np.random.default_rng(8), gauge=gauge)
    tracemalloc.start()
    try:
        found = information(read, inner, np.array([0.5, 0.5]), gauge, 0.9)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5e7
    edges = np.arange(-5, 7) * 6.0 - 3.0
    table = np.diff(stats.norm.cdf(edges, np.array([[0.0], [2.0]]), 0.5), axis=1)
    both = 0.5 * table.sum(axis=0)
    expected = 0.5 * (special.xlogy(table, table) - special.xlogy(table, both)).sum()
    assert found.error[0] < 0.02
    assert found.gain[0] == pytest.approx(expected, abs=3.0 * found.error[0])


@pytest.mark.parametrize("steps", [100.0, 1e5, 1e9])
def test_readings_near_the_edge_of_a_coarse_step_keep_their_likelihood(steps):
    """One draw of each hypothesis within a few standard deviations of an edge; the rest are far."""
    gauge = Gauge(1.0, steps)
    near = 0.5 * steps + np.array([[-1.5], [0.5]])
    inner = [np.repeat(one[None, :], 64, axis=0) for one in near]
    found = information([np.zeros((9, 1))] * 2, inner, np.array([0.5, 0.5]), gauge, 0.9)
    shown = np.exp(log_rounded(0.0, near[:, 0], 1.0, steps))
    posterior = shown / shown.sum()
    assert found.gain[0] == pytest.approx(0.5 * np.log(posterior).sum() + np.log(2.0), abs=2e-3)


def test_far_tails_keep_their_order():
    """Readings that no inner draw of one hypothesis comes near: the other has it, at any distance."""
    inner = [np.zeros((64, 1)), np.full((64, 1), 1e4)]
    for gauge in (Gauge(SD), Gauge(SD, 1.0)):
        found = information([np.zeros((9, 1)), np.full((9, 1), 1e4)], inner, np.array([0.5, 0.5]), gauge, 0.9)
        assert found.gain[0] == pytest.approx(np.log(2.0))
        assert np.isfinite(found.error).all()
