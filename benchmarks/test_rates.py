"""The right-hand side of ``prk-july-2021``, 32 cracks and a seal, with and without its Jacobian."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from leakflow.kernels import network

CALLS = 1000


@numba.njit
def many_rates(plan, sample, state, rate, calls):
    """Call from compiled code, as the integrator does."""
    for _ in range(calls):
        network.rates(plan, sample, state, rate)


@numba.njit
def many_rates_and_slopes(plan, sample, state, rate, slopes, calls):
    """The same with the slopes of the fluxes."""
    for _ in range(calls):
        network.rates_and_slopes(plan, sample, state, rate, slopes)


@pytest.fixture
def slow_rates(slow_tunnel):
    """The rates of the state (mass of the tunnel, passed through cracks, passed the seal)."""
    tunnel = slow_tunnel(0)

    def rates(mass):
        out, in_ = tunnel.flows(mass)
        return np.array([in_ - out, out, in_])

    return rates


def test_rates(benchmark, plan, prepared, slow_rates):
    """Against the plain sum over cracks."""
    sample, state = prepared
    rate = np.empty(state.size)
    many_rates(plan, sample, state, rate, 1)
    np.testing.assert_allclose(rate, slow_rates(state[0]), rtol=1e-6)

    benchmark(many_rates, plan, sample, state, rate, CALLS)
    note_rate(benchmark)


def test_rates_and_slopes(benchmark, plan, prepared, slow_rates):
    """Against the plain sum over cracks, and its central differences."""
    sample, state = prepared
    rate = np.empty(state.size)
    slopes = np.empty((2, 1))
    many_rates_and_slopes(plan, sample, state, rate, slopes, 1)
    np.testing.assert_allclose(rate, slow_rates(state[0]), rtol=1e-6)
    low, high = state[0] * (1.0 - 1e-4), state[0] * (1.0 + 1e-4)
    slope = (slow_rates(high) - slow_rates(low)) / (high - low)
    np.testing.assert_allclose(slopes[:, 0], slope[1:], rtol=1e-5)

    benchmark(many_rates_and_slopes, plan, sample, state, rate, slopes, CALLS)
    note_rate(benchmark)


def note_rate(benchmark):
    """Keep calls per second with the benchmark."""
    if benchmark.stats:
        benchmark.extra_info["calls_per_second"] = CALLS / benchmark.stats.stats.median
