"""Cases as arrays: valves, events, gases and shared numbers do what the case says."""

import math

import numpy as np
import pytest

from leakflow.kernels import gas, model
from leakflow.solver import CaseError, load_case, run, sweep
from leakflow.solver.case import case_of
from leakflow.solver.plan import compile_case

R_AIR, _, GAMMA = gas.mixture_properties(
    gas.as_mole_fractions({"N2": 0.78084, "O2": 0.20946, "CO2": 0.00036, "Ar": 0.00934}), 293.15
)
CHOKED = math.sqrt(GAMMA) * (2.0 / (GAMMA + 1.0)) ** ((GAMMA + 1.0) / (2.0 * (GAMMA - 1.0)))

HEAD = """
title = "a tank"
description = "a test"
[volumes.tank]
kind = "integrated"
volume = 1.0
pressure = 100000.0
[volumes.space]
kind = "boundary"
pressure = 0
[run]
duration = "10 h"
rtol = 1e-9
atol = 1e-6
output_times = { every = "1 h" }
"""


def rate(area):
    """Return the decay rate of the tank through a choked hole [1/s]."""
    return area * CHOKED * math.sqrt(R_AIR * 293.15)


@pytest.fixture
def case(tmp_path):
    """Load a case of the common head and a text."""

    def load(text, *overrides):
        path = tmp_path / "tank.toml"
        path.write_text(HEAD + text)
        return load_case(path, overrides)

    return load


VALVE = """
[paths.valve]
kind = "valve"
from = "tank"
to = "space"
area = 1e-7
"""


def test_a_valve_follows_its_schedule(case):
    history = run(
        case(
            VALVE
            + 'schedule = [{at = "2 h", opening = 1}, {at = "5 h", opening = 0.5}, {at = "6 h", opening = 0}]'
        )
    )
    open_hours = [0, 0, 0, 1, 2, 3, 3.5, 3.5, 3.5, 3.5, 3.5]
    expected = 1e5 * np.exp(-rate(1e-7) * 3600.0 * np.array(open_hours))
    np.testing.assert_allclose(history.pressures["tank"], expected, rtol=1e-7)
    flow = history.flows["valve"]
    assert flow[2] == pytest.approx(1e5 * 1e-7 * CHOKED / math.sqrt(R_AIR * 293.15), rel=1e-7)
    assert flow[1] == 0.0
    assert flow[6] == 0.0


def test_a_hatch_opened_again_and_again(case):
    events = '[[schedule]]\nat = "1 h"\naction = "open"\npath = "valve"\nfor = "1 h"\nevery = "3 h"\n'
    history = run(case(VALVE + events))
    open_hours = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    expected = 1e5 * np.exp(-rate(1e-7) * 3600.0 * np.array(open_hours))
    np.testing.assert_allclose(history.pressures["tank"], expected, rtol=1e-7)


ORIFICE = """
[paths.hole]
kind = "orifice"
from = "tank"
to = "space"
area = 1e-7
"""


def test_patches_multiply_and_starts_start(case):
    events = """
[[schedule]]
at = "1 h"
action = "start"
path = "hole"
[[schedule]]
at = "3 h"
action = "patch"
path = "hole"
factor = 0.5
[[schedule]]
at = "4 h"
action = "patch"
path = "hole"
factor = 0.5
"""
    history = run(case(ORIFICE + events))
    hours = [0, 0, 1, 2, 2.5, 2.75, 3, 3.25, 3.5, 3.75, 4.0]
    np.testing.assert_allclose(
        history.pressures["tank"], 1e5 * np.exp(-rate(1e-7) * 3600.0 * np.array(hours)), rtol=1e-7
    )


def test_repressurising_with_another_gas_is_counted(case):
    events = """
[[schedule]]
at = "5 h"
action = "repressurise"
volume = "tank"
to = "1 bar"
gas = "He"
"""
    loaded = case(ORIFICE + events)
    history = run(loaded)
    before = 1e5 * math.exp(-rate(1e-7) * 5 * 3600.0)
    helium = 8.31446261815324 / 4.002602e-3
    assert history.outcomes["gas_added_tank"] == pytest.approx((1e5 - before) / (helium * 293.15), rel=1e-7)
    assert history.pressures["tank"][5] == pytest.approx(1e5, rel=1e-12)
    assert history.outcomes["mass_balance_residual"] < 1e-12
    assert compile_case(loaded).plan.components.shape == (5, 6)  # N2, O2, CO2, Ar of air, and He
    # the lighter mixture leaves faster than air would
    assert history.pressures["tank"][10] < 1e5 * math.exp(-rate(1e-7) * 5 * 3600.0)


def test_venting_stops_at_a_pressure(case):
    history = run(
        case(ORIFICE + '[[schedule]]\nat = "1 h"\naction = "vent"\nvolume = "tank"\nto = "20 kPa"\n')
    )
    assert history.pressures["tank"][1] == pytest.approx(2e4, rel=1e-12)
    before = 1e5 * math.exp(-rate(1e-7) * 3600.0)
    assert history.outcomes["gas_vented_tank"] == pytest.approx((before - 2e4) / (R_AIR * 293.15), rel=1e-8)


def test_events_at_random_times_differ_by_sample_and_keep_their_order(case):
    events = """
[[schedule]]
at = { dist = "uniform", low = "1 h", high = "3 h", name = "opened_at" }
action = "open"
path = "valve"
[[schedule]]
at = { dist = "uniform", low = "4 h", high = "6 h", name = "closed_at" }
action = "close"
path = "valve"
"""
    results = sweep(case(VALVE + events), samples=20)
    hours = (results["closed_at"] - results["opened_at"]) / 3600.0
    expected = 1e5 * np.exp(-rate(1e-7) * 3600.0 * hours)
    np.testing.assert_allclose(results["pressure_final_tank"], expected, rtol=1e-7)
    assert hours.std() > 0.3


def test_one_number_used_by_repeated_events_is_drawn_once(case):
    events = """
[[schedule]]
at = "1 h"
every = "2 h"
action = "vent"
volume = "tank"
to = { dist = "uniform", low = "10 kPa", high = "20 kPa", name = "vent_to" }
"""
    compiled = compile_case(case(ORIFICE + events))
    assert [column.name for column in compiled.inputs] == ["vent_to"]
    assert len(set(compiled.plan.events["value"].tolist())) == 1
    assert len(compiled.plan.events) == 5


def test_a_seal_given_as_a_slot_is_one_crack(case):
    seal = (
        '[paths.seal]\nkind = "seal"\nfrom = "tank"\nto = "space"\n'
        'slot = {opening = "1 um", length = "2 m", depth = "5 mm"}\n'
    )
    cracks = (
        '[paths.seal]\nkind = "cracks"\nfrom = "tank"\nto = "space"\ncount = 1\n'
        'opening = "1 um"\nlength = "2 m"\ndepth = "5 mm"\n'
    )
    a, b = run(case(seal)), run(case(cracks))
    np.testing.assert_array_equal(a.pressures["tank"], b.pressures["tank"])
    assert a.outcomes["mass_seal"] > 0.0


def test_two_numbers_of_one_name_are_refused(case):
    hole = ORIFICE.replace("area = 1e-7", 'area = { dist = "uniform", low = 1e-8, high = 1e-7, name = "x" }')
    with pytest.raises(CaseError, match=r"tank.toml.*x"):
        compile_case(case(hole, "volumes.tank.pressure={dist='uniform',low=1,high=2,name='x'}"))


def test_a_discrete_choice_has_its_weights(case):
    hole = ORIFICE.replace("1e-7", '{ dist = "choice", values = [1e-8, 1e-7, 2e-7], weights = [1, 2, 1] }')
    results = sweep(case(hole, "run.duration=1 s"), samples=4000)
    values, counts = np.unique(results["hole_area"], return_counts=True)
    np.testing.assert_allclose(values, [1e-8, 1e-7, 2e-7])
    # four standard deviations of a binomial count
    for count, share in zip(counts, (0.25, 0.5, 0.25), strict=True):
        assert abs(count - 4000 * share) < 4.0 * math.sqrt(4000 * share * (1.0 - share))


def test_the_plan_has_one_row_for_each_thing(case):
    plan = compile_case(case(ORIFICE)).plan
    assert plan.volumes["kind"].tolist() == [model.INTEGRATED, model.BOUNDARY]
    assert plan.volumes["state"].tolist() == [0, -1]
    assert plan.paths["kind"].tolist() == [model.ORIFICE]
    assert plan.settings.tolist() == [36000.0, 1e-9, 1e-6, 1e5, 0.0, 0.0, 0.0]


def test_the_absolute_tolerance_goes_with_the_relative_one(case):
    plain = case(ORIFICE)
    loose = plain.model_copy(update={"run": plain.run.model_copy(update={"atol": None})})
    assert compile_case(loose).plan.settings[model.ATOL] == pytest.approx(1e-7, rel=1e-12)


def test_a_part_by_iso_6358_empties_a_tank(case):
    """Choked: p' = -C rho0 sqrt(T0/T) R T/V p, rho0 of a flow that goes with 1/sqrt(R) from ISO's air."""
    part = '[paths.part]\nkind = "orifice"\nfrom = "tank"\nto = "space"\niso6358 = { C = 1e-10, b = 0.4 }\n'
    history = run(case(part))
    k = 1e-10 * 1e5 / (math.sqrt(R_AIR * 287.05) * 293.15) * R_AIR * 293.15
    np.testing.assert_allclose(history.pressures["tank"], 1e5 * np.exp(-k * history.times), rtol=1e-7)
    flow = history.flows["part"][0]
    assert history.outcomes["thrust_part"] == pytest.approx(
        flow * math.sqrt(R_AIR * 293.15) * math.sqrt(2.0 * (GAMMA + 1.0) / GAMMA), rel=1e-9
    )


def test_an_orifice_has_one_size(case):
    with pytest.raises(CaseError, match="must have either diameter or area or iso6358"):
        case(ORIFICE + "iso6358 = { C = 1e-10, b = 0.4 }\n")


@pytest.mark.parametrize(
    ("pressure", "more", "usual"),
    [
        (1e5, {}, 100.0),
        (2.0, {}, 2.0),
        ({"dist": "uniform", "low": 1.0, "high": 5.0}, {}, 5.0),
        ({"dist": "lognormal", "median": 1.0, "sigma": 0.1}, {}, 100.0),
        (0.0, {}, 100.0),
        (2.0, {"feeds": {"gas": {"kind": "rate", "volume": "a", "rate": 1e-9}}}, 100.0),
        (2.0, {"schedule": [{"action": "repressurise", "volume": "a", "at": 1.0, "to": 1e4}]}, 100.0),
        (2.0, {"schedule": [{"action": "vent", "volume": "a", "at": 1.0, "to": 1.0}]}, 2.0),
    ],
)
def test_the_absolute_tolerance_is_a_share_of_what_there_is(pressure, more, usual):
    """Of 100 Pa, or of less where there is never as much."""
    case = {
        "title": "thin",
        "gas": {"composition": "N2"},
        "volumes": {
            "a": {"kind": "integrated", "volume": 1.0, "pressure": pressure},
            "b": {"kind": "boundary", "pressure": 0.0},
        },
        "paths": {"hole": {"kind": "orifice", "from": "a", "to": "b", "diameter": 1e-3}},
        "run": {"duration": 10.0, "rtol": 1e-5},
    } | more
    assert compile_case(case_of(case, "thin")).plan.settings[model.ATOL] == pytest.approx(
        1e-5 * usual, rel=1e-12
    )
    case["run"]["atol"] = 3e-7
    assert compile_case(case_of(case, "thin")).plan.settings[model.ATOL] == 3e-7
