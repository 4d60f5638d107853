"""The parts of a sample: the law one by one and in lanes, the table, the draws, one step of each method."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from plans import prepared as prepared_plan
from step_problems import PROBLEMS

from benchmarks import law_limit, parts
from benchmarks.workloads import SEED, workload
from leakflow.kernels import draw, explicit, model, network, population, rosenbrock, table
from leakflow.solver.plan import compile_case

CALLS = 200
SAMPLES = 200


@pytest.fixture(scope="module")
def year():
    """The plan of ``prk-year-1024``, its first sample, and the state that starts with."""
    plan = compile_case(workload("prk-year-1024")).plan
    return plan, *parts._prepared(plan, model.new_sample(plan), 0)


@pytest.fixture(scope="module")
def law(year):
    """The geometry of 1,024 cracks, and the gas before them."""
    _, sample, _ = year
    gas = sample.volumes[1]
    RT = gas["gas_constant"] * gas["temperature"]
    return sample, (RT, gas["viscosity"], gas["critical_ratio"], gas["critical_flow2"])


def test_law_scalar(benchmark, law):
    """One crack after the other, to the numbers of the lanes; `test_crack_law` holds the law to an oracle."""
    sample, gas = law
    total = parts._many_scalar(sample.geometry, gas)
    assert total == pytest.approx(parts._many_lanes(sample, len(sample.geometry), gas), rel=1e-11)

    benchmark(parts._many_scalar, sample.geometry, gas)


def test_law_lanes(benchmark, law):
    """Sixteen cracks side by side, to the numbers of one after the other."""
    sample, gas = law
    total = parts._many_lanes(sample, len(sample.geometry), gas)
    assert total == pytest.approx(parts._many_scalar(sample.geometry, gas), rel=1e-11)

    benchmark(parts._many_lanes, sample, len(sample.geometry), gas)


def test_the_operations_of_the_law_are_counted():
    """By hand: Gauss points, their mean, inertia, two estimates, a logarithm of a ratio; a pass of Newton."""
    count = law_limit.operations()
    assert (count["division"], count["root"]) == (3 + 1 + 1 + 2 + 2 + 3, 2)
    assert 200 < count["other"] < 350


def test_table(benchmark, year):
    """Eight cells of 1,024 cracks filled anew; what they hold is the sum over the cracks."""
    plan, sample, state = year
    masses = state[0] * 0.25 ** np.arange(8.0)
    rate = np.zeros(state.size)
    moving = state.copy()
    parts._refill(plan, sample, moving, rate, masses)
    (p,) = np.flatnonzero(plan.paths["kind"] == model.CRACKS)
    pressure = sample.volumes[plan.paths[p]["source"]]["pressure"]
    flow, fit = table.table_flow(plan, sample, p)
    assert fit
    assert flow == pytest.approx(population.population_flow(plan, sample, p, pressure, 0.0), rel=1e-8)

    benchmark(parts._refill, plan, sample, moving, rate, masses)


def test_draws(benchmark):
    """200 samples of 32 cracks; the last one is that which is drawn alone."""
    plan = compile_case(workload("prk-year")).plan
    sample, alone = model.new_sample(plan), model.new_sample(plan)
    parts._draw_all(plan, sample, SAMPLES)
    assert draw.draw_sample(plan, np.uint64(SEED), np.uint64(SAMPLES - 1), alone) == 0
    assert sample.inputs.tobytes() == alone.inputs.tobytes()
    assert sample.geometry.tobytes() == alone.geometry.tobytes()
    inputs = np.empty(plan.draws.size)
    draw.draw_inputs(plan, np.uint64(SEED), np.uint64(SAMPLES - 1), inputs)
    assert sample.inputs.tobytes() == inputs.tobytes()

    benchmark(parts._draw_all, plan, sample, SAMPLES)


@numba.njit
def explicit_steps(plan, sample, h, state, work, calls):
    """The same step again and again, as the integrator takes it."""
    for _ in range(calls):
        network.rates(plan, sample, state, work.rate)
        explicit.explicit_step(plan, sample, 0.0, h, state, work)


@numba.njit
def implicit_steps(plan, sample, h, state, work, calls):
    """The same step again and again, with its slopes."""
    for _ in range(calls):
        network.rates_and_slopes(plan, sample, state, work.rate, work.slopes)
        rosenbrock.step(plan, sample, 0.0, h, state, work)


@pytest.mark.parametrize(
    ("steps", "error"),
    [pytest.param(explicit_steps, 1e-10, id="explicit"), pytest.param(implicit_steps, 1e-7, id="implicit")],
)
def test_step(benchmark, steps, error):
    """Two volumes and a seal, a twentieth of their own time: to the closed form."""
    problem = PROBLEMS["equalisation"]
    p, h = prepared_plan(problem.case), 0.05 * problem.tau
    steps(p.plan, p.sample, h, p.state, p.work, 1)
    np.testing.assert_allclose(p.work.new, problem.state(h), rtol=error)

    benchmark(steps, p.plan, p.sample, h, p.state, p.work, CALLS)
