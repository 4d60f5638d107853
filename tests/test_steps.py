"""Which method takes the steps, and that it changes where it should."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from plans import AIR, Case, cracks, held, orifice, outside, prepared, seal, tank
from step_problems import PROBLEMS, Equalisation

from benchmarks.workloads import workload
from leakflow.kernels import flows, model, places, status, steps, tolerances
from leakflow.kernels.places import EXPLICIT, IMPLICIT
from leakflow.solver import run
from leakflow.solver.case import case_of
from leakflow.solver.plan import compile_case
from leakflow.solver.sweep import sweep

P = 1e5


def started(case, t=0.0, span=math.inf):
    p = prepared(case)
    tolerances.set_scales(p.plan, p.sample, p.work)
    return p, steps.start_steps(p.plan, p.sample, t, p.state, p.work, span)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_decay_begins_explicit_with_a_fifth_of_its_time(name):
    problem = PROBLEMS[name]
    p, h = started(problem.case)
    assert p.work.method[places.METHOD] == EXPLICIT
    own = (p.state / np.abs(p.rates(p.state)))[: len(problem.case.volumes) - (name == "blow-down")]
    assert 0.2 * own.min() <= h * (1.0 + 1e-9)
    assert h <= 0.2 * own.max() * (1.0 + 1e-9)
    assert started(problem.case, span=1e-3)[1] == 1e-3


def test_what_is_fast_and_nearly_at_rest_begins_implicit():
    """Two volumes at nearly one pressure behind a wide seal, and a leak that takes years."""
    case = Case(
        [tank(1.0, P), tank(1.0, 1.0001 * P), outside()], [seal(0, 1, 1e-2, 0.0), seal(0, 2, 1e-12, 0.0)], 1e7
    )
    p, _ = started(case)
    assert p.work.method[places.METHOD] == IMPLICIT


def test_at_rest_the_whole_span_is_one_step():
    case = Case([tank(1.0, P), tank(1.0, P)], [seal(0, 1, 1e-9, 0.0)], 1e7)
    assert started(case, span=1e7)[1] == 1e7


@pytest.mark.parametrize("fast", [1e-6, 1e-3, 1.0])
def test_a_fast_part_does_not_hold_a_slow_one_up(fast):
    """A seal evens two volumes out in less and less time; the leak takes weeks: steps do not grow."""
    volumes = [tank(1.0, P), tank(1.0, 0.2 * P), outside()]
    case = Case(volumes, [seal(0, 1, fast, 0.0), orifice(0, 2, 1e-9)], 30 * 86400.0, rtol=1e-6, max_steps=200)
    assert case.run().status[0] == status.OK


def test_steps_go_back_to_explicit_ones():
    """The shut hatch's pair evens out through a valve that then shuts; what is left is a decay."""
    problem = Equalisation(pressures=(1.0001e5, 1e5))
    p, _ = started(problem.case)
    p.work.method[places.METHOD] = IMPLICIT
    steps.continue_steps(p.plan, p.sample, 0.0, 1e-3 * problem.tau, p.state, p.work, True)
    assert p.work.method[places.METHOD] == EXPLICIT
    p.work.method[places.METHOD] = IMPLICIT
    p.work.marks[places.MEETS] = 1
    steps.continue_steps(p.plan, p.sample, 0.0, 1e-3 * problem.tau, p.state, p.work, True)
    assert p.work.method[places.METHOD] == IMPLICIT  # pressures are about to meet


def test_rejections_in_a_row_make_steps_implicit():
    p, _ = started(PROBLEMS["equalisation"].case)
    tries = 0
    while p.work.method[places.METHOD] == EXPLICIT:
        steps.note_rejection(p.plan, p.sample, 0.0, p.state, p.work)
        tries += 1
    assert 2 <= tries <= 4


def test_steps_that_stability_holds_become_implicit():
    """A tank fed through a seal is at rest after a while, where explicit steps stay short.

    The second tank asks for steps.
    """
    volumes = [held(900.0, P), tank(1.0, 0.5 * P), outside(), tank(1.0, P)]
    case = Case(volumes, [seal(0, 1, 1e-8, 0.0), cracks(1, 2, 4.0)], 1e9)
    result = case.but(max_steps=120).run()
    assert result.status[0] == status.OK
    assert result["steps"][0, 0] > 5


def test_a_year_takes_tens_of_steps_for_each_of_its_spans():
    case = workload("prk-year")
    shut = sweep(case.model_copy(update={"schedule": []}), samples=16)
    assert shut.n_failed == 0
    assert np.max(shut["steps"]) < 60
    assert compile_case(case).plan.events.size > 5
    assert np.mean(sweep(case, samples=16)["steps"]) < 130


@pytest.mark.parametrize("rtol", [1e-4, 1e-6])
def test_pressures_that_meet_at_a_valve_do_not_chatter(rtol):
    """Each of many samples comes through the openings of a wide valve in few steps, at any tolerance."""
    case = workload("stiff-valve", {"run.rtol": rtol, "run.max_steps": 2000})
    assert sweep(case, samples=48).n_failed == 0


#: Slits through which pressures even out, and the two volumes. The first took 60,000 steps and more at one
#: of the tolerances while the error of a step was held to one width for all; the others, into a boundary, did
#: while it was held to none there.
SLITS = {
    "alike": (cracks(0, 1, opening=9e-3, length=0.05, depth=3e-3), tank(0.1, 6e6), tank(0.1, 57e5)),
    "thin wall": (cracks(0, 1, opening=9e-3, length=0.05, depth=1e-3), tank(1.0, 6e6), tank(1.0, 57e5)),
    "held": (cracks(0, 1, opening=3e-3, length=3e-3, depth=1e-2), tank(1.0, 6e6), held(0.01, 5999994.0)),
    "to a boundary": (cracks(0, 1, opening=4e-3, length=4e-2, depth=5e-4), tank(0.9, 81e5), outside(80e5)),
    "from a boundary": (
        cracks(0, 1, 8.0, opening=3.4e-3, length=2e-2, depth=1e-3),
        tank(87.0, 1e6),
        outside(13e5),
    ),
}


@pytest.mark.parametrize("rtol", [1e-3, 1e-5, 1e-7, 1e-10])
@pytest.mark.parametrize("name", SLITS)
def test_pressures_that_meet_at_a_slit_do_not_chatter(name, rtol):
    slit, one, other = SLITS[name]
    times = np.geomspace(1e-3, 1e7, 40)
    case = Case([one, other], [slit], 1e7, atol=1e2 * rtol, rtol=rtol, output_time=times)
    result, exact = case.run(), case.but(rtol=1e-12, atol=1e-9).run()
    assert result.status[0] == status.OK
    assert result["steps"][0, 0] + result["rejected_steps"][0, 0] < 300
    np.testing.assert_allclose(result.pressures, exact.pressures, rtol=2.0 * rtol)
    if other.kind == model.INTEGRATED:  # one temperature: the mean by volume
        even = 0.5 * (one.pressure + other.pressure)
        assert result["final"][0] == pytest.approx([even, even], rel=1e-9)


def test_a_hole_is_not_stepped_over_where_pressures_are_nearly_those_outside():
    """All that it lets through is below a tolerance of the mass, and far above one of the pressure."""
    case = Case(
        [tank(1.1068725, 1353715.067), outside(1353687.093)],
        [orifice(0, 1, 0.25 * math.pi * 1.8456e-3**2)],
        974.5,
        rtol=1e-8,
        atol=1e-6,
        output_time=np.linspace(0.0, 10.0, 21),
    )
    exact = case.but(rtol=1e-12, atol=1e-9).run().pressures[0, :, 0]
    np.testing.assert_allclose(case.run().pressures[0, :, 0], exact, rtol=3e-8)
    assert np.ptp(exact) == pytest.approx(28.0, rel=0.01)


@pytest.mark.parametrize("loss", [0.0, 1.5])
@pytest.mark.parametrize("diameter", [2e-3, 5e-2, 0.8])
@pytest.mark.parametrize("pressure", [1e3, 1e5, 6e6])
def test_a_hole_turns_around_within_the_width_that_is_told(pressure, diameter, loss):
    """There ``Q = L^2`` in the law, so that ``2^(-1/4)`` of the linear flow passes."""
    hole = orifice(0, 1, 0.25 * math.pi * diameter**2, inlet_loss=loss)
    p = prepared(Case([tank(1.0, pressure), outside(pressure)], [hole], 1.0))
    width = flows.width_of_hole(p.plan, p.sample, 0)
    slope = flows.path_flow_slopes(p.plan, p.sample, 0)[1]
    p.sample.volumes[1]["pressure"] = pressure * (1.0 - width)
    drop = pressure - p.sample.volumes[1]["pressure"]
    assert flows.path_flow(p.plan, p.sample, 0) == pytest.approx(2.0**-0.25 * slope * drop, rel=2e-3)


@pytest.mark.parametrize("rtol", [1e-3, 1e-5])
def test_pressures_at_rest_hold_no_step_of_others_up(rtol):
    """Two volumes behind an open hatch's width move on as one; a third empties into a fourth far away."""
    volumes = [tank(50.0, P), tank(5.0, P), tank(1.0, 2e4), tank(3.0, 10.0), outside()]
    paths = [orifice(0, 1, 0.5), orifice(2, 3, 1e-6), orifice(1, 4, 1e-8)]
    result = Case(volumes, paths, 1e5, rtol=rtol).run()
    assert result.status[0] == status.OK
    assert result["steps"][0, 0] < 60


@pytest.mark.parametrize("rtol", [1e-3, 1e-5])
def test_pressures_that_move_as_one_take_steps_of_both(rtol):
    """Behind a wide hole a cabin falls with the room that leaks: a decay of the two together."""
    volumes = [tank(50.0, P), tank(5.0, P), outside()]
    times = np.linspace(0.0, 3e3, 7)
    paths = [orifice(0, 1, 0.5), orifice(1, 2, 1e-4)]
    result = Case(volumes, paths, 3e3, rtol=rtol, output_time=times).run()
    one = [tank(55.0, P), outside()]
    together = Case(one, [orifice(0, 1, 1e-4)], 3e3, rtol=1e-9, output_time=times).run()
    assert result.status[0] == status.OK
    assert result["steps"][0, 0] < 20
    for v in range(2):
        np.testing.assert_allclose(
            result.pressures[0, :, v], together.pressures[0, :, 0], rtol=3.0 * rtol, atol=100.0 * rtol
        )


@pytest.mark.parametrize("opening", [5e-4, 2e-3, 1e-2])
@pytest.mark.parametrize("depth", [1e-4, 1e-2])
@pytest.mark.parametrize("pressure", [1e4, 6e6])
def test_a_slit_turns_around_within_the_width_that_is_told(opening, depth, pressure):
    """There friction and inertia are equal, so that ``2/(1 + sqrt(2))`` of the linear flow passes."""
    slit = cracks(0, 1, opening=opening, depth=depth)
    p = prepared(Case([tank(1.0, pressure), outside(pressure)], [slit], 1.0))
    width = flows.width_of_turn(p.plan, p.sample, 0)
    p.sample.volumes[1]["pressure"] = pressure
    slope = flows.path_flow_slopes(p.plan, p.sample, 0)[1]
    p.sample.volumes[1]["pressure"] = pressure * (1.0 - width)
    drop = pressure - p.sample.volumes[1]["pressure"]
    assert flows.path_flow(p.plan, p.sample, 0) == pytest.approx(
        2.0 / (1.0 + math.sqrt(2.0)) * slope * drop, rel=0.1
    )


@pytest.mark.parametrize("rtol", [1e-5, 1e-6, 1e-8])
@pytest.mark.parametrize("imbalance", [10.0, 40.0, 100.0, 300.0])
def test_what_fades_within_the_first_step_is_right_on_the_way(imbalance, rtol):
    """The difference of two pressures, in tolerances, fades by an exponential long before the end."""
    T, sizes, conductance = 293.15, (0.4, 1.3), 1e-9
    R = naive.gas_properties(AIR, T)[0]
    k = conductance * R * T * (1.0 / sizes[0] + 1.0 / sizes[1])
    apart = imbalance * rtol * 1e5
    times = np.append(np.linspace(0.0, 5.0, 41), 1e6) / k
    volumes = [tank(sizes[0], 1e5 + apart), tank(sizes[1], 1e5)]
    case = Case(
        volumes, [seal(0, 1, conductance, 0.0)], 1e6 / k, rtol=rtol, atol=1e2 * rtol, output_time=times
    )
    first, second = case.run().pressures[0].T
    assert first - second == pytest.approx(apart * np.exp(-k * times), abs=3.0 * rtol * 1e5)


@pytest.mark.parametrize("rtol", [1e-2, 1e-3, 1e-4])
def test_series_far_below_the_tolerance_stay_there(rtol):
    """Steps go over what a crack lets out at once; between their ends nothing swings to 5e5 Pa."""
    case = {
        "volumes": {
            "a": {"kind": "integrated", "volume": 0.004, "pressure": 0.00726435},
            "b": {"kind": "boundary", "pressure": 0.00145287},
            "z": {"kind": "boundary", "pressure": 0.0},
        },
        "paths": {
            "s": {"kind": "seal", "from": "a", "to": "b", "molecular": 1e-13},
            "c": {
                "kind": "cracks",
                "from": "a",
                "to": "z",
                "count": 1,
                "opening": 2.4125e-4,
                "length": 0.01,
                "depth": 1e-3,
            },
        },
        "run": {"rtol": rtol, "duration": 37052326.0, "output_times": {"count": 1001}},
    }
    result = run(case_of({"title": "thin air", "gas": {"composition": "air"}, **case}, "thin air"))
    assert result.ok
    assert np.abs(result.pressures["a"]).max() <= 2.0 * 100.0 * rtol


@pytest.mark.parametrize("stress", np.geomspace(30.0, 60.0, 6))
def test_a_seal_that_lifts_between_two_stages_is_seen(stress):
    """Soon after the start of a step: the first stage alone lies before that, and nothing flows there."""
    case = {
        "gas": {"composition": "He"},
        "volumes": {
            "a": {"kind": "integrated", "volume": 0.145, "pressure": 3690.0},
            "b": {"kind": "boundary", "pressure": 3690.0},
            "z": {"kind": "boundary", "pressure": 1100.0},
        },
        "paths": {
            "lifts": {
                "kind": "seal",
                "from": "b",
                "to": "a",
                "molecular": 5e-10,
                "viscous": 1.5e-13,
                "contact": {"stress": stress, "sealing_factor": 400.0, "gain": -2.0},
            },
            "out": {"kind": "seal", "from": "a", "to": "z", "molecular": 2.5e-9},
        },
    }
    found, exact = (
        run(case_of({**case, "title": "lifts", "run": of}, "lifts"))
        for of in ({"duration": 120.0, "rtol": rtol, "atol": 100.0 * rtol} for rtol in (1e-8, 1e-12))
    )
    assert found.outcomes["mass_lifts"] == pytest.approx(exact.outcomes["mass_lifts"], rel=3e-8)


@pytest.mark.parametrize("drop", [500.0, 1000.0, 2000.0, 4000.0])
def test_a_crack_that_shuts_within_a_step_is_seen(drop):
    """As the volume empties, the pressure outside presses its crack shut before the step's second stage."""
    opening = 1.2e-5
    case = {
        "gas": {"composition": "H2O"},
        "volumes": {
            "a": {"kind": "integrated", "volume": 0.4478, "pressure": 101324.0},
            "b": {"kind": "boundary", "pressure": 101325.0},
            "z": {"kind": "boundary", "pressure": 0.0},
        },
        "paths": {
            "crack": {
                "kind": "cracks",
                "from": "a",
                "to": "b",
                "count": 1,
                "opening": opening,
                "compliance": opening / drop,
                "length": 0.013,
                "depth": 0.0029,
                "reopens": True,
            },
            "out": {"kind": "orifice", "from": "a", "to": "z", "diameter": 0.00194},
        },
    }
    found, exact = (
        run(case_of({**case, "title": "shuts", "run": of}, "shuts"))
        for of in (
            {"duration": 1.6e4, "rtol": 1e-6, "atol": 1e-4},
            {"duration": 1.6e4, "rtol": 1e-12, "atol": 1e-9},
        )
    )
    of_atol = 1e-4 * 0.4478 / (461.5 * 293.15)
    assert abs(exact.outcomes["mass_crack"]) > 2.0 * of_atol
    assert found.outcomes["mass_crack"] == pytest.approx(exact.outcomes["mass_crack"], rel=1e-6, abs=of_atol)


@pytest.mark.parametrize("duration", [5e3, 2e4, 28702.0, 6e4])
@pytest.mark.parametrize("rtol", [1e-2, 1e-3, 1e-4])
def test_a_volume_that_is_nearly_empty_takes_nothing_more(rtol, duration):
    """It may be short of gas by less than its tolerance; no law of a crack holds below zero."""
    case = {
        "title": "thin",
        "gas": {"composition": "CO2"},
        "volumes": {
            "a": {"kind": "integrated", "volume": 0.1625, "pressure": 0.4277},
            "b": {"kind": "boundary", "pressure": 3.8887e-4},
        },
        "paths": {
            "p": {
                "kind": "cracks",
                "from": "a",
                "to": "b",
                "count": 2,
                "opening": 2.87e-4,
                "length": 0.01716,
                "depth": 8.75e-4,
            }
        },
        "schedule": [{"action": "patch", "path": "p", "factor": 1.0, "at": 0.47 * duration, "ageing": 1e6}],
        "run": {"duration": duration, "rtol": rtol, "atol": 100.0 * rtol},
    }
    result = run(case_of(case, "thin"))
    assert result.status == status.OK
    assert result.outcomes["pressure_final_a"] == pytest.approx(3.8887e-4, abs=10.0 * rtol)
    assert result.outcomes["steps"] + result.outcomes["rejected_steps"] < 50


@pytest.mark.parametrize("pressure", [350.0, 1360.0, 3250.0, 11400.0])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_series_are_right_within_long_steps_too(rtol, pressure):
    """Through a slot in which the gas becomes thin: a step may be too long for what is between its ends."""
    case = {
        "title": "slot",
        "gas": {"composition": "CO2", "temperature": 220.0},
        "volumes": {
            "a": {"kind": "integrated", "volume": 1.4e-4, "pressure": pressure},
            "z": {"kind": "boundary", "pressure": 0.0},
            "h": {"kind": "held", "volume": 1.0, "pressure": 1.0},
        },
        "paths": {
            "slot": {
                "kind": "seal",
                "from": "a",
                "to": "z",
                "slot": {"opening": 1e-5, "length": 0.13, "depth": 7e-3},
            },
            "hole": {"kind": "orifice", "from": "a", "to": "h", "area": 1e-14},
        },
        "outcomes": {"series": True},
    }
    found, exact = (
        run(case_of({**case, "run": {"duration": 2812.5, "output_times": {"count": 300}, **of}}, "slot"))
        for of in ({"rtol": rtol, "atol": 100.0 * rtol}, {"rtol": 1e-12, "atol": 1e-9})
    )
    np.testing.assert_allclose(found.pressures["a"], exact.pressures["a"], rtol=10.0 * rtol, atol=1e3 * rtol)


def test_a_step_whose_stages_hardly_agree_is_no_good_one():
    """A volume that follows a larger one through a hole, in steps four of its time constants long."""
    case = {
        "title": "two",
        "gas": {"composition": "He", "temperature": 293.15},
        "volumes": {
            "a": {"kind": "integrated", "volume": 0.037437020592657196, "pressure": 101325.0000101325},
            "b": {"kind": "integrated", "volume": 0.8003116432798891, "pressure": 101325.0},
            "z": {"kind": "boundary", "pressure": 0.0},
        },
        "paths": {
            "hole": {
                "kind": "orifice",
                "from": "b",
                "to": "a",
                "diameter": 0.010428255717654695,
                "discharge_coefficient": "perry",
            },
            "pinhole": {
                "kind": "orifice",
                "from": "a",
                "to": "z",
                "iso6358": {"C": 8.967357751731036e-12, "b": 0.0, "m": 0.5},
            },
            "slit": {
                "kind": "cracks",
                "from": "z",
                "to": "b",
                "count": 1,
                "opening": 0.006042334344073305,
                "length": 0.09240937698460662,
                "depth": 0.026016960558936052,
            },
        },
        "outcomes": {"series": True},
    }
    duration = 44.2104761537285
    found, exact = (
        run(case_of({**case, "run": {"duration": duration, "output_times": {"count": 11}, **of}}, "two"))
        for of in ({"rtol": 1e-8, "atol": 1e-6}, {"rtol": 1e-12, "atol": 1e-9})
    )
    np.testing.assert_allclose(found.pressures["b"], exact.pressures["b"], rtol=1e-7, atol=1e-5)


@pytest.mark.parametrize("size", [0.02, 0.03, 0.0374, 0.05])
def test_a_small_volume_that_follows_a_large_one_is_right_on_the_way(size):
    """Once steps are longer than its time constant, what the stages differ by may show the slow one only."""
    case = {
        "gas": {"composition": "He"},
        "volumes": {
            "small": {"kind": "integrated", "volume": size, "pressure": 101325.0},
            "large": {"kind": "integrated", "volume": 0.8, "pressure": 101325.0},
            "z": {"kind": "boundary", "pressure": 0.0},
        },
        "paths": {
            "hole": {
                "kind": "orifice",
                "from": "large",
                "to": "small",
                "diameter": 0.01043,
                "discharge_coefficient": "perry",
            },
            "slit": {
                "kind": "cracks",
                "from": "z",
                "to": "large",
                "count": 1,
                "opening": 0.006,
                "length": 0.0924,
                "depth": 0.026,
            },
        },
        "outcomes": {"series": True},
    }
    found, exact = (
        run(case_of({**case, "title": "follows", "run": of}, "follows"))
        for of in (
            {"duration": 16.0, "output_times": {"count": 321}, "rtol": 1e-8, "atol": 1e-6},
            {"duration": 16.0, "output_times": {"count": 321}, "rtol": 1e-12, "atol": 1e-9},
        )
    )
    np.testing.assert_allclose(found.pressures["small"], exact.pressures["small"], rtol=3e-8, atol=3e-6)


@pytest.mark.parametrize("rtol", [1e-5, 1e-6, 1e-7])
def test_states_between_steps_of_a_small_volume_are_exact(rtol):
    """Two vessels of litres, joined by a crack, empty through wider ones: steps end right too soon."""
    crack = {"kind": "cracks", "count": 1, "opening": 0.00035792472231396203, "length": 0.11216227670858551}
    wide = {"kind": "cracks", "count": 3, "opening": 0.000994879997523105, "length": 0.025195017408783528}
    case = {
        "title": "x",
        "gas": {"composition": "H2O", "temperature": 220.0},
        "volumes": {
            "a": {"kind": "integrated", "volume": 0.003826207645208032, "pressure": 284666.9723496907},
            "b": {"kind": "integrated", "volume": 0.0017962781359670034, "pressure": 284666.9438829963},
            "z": {"kind": "boundary", "pressure": 0.0},
        },
        "paths": {
            "join": crack | {"from": "a", "to": "b", "depth": 0.012710121681052962},
            "out": wide | {"from": "b", "to": "z", "depth": 0.0006299740567301736},
            "seal": {
                "kind": "seal",
                "from": "b",
                "to": "a",
                "molecular": 1.1134590710093076e-08,
                "viscous": 0.0,
            },
        },
        "run": {"duration": 6.781381554378043, "rtol": rtol, "atol": 100.0 * rtol},
    }
    case["run"]["output_times"] = {"count": 401}
    case["run"]["thresholds"] = [{"name": "low", "volume": "b", "below": 17500.0}]
    found = run(case_of(case, "x"))
    case["run"] |= {"rtol": 1e-12, "atol": 1e-9}
    exact = run(case_of(case, "x"))
    for name in ("a", "b"):
        allowed = {"rtol": 10.0 * rtol, "atol": 100.0 * rtol}
        np.testing.assert_allclose(found.pressures[name], exact.pressures[name], **allowed)
    assert found.outcomes["time_to_low"] == pytest.approx(exact.outcomes["time_to_low"], rel=10.0 * rtol)


@pytest.mark.parametrize("volume, hole, rtol", [(0.1, 0.06, 1e-7), (0.03, 0.025, 1e-6), (3e-3, 0.01, 1e-7)])
def test_what_is_at_rest_stays_there_beside_what_is_slow(volume, hole, rtol):
    """Explicit steps beyond their stability end rightly, and between their ends rounding grew by millions."""
    case = {
        "gas": {"composition": "air"},
        "volumes": {
            "still": {"kind": "integrated", "volume": volume, "pressure": 100.0},
            "filling": {"kind": "integrated", "volume": 5.0, "pressure": 0.0},
            "air": {"kind": "boundary", "pressure": P},
            "space": {"kind": "boundary", "pressure": 0.0},
        },
        "paths": {
            "in": {"kind": "seal", "from": "air", "to": "still", "molecular": 1.3e-9},
            "out": {"kind": "orifice", "from": "still", "to": "space", "diameter": hole},
            "valve": {"kind": "valve", "from": "air", "to": "filling", "diameter": 0.1, "opening": 0},
            "leak": {"kind": "orifice", "from": "filling", "to": "space", "diameter": 0.07},
        },
        "schedule": [{"action": "open", "path": "valve", "at": 500.0, "opening": 1e-5}],
        "run": {"rtol": rtol, "duration": 1e3, "output_times": {"count": 1001}},
    }
    for name in ("out", "valve", "leak"):
        case["paths"][name]["discharge_coefficient"] = 1
    result = run(case_of({"title": "at rest", **case}, "at rest"))
    still = result.pressures["still"][result.times >= 499.0]
    assert result.ok
    assert np.abs(still / still[-1] - 1.0).max() <= 0.01 * rtol


@pytest.mark.parametrize("rtol", [1e-3, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("pressure", [1e-4, 1e-2, 1.0, 1e2])
@pytest.mark.parametrize("sizes", [(1e-3, 900.0), (1e-3, 5.0), (1.0, 100.0)])
def test_volumes_that_are_nearly_empty_even_out_in_few_steps(sizes, pressure, rtol):
    """What there is at rest is far below the tolerance; all of it is kept, and shared by the sizes."""
    volumes = [tank(sizes[0], pressure), tank(sizes[1], 0.0)]
    case = Case(volumes, [orifice(0, 1, 0.25 * math.pi * 1e-4)], 1e5, rtol=rtol, atol=100.0 * rtol)
    result = case.but(output_time=np.array([1e5])).run()
    assert result.status[0] == status.OK
    assert result["steps"][0, 0] + result["rejected_steps"][0, 0] < 50
    even = pressure * sizes[0] / sum(sizes)
    np.testing.assert_allclose(result.pressures[0, 0], even, rtol=2e-3)


@pytest.mark.parametrize(
    "path", [orifice(0, 1, 1e-4, Cd=None), cracks(0, 1, 5.0, opening=1e-3)], ids=["hole", "crack"]
)
@pytest.mark.parametrize(
    "pressures", [(-1e-3, 1e-6), (1e-6, -1e-3), (-1e-3, 1e3), (-2e-3, -1e-3), (0.0, -1.0)]
)
def test_what_is_short_of_gas_takes_back_what_it_would_lose(path, pressures):
    """As much as it would lose into vacuum with as much too much, besides what its neighbour sends."""
    p = prepared(Case([tank(1.0, P), tank(1.0, P)], [path], 1.0))

    def flow(up, down, kind=flows.path_flow):
        p.sample.volumes["pressure"] = up, down
        return kind(p.plan, p.sample, 0)

    up, down = pressures
    whole = flow(max(up, 0.0), max(down, 0.0)) + flow(max(-down, 0.0), max(-up, 0.0))
    assert flow(up, down) == pytest.approx(whole, rel=1e-14)
    _, by_up, by_down = flow(up, down, flows.path_flow_slopes)
    nudge = 1e-4 * min(abs(x) for x in pressures if x != 0.0)
    for at, slope in ((0, by_up), (1, by_down)):
        if pressures[at] != 0.0:
            sides = [flow(*(x + s * nudge * (i == at) for i, x in enumerate(pressures))) for s in (1.0, -1.0)]
            quotient = (sides[0] - sides[1]) / (2.0 * nudge)
            assert slope == pytest.approx(quotient, rel=1e-4, abs=1e-6 * (abs(by_up) + abs(by_down)))
