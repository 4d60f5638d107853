"""Hatches: two volumes become one and two again; against arithmetic and a stiff limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leakflow.kernels import gas
from leakflow.solver import CaseError, load_case, run

R_AIR, _, GAMMA = gas.mixture_properties(
    gas.as_mole_fractions({"N2": 0.78084, "O2": 0.20946, "CO2": 0.00036, "Ar": 0.00934}), 293.15
)
CHOKED = math.sqrt(GAMMA) * (2.0 / (GAMMA + 1.0)) ** ((GAMMA + 1.0) / (2.0 * (GAMMA - 1.0)))
RT = R_AIR * 293.15

TWO = """
title = "two volumes and a hatch"
description = "a test"
[volumes.cabin]
kind = "integrated"
volume = 90.0
pressure = "100 kPa"
[volumes.tunnel]
kind = "integrated"
volume = 10.0
pressure = "40 kPa"
[volumes.space]
kind = "boundary"
pressure = 0
[paths.hatch]
kind = "hatch"
from = "cabin"
to = "tunnel"
diameter = "0.8 m"
molecular = 1e-12
[paths.hole]
kind = "orifice"
from = "tunnel"
to = "space"
area = 1e-6
[run]
duration = "10 h"
rtol = 1e-9
atol = 1e-6
output_times = { every = "1 h" }
"""
OPEN = '[[schedule]]\nat = "2 h"\naction = "open"\npath = "hatch"\nfor = "3 h"\n'


@pytest.fixture
def case(tmp_path):
    def load(text, *overrides):
        path = tmp_path / "two.toml"
        path.write_text(text)
        return load_case(path, overrides)

    return load


def k(volume, area=1e-6):
    return area * CHOKED * math.sqrt(RT) / volume


def test_an_open_hatch_makes_one_volume(case):
    """Shut: the tunnel alone decays; open: both, from the mixed pressure; shut again: the tunnel alone."""
    history = run(case(TWO + OPEN, "paths.hatch.molecular=0"))
    hour = 3600.0
    before = 4e4 * math.exp(-k(10.0) * 2 * hour)
    mixed = 0.9 * 1e5 + 0.1 * before
    after = mixed * math.exp(-k(100.0) * 3 * hour)
    tunnel = history.pressures["tunnel"]
    cabin = history.pressures["cabin"]
    assert tunnel[1] == pytest.approx(4e4 * math.exp(-k(10.0) * hour), rel=1e-8)
    np.testing.assert_allclose(cabin[:2], 1e5, rtol=1e-12)
    for hours in (2, 3, 4):
        expected = mixed * math.exp(-k(100.0) * (hours - 2) * hour)
        assert tunnel[hours] == pytest.approx(expected, rel=1e-8)
        assert cabin[hours] == pytest.approx(tunnel[hours], rel=1e-12)
    np.testing.assert_allclose(cabin[5:], after, rtol=1e-8)
    assert tunnel[10] == pytest.approx(after * math.exp(-k(10.0) * 5 * hour), rel=1e-8)
    passed = (1e5 - after) * 90.0 / RT
    assert history.outcomes["mass_hatch"] == pytest.approx(passed, rel=1e-8)
    assert history.outcomes["mass_balance_residual"] < 1e-13


def test_what_flows_through_an_open_hatch_is_the_tunnels_share(case):
    history = run(case(TWO + OPEN, "paths.hatch.molecular=0"))
    leak = history.flows["hole"][3]
    assert history.flows["hatch"][3] == pytest.approx(0.9 * leak, rel=1e-10)
    assert history.flows["hatch"][6] == 0.0


def test_it_is_the_limit_of_a_large_orifice(case):
    joined = run(case(TWO + OPEN))
    wide = TWO.replace('kind = "hatch"', 'kind = "valve"').replace("molecular = 1e-12\n", "")
    stiff = run(case(wide + OPEN, "paths.hatch.diameter=1.5 m"))
    plain = run(case(TWO + OPEN, "paths.hatch.molecular=0"))
    for hour in (3, 4):
        for name in ("cabin", "tunnel"):
            assert stiff.pressures[name][hour] == pytest.approx(plain.pressures[name][hour], rel=2e-6)
    assert joined.pressures["tunnel"][10] > plain.pressures["tunnel"][10]  # its seal leaks inwards
    assert joined.outcomes["steps"] < 200


def test_ajar_it_is_an_orifice(case):
    """Opening 0.5 of the area, with a small hatch."""
    ajar = '[[schedule]]\nat = "0 h"\naction = "open"\npath = "hatch"\nopening = 0.5\n'
    hatch = run(
        case(TWO + ajar, "paths.hatch.diameter=1 mm", "run.duration=1 h", "run.output_times={count=5}")
    )
    valve = TWO.replace('kind = "hatch"', 'kind = "valve"').replace("molecular = 1e-12\n", "")
    plain = run(
        case(valve + ajar, "paths.hatch.diameter=1 mm", "run.duration=1 h", "run.output_times={count=5}")
    )
    np.testing.assert_allclose(hatch.pressures["tunnel"], plain.pressures["tunnel"], rtol=1e-12)


def test_shut_it_is_its_seal(case):
    seal = TWO.replace('kind = "hatch"', 'kind = "seal"').replace('diameter = "0.8 m"\n', "")
    a, b = run(case(TWO)), run(case(seal))
    np.testing.assert_allclose(a.pressures["tunnel"], b.pressures["tunnel"], rtol=1e-12)
    slot = TWO.replace("molecular = 1e-12", 'slot = { opening = "2 um", length = "2 m", depth = "5 mm" }')
    c = run(case(slot))
    crack = seal.replace("molecular = 1e-12", 'slot = { opening = "2 um", length = "2 m", depth = "5 mm" }')
    np.testing.assert_allclose(c.pressures["tunnel"], run(case(crack)).pressures["tunnel"], rtol=1e-12)


def test_joined_to_a_held_station_the_tunnel_has_its_pressure(case):
    held = TWO.replace('kind = "integrated"\nvolume = 90.0', 'kind = "held"\nvolume = 90.0')
    history = run(case(held + OPEN, "paths.hatch.molecular=0"))
    tunnel = history.pressures["tunnel"]
    np.testing.assert_allclose(tunnel[2:5], 1e5, rtol=1e-12)
    assert tunnel[10] == pytest.approx(1e5 * math.exp(-k(10.0) * 5 * 3600.0), rel=1e-8)
    before = 4e4 * math.exp(-k(10.0) * 2 * 3600.0)
    filled = (1e5 - before) * 10.0 / RT
    lost = 1e5 * 1e-6 * CHOKED / math.sqrt(RT) * 3 * 3600.0
    assert history.outcomes["makeup_cabin"] == pytest.approx(filled + lost, rel=1e-8)
    assert history.outcomes["mass_balance_residual"] < 1e-13


def test_volumes_of_different_temperatures_share_by_them(case):
    warm = TWO.replace("volume = 10.0", 'volume = 10.0\ntemperature = "340 K"')
    history = run(case(warm + OPEN, "paths.hatch.molecular=0", "paths.hole.area=1e-9"))
    gas_mass = 1e5 * 90.0 / 293.15 + 4e4 * 10.0 / 340.0
    expected = gas_mass / (90.0 / 293.15 + 10.0 / 340.0)
    assert history.pressures["tunnel"][3] == pytest.approx(expected, rel=5e-5)
    assert history.pressures["cabin"][3] == pytest.approx(history.pressures["tunnel"][3], rel=1e-12)


def test_a_chain_of_hatches_is_one_volume_and_mixes_its_gases(case):
    """Three in a row, one of them filled with helium before: species are kept to rounding."""
    chain = TWO.replace("[paths.hole]", """
[volumes.vehicle]
kind = "integrated"
volume = 5.0
pressure = "20 kPa"
[paths.port]
kind = "hatch"
from = "vehicle"
to = "tunnel"
diameter = "0.7 m"
[paths.hole]""")  # fmt: skip
    events = (
        OPEN
        + OPEN.replace('"hatch"', '"port"')
        + (
            '[[schedule]]\nat = "1 h"\naction = "repressurise"\n'
            'volume = "vehicle"\nto = "80 kPa"\ngas = "He"\n'
        )
    )
    history = run(case(chain + events, "paths.hatch.molecular=0", "paths.hole.area=1e-10"))
    mixed = (1e5 * 90.0 + 4e4 * 10.0 + 8e4 * 5.0) / 105.0
    for name in ("cabin", "tunnel", "vehicle"):
        assert history.pressures[name][3] == pytest.approx(mixed, rel=1e-5)
        assert history.pressures[name][8] == pytest.approx(mixed, rel=2e-4)
    assert history.outcomes["mass_balance_residual"] < 1e-13


def test_a_hatch_open_from_the_start(case):
    history = run(case(TWO, "paths.hatch.opening=1", "paths.hole.area=1e-12"))
    np.testing.assert_allclose(history.pressures["tunnel"], 0.9 * 1e5 + 0.1 * 4e4, rtol=1e-5)
    assert history.outcomes["mass_balance_residual"] < 1e-13


def test_pressure_rates_are_those_with_the_hatch_shut(case):
    """From the pressure that the two have at the start."""
    history = run(case(TWO, "paths.hatch.opening=1"))
    mixed = 0.9 * 1e5 + 0.1 * 4e4
    assert history.outcomes["pressure_rate_tunnel"] == pytest.approx(-k(10.0) * mixed, rel=1e-9)
    assert history.outcomes["pressure_rate_cabin"] == pytest.approx(0.0, abs=1e-12)


def test_two_given_pressures_cannot_be_joined(case):
    bad = TWO.replace('kind = "integrated"\nvolume = 90.0', 'kind = "held"\nvolume = 90.0')
    bad = bad.replace('kind = "integrated"\nvolume = 10.0', 'kind = "held"\nvolume = 10.0')
    with pytest.raises(CaseError, match=r"paths.hatch: must not open: .* cabin \(held\) and tunnel \(held\)"):
        case(bad + OPEN)


def test_a_hatch_has_one_seal(case):
    both = TWO.replace("molecular", 'slot = { opening = "2 um", length = "2 m", depth = "5 mm" }\nmolecular')
    with pytest.raises(CaseError, match=r"paths.hatch.*must have either molecular and viscous, or slot"):
        case(both)


def test_a_year_with_a_hatch_takes_few_steps(case):
    """prk-year of the plan: a held station, the hatch opened for two days every two months."""
    held = TWO.replace('kind = "integrated"\nvolume = 90.0', 'kind = "held"\nvolume = 916.0')
    held = held.replace("area = 1e-6", "area = 1e-9").replace('duration = "10 h"', 'duration = "365 d"')
    held = held.replace("rtol = 1e-9\natol = 1e-6", "rtol = 1e-6").replace('every = "1 h"', 'every = "1 d"')
    events = '[[schedule]]\nat = "60 d"\naction = "open"\npath = "hatch"\nfor = "2 d"\nevery = "60 d"\n'
    history = run(case(held + events))
    assert history.ok
    assert history.outcomes["steps"] < 150


def test_parallel_hatches_and_rings_are_one_volume(case):
    parallel = TWO.replace("[paths.hole]", """
[paths.other]
kind = "hatch"
from = "tunnel"
to = "cabin"
diameter = "0.7 m"
opening = 1
[paths.hole]""")  # fmt: skip
    history = run(case(parallel, "paths.hatch.opening=1"))
    expected = (0.9 * 1e5 + 0.1 * 4e4) * np.exp(-k(100.0) * history.times)
    for name in ("cabin", "tunnel"):
        np.testing.assert_allclose(history.pressures[name], expected, rtol=1e-8)


def test_the_first_leak_rate_knows_an_open_hatch(case):
    history = run(case(TWO, "paths.hatch.opening=1"))
    assert history.outcomes["leak_rate_initial"] == pytest.approx(history.flows["hole"][0], rel=1e-12)


def test_a_tiny_volume_takes_the_pressure_of_a_huge_one_either_way(case):
    tiny = TWO.replace("volume = 90.0", "volume = 1e9").replace("volume = 10.0", "volume = 1e-6")
    turned = tiny.replace('from = "cabin"\nto = "tunnel"', 'from = "tunnel"\nto = "cabin"')
    overrides = ("paths.hatch.diameter=1e-2", "run.duration=60 s", "run.output_times={count=3}")
    for text in (tiny, turned):
        history = run(case(text, "paths.hatch.opening=1", *overrides))
        np.testing.assert_allclose(history.pressures["tunnel"], 1e5, rtol=1e-8)
