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
    assert found == pytest.approx(by_hand, abs=0.003)


def in_logarithms(reading, pressure):
    """The average over the window by quadrature about its largest value, so that no tail is lost."""

    def log_both(x):
        at = reading.start + 0.5 * (x + 1.0) * (1.0 - reading.start)
        law = 0.0 if reading.uniform else -0.5 * (3.6 * at) ** 2
        shown = log_rounded(
            reading.value, np.atleast_1d(pressure(x)), reading.uncertainty, reading.resolution
        )
        return float(law + shown[0])

    grid = np.linspace(-1.0, 1.0, 4001)
    logs = np.array([log_both(x) for x in grid])
    best, top = grid[logs.argmax()], logs.max()
    near = [max(best - 5e-4, -1.0), min(best + 5e-4, 1.0), max(best - 0.05, -1.0), min(best + 0.05, 1.0)]
    whole, _ = integrate.quad(
        lambda x: np.exp(log_both(x) - top), -1, 1, points=sorted({best, *near} - {-1.0, 1.0}), limit=500
    )
    scale = 1.0 if reading.uniform else 3.6
    law, _ = integrate.quad(
        lambda z: 1.0 if reading.uniform else np.exp(-0.5 * z * z), scale * reading.start, scale
    )
    return top + np.log(whole) + np.log(scale * 0.5 * (1.0 - reading.start)) - np.log(law)


@pytest.mark.parametrize("spread, resolution", [(300.0, 0.0), (300.0, 133.0), (30.0, 0.0), (3.0, 133.0)])
@pytest.mark.parametrize("start", [-1.0, 0.3])
@pytest.mark.parametrize("uniform", [False, True])
def test_readings_far_from_all_of_a_window_and_narrow_in_it(spread, resolution, start, uniform):
    """Down to ln L of -300: at an end of the window, and a narrow peak at its places."""
    pressure = np.polynomial.Polynomial([1e4, -3000.0, 400.0, -30.0])
    nodes = pressure(node_offsets(1.0, uniform=True))[None]
    ends = pressure(np.array([1.0, -1.0]))
    for value in (
        9990.0,
        8100.0,
        12000.0,
        ends[0] - 13 * spread,
        ends[0] - 4 * spread,
        ends[1] + 20 * spread,
    ):
        reading = Reading(value, spread, resolution, 1.0, uniform, start)
        expected = in_logarithms(reading, pressure)
        if expected > -500.0:
            assert log_timed(reading, nodes)[0] == pytest.approx(expected, abs=0.02)


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
