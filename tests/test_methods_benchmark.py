"""What `benchmarks.methods` compares: the methods are what they are called, the driver agrees with scipy.

The driver runs as plain Python here, which is quicker than to compile it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plans import Case, prepared, seal, tank
from scipy.integrate import DOP853, RK23, RK45, solve_ivp
from step_problems import PROBLEMS, slope

from benchmarks import method_driver, methods
from benchmarks.method_driver import Problem, follow, worst_error
from benchmarks.method_tableaus import METHODS, stability
from leakflow.kernels import network, rosenbrock

# order of each method, power of the step that its error estimate goes with
ORDERS = {
    "Rodas5P": (5, 5),
    "RODAS4": (4, 4),
    "Rodas3": (3, 3),
    "DOP853": (8, 8),
    "DP5(4)": (5, 5),
    "BS3(2)": (3, 3),
}
IMPLICIT = ("Rodas5P", "RODAS4", "Rodas3")
CHAIN = Case(
    [tank(0.4, 2e5), tank(1.3, 1e4), tank(0.7, 6e4)], [seal(0, 1, 1e-9, 2e-12), seal(1, 2, 2e-9, 1e-12)], 1.0
)
CHAIN_SPAN = 60.0


@pytest.fixture(autouse=True)
def _plain_python(monkeypatch):
    for name in vars(method_driver).copy():
        plain = getattr(getattr(method_driver, name), "py_func", None)
        if plain is not None:
            monkeypatch.setattr(method_driver, name, plain)


def problem_of(case, *stops):
    p = prepared(case)
    return Problem(p.plan, p.sample, p.state, p.work, np.array(stops)), p


def scipys(p, span):
    """State at the end of a span, by an implicit method of scipy that knows nothing of ours."""
    done = solve_ivp(
        lambda t, y: p.rates(y), (0.0, span), p.state, method="Radau", rtol=1e-12, atol=1e-14 * p.state.max()
    )
    assert done.success
    return done.y[:, -1]


def test_every_method_is_looked_at():
    assert set(METHODS) == set(ORDERS)
    for name, method in METHODS.items():
        assert (method.order, method.power) == ORDERS[name]
        assert method.is_implicit == (name in IMPLICIT)


@pytest.mark.parametrize("name", IMPLICIT)
def test_l_stable(name):
    """Nothing is left of what decays fast, and nothing on or beside the imaginary axis grows."""
    method = METHODS[name]
    assert abs(stability(method, -1e8)) < 1e-6
    for y in np.geomspace(1e-3, 1e4, 200):
        assert abs(stability(method, 1j * y)) <= 1.0 + 1e-9
        assert abs(stability(method, complex(-y, y))) < 1.0


@pytest.mark.parametrize("name", sorted(set(METHODS) - set(IMPLICIT)))
def test_explicit_methods_are_not(name):
    assert abs(stability(METHODS[name], -1e8)) > 1e8


@pytest.mark.parametrize("name", METHODS)
def test_the_stability_function_is_the_exponential_to_its_order(name):
    z = (1.0 if name == "DOP853" else 0.5) * np.array([0.25, 0.35, 0.5, 0.7])
    errors = [abs(stability(METHODS[name], -x) - np.exp(-x)) for x in z]
    assert slope(z, errors) >= ORDERS[name][0] + 0.6


@pytest.mark.parametrize("name", METHODS)
def test_order(name):
    """By the closed form of two volumes that come to one pressure."""
    solved = PROBLEMS["equalisation"]
    span = 2.0 * solved.tau
    problem, _ = problem_of(solved.case, span)
    first = {"DOP853": 6, "DP5(4)": 48}.get(name, 16)  # the leading error of the second is small
    counts = np.round(first * np.array([1.0, 1.3, 1.7, 2.2])).astype(int)
    runs = [follow(problem, METHODS[name], 1.0, steps=n) for n in counts]
    assert [run.steps for run in runs] == list(counts)
    errors = [worst_error(problem, run.states, solved.state(span)) for run in runs]
    assert slope(span / counts, errors) == pytest.approx(ORDERS[name][0], abs=0.6)


@pytest.mark.parametrize("name", METHODS)
def test_order_in_more_dimensions(name, chain):
    """Three volumes: what one unknown does not tell apart shows here."""
    problem, truth = chain
    counts = (1 if name == "DOP853" else 4) * np.array([8, 10, 12, 16])
    errors = [
        worst_error(problem, follow(problem, METHODS[name], 1.0, steps=n).states, truth) for n in counts
    ]
    assert slope(CHAIN_SPAN / counts, errors) >= ORDERS[name][0] - 0.4
    assert errors[-1] < 1e-4


@pytest.fixture
def chain():
    problem, p = problem_of(CHAIN, CHAIN_SPAN)
    return problem, scipys(p, CHAIN_SPAN)


@pytest.mark.parametrize("name", METHODS)
def test_the_error_estimate_goes_with_its_power_of_the_step(name):
    solved = PROBLEMS["equalisation"]
    steps = np.array([0.02, 0.03, 0.05]) * (4.0 if name == "DOP853" else 1.0) * solved.tau
    estimates = []
    for h in steps:
        problem, p = problem_of(solved.case, h)
        follow(problem, METHODS[name], 1.0, steps=1)
        estimates.append(np.abs(p.work.error).max())
    assert slope(steps, estimates) == pytest.approx(ORDERS[name][1], abs=0.4)


@pytest.mark.parametrize("name, theirs", [("DOP853", DOP853), ("DP5(4)", RK45), ("BS3(2)", RK23)])
def test_an_explicit_step_and_its_estimate_are_scipys(name, theirs):
    solved = PROBLEMS["equalisation"]
    h = 0.1 * solved.tau
    problem, p = problem_of(solved.case, h)
    start = p.state.copy()
    solver = theirs(lambda t, y: p.rates(y), 0.0, start, 2.0 * h, first_step=h, rtol=1e3, atol=1e9)
    solver.step()
    run = follow(problem, METHODS[name], 1.0, steps=1)
    assert run.states[-1] == pytest.approx(solver.y, rel=1e-13)
    if name != "DOP853":  # scipy tells its norm only
        ours = np.abs(p.work.error)
        assert ours == pytest.approx(np.abs(solver._estimate_error(solver.K, h)), rel=1e-8, abs=0.0)


def test_a_step_of_rodas_is_the_kernels():
    solved = PROBLEMS["equalisation"]
    h = 0.3 * solved.tau
    problem, p = problem_of(solved.case, h)
    run = follow(problem, METHODS["RODAS4"], 1.0, steps=1)
    error = p.work.error.copy()
    network.rates_and_slopes(p.plan, p.sample, p.state, p.work.rate, p.work.slopes)
    assert rosenbrock.step(p.plan, p.sample, 0.0, h, p.state, p.work)
    assert run.states[-1] == pytest.approx(p.work.new, rel=1e-14)
    assert error == pytest.approx(p.work.error, rel=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_error_control_agrees_with_scipy(name, chain):
    """Errors follow the tolerance, and each count is what the method takes."""
    problem, truth = chain
    method = METHODS[name]
    errors = {}
    for rtol in (1e-3, 1e-6):
        run = follow(problem, method, rtol)
        errors[rtol] = worst_error(problem, run.states, truth)
        assert errors[rtol] < 20.0 * rtol
        tried, stages = run.steps + run.rejected, method.weights.size
        if method.is_implicit:
            new = 1 + np.count_nonzero(method.A[1:].any(axis=1))  # others stand at the start
            assert (run.factorisations, run.slopes) == (tried, run.steps)
            assert run.rates == (new - 1) * tried + 1
        else:
            at_starts = 1 if method.ends else run.steps
            assert (run.factorisations, run.slopes) == (0, 0)
            assert run.rates == (stages - 1) * tried + at_starts + 1
    assert errors[1e-6] < 0.1 * errors[1e-3]


def test_stops_are_met(chain):
    """The state at a stop is that of a run which ends there."""
    problem, _ = chain
    early = np.array([0.3 * CHAIN_SPAN, CHAIN_SPAN])
    both = follow(
        Problem(problem.plan, problem.sample, problem.start, problem.work, early), METHODS["DP5(4)"], 1e-9
    )
    one = follow(
        Problem(problem.plan, problem.sample, problem.start, problem.work, early[:1]), METHODS["DP5(4)"], 1e-9
    )
    assert both.states[0] == pytest.approx(one.states[0], rel=1e-14)
    assert np.abs(both.states[1] - both.states[0]).max() > 1e-3


def runs_of(errors, seconds):
    rtols = 10.0 ** -np.arange(1.0, len(errors) + 1)
    return [
        methods.Measured(*row, 1.0, 0.0, 1.0, 0.0, 0.0, s)
        for row, s in zip(zip(rtols, errors, strict=True), seconds, strict=True)
    ]


def test_least_cost_of_an_error():
    """Between two runs by their logarithms; a run that another beats in both does not count."""
    runs = runs_of([1e-2, 1e-4, 5e-4, 1e-6], [1.0, 10.0, 70.0, 100.0])
    assert methods.least(runs, 1e-5) == pytest.approx(10.0**1.5)
    assert methods.least(runs, 1e-4) == pytest.approx(10.0)
    assert methods.least(runs, 1.0) == pytest.approx(1.0)
    assert np.isnan(methods.least(runs, 1e-7))


def test_an_error_that_does_not_fall_is_noticed(monkeypatch, capsys):
    """A method whose weights are wrong fails the benchmark; the others pass."""
    assert methods.power_of_tolerance(runs_of([1e-2, 1e-3, 1e-4], [1.0] * 3)) == pytest.approx(1.0)
    assert abs(methods.power_of_tolerance(runs_of([1e-3] * 3, [1.0] * 3))) < 1e-9
    solved = PROBLEMS["equalisation"]
    monkeypatch.setattr(methods, "problems", lambda: {"two": [problem_of(solved.case, solved.tau)[0]]})
    monkeypatch.setattr(methods, "RTOLS", (1e-3, 1e-5))
    monkeypatch.setattr(methods, "_ROUNDS", 1)
    assert methods.main() == 0
    wrong = METHODS["Rodas3"]._replace(weights=1.01 * METHODS["Rodas3"].weights)
    monkeypatch.setattr(methods, "METHODS", dict(METHODS) | {"wrong": wrong})
    capsys.readouterr()
    assert methods.main() == 1
    assert "wrong: the error goes with the tolerance to the power" in capsys.readouterr().out


@pytest.mark.parametrize("name, power", [("Rodas5P", 5), ("RODAS4", 4)])
def test_order_between_steps(name, power):
    """Dense output of an order less than the method's errs by the same power of the step; one is not here."""
    solved = PROBLEMS["equalisation"]
    span = 2.0 * solved.tau
    stops = span * np.array([0.13, 0.27, 0.51, 0.79, 1.0])
    problem = replace(problem_of(solved.case, span)[0], stops=stops, between=True)
    truth = np.array([solved.state(t) for t in stops])
    # of these numbers of steps every stop lies at the same places within a step
    counts = np.array([111, 211, 311])
    runs = [follow(problem, METHODS[name], 1.0, steps=n) for n in counts]
    assert [run.steps for run in runs] == list(counts)
    errors = [worst_error(problem, run.states, truth) for run in runs]
    assert slope(span / counts, errors) == pytest.approx(power, abs=0.3)
    with pytest.raises(ValueError, match="dense output"):
        follow(problem, METHODS["DOP853"], 1.0, steps=4)
