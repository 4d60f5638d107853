"""The workloads of the benchmarks are what they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.workloads import CASES, SEED, SIDE_BY_SIDE, law_columns, workload
from leakflow.kernels import model, sample_lanes
from leakflow.solver import engine
from leakflow.solver.plan import compile_case

DAY = 86400.0


def outcomes_of(name, samples=3):
    """Outcomes of the first samples, by name."""
    compiled = compile_case(workload(name))
    block = engine.run_block(compiled.plan, SEED, 0, samples, series=False)
    assert not block.statuses.any()
    return {column.name: block.outcomes[:, column.place] for column in compiled.outcomes}


@pytest.mark.parametrize(
    ("name", "days", "cracks"),
    [("prk-year", 365, 32), ("prk-year-1024", 365, 1024), ("prk-decay", 30, 8), ("stiff-valve", 90, 32)],
)
def test_sizes(name, days, cracks):
    compiled = compile_case(workload(name))
    assert compiled.plan.settings[0] == days * DAY
    assert compiled.plan.settings[1] == 1e-6
    assert compiled.plan.max_cracks == cracks


@pytest.mark.parametrize("name", CASES)
def test_cases_have_one_unknown(name):
    assert model.sizes(compile_case(workload(name)).plan)[0] == 1


@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_the_others_go_side_by_side(name):
    plan = compile_case(workload(name)).plan
    assert model.sizes(plan)[0] == 2
    assert sample_lanes.goes_in_lanes(plan)


@pytest.mark.parametrize(
    ("name", "path", "first", "length", "gap", "openings"),
    [("prk-year", "hatch", 30.0, 2.0, 61.0, 6), ("stiff-valve", "valve", 7.0, 1.0 / 24.0, 7.0, 12)],
)
def test_openings(name, path, first, length, gap, openings):
    """Opened and shut again, as often and for as long as the workload says."""
    compiled = compile_case(workload(name))
    at = compiled.paths.index(path)
    events = compiled.plan.events
    nominal = np.array([draw["value"][0] for draw in compiled.plan.draws])
    times = np.sort(nominal[events["at"]]) / DAY
    assert np.all(events["target"] == at)
    starts = first + gap * np.arange(openings)
    np.testing.assert_allclose(times, np.sort(np.concatenate([starts, starts + length])))


def test_isolated_tunnel_loses_what_it_had():
    """Nothing comes in: what is lost is what is missing, by the ideal gas."""
    outcomes = outcomes_of("prk-decay")
    gas_constant = 8.31446261815324 / 28.9647e-3
    per_pascal = 5.0 / (gas_constant * 295.15)
    missing = (735.0 * 133.322387415 - outcomes["pressure_final_tunnel"]) * per_pascal
    # the molar mass of dry air is rounded above
    np.testing.assert_allclose(outcomes["mass_lost"], missing, rtol=1e-4)


def test_open_hatch_fills_the_tunnel():
    """What the station gives is what is lost and what the tunnel has less than at the start."""
    outcomes = outcomes_of("prk-year")
    gas_constant = 8.31446261815324 / 28.9647e-3
    per_pascal = 5.0 / (gas_constant * 295.15)
    missing = (735.0 * 133.322387415 - outcomes["pressure_final_tunnel"]) * per_pascal
    np.testing.assert_allclose(outcomes["mass_hatch"] + missing, outcomes["mass_lost"], rtol=1e-4)


def test_law_columns():
    columns = law_columns(1000)
    assert columns.shape == (11, 1000)
    assert np.array_equal(columns, law_columns(1000))
    assert np.all(columns[1] > columns[2])
    assert 1e-6 < columns[3].min() < 2e-6
    assert 1e-3 < columns[3].max() < 2e-3
