"""Energy, species, feeds, controls and seals from the case file to the outcomes, against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_case import written

from leakflow.kernels import status
from leakflow.solver import open_results, run, summarise, sweep, write_results
from leakflow.solver.run import Run

R = 8.31446261815324
M = {"N2": 28.0134e-3, "O2": 31.9988e-3, "CO2": 44.0095e-3, "He": 4.002602e-3}
T = 300.0
DAY = 86400.0

# nitrogen, so that a mass is a pressure times one number; cp/R as in the kernels
TANK = """
title = "a tank"
[gas]
composition = "N2"
temperature = 300
[volumes.tank]
kind = "integrated"
volume = 2
pressure = 1e5
[volumes.space]
kind = "boundary"
pressure = 0
[run]
duration = "1 d"
output_times = { every = "1 h" }
rtol = 1e-9
atol = 1e-6
"""
HOLE = '[paths.hole]\nkind = "orifice"\nfrom = "tank"\nto = "space"\narea = 1e-7\n'
SHUT = '[paths.valve]\nkind = "valve"\nfrom = "tank"\nto = "space"\narea = 1e-7\n'
PER_PASCAL = 2.0 * M["N2"] / (R * T)  # kg of nitrogen in the tank


@pytest.fixture
def ran(tmp_path: Path) -> Callable[[str], Run]:
    return lambda text: run(written(tmp_path, text))


def rate() -> float:
    """Decay of the tank through the choked hole [1/s]."""
    gamma = 3.503 / 2.503
    choked = math.sqrt(gamma) * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0)))
    return 1e-7 / 2.0 * choked * math.sqrt(R / M["N2"] * T)


def test_a_crew_in_a_tight_cabin(ran: Callable[[str], Run]) -> None:
    text = TANK.replace('"N2"', "{ N2 = 0.6, O2 = 0.4 }").replace("volume = 2\n", "volume = 50\n") + SHUT
    history = ran(text + '[feeds.crew]\nkind = "crew"\nvolume = "tank"\ncount = 2\n')
    partial = history.partial_pressures["tank"]
    per_kilogram = {name: R / M[name] * T / 50.0 for name in M}
    days = history.times / DAY
    assert partial["N2"] == pytest.approx(6e4, rel=1e-8)
    assert partial["O2"] == pytest.approx(4e4 - 2 * 0.84 * days * per_kilogram["O2"], rel=1e-8)
    assert partial["CO2"] == pytest.approx(2 * 1.00 * days * per_kilogram["CO2"], rel=1e-8, abs=1e-6)
    assert history.outcomes["partial_pressure_final_tank_O2"] == pytest.approx(partial["O2"][-1], rel=1e-12)
    assert history.outcomes["feed_crew_H2O"] == pytest.approx(2 * 2.28, rel=1e-8)


def test_more_gas_taken_out_than_there_is(ran: Callable[[str], Run]) -> None:
    history = ran(
        TANK + SHUT + '[feeds.pump]\nkind = "rate"\nvolume = "tank"\ngas = "N2"\nrate = "-3 kg/day"\n'
    )
    assert history.status == status.GAS_EXHAUSTED  # there are 2.2 kg


def test_a_tank_is_filled_again_and_again(ran: Callable[[str], Run]) -> None:
    fill = '[controls.fill]\nkind = "repressurise"\nvolume = "tank"\nbelow = 9e4\nto = 95e3\n'
    history = ran(TANK + HOLE + fill)
    first, between = math.log(1 / 0.9) / rate(), math.log(95 / 90) / rate()
    times = 1 + math.floor((DAY - first) / between)
    assert times > 5
    assert history.outcomes["control_fill_first"] == pytest.approx(first, rel=1e-6)
    assert history.outcomes["control_fill_count"] == times
    assert history.outcomes["gas_added_tank"] == pytest.approx(times * 5e3 * PER_PASCAL, rel=1e-6)


def test_a_control_with_a_rate_fills_by_a_feed(ran: Callable[[str], Run]) -> None:
    fill = '[controls.fill]\nkind = "repressurise"\nvolume = "tank"\nbelow = 9e4\nto = 95e3\nrate = 1e-3\n'
    history = ran(TANK + HOLE + fill)
    # while it fills, p' = q - k p
    k, q = rate(), 1e-3 / PER_PASCAL
    fall, rise = math.log(95 / 90) / k, math.log((q / k - 9e4) / (q / k - 95e3)) / k
    since = DAY - math.log(1 / 0.9) / k
    times, rest = divmod(since, fall + rise)
    assert history.outcomes["control_fill_count"] == times + 1
    given = (times * rise + min(rest, rise)) * 1e-3
    assert history.outcomes["feed_fill"] == pytest.approx(given, rel=1e-5)


def test_a_feed_is_turned_up_and_shut_off(ran: Callable[[str], Run]) -> None:
    feed = '[feeds.in]\nkind = "rate"\nvolume = "tank"\nrate = 1e-6\n'
    steps = "".join(
        f'[[schedule]]\naction = "feed"\nfeed = "in"\nat = "{at} h"\nto = {to}\n'
        for at, to in ((6, 3), (9, 0))
    )
    history = ran(TANK + feed + steps)
    given = 1e-6 * 3600.0 * (6 + 3 * 3)
    assert history.outcomes["feed_in"] == pytest.approx(given, rel=1e-9)
    risen = history.pressures["tank"][-1] - 1e5
    assert risen == pytest.approx(given * R / M["N2"] * T / 2.0, rel=1e-6)


def test_a_relief_valve_cracks_and_reseats(ran: Callable[[str], Run]) -> None:
    relief = (
        '[paths.relief]\nkind = "relief"\nfrom = "tank"\nto = "space"\narea = 1e-5\n'
        'cracking = 105e3\nreseat = 102e3\n[feeds.in]\nkind = "rate"\nvolume = "tank"\nrate = 1e-4\n'
    )
    history = ran(TANK + relief)
    q, k = 1e-4 / PER_PASCAL, 100.0 * rate()
    first = 5e3 / q
    assert history.outcomes["relief_relief_first"] == pytest.approx(first, rel=1e-8)
    cycle = 3e3 / q + math.log((105e3 - q / k) / (102e3 - q / k)) / k
    assert history.outcomes["relief_relief_count"] == 1 + math.floor((DAY - first) / cycle)
    assert history.pressures["tank"].max() <= 105e3 * (1 + 1e-8)


def test_a_wall_warms_the_gas(ran: Callable[[str], Run]) -> None:
    warm = "volume = 2\nenergy = 'wall'\nwall_conductance = 0.5\nwall_temperature = 320\n"
    history = ran(TANK.replace("volume = 2\n", warm) + SHUT)
    capacity = 1e5 * PER_PASCAL * 2.503 * R / M["N2"]
    expected = 320.0 - 20.0 * np.exp(-0.5 * history.times / capacity)
    assert history.temperatures["tank"] == pytest.approx(expected, rel=1e-8)
    assert history.outcomes["heat_tank"] == pytest.approx(capacity * (expected[-1] - 300.0), rel=1e-7)
    assert history.outcomes["temperature_final_tank"] == pytest.approx(expected[-1], rel=1e-8)


def test_a_temperature_that_cycles_and_steps(ran: Callable[[str], Run]) -> None:
    cycles = 'volume = 2\ntemperature_cycles = [{ amplitude = "3 K", period = "8 h", peak = "1 h" }]\n'
    step = '[[schedule]]\naction = "temperature"\nvolume = "tank"\nat = "12.5 h"\nto = 310\n'
    history = ran(TANK.replace("volume = 2\n", cycles) + SHUT + step)
    hours = history.times / 3600.0
    expected = np.where(hours < 12.5, 300.0, 310.0) + 3.0 * np.cos(2.0 * np.pi * (hours - 1.0) / 8.0)
    assert history.temperatures["tank"] == pytest.approx(expected, rel=1e-12)
    ratio = history.pressures["tank"] / history.temperatures["tank"]
    assert ratio == pytest.approx(1e5 / expected[0], rel=1e-9)


SHEET = """
[paths.sheet]
kind = "seal"
from = "tank"
to = "space"
permeation = { area = 0.01, thickness = 0.005, permeability = { He = 1e-13, N2 = 1e-15 } }
"""


def test_each_species_permeates_by_itself(ran: Callable[[str], Run]) -> None:
    history = ran(TANK.replace('"N2"', "{ N2 = 0.7, He = 0.3 }") + SHEET)
    flow = 0.01 / 0.005 * (1e-13 * 3e4 * M["He"] + 1e-15 * 7e4 * M["N2"])
    assert history.outcomes["leak_rate_initial"] == pytest.approx(flow, rel=1e-12, abs=0.0)
    # p_i' = -P A/l R T/V p_i
    helium = 3e4 * np.exp(-1e-13 * 2.0 * R * T / 2.0 * history.times)
    assert history.partial_pressures["tank"]["He"] == pytest.approx(helium, rel=1e-9)
    assert "equivalent_diameter_sheet" not in history.outcomes


def test_contact_stress_tightens_a_seal(ran: Callable[[str], Run]) -> None:
    ring = (
        '[paths.ring]\nkind = "seal"\nfrom = "tank"\nto = "space"\nmolecular = 1e-11\n'
        "contact = { stress = 1e6, at_stress = 5e5, sealing_factor = 2e6, gain = -2 }\n"
    )
    factor = math.exp(-3.0 * (1e6 - 2.0 * 1e5 - 5e5) / 2e6)
    assert ran(TANK + ring).outcomes["leak_rate_initial"] == pytest.approx(1e-6 * factor, rel=1e-12, abs=0.0)


def test_a_record_in_p_over_t_leaves_temperature_aside(tmp_path: Path) -> None:
    """A tight tank whose temperature cycles; one point by its own temperature, one a deviation too high."""
    cycles = 'volume = 2\ntemperature_cycles = [{ amplitude = "3 K", period = "8 h", peak = "2 h" }]\n'
    points = (
        '[record]\ncompare = "p/T"\n'
        '[[record.points]]\nvolume = "tank"\n'
        'time = "2 h"\npressure = 101e3\ntemperature = 303\nuncertainty = 60.6\n'
        '[[record.points]]\nvolume = "tank"\n'
        'time = "6 h"\npressure = 99060\ntemperature = 297\nuncertainty = 59.4\n'
    )
    case = written(tmp_path, TANK.replace("volume = 2\n", cycles) + SHUT + points)
    results = sweep(case, samples=2, overrides=["outcomes.series=true"])
    # the cycle is at its mean at the start
    assert results["pressure_over_temperature_tank_record_1"] == pytest.approx(1e5 / 300.0, rel=1e-9)
    assert results["record_deviation_1"] == pytest.approx(0.0, abs=1e-6)
    assert results["record_deviation_2"] == pytest.approx(-60.0 / 59.4, rel=1e-6)
    assert results.variables["pressure_over_temperature_tank_record_1"].units == "Pa K-1"
    assert results.variables["temperature_tank"].units == "K"
    assert results["temperature_tank"][0, 2] == pytest.approx(303.0, rel=1e-6)
    shown = summarise(results).record
    assert [row.median for row in shown] == pytest.approx([101e3 / 133.322387415, 99e3 / 133.322387415])
    again = open_results(write_results(tmp_path / "r.nc", results))
    np.testing.assert_array_equal(again["temperature_tank"], results["temperature_tank"])


def test_series_of_species_are_written(tmp_path: Path) -> None:
    results = sweep(
        written(tmp_path, TANK + HOLE), samples=2, overrides=["gas.separate=true", "outcomes.series=true"]
    )
    np.testing.assert_array_equal(results["partial_pressure_tank_N2"], results["pressure_tank"])
    assert results.variables["partial_pressure_tank_N2"].long_name == "partial pressure of N2 in tank"


def test_nitrogen_tells_the_leak_of_nitrogen(ran: Callable[[str], Run]) -> None:
    history = ran(TANK.replace('"N2"', '"N2"\nseparate = true') + HOLE)
    lost = 1e5 * PER_PASCAL * (1.0 - math.exp(-rate() * DAY))
    for name in ("leak_rate_from_nitrogen_tank", "leak_rate_from_pressure_tank", "leak_rate_mean"):
        assert history.outcomes[name] == pytest.approx(lost / DAY, rel=1e-7)


def test_a_hatch_is_shut_by_a_rate_or_by_a_flow(ran: Callable[[str], Run]) -> None:
    module = (
        '[volumes.module]\nkind = "integrated"\nvolume = 2\npressure = 1e5\n'
        '[paths.hatch]\nkind = "hatch"\nfrom = "tank"\nto = "module"\narea = 1\nopening = 1\n'
        '[[schedule]]\naction = "start"\npath = "hole"\nat = "2 h"\n'
    )
    hole = HOLE.replace('"tank"', '"module"')
    alarm = '[controls.alarm]\nkind = "close"\npath = "hatch"\n'
    by_rate = f'{alarm}volume = "module"\nfall_above = 0.2\ndelay = "1 h"\n'
    by_flow = f'{alarm}through = "hole"\nflow_above = 1e-6\n'
    fall = 0.5 * rate() * 1e5  # the two are one of twice the size
    assert fall > 0.2
    delayed, at_once = ran(TANK + module + hole + by_rate), ran(TANK + module + hole + by_flow)
    after = 1e5 * math.exp(-0.5 * rate() * 3600.0)
    assert delayed.outcomes["control_alarm_count"] == 1.0
    assert delayed.pressures["tank"][-1] == pytest.approx(after, rel=1e-8)
    assert at_once.pressures["tank"][-1] == pytest.approx(1e5, rel=1e-8)
    assert at_once.pressures["module"][-1] == pytest.approx(1e5 * math.exp(-rate() * 22 * 3600.0), rel=1e-7)
