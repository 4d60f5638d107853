"""One explicit step: against scipy's, and by its orders."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from plans import Case, orifice, outside, prepared, rate, tank
from scipy.integrate import DOP853, quad
from step_problems import GAMMA, PROBLEMS, Equalisation, R, T, slope

from leakflow.kernels import explicit, network, rosenbrock


def advance(p, h):
    """One step of a prepared sample, from its state, with its dense output."""
    network.rates(p.plan, p.sample, p.state, p.work.rate)
    explicit.explicit_step(p.plan, p.sample, 0.0, h, p.state, p.work)
    explicit.end_rates(p.plan, p.sample, h, p.work)
    stiff = explicit.stiffness(h, p.work)
    explicit.prepare_explicit_dense(p.plan, p.sample, 0.0, h, p.state, p.work)
    return stiff


def between(p, theta):
    state = np.full(p.state.size, np.nan)
    rosenbrock.dense_state(theta, p.state, p.work.new, p.work.dense, state)
    return state


@pytest.fixture(params=PROBLEMS)
def problem(request):
    return PROBLEMS[request.param]


@pytest.mark.parametrize("share", [0.02, 0.3, 1.1])
def test_a_step_and_its_dense_output_are_scipys(problem, share):
    p, h = prepared(problem.case), share * problem.tau
    theirs = DOP853(lambda t, y: p.rates(y), 0.0, p.state, 2.0 * h, first_step=h, rtol=1e3, atol=1e9)
    theirs.step()
    assert theirs.t == h
    dense = theirs.dense_output()
    advance(p, h)
    assert p.work.new == pytest.approx(theirs.y, rel=1e-13)
    for theta in (0.0, 0.1, 0.35, 0.5, 0.8, 0.99, 1.0):
        assert between(p, theta) == pytest.approx(dense(theta * h), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("name", ["equalisation", "flow back"])
def test_order_of_the_method_is_8(name):
    problem = PROBLEMS[name]
    counts, span = np.array([8, 10, 12, 15]), 2.0 * problem.tau
    errors = []
    for n in counts:
        p = prepared(problem.case)
        for _ in range(n):
            advance(p, span / n)
            p.state[:] = p.work.new
        errors.append(np.abs(p.state - problem.state(span)).max())
    assert slope(span / counts, errors) == pytest.approx(8.0, abs=0.6)


def test_the_error_estimate_does_not_miss_the_error(problem):
    """But for where it changes sign on the way."""
    missed = 0
    for h in np.geomspace(0.05, 1.5, 15) * problem.tau:
        p = prepared(problem.case)
        advance(p, h)
        error = np.abs(p.work.new - problem.state(h)).max()
        estimate = np.abs(p.work.error).max() + 1e-15 * p.state.max()
        missed += error > estimate
    assert missed <= 2


def test_the_error_estimate_goes_down_with_the_eighth_power():
    problem = PROBLEMS["equalisation"]
    steps, estimates = problem.tau * np.geomspace(0.05, 0.2, 5), []
    for h in steps:
        p = prepared(problem.case)
        advance(p, h)
        estimates.append(np.abs(p.work.error).max())
    assert slope(steps, estimates) == pytest.approx(8.0, abs=0.4)


@pytest.mark.parametrize(("ratio", "most"), [(1.0, 30.0), (naive.critical_pressure_ratio(GAMMA), 8.0)])
def test_a_bend_in_the_rates_is_not_missed(ratio, most):
    """Wherever in the step the flow of a hole turns around or begins to choke: a large tank is fed."""
    volume = 1e8
    feed = 0.1 * 1e5 * volume / (R * T)
    worst = 0.0
    for share in np.linspace(0.01, 0.99, 197):
        back = ratio * (1.0 + share * 0.1) * 1e5
        paths, feeds = [orifice(0, 1, 1e-4)], [rate(0, feed)]
        p = prepared(Case([tank(volume, 1e5), outside(back)], paths, 1.0, feeds=feeds))
        network.rates(p.plan, p.sample, p.state, p.work.rate)
        explicit.explicit_step(p.plan, p.sample, 0.0, 1.0, p.state, p.work)

        def flow(t, back=back):
            return naive.orifice_flow(1e5 * (1.0 + 0.1 * t), back, T, R, 0.0, GAMMA, 1e-4, 1.0)

        exact = quad(flow, 0.0, share, epsabs=0.0)[0] + quad(flow, share, 1.0, epsabs=0.0)[0]
        noise = 1e-8 * quad(lambda t: abs(flow(t)), 0.0, 1.0, points=[share])[0]
        worst = max(worst, abs(p.work.new[1] - exact) / (p.work.error[1] + noise))
    assert worst < most


@pytest.mark.parametrize("share", [0.3, 1.0, 5.0])
def test_stiffness_is_the_step_times_the_eigenvalue(share):
    """Of a linear seal between two volumes, whose difference fades at one rate."""
    problem = Equalisation(molecular=1e-9, viscous=0.0)
    p = prepared(problem.case)
    p.work.scale[:] = 1.0
    found = advance(p, share / problem.linear)
    # the mass that passed moves with the two others: the ratio of the norms is that of the rates all the same
    assert found == pytest.approx(share, rel=1e-6)


def test_nothing_moves_nothing_is_stiff():
    problem = Equalisation(pressures=(1e5, 1e5))
    p = prepared(problem.case)
    p.work.scale[:] = 1.0
    assert advance(p, 1.0) == 0.0
    assert np.array_equal(p.work.new, p.state)
    assert np.array_equal(p.work.error, np.zeros(3))


def test_a_linear_invariant_is_kept():
    problem = Equalisation()
    for h in (1e-2, 1.0, 5.0):
        p = prepared(problem.case)
        advance(p, h * problem.tau)
        assert p.work.new[:2].sum() == pytest.approx(p.state[:2].sum(), rel=1e-14)
        assert p.work.new[0] + p.work.new[2] == pytest.approx(p.state[0], rel=1e-14)


def test_a_step_that_is_not_finite_is_told_by_its_error():
    p = prepared(PROBLEMS["equalisation"].case)
    advance(p, math.inf)
    assert not np.isfinite(p.work.new).all()
