from __future__ import annotations

import math

import numpy as np
import pytest
from plans import AIR, Case, orifice, prepared, tank
from step_problems import PROBLEMS, Equalisation, R, T, slope

from leakflow.kernels import network, rosenbrock


def advance(p, h):
    """One step of a prepared sample, from its state; False if it failed."""
    network.rates_and_slopes(p.plan, p.sample, p.state, p.work.rate, p.work.slopes)
    done = rosenbrock.step(p.plan, p.sample, 0.0, h, p.state, p.work)
    rosenbrock.prepare_dense(p.work)
    return done


@pytest.fixture(params=PROBLEMS)
def problem(request):
    return PROBLEMS[request.param]


def test_closed_forms_obey_the_rates(problem):
    p = prepared(problem.case)
    for t in (0.0, 0.4 * problem.tau, 3.0 * problem.tau):
        dt = 1e-4 * problem.tau
        expected = (problem.state(t + dt) - problem.state(t - dt)) / (2.0 * dt)
        assert p.rates(problem.state(t)) == pytest.approx(expected, rel=1e-7)


def error_after(problem, span, steps):
    p = prepared(problem.case)
    for _ in range(steps):
        assert advance(p, span / steps)
        p.state[:] = p.work.new
    return np.abs(p.state - problem.state(span)).max()


@pytest.mark.parametrize("name", ["equalisation", "flow back"])
def test_order_of_the_method_is_4(name):
    counts, span = np.array([48, 64, 96, 128]), 2.0 * PROBLEMS[name].tau
    errors = [error_after(PROBLEMS[name], span, n) for n in counts]
    assert slope(span / counts, errors) == pytest.approx(4.0, abs=0.2)


def test_order_with_a_linear_problem():
    problem = PROBLEMS["blow-down"]
    counts, span = np.array([16, 20, 24, 32]), 2.0 * problem.tau
    errors = [error_after(problem, span, n) for n in counts]
    assert slope(span / counts, errors) == pytest.approx(4.0, abs=0.2)


def test_order_of_one_step_of_its_error_estimate_and_of_the_dense_output():
    """One power of h more than the orders 4, 3 and 3."""
    problem = PROBLEMS["equalisation"]
    steps = problem.tau * np.geomspace(0.0125, 0.03, 5)
    local, estimate, dense = [], [], []
    for h in steps:
        p = prepared(problem.case)
        assert advance(p, h)
        local.append(np.abs(p.work.new - problem.state(h)).max())
        estimate.append(np.abs(p.work.error).max())
        dense.append(max(np.abs(between(p, x) - problem.state(x * h)).max() for x in (0.2, 0.5, 0.7)))
    assert slope(steps, local) == pytest.approx(5.0, abs=0.2)
    assert slope(steps, estimate) == pytest.approx(4.0, abs=0.2)
    assert slope(steps, dense) == pytest.approx(4.0, abs=0.2)


def test_the_error_estimate_does_not_miss_the_error(problem):
    """It may change sign on the way and come out small, but not vanish."""
    for h in np.geomspace(0.01, 0.8, 9) * problem.tau:
        p = prepared(problem.case)
        assert advance(p, h)
        error = np.abs(p.work.new - problem.state(h)).max()
        assert error <= 3.0 * np.abs(p.work.error).max() + 1e-15 * p.state.max()


def between(p, theta):
    state = np.full(p.state.size, np.nan)
    rosenbrock.dense_state(theta, p.state, p.work.new, p.work.dense, state)
    return state


def test_dense_output_meets_both_ends_of_the_step(problem):
    p = prepared(problem.case)
    advance(p, 0.7 * problem.tau)
    assert np.array_equal(between(p, 0.0), p.state)
    assert np.array_equal(between(p, 1.0), p.work.new)


def damping(z):
    """R(z) of the method: what one step of h lambda = z leaves of the difference across a linear seal."""
    problem = Equalisation(molecular=1.0, viscous=0.0)
    p = prepared(problem.case)
    assert advance(p, -z / problem.linear)
    left = p.work.new[:2] / problem.sizes * R * T
    return (left[0] - left[1]) / problem.difference(0.0)


def test_the_method_is_l_stable():
    stiff = np.array([1e2, 1e3, 1e4, 1e5, 1e6])
    left = np.abs([damping(-z) for z in stiff])
    assert (left < 20.0 / stiff).all()
    assert abs(damping(-1e9)) < 1e-6
    assert max(abs(damping(z)) for z in -np.geomspace(1e-3, 1e9, 150)) <= 1.0


def test_damping_follows_the_exponential():
    for z in (-0.01, -0.1, -0.4):
        assert damping(z) == pytest.approx(math.exp(z), rel=1e-3 * abs(z) ** 5)


def test_a_linear_invariant_is_kept():
    problem = Equalisation()
    for h in (1e-2, 1.0, 1e2):
        p = prepared(problem.case)
        advance(p, h * problem.tau)
        assert p.work.new[:2].sum() == pytest.approx(p.state[:2].sum(), rel=1e-14)
        assert p.work.new[0] + p.work.new[2] == pytest.approx(p.state[0], rel=1e-14)


@pytest.mark.parametrize("h", [math.nan, math.inf, 0.0])
def test_a_step_of_no_length_fails(h):
    p = prepared(PROBLEMS["equalisation"].case)
    done = advance(p, h)
    assert not (done and np.isfinite(p.work.new).all() and np.any(p.work.new != p.state))


def test_only_what_is_next_to_nothing_is_straightened():
    """What swings beyond its tolerance, and what of its volume is as little; no other volume."""
    volumes = [tank(1.0, 1e5), tank(1.0, 1e-4), tank(1.0, 1e-4)]
    case = Case(volumes, [orifice(0, 1, 1e-9), orifice(1, 2, 1e-9)], 1.0, gases=[AIR, {"He": 1.0}], rtol=1e-8)
    p = prepared(case)
    p.work.new[:] = p.state
    p.work.scale[:] = 1e-3 / 1e5 * p.state[0]
    p.work.dense[:] = 1e-12
    p.work.dense[0] = 100.0 * p.work.scale  # all would swing
    p.work.dense[0, 3] = p.work.dense[0, 4] = p.work.dense[0, 5] = 0.0  # but for helium, and the last volume
    before = p.work.dense.copy()
    rosenbrock.straighten_dense(p.plan, p.state, p.work)
    assert not p.work.dense[:, 2:4].any()
    kept = [0, *range(4, p.state.size)]
    assert np.array_equal(p.work.dense[:, kept], before[:, kept])
