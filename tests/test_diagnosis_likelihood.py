from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from leakflow.solver.diagnosis.likelihood import (
    Reading,
    at_offsets,
    log_limit,
    log_rounded,
    log_stable,
    log_timed,
    node_offsets,
    window,
)

SD = 133.0


def falling(times):
    return 1e4 * np.exp(-np.asarray(times) / 4e5)


def test_an_exact_reading_is_a_gaussian():
    pressures = np.array([9000.0, 1e4, 1.1e4])
    found = log_rounded(1e4, pressures, SD, 0.0)
    assert found == pytest.approx(stats.norm.logpdf(1e4, pressures, SD), rel=1e-13)


@pytest.mark.parametrize("resolution", [1e-3, 13.3, 133.0, 2000.0])
def test_rounding_is_the_integral_over_its_step(resolution):
    for pressure in (9800.0, 1e4, 1.03e4):
        by_hand, _ = integrate.quad(
            lambda x, p=pressure: stats.norm.pdf(x, p, SD), 1e4 - resolution / 2, 1e4 + resolution / 2,
            epsabs=0.0, epsrel=1e-11,
        )  # fmt: skip
        found = np.exp(log_rounded(1e4, np.array([pressure]), SD, resolution)[0])
        assert found == pytest.approx(by_hand / resolution, rel=1e-9, abs=0.0)


def test_rounded_readings_have_a_total_probability_of_one():
    shown = np.arange(-100, 100) * 50.0
    total = sum(50.0 * np.exp(log_rounded(v, np.array([17.0]), SD, 50.0)[0]) for v in shown)
    assert total == pytest.approx(1.0, rel=1e-12)


def test_a_tail_keeps_its_logarithm():
    far = log_rounded(1e4, np.array([1e4 + 100 * SD, 1e4 - 100 * SD]), SD, 10.0)
    # over so short a step the tail is exp(-100 x): its mean is sinh(a)/a of that in the middle
    a = 100.0 * 5.0 / SD
    by_hand = stats.norm.logpdf(100.0) - np.log(SD) + np.log(np.sinh(a) / a)
    assert far == pytest.approx(by_hand, abs=1e-3)


@pytest.mark.parametrize("resolution", [0.0, 133.0, 600.0])
@pytest.mark.parametrize("uncertainty", [43200.0, 3600.0, 10.0])
@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("value", [1e4, 1.03e4, 9200.0])
def test_an_uncertain_time_is_averaged_over(resolution, uncertainty, uniform, value):
    fine = np.linspace(-1.0, 1.0, 200_001) * window(uncertainty, uniform=uniform)
    law = np.ones_like(fine) if uniform else np.exp(-0.5 * (fine / uncertainty) ** 2)
    each = np.exp(log_rounded(value, falling(fine), SD, resolution))
    by_hand = np.log(integrate.trapezoid(law * each, fine) / integrate.trapezoid(law, fine))
    nodes = falling(node_offsets(uncertainty, uniform=uniform))[None]
    found = log_timed(Reading(value, SD, resolution, uncertainty, uniform), nodes)[0]
    # the law of the time is even within each of 40 pieces: 0.004 at worst near the reading
    assert found == pytest.approx(by_hand, abs=0.05 if value == 9200.0 and uncertainty == 3600.0 else 0.006)


def test_a_certain_time_needs_one_node():
    assert node_offsets(0.0, uniform=False).tolist() == [0.0]
    found = log_timed(Reading(1e4, SD, 10.0), np.array([[9900.0]]))
    assert found == log_rounded(1e4, np.array([9900.0]), SD, 10.0)


def test_pressures_between_nodes():
    nodes = falling(node_offsets(43200.0, uniform=True))[None]
    at = np.array([-0.83])
    assert at_offsets(nodes, at) == pytest.approx(falling(at * 43200.0), rel=1e-7)


def test_limits_and_stability_are_probabilities():
    p = np.array([900.0, 1000.0, 1300.0])
    below, above = (log_limit(p, 1000.0, 100.0, below=side) for side in (True, False))
    assert np.exp(below) + np.exp(above) == pytest.approx(1.0, rel=1e-12)
    assert np.exp(below) == pytest.approx(stats.norm.cdf([1.0, 0.0, -3.0]), rel=1e-12)
    change = np.array([0.0, -150.0, 600.0])
    by_hand = stats.norm.cdf(100, change, 100.0) - stats.norm.cdf(-100, change, 100.0)
    assert np.exp(log_stable(change, 100.0, 100.0)) == pytest.approx(by_hand, rel=1e-8)
