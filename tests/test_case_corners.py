"""Corners where mechanisms meet: volumes that empty, valves that come later, delays, feeds at the start."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from small_case import written

from leakflow.kernels import status
from leakflow.solver import CaseError, load_case, run
from leakflow.solver.run import Run

R_N2 = 8.31446261815324 / 28.0134e-3
CP = 3.503 * R_N2
CV = CP - R_N2
GAMMA = CP / CV
PSI = math.sqrt(GAMMA * (2.0 / (GAMMA + 1.0)) ** ((GAMMA + 1.0) / (GAMMA - 1.0)))

HEAD = """
title = "a tank"
[gas]
composition = "N2"
temperature = 300
[volumes.tank]
kind = "integrated"
volume = {volume}
pressure = {pressure}
{more}
[volumes.space]
kind = "boundary"
pressure = 0
[run]
duration = "{duration} s"
output_times = {{ count = 61 }}
rtol = {rtol}
"""
HOLE = '[paths.hole]\nkind = "orifice"\nfrom = "tank"\nto = "space"\narea = {}\n'


def tank(text: str, *, volume=2.0, pressure=1e5, more="", duration=3600.0, rtol=1e-6) -> str:
    return HEAD.format(volume=volume, pressure=pressure, more=more, duration=duration, rtol=rtol) + text


@pytest.fixture
def ran(tmp_path: Path) -> Callable[[str], Run]:
    return lambda text: run(written(tmp_path, text))


@pytest.mark.parametrize("conductance", [5.0, 50.0, 500.0])
def test_a_volume_with_walls_that_empties_through_a_hole(ran, conductance):
    """Down to a millionth of its pressure: temperature and heat as scipy has them."""
    area, volume = 4e-4, 1.0
    per_mass = area * PSI * math.sqrt(R_N2) / volume
    wall = f'energy = "wall"\nwall_conductance = {conductance}'
    history = ran(tank(HOLE.format(area), volume=volume, more=wall, duration=150.0))

    def rates(_, y):
        T = y[1] / (y[0] * CV)
        flow = per_mass * y[0] * math.sqrt(T)
        heat = conductance * (300.0 - T)
        return [-flow, -flow * CP * T + heat, heat]

    mass = 1e5 * volume / (R_N2 * 300.0)
    end = solve_ivp(rates, (0.0, 150.0), [mass, mass * CV * 300.0, 0.0], "LSODA", rtol=1e-11, atol=1e-14)
    T = end.y[1, -1] / (end.y[0, -1] * CV)
    assert history.status == status.OK
    assert history.outcomes["pressure_final_tank"] < 10.0
    assert history.outcomes["temperature_final_tank"] == pytest.approx(T, rel=1e-4)
    assert history.outcomes["heat_tank"] == pytest.approx(end.y[2, -1], rel=1e-4)
    assert history.temperatures["tank"].min() > 100.0


def has_gas(history, rtol):
    """Where the tank's temperature is told: with some tolerances of pressure in it, and not below one."""
    told = np.isfinite(history.temperatures["tank"])
    atol = 100.0 * rtol
    assert np.all(told[history.pressures["tank"] > 3.0 * atol])
    assert not np.any(told[history.pressures["tank"] < atol])
    return told


def test_an_emptied_airlock_is_filled_with_what_it_holds(ran):
    """At any tolerance: a wall volume vented for half an hour through a valve, and filled at six hours."""
    events = (
        '[paths.valve]\nkind = "valve"\nfrom = "tank"\nto = "space"\ndiameter = "60 mm"\nopening = 1\n'
        '[[schedule]]\nat = "30 min"\naction = "close"\npath = "valve"\n'
        '[[schedule]]\nat = "6 h"\naction = "repressurise"\nvolume = "tank"\nto = 1e5\n'
    )
    wall = 'energy = "wall"\nwall_conductance = 50'
    added = []
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        history = ran(tank(events, volume=7.0, more=wall, duration=8 * 3600.0, rtol=rtol))
        assert history.status == status.OK
        added.append(history.outcomes["gas_added_tank"])
        there = has_gas(history, rtol)
        assert there[-1]
        assert history.temperatures["tank"][there].min() > 100.0
        assert history.temperatures["tank"][there].max() < GAMMA * 300.0 + 1.0
    # between filling at constant temperature and filling without heat, of what may be 0.01 Pa short of empty
    cold, hot = 7e5 / (R_N2 * 300.0), 7e5 / (R_N2 * GAMMA * 300.0)
    assert (1.0 - 0.01 / 1e5) * hot < added[0] < cold
    assert added == pytest.approx([added[-1]] * 4, rel=1e-3)


def test_an_adiabatic_volume_emptied_for_a_day_has_a_temperature_while_it_has_gas(ran):
    history = ran(tank(HOLE.format(1.2566e-3), volume=0.5, more='energy = "adiabatic"', duration=86400.0))
    assert history.status == status.OK
    there = has_gas(history, 1e-6)
    assert there[0]
    assert not there[-1]
    assert np.all(history.temperatures["tank"][there] > 0.0)
    assert np.all(history.temperatures["tank"][there] <= 300.0 + 1e-9)


def test_a_relief_valve_that_comes_later_is_shut_when_it_comes(ran):
    """The pressure falls from above the cracking one to between both before the valve is there."""
    text = HOLE.format(2e-3) + (
        '[paths.relief]\nkind = "relief"\nfrom = "tank"\nto = "space"\narea = 1e-4\ncracking = 50e3\n'
        'reseat = 5e3\n[[schedule]]\nat = "5 s"\naction = "start"\npath = "relief"\n'
    )
    history = ran(tank(text, duration=8.0))
    at_start = history.pressures["tank"][np.searchsorted(history.times, 5.0)]
    assert 5e3 < at_start < 50e3
    assert np.all(history.flows["relief"] == 0.0)
    assert history.outcomes["relief_relief_count"] == 0


def test_an_action_under_way_is_not_put_off_by_the_next_crossing(ran):
    """The pressure cycles with the wall in 100 s, and falls below the limit at 50 s, 150 s and so on."""
    more = 'temperature_cycles = [{ amplitude = "5 K", period = "100 s", peak = "25 s" }]\n'
    text = HOLE.format(1e-14) + (
        '[controls.fill]\nkind = "repressurise"\nvolume = "tank"\nbelow = 1e5\nto = 1.2e5\ndelay = "120 s"\n'
    )
    history = ran(tank(text, more=more, duration=400.0))
    assert history.outcomes["control_fill_count"] == 1
    assert history.outcomes["control_fill_first"] == pytest.approx(170.0, abs=1e-3)


def test_what_feeds_and_walls_do_counts_in_the_first_rate_of_pressure(ran):
    feed = '[feeds.bottle]\nkind = "rate"\nvolume = "tank"\ngas = "N2"\nrate = 1e-5\n'
    history = ran(tank(HOLE.format(1e-9) + feed))
    leak = history.outcomes["leak_rate_initial"]
    expected = (1e-5 - leak) * R_N2 * 300.0 / 2.0
    assert history.outcomes["pressure_rate_tank"] == pytest.approx(expected, rel=1e-9)
    cycle = 'temperature_cycles = [{ amplitude = "3 K", period = "100 s", peak = "25 s" }]\n'
    history = ran(tank(HOLE.format(1e-12), more=cycle, duration=10.0))
    rise = 1e5 / 300.0 * 3.0 * 2.0 * math.pi / 100.0
    assert history.outcomes["pressure_rate_tank"] == pytest.approx(rise, rel=1e-5)


def test_a_part_measured_with_air_passes_helium_as_a_hole_does(ran):
    part = '[paths.hole]\nkind = "orifice"\nfrom = "tank"\nto = "space"\niso6358 = { C = 1e-9, b = 0.4 }\n'
    heavy = ran(tank(part)).outcomes["leak_rate_initial"]
    light = ran(tank(part).replace('"N2"', '"He"')).outcomes["leak_rate_initial"]
    assert light / heavy == pytest.approx(math.sqrt(4.002602 / 28.0134), rel=1e-9)


def test_an_alarm_is_not_used_up_by_a_hatch_that_is_shut(ran):
    """The cabin falls faster than the limit from the start, with the valve shut; it is opened later."""
    text = HOLE.format(1e-5) + (
        '[paths.valve]\nkind = "valve"\nfrom = "tank"\nto = "space"\narea = 1e-6\n'
        '[controls.alarm]\nkind = "close"\npath = "valve"\nvolume = "tank"\nfall_above = 1e-3\n'
        '[[schedule]]\nat = "10 min"\naction = "open"\npath = "valve"\n'
    )
    history = ran(tank(text))
    assert history.outcomes["control_alarm_count"] == 1
    assert history.outcomes["control_alarm_first"] == pytest.approx(600.0, rel=1e-9)
    assert history.outcomes["mass_valve"] == 0.0


def test_opening_for_a_while_cannot_undo_an_alarm(tmp_path):
    text = HOLE.format(1e-5) + (
        '[paths.valve]\nkind = "valve"\nfrom = "tank"\nto = "space"\narea = 1e-6\nopening = 1\n'
        '[controls.alarm]\nkind = "close"\npath = "valve"\nvolume = "tank"\nfall_above = 1\n'
        '[[schedule]]\nat = "10 min"\naction = "open"\npath = "valve"\nfor = "5 min"\n'
    )
    with pytest.raises(CaseError, match=r"schedule\.0\.for.*a control may have shut valve since"):
        load_case(written(tmp_path, tank(text)))
    load_case(written(tmp_path, tank(text.replace("opening = 1\n", ""))))


def test_at_equal_pressures_there_is_no_exponent(ran):
    text = (
        '[volumes.other]\nkind = "integrated"\nvolume = 3\npressure = 1e5\n'
        '[paths.between]\nkind = "orifice"\nfrom = "tank"\nto = "other"\narea = 1e-6\n'
    )
    outcomes = ran(tank(HOLE.format(1e-6) + text)).outcomes
    assert math.isnan(outcomes["flow_exponent_between"])
    assert math.isnan(outcomes["equivalent_diameter_between"])


BESIDE = """
[volumes.other]
kind = "integrated"
volume = 1.36
pressure = 1e5
[paths.cracks]
kind = "cracks"
from = "other"
to = "space"
count = 1
opening = "15 um"
length = "10 mm"
depth = "3 mm"
[paths.hole]
kind = "orifice"
from = "tank"
to = "space"
iso6358 = { C = 4.1e-10, b = 0.3 }
"""


@pytest.mark.parametrize("rtol", [1e-6, 1e-7, 1e-8])
def test_what_is_next_to_empty_bends_no_history_beside_it(ran, rtol):
    """Steps are long where one tank leaks and another is nearly empty: between their ends both are right."""
    case = {"volume": 0.73, "pressure": 34060.0, "duration": 77 * 86400.0}
    for gas in ("N2", "air"):
        texts = [tank(BESIDE, **case, rtol=r).replace('"N2"', f'"{gas}"') for r in (rtol, 1e-12)]
        ours, exact = (ran(text).pressures["other"] for text in texts)
        assert ours == pytest.approx(exact, rel=20.0 * rtol)
