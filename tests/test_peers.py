"""The peers are given the same right-hand side as the engine, and come to the same outcomes."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from naive import crack_flow, gas_properties

from benchmarks.peers import expressions, measure, rates, serial
from benchmarks.peers.samples import engine_given_tables, engine_run, take_samples
from benchmarks.workloads import SEED, workload
from leakflow.kernels import draw, model, network
from leakflow.kernels.crack import N_GEOMETRY, crack_geometry
from leakflow.solver.plan import compile_case

AIR = gas_properties({"N2": 0.78, "O2": 0.21, "Ar": 0.01}, 295.15)
NUMPY = expressions.Functions(np.sqrt, np.log, np.maximum)
PRESSURES = np.geomspace(3.0, 9e4, 9)


@pytest.fixture(scope="module")
def year():
    return take_samples("prk-year", 2)


def test_rates_are_those_of_the_engine(year):
    """At the start of each sample, by the network's own right-hand side."""
    plan = compile_case(workload("prk-year")).plan
    sample = model.new_sample(plan)
    state = np.zeros(model.sizes(plan)[1])
    expected, got = np.zeros(3), np.zeros(3)
    for i, row in enumerate(year.numbers):
        assert draw.draw_sample(plan, np.uint64(SEED), np.uint64(i), sample) == 0
        assert network.prepare(plan, sample, state) == 0
        state[0] *= 0.6
        network.rates(plan, sample, state, expected)
        rates.rates(state, row, got)
        np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_table_holds_the_sum(year):
    for row in year.numbers:
        sums = [rates.plain_leak(p, row) for p in PRESSURES]
        np.testing.assert_allclose([rates.tabulated_leak(p, row) for p in PRESSURES], sums, rtol=1e-10)


def test_series_holds_the_sum(year):
    series = expressions.log_series(year.numbers)
    x = expressions.place_of(np.log(PRESSURES))
    for row, terms in zip(year.numbers, series, strict=True):
        sums = [rates.plain_leak(p, row) for p in PRESSURES]
        np.testing.assert_allclose(np.exp(expressions.series_of(x, terms)), sums, rtol=1e-9)


@pytest.mark.parametrize("opening", [2e-6, 20e-6, 400e-6])
def test_law_in_expressions(opening):
    """Against the law in plain Python, solved to the end; from narrow to turbulent."""
    crack = (opening, 10e-3, 2.5e-3, 1.4, 0.4e-6, 1.2, 0.9)
    R, mu, gamma = AIR
    flow2 = gamma * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (gamma - 1.0))
    geometry = crack_geometry(*crack, 0.5)
    for p in PRESSURES:
        got = expressions.vacuum_flow(p, (R * 295.15, mu, flow2), geometry, NUMPY)
        # the kernels smooth the onset of turbulence
        assert got == pytest.approx(crack_flow(p, 0.0, 295.15, *AIR, *crack, 0.5), rel=5e-5, abs=0.0)


@pytest.mark.parametrize("name", ["prk-year", "stiff-valve"])
def test_the_engine_given_its_tables_makes_the_same_numbers(name):
    solve = engine_given_tables(name, 1e-6, 2)
    assert np.array_equal(solve(), engine_run(name, 1e-6, 2)())
    assert np.array_equal(solve(), engine_run(name, 1e-6, 2)()), "and again"


def test_spans_cover_the_year(year):
    starts, ends, opened = zip(*year.spans, strict=True)
    assert starts[0] == 0.0
    assert ends[-1] == 365 * 86400.0
    assert starts[1:] == ends[:-1]
    assert opened == (rates.SHUT, rates.HATCH_OPEN) * 6 + (rates.SHUT,)
    assert year.numbers.shape[1] == rates.HEAD + 32 * N_GEOMETRY + rates.CELLS * rates.NODES


@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize("name", ["prk-year", "prk-decay", "stiff-valve"])
def test_scipy_comes_to_the_outcomes_of_the_engine(name, table):
    """Two integrators that share the right-hand side only."""
    lsoda = next(one for one in serial.contenders() if one.name == "SciPy LSODA")
    outcomes = lsoda.prepare(take_samples(name, 2).by(table=table))(1e-9)
    assert measure.worst_error(outcomes, engine_run(name, 1e-10, 2)()) < 3e-7


@pytest.mark.parametrize("name", ["prk-year", "prk-decay"])
def test_truth_is_that_of_another_integrator(name):
    """What errors are measured against: the engine without tables, and DOP853 on the plain sum."""
    other = next(one for one in serial.contenders() if one.name == "SciPy DOP853")
    outcomes = other.prepare(take_samples(name, 3).by(table=False))(1e-12)
    truth = engine_run(name, measure.REFERENCE_RTOL, 3)()
    assert measure.worst_error(outcomes, truth) < 1e-11


@pytest.mark.filterwarnings("ignore")  # of other packages
@pytest.mark.parametrize(
    ("package", "module"),
    [("numbalsoda", "lsoda_compiled"), ("heyoka", "taylor"), ("diffrax", "jaxed"), ("sksundae", "serial")],
)
def test_the_others_come_to_them_too(package, module):
    """Those that are installed, given the table."""
    pytest.importorskip(package, exc_type=ImportError)
    truth = engine_run("prk-decay", 1e-10, 2)()
    samples = take_samples("prk-decay", 2).by(table=True)
    for contender in importlib.import_module(f"benchmarks.peers.{module}").contenders():
        assert measure.worst_error(contender.prepare(samples)(1e-9), truth) < 1e-6


def test_tolerance_is_found_by_the_error():
    """A contender whose error is a hundred times its tolerance needs one that is so much tighter."""
    truth = np.ones((3, 2))
    row = measure.Row("made up", "plain", 1)
    assert measure.tune(row, lambda rtol: truth * (1.0 + 100.0 * rtol), truth, 1.01e-5)
    assert row.rtol == pytest.approx(1e-7, rel=1e-9, abs=0.0)
    assert row.error == pytest.approx(1e-5, rel=1e-6, abs=0.0)


def test_ratio_is_the_median_of_pairs():
    row = measure.Row("made up", "plain", 1)
    row.set_times(np.array([[2.0, 1.0], [9.0, 3.0], [8.0, 2.0]]))
    assert (row.ratio, row.ratio_low, row.ratio_high) == (3.0, 2.0, 4.0)
