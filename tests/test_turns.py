"""Pressures that meet through a hole, as integrals: closed forms, steps in time, what they pass at rest."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from plans import AIR, Case, Event, Path, cracks, hatch, held, orifice, outside, rate, seal, tank

from benchmarks.workloads import workload
from leakflow.kernels import model, status
from leakflow.solver.sweep import sweep

P = 1e5
V = 5.0
HOUR = 3600.0
T = 293.15
R, _, GAMMA = naive.gas_properties(AIR, T)
PER_MASS = R * T / V
RC = (2.0 / (GAMMA + 1.0)) ** (GAMMA / (GAMMA - 1.0))
OUTCOMES = ("mass", "mass_lost", "leak_rate", "final", "time_to", "record")
LEAK = cracks(1, 2, 9.0, opening=12e-6)


def filling(*paths, pressure=0.2 * P, duration=HOUR, **more):
    """A tunnel that fills from a station, and leaks."""
    volumes = [held(916.0, P), tank(V, pressure), outside()]
    return Case(volumes, [*paths], duration, **more)


def thick(source, sink, area, inlet_loss):
    return Path(
        model.ORIFICE,
        source,
        sink,
        {"size": area, "coefficient": None, "opening": None, "inlet_loss": inlet_loss},
    )


def iso(source, sink, C, b, m):
    return Path(model.ORIFICE, source, sink, {"iso.C": C, "iso.b": b, "iso.m": m})


def steps_only(case):
    """At a tolerance at which steps are taken in time."""
    return case.but(rtol=1e-12, atol=1e-9)


def test_gas_comes_evenly_as_long_as_the_hole_is_choked():
    hole = orifice(0, 1, 3e-4, Cd=0.8)
    psi = math.sqrt(GAMMA * (2.0 / (GAMMA + 1.0)) ** ((GAMMA + 1.0) / (GAMMA - 1.0)))
    choked = 0.8 * 3e-4 * P * psi / math.sqrt(R * T)
    levels = [0.3 * P, 0.45 * P, RC * P]
    result = filling(hole, thresholds=[(1, level, 1.0) for level in levels]).run()
    expected = [(level - 0.2 * P) / (PER_MASS * choked) for level in levels]
    np.testing.assert_allclose(result["time_to"][0], expected, rtol=1e-10)


@pytest.mark.parametrize(
    "paths",
    [
        [orifice(0, 1, 3e-4, Cd=0.8)],
        [orifice(1, 0, 3e-4), LEAK],
        [thick(0, 1, 1e-6, 1.5), LEAK],
        [iso(0, 1, 6e-7, 0.35, 0.6), LEAK],
        [hatch(0, 1, 0.02, opening=0.3, molecular=1e-13), LEAK],
        [cracks(0, 1, opening=4e-3, length=0.05, depth=5e-3), LEAK],
        [orifice(0, 1, 3e-4), thick(0, 1, 1e-5, 1.0), LEAK],
        [orifice(0, 1, 3e-4), seal(0, 2, 1e-12, 0.0), LEAK],
    ],
)
@pytest.mark.parametrize("pressure", [0.2 * P, 0.999 * P, 1.4 * P])
def test_what_passes_is_what_steps_find(paths, pressure):
    case = filling(
        *paths,
        pressure=pressure,
        thresholds=[(1, 0.9 * P, 1.0), (1, 1.01 * P, -1.0)],
        record=[(1, 100.0), (1, 2000.0)],
        output_time=np.linspace(0.0, HOUR, 7),
    )
    quick, slow = case.run(), steps_only(case).run()
    assert quick.status[0] == status.OK
    for name in OUTCOMES:
        size = P / PER_MASS if name.startswith("mass") else 0.0
        np.testing.assert_allclose(quick[name], slow[name], rtol=2e-6, atol=1e-9 * size, err_msg=name)
    np.testing.assert_allclose(quick.pressures, slow.pressures, rtol=1e-8)
    assert quick["steps"][0, 0] + quick["rejected_steps"][0, 0] < 60


def test_a_valve_that_is_opened_again_and_again():
    """A second time with the leak mended: what was known of the turn is not used again."""
    events = [Event(k * HOUR, model.SET_OPENING, 0, 1.0 if k % 2 else 0.0) for k in range(1, 8)]
    events.append(Event(4.5 * HOUR, model.PATCH, 1, 0.2))
    leak = orifice(1, 2, 3e-8)
    case = filling(orifice(0, 1, 3e-4, opening=0.0), leak, events=events, duration=8 * HOUR, pressure=P)
    quick, slow = case.run(), steps_only(case).run()
    for name in OUTCOMES:
        np.testing.assert_allclose(quick[name], slow[name], rtol=1e-7, atol=1e-10, err_msg=name)


def test_nothing_circulates_at_rest():
    """Four paths to where the pressure is that of the tank at last: each has passed what it had, no more."""
    paths = [
        orifice(0, 1, 3e-4),
        orifice(0, 1, 2e-4, Cd=0.8),
        cracks(0, 1, opening=1e-4, length=0.05, depth=5e-3),
        seal(0, 1, 1e-9, 0.0),
    ]
    early, late = (filling(*paths, duration=time).run()["mass"][0] for time in (600.0, 1e9))
    np.testing.assert_allclose(early, late, rtol=1e-12)


def test_the_leak_past_a_level_path_goes_through_it():
    """The steep one takes what the others need, to rounding of that and not of its own."""
    leak = 1e-12
    paths = [orifice(0, 1, 3e-4), seal(1, 2, leak / P, 0.0)]
    hours = 1e5
    result = filling(*paths, duration=hours * HOUR, pressure=P).run()
    np.testing.assert_allclose(result["mass"][0], leak * hours * HOUR, rtol=1e-9)


def test_a_feed_holds_a_tank_above_what_it_leaks_into():
    case = Case([tank(V, P), outside(P)], [orifice(0, 1, 1e-6, Cd=0.6)], 30 * HOUR, feeds=[rate(0, 1e-5)])
    quick, slow = case.run(), steps_only(case).run()
    assert quick["mass"][0, 0] == pytest.approx(slow["mass"][0, 0], rel=1e-8)
    assert quick["final"][0, 0] - P == pytest.approx(slow["final"][0, 0] - P, rel=1e-6)


def test_a_weekly_valve_takes_eight_ranges_a_week():
    results = sweep(workload("stiff-valve"), samples=16, threads=1)
    assert np.max(results["steps"]) <= 110.0
    assert np.max(results["rejected_steps"]) == 0.0


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-8])
def test_a_turn_just_behind_the_end_of_choking(rtol):
    """What a first try looked at is no start of the next: 100,000 ranges it were, each too short."""
    volumes = [tank(0.03, 2e6), outside(1e5), outside(5e4)]
    paths = [
        orifice(0, 1, 2.5e-4, Cd=None),
        cracks(0, 1, opening=4.7e-4, length=0.056, depth=0.007),
        iso(0, 2, 1e-9, 0.5, 0.5),
    ]
    case = Case(volumes, paths, 10.0, rtol=rtol, atol=100.0 * rtol)
    result, slow = case.run(), steps_only(case).run()
    assert result.status[0] == status.OK
    assert result["steps"][0, 0] + result["rejected_steps"][0, 0] < 80
    np.testing.assert_allclose(result["mass"], slow["mass"], rtol=5.0 * rtol, atol=1e-9)
