"""Cracks that move: against quadratures, closed forms and scipy."""

from __future__ import annotations

import math

import mpmath
import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from leakflow.kernels import opening as kernel
from leakflow.kernels.orifice import critical_flow_squared, critical_pressure_ratio
from leakflow.solver import load_case, run, sweep
from leakflow.solver.case import case_of

AIR = {"N2": 0.78084, "O2": 0.20946, "CO2": 0.00036, "Ar": 0.00934}
T = 293.15
R, MU, GAMMA = naive.gas_properties(AIR, T)
GAS = (R * T, MU, critical_pressure_ratio(GAMMA), critical_flow_squared(GAMMA))

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
duration = "10 d"
rtol = 1e-9
atol = 1e-6
output_times = { every = "1 d" }
[paths.crack]
kind = "cracks"
from = "tank"
to = "space"
count = 1
length = "10 mm"
depth = "3 mm"
"""


@pytest.fixture
def case(tmp_path):
    def load(text, *overrides):
        path = tmp_path / "tank.toml"
        path.write_text(HEAD + text)
        return load_case(path, overrides)

    return load


def crack(**numbers):
    """One moving crack as the kernels hold it."""
    row = np.zeros(1, kernel.MOVING_CRACK)
    still = {"opening": 1e-5, "length": 0.01, "depth": 0.003, "tortuosity": 1.0, "taper": 1.0,
             "accommodation": 1.0, "inlet_loss": 0.5}  # fmt: skip
    for name, value in {**still, **numbers}.items():
        row[name] = value
    return row[0]


def naive_flow(p_up, p_down, opening, length=0.01):
    return naive.crack_flow(p_up, p_down, T, R, MU, GAMMA, opening, length, 0.003, 1.0, 0.0, 1.0, 1.0, 0.5)


def decay(rate, days=10):
    """Pressures of a tank of 1 m3 at each day, by scipy, for a mass flow rate(p, t)."""
    solution = solve_ivp(
        lambda t, p: [-rate(p[0], t) * R * T], (0.0, days * 86400.0), [1e5], method="LSODA",
        t_eval=np.arange(days + 1) * 86400.0, rtol=1e-10, atol=1e-6,
    )  # fmt: skip
    return solution.y[0]


def test_a_crack_that_does_not_move_is_the_law():
    got = kernel.moving_flow(1e5, 2e4, *GAS, crack(), False, 0.0)
    assert got == pytest.approx(naive_flow(1e5, 2e4, 1e-5), rel=1e-6, abs=0.0)


def test_an_elliptic_crack_is_the_sum_of_its_strips():
    """Against adaptive quadrature along the crack, from vacuum flow of a thin to that of a wide one."""
    for opening in (3e-7, 5e-6, 4e-5):
        got = kernel.moving_flow(1e5, 0.0, *GAS, crack(opening=opening), True, 0.0)
        expected, _ = quad(
            lambda x, h=opening: naive_flow(1e5, 0.0, h * math.sqrt(1.0 - x * x), 1.0) * 0.01,
            0.0,
            1.0,
            epsrel=1e-6,
        )
        assert got == pytest.approx(expected, rel=5e-4, abs=0.0)


def test_the_shell_opens_a_crack_as_the_handbook_says():
    """h0 = 4 S a/E: 1 m radius, 2 mm wall at 1 atm (51 MPa), 10 mm long, 70 GPa: 14.5 um."""
    moving = crack(opening=0.0, stretch=kernel.shell_stretch(1.0, 2e-3, 70e9))
    assert kernel.opening_at(moving, 101325.0, 0.0) == pytest.approx(14.5e-6, rel=5e-3)
    assert kernel.opening_at(moving, 101325.0, 0.0) == pytest.approx(
        4 * (101325.0 * 1.0 / 2e-3) * 5e-3 / 70e9, rel=1e-12
    )


def test_a_crack_that_is_shut_at_rest_leaks_once_the_pressure_opens_it():
    """Shut by 2 um: open from 20 kPa on, for 0.1 um/kPa."""
    moving = crack(opening=-2e-6, compliance=1e-10, shut=kernel.UNOPENED)
    for drop in (0.0, 1e4, 2e4):
        assert kernel.opening_at(moving, drop, 0.0) == 0.0
        assert kernel.moving_flow_slopes(drop, 0.0, *GAS, moving, True, 0.0) == (0.0, 0.0, 0.0)
    assert kernel.opening_at(moving, 1e5, 0.0) == pytest.approx(8e-6, rel=1e-12)
    got = kernel.moving_flow(1e5, 0.0, *GAS, moving, False, 0.0)
    assert got == pytest.approx(naive_flow(1e5, 0.0, 8e-6), rel=1e-6, abs=0.0)


@pytest.mark.parametrize("elliptic", [False, True])
def test_flow_and_slopes_stay_finite_down_to_a_closed_crack(elliptic):
    """And fall: free molecules in a long gap pass no more than in proportion to the opening's square."""
    openings = np.geomspace(1e-320, 1e-9, 400)
    flows = np.array([
        kernel.moving_flow_slopes(1e5, 0.0, *GAS, crack(opening=h, compliance=1e-11), elliptic, 0.0)
        for h in openings - 1e-6
    ] + [
        kernel.moving_flow_slopes(1e5, 5e4, *GAS, crack(opening=h), elliptic, 0.0) for h in openings
    ])  # fmt: skip
    assert np.isfinite(flows).all()
    still = flows[400:, 0]
    assert (np.diff(still) >= 0.0).all()
    assert (still[openings < 1e-15] == 0.0).all()
    open_ = openings > 1e-14
    assert (still[open_] > 0.0).all()
    assert (still[open_] < still[-1] * (openings[open_] / 1e-9) ** 1.5 * 1.001).all()


def test_what_was_open_and_closes_is_shut_and_what_never_opened_is_not():
    cases = {
        # (opening at rest, drops one after the other): where it is shut for good
        (1e-6, (0.0, 1e4)): [False, False],
        (-1e-6, (0.0, 5e3, 2e4, 0.0, 2e4)): [False, False, False, True, True],
        (0.0, (0.0, 0.0, 1e4, -1.0, 1e4)): [False, False, False, True, True],
        (1e-6, (-2e4, 2e4)): [True, True],
    }
    for (opening, drops), expected in cases.items():
        moving = crack(opening=opening, compliance=1e-10)
        moving["shut"] = kernel.OPENED if opening > 0.0 else kernel.UNOPENED
        found = []
        for drop in drops:
            kernel.note_closure(moving, drop, 0.0)
            found.append(bool(moving["shut"] == kernel.SHUT))
            held_open = opening + 1e-10 * drop > 0.0 and not found[-1]
            assert (kernel.opening_at(moving, drop, 0.0) > 0.0) == held_open
        assert found == expected


@settings(deadline=None, max_examples=60)
@given(
    p=st.floats(1e3, 2e5),
    ratio=st.floats(0.0, 0.98),
    compliance=st.floats(-5e-11, 2e-10),
    elliptic=st.booleans(),
)
def test_slopes_are_those_of_the_flow(p, ratio, compliance, elliptic):
    moving = crack(compliance=compliance)
    q = ratio * p
    _, by_source, by_sink = kernel.moving_flow_slopes(p, q, *GAS, moving, elliptic, 0.0)
    step = 1e-5 * p

    def flow(a, b):
        return kernel.moving_flow(a, b, *GAS, moving, elliptic, 0.0)

    scale = flow(p, q) / p
    assert by_source == pytest.approx(
        (flow(p + step, q) - flow(p - step, q)) / (2 * step), rel=1e-3, abs=1e-3 * scale
    )
    if q > step:
        expected = (flow(p, q + step) - flow(p, q - step)) / (2 * step)
        assert by_sink == pytest.approx(expected, rel=1e-3, abs=1e-3 * scale)


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.2])
def test_growth_by_cycles_is_paris_law_summed(exponent):
    coefficient, stress, cycles, length = 1e-4 / (1e7) ** exponent, 3e7, 400, 0.01
    half = 0.5 * length
    steps = 40_000
    for _ in range(steps):  # Euler with a hundred steps a cycle
        half += cycles / steps * coefficient * (stress * math.sqrt(math.pi * half)) ** exponent
    assert 2 * half > 1.01 * length
    got = kernel.grow_by_cycles(length, cycles, stress, coefficient, exponent)
    assert got == pytest.approx(2 * half, rel=2e-4)


@pytest.mark.parametrize("exponent", [3.2, 60.0, 2000.0, 1e300])
def test_a_crack_that_runs_away_is_infinite(exponent):
    coefficient = max(1e-4 / 1e7**3.2 if exponent == 3.2 else 0.0, 1e-300)
    assert kernel.grow_by_cycles(0.01, 1e9, 3e7, coefficient, exponent) == math.inf


@pytest.mark.parametrize("exponent", [0.0, 0.5, 2.0, 2.0 + 1e-13, 3.0, 60.0, 2000.0, 1e300])
def test_without_cycles_or_load_a_crack_keeps_its_length_to_the_bit(exponent):
    for length in (1e-6, 0.01, 0.3):
        for cycles, stress, coefficient in ((0.0, 3e7, 1e-20), (1e3, 0.0, 1e-20), (1e3, 3e7, 0.0)):
            assert kernel.grow_by_cycles(length, cycles, stress, coefficient, exponent) == length


@pytest.mark.parametrize("exponent", [1.5, 2.0 - 1e-9, 2.0, 2.0 + 1e-13, 3.2, 12.0, 300.0])
def test_growth_by_cycles_to_many_digits(exponent):
    """The closed form once more, in 60 digits; the coefficient makes a hundredth of the length grow."""
    with mpmath.workdps(60):
        stress, cycles = mpmath.mpf(3e7 if exponent < 40.0 else 30.0), mpmath.mpf(400)
        length, m = mpmath.mpf(0.01), mpmath.mpf(exponent)
        at_first = (stress * mpmath.sqrt(mpmath.pi * length / 2)) ** m
        coefficient = float(mpmath.mpf("0.01") / max(m, 1) * length / (cycles * at_first))
        a = length / 2
        rate = cycles * mpmath.mpf(coefficient) * (stress * mpmath.sqrt(mpmath.pi)) ** m
        power = 1 - m / 2
        grown = (a**power + power * rate) ** (1 / power) if power else a * mpmath.exp(rate)
        expected = float(2 * grown)
    assert coefficient > 0.0
    got = kernel.grow_by_cycles(0.01, 400.0, float(stress), coefficient, exponent)
    assert got == pytest.approx(expected, rel=1e-14, abs=0.0)


def test_compliance_in_a_run(case):
    got = run(case('opening = "6 um"\ncompliance = "0.06 um/kPa"')).pressures["tank"]
    expected = decay(lambda p, t: naive_flow(p, 0.0, 6e-6 + 6e-11 * p))
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_growth_in_a_run(case):
    got = run(case('opening = "10 um"\ngrowth = "2 mm/day"')).pressures["tank"]
    expected = decay(lambda p, t: naive_flow(p, 0.0, 1e-5, 0.01 + 2e-3 / 86400.0 * t))
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_closed_crack_stays_shut_unless_it_may_reopen(case):
    """Negative compliance: shut from 50 kPa up; the tank is vented below that for some hours in between."""
    text = (
        'opening = "10 um"\ncompliance = "0.2 um/kPa"\n'
        '[[schedule]]\nat = "2 d"\naction = "vent"\nvolume = "tank"\nto = 0\n'
        '[[schedule]]\nat = "3 d"\naction = "repressurise"\nvolume = "tank"\nto = "100 kPa"\n'
    )
    negative = ("paths.crack.compliance=-0.2 um/kPa",)
    for reopens in (False, True):
        history = run(case(text, *negative, f"paths.crack.reopens={str(reopens).lower()}"))
        assert history.flows["crack"][1] == 0.0  # 100 kPa hold it shut from the start
        assert history.pressures["tank"][3] == pytest.approx(1e5, rel=1e-9)
    slow = run(case(text.replace("to = 0", 'to = "40 kPa"'), *negative, "paths.crack.reopens=true"))
    assert slow.flows["crack"][2] > 0.0
    shut = run(case(text.replace("to = 0", 'to = "40 kPa"'), *negative))
    assert shut.flows["crack"][2] == 0.0


def test_a_patch_ages_back_to_the_flow_before(case):
    """Through an orifice p' = -k F(t) p, with F = 1 - 0.9 exp(-(t - 2 d)/3 d) from the second day on."""
    hole = """
opening = "0.001 um"
[paths.hole]
kind = "orifice"
from = "tank"
to = "space"
area = 1e-9
[[schedule]]
at = "2 d"
action = "patch"
path = "hole"
factor = 0.1
ageing = "3 d"
"""
    history = run(case(hole))
    choked = math.sqrt(GAMMA) * (2.0 / (GAMMA + 1.0)) ** ((GAMMA + 1.0) / (2.0 * (GAMMA - 1.0)))
    k = 1e-9 * choked * math.sqrt(R * T)
    day = 86400.0
    since = np.clip(history.times - 2 * day, 0.0, None)
    held_back = 0.9 * 3 * day * (1.0 - np.exp(-since / (3 * day)))
    expected = 1e5 * np.exp(-k * (history.times - held_back))
    np.testing.assert_allclose(history.pressures["tank"], expected, rtol=3e-6)  # the crack's own leak: 1e-6


def test_load_cycles_of_the_schedule_lengthen_cracks(case):
    text = (
        'opening = "10 um"\nparis = { coefficient = 5e-28, exponent = 3 }\n'
        '[[schedule]]\nat = "1 d"\nevery = "1 d"\naction = "load_cycles"\npath = "crack"\n'
        'cycles = 100\nstress_range = "60 MPa"\n'
    )
    history = run(case(text))
    length = 0.01
    for day in range(1, 9):
        length = kernel.grow_by_cycles(length, 100, 60e6, 5e-28, 3)
        expected = naive_flow(history.pressures["tank"][day], 0.0, 1e-5, length)
        assert history.flows["crack"][day] == pytest.approx(expected, rel=1e-6, abs=0.0)
    assert length > 0.0102


def test_the_exponent_of_the_flow_is_an_outcome():
    results = sweep("choked-blowdown", samples=1)
    assert results["flow_exponent_hole"][0] == pytest.approx(1.0, rel=1e-6)
    slot = sweep("prk-july-2021", samples=20)["flow_exponent_cracks"]
    assert ((slot > 1.3) & (slot < 2.0)).all()


def test_an_elastic_crack_leaks_with_a_high_power_of_pressure(case):
    """A laminar slot whose opening goes with p leaks like p^2 p^3."""
    shell = 'shell = { radius = "1 m", wall = "2 mm", modulus = "70 GPa" }'
    history = run(case(f'opening = "0.01 um"\n{shell}\n', "paths.crack.length=2 mm"))
    assert 4.2 < history.outcomes["flow_exponent_crack"] < 5.0


def test_a_crack_grows_from_its_start_on(case):
    later = (
        'opening = "10 um"\ngrowth = "2 mm/day"\n[[schedule]]\nat = "5 d"\naction = "start"\npath = "crack"\n'
    )
    history = run(case(later))
    assert history.flows["crack"][5] == pytest.approx(naive_flow(1e5, 0.0, 1e-5), rel=1e-6, abs=0.0)
    expected = naive_flow(history.pressures["tank"][10], 0.0, 1e-5, 0.02)
    assert history.flows["crack"][10] == pytest.approx(expected, rel=1e-6, abs=0.0)


@pytest.mark.parametrize("reopens", ["false", "true"])
def test_a_crack_shut_at_rest_is_opened_by_its_pressure(case, reopens):
    """Open 5 um at 1e5 Pa, shut at 2e4 Pa: opened by the first filling, closed by venting, filled again."""
    events = "".join(
        f'[[schedule]]\nat = "{day} d"\naction = "{action}"\nvolume = "tank"\nto = {to}\n'
        for day, action, to in ((1, "repressurise", 1e5), (2, "vent", 2e4), (3, "repressurise", 1e5))
    )
    text = f'opening = "-5 um"\ncompliance = "1e-10 m/Pa"\nreopens = {reopens}\n' + events
    halves = "run.output_times={every='12 h'}"
    history = run(case(text, "volumes.tank.pressure=2e4", "run.duration='5 d'", halves))
    flow = history.flows["crack"]
    assert flow[1] == 0.0
    assert flow[3] > 0.0
    assert flow[5] == 0.0
    assert (flow[7] > 0.0) == (reopens == "true")


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-8])
def test_a_crack_that_shuts_just_before_an_event_stays_shut(rtol):
    """A feed raises the tank to where the crack shuts, in the step that ends with the vent."""
    text = {
        "title": "x",
        "gas": {"composition": "air"},
        "volumes": {
            "a": {"kind": "integrated", "volume": 0.004, "pressure": 101324.0},
            "b": {"kind": "held", "volume": 0.07, "pressure": 101325.0},
        },
        "paths": {
            "p": {
                "kind": "cracks",
                "from": "a",
                "to": "b",
                "count": 1,
                "opening": 0.0,
                "compliance": -1.5e-9,
                "length": 0.016,
                "depth": 0.01,
                "reopens": False,
            }
        },
        "feeds": {"f": {"kind": "rate", "volume": "a", "rate": 3.6e-10}},
        "schedule": [{"action": "vent", "volume": "a", "to": 91000.0, "at": 1.26e5}],
        "run": {"duration": 3.3e5, "rtol": rtol, "atol": 100.0 * rtol},
    }
    result = run(case_of(text, "x"))
    assert result.status == 0
    assert abs(result.outcomes["mass_p"]) < 1e-12
