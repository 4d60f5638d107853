"""Threshold crossings as `integrate` finds them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import BLOWDOWN, P0, TAU, R, T, equalisation
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import Case, Event, outside, prepared, seal, tank
from scipy.linalg import expm
from scipy.optimize import brentq

from leakflow.kernels import status
from leakflow.kernels.model import REPRESSURISE, VENT

LOGS = np.array([0.03, 0.4, 1.0, 2.0, 3.3, 5.0, 7.7])


def test_crossings_to_1e_9():
    case = BLOWDOWN.but(thresholds=[(0, P0 * math.exp(-x), -1.0) for x in LOGS])
    assert case.run()["time_to"][0] == pytest.approx(LOGS * TAU, rel=1e-9, abs=0.0)


@settings(deadline=None, max_examples=40)
@given(log=st.floats(1e-6, 7.9))
def test_any_crossing_to_1e_9(log):
    case = BLOWDOWN.but(thresholds=[(0, P0 * math.exp(-log), -1.0)])
    # near the start the level itself is rounded by 1e-16 of the pressure
    assert case.run()["time_to"][0, 0] == pytest.approx(log * TAU, rel=1e-9, abs=1e-15 * TAU)


def test_crossings_upwards():
    a, b, sizes, pressures = 1e-9, 2e-13, (0.4, 1.3), (1e4, 2e5)
    exact, tau = equalisation(a, b, sizes, pressures)
    level = 9e4
    crossing = brentq(lambda t: exact(t)[0, 0] - level, 0.0, 5.0 * tau, xtol=1e-14 * tau)
    volumes = [tank(*of) for of in zip(sizes, pressures, strict=True)]
    thresholds = [(0, level, 1.0), (1, level, 1.0), (0, 1.9e5, 1.0), (0, level, -1.0)]
    case = Case(volumes, [seal(0, 1, a, b)], 5.0 * tau, rtol=1e-10, atol=1e-8, thresholds=thresholds)
    times = case.run()["time_to"][0]
    assert times[0] == pytest.approx(crossing, rel=1e-9)
    assert times[1] == 0.0
    assert math.isnan(times[2])
    assert times[3] == 0.0


def test_a_threshold_that_holds_from_the_start_is_crossed_at_0():
    thresholds = [(0, P0, -1.0), (0, P0, 1.0), (0, 2e5, -1.0), (0, 5e4, 1.0), (1, 0.0, -1.0), (1, 0.0, 1.0)]
    # the pressure of the start is rounded: by 1e-15 on the side where the threshold holds
    thresholds[:2] = [(0, P0 * (1.0 + 1e-15), -1.0), (0, P0 * (1.0 - 1e-15), 1.0)]
    assert BLOWDOWN.but(thresholds=thresholds).run()["time_to"][0].tolist() == [0.0] * 6


def test_a_threshold_never_reached_has_no_time():
    thresholds = [(0, 1.0, -1.0), (0, 2e5, 1.0)]
    assert np.isnan(BLOWDOWN.but(thresholds=thresholds).run()["time_to"][0]).all()


def test_a_jump_at_an_event_crosses_thresholds():
    jump = [Event(2.0 * TAU, VENT, 0, 1e3), Event(3.0 * TAU, REPRESSURISE, 0, 3e5)]
    thresholds = [(0, 5e3, -1.0), (0, 2e5, 1.0), (0, 800.0, -1.0), (0, 1e4, 1.0)]
    times = BLOWDOWN.but(events=jump, thresholds=thresholds).run()["time_to"][0]
    expected = [2.0 * TAU, 3.0 * TAU, 2.0 * TAU + TAU * math.log(1e3 / 800.0), 0.0]
    assert times == pytest.approx(expected, rel=1e-9, abs=0.0)
    assert times[:2].tolist() == expected[:2]


def test_a_jump_at_the_start_and_at_the_end():
    schedule = [Event(0.0, VENT, 0, 1e3), Event(8.0 * TAU, REPRESSURISE, 0, 3e5)]
    case = BLOWDOWN.but(events=schedule, thresholds=[(0, 5e3, -1.0), (0, 2e5, 1.0), (0, 5e4, 1.0)])
    times = case.run()["time_to"][0]
    assert times.tolist() == [0.0, 8.0 * TAU, 8.0 * TAU]


def test_the_first_of_several_crossings_counts():
    fill = [Event(t * TAU, REPRESSURISE, 0, P0) for t in (1.0, 2.0, 3.0)]
    case = BLOWDOWN.but(events=fill, thresholds=[(0, 6e4, -1.0)])
    assert case.run()["time_to"][0, 0] == pytest.approx(TAU * math.log(P0 / 6e4), rel=1e-9)


def dip_case(**changes):
    """A small volume drawn down by an empty one, then filled again from a large one; and a clock.

    The clock is a path between two boundaries that passes 1 kg/s.
    """
    volumes = [tank(0.1, 1e5), tank(0.1, 0.0), tank(50.0, 1e5), outside(2.0), outside(1.0)]
    paths = [seal(0, 1, 1e-8, 0.0), seal(2, 0, 1e-9, 0.0), seal(3, 4, 1.0, 0.0)]
    return Case(volumes, paths, 5000.0, **changes)


def dip_pressure(t):
    k = R * T * np.array([[-11e-9, 10e-9, 1e-9], [10e-9, -10e-9, 0.0], [1e-9, 0.0, -1e-9]])
    return (expm(k / np.array([[0.1], [0.1], [50.0]]) * t) @ [1e5, 0.0, 1e5])[0]


def step_ends(case):
    """Times at which the integrator's steps end: the clock's reading as it is stopped after so many steps."""
    ends, limit, result = [0.0], 1, status.STEP_LIMIT
    while result == status.STEP_LIMIT:
        p = prepared(case.but(max_steps=limit))
        result = p.integrate()[0]
        if p.state[-1] > ends[-1]:  # else a rejected step
            ends.append(p.state[-1])
        limit += 1
    return np.array(ends)


def test_a_dip_and_return_within_one_step_is_seen():
    case = dip_case(rtol=1e-3, atol=1e-1)
    ends = step_ends(case)
    times = np.linspace(0.0, 2000.0, 4001)
    lowest = times[np.argmin([dip_pressure(t) for t in times])]
    k = np.searchsorted(ends, lowest)
    before, after = ends[k - 1], ends[k]
    above = min(dip_pressure(before), dip_pressure(after))
    level = dip_pressure(lowest) + 0.5 * (above - dip_pressure(lowest))
    assert above > level + 5.0  # the ends of the step show nothing of it
    crossing = brentq(lambda t: dip_pressure(t) - level, before, lowest)
    found = case.but(thresholds=[(0, level, -1.0)]).run()["time_to"][0, 0]
    assert found == pytest.approx(crossing, abs=0.02 * (after - before))
