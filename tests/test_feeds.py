"""What comes into volumes and leaves them other than by paths: crew, filters, make-up, heat."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_network import Network
from plans import (
    AIR,
    Case,
    Event,
    balanced,
    cracks,
    held,
    hold,
    orifice,
    outside,
    prepared,
    rate,
    removal,
    tank,
    wall,
)

from leakflow.kernels import status
from leakflow.kernels.model import PARTIAL_PRESSURE, SET_FEED, TEMPERATURE

T = 295.0
CABIN = [{"N2": 1.0}, {"O2": 1.0}, {"CO2": 1.0}, {"H2O": 1.0}]
N2, O2, CO2, H2O = range(4)  # components, and places in gas.SPECIES
R = [naive.gas_properties(gas, T)[0] for gas in CABIN]
GAMMAS = [naive.gas_properties(gas, T)[2] for gas in CABIN]
CV = [of / (gamma - 1.0) for of, gamma in zip(R, GAMMAS, strict=True)]
SHARES = np.array([0.775, 0.21, 0.005, 0.01])  # of the moles
BLEND = tuple(SHARES / R / sum(SHARES / R))
MIXED = len(CABIN)  # its row among the gases
V, P = 120.0, 101325.0
DAY = 86400.0
TIGHT = {"rtol": 1e-10, "atol": 1e-6}
PARTS = [(PARTIAL_PRESSURE, 0, species) for species in range(4)]

R_AIR, _, GAMMA_AIR = naive.gas_properties(AIR, T)
CV_AIR = R_AIR / (GAMMA_AIR - 1.0)


def cabin(*feeds, paths=(), duration=DAY, **more):
    """A volume of cabin air whose partial pressures are the series, and space."""
    volumes = [more.pop("volume", tank(V, P, temperature=T, gas=MIXED)), outside()]
    of = {"gases": CABIN, "blends": [BLEND], "series": PARTS, "feeds": list(feeds)} | TIGHT | more
    return Case(volumes, list(paths), duration, **of)


def air(*feeds, paths=(), duration=DAY, **more):
    """A balanced volume of air, its temperature the series."""
    volume = more.pop("volume", balanced(2.0, P, temperature=T))
    of = {"series": [(TEMPERATURE, 0, -1)], "feeds": list(feeds)} | TIGHT | more
    return Case([volume, outside()], list(paths), duration, **of)


# Crew


def test_crew_breathes_and_partial_pressures_go_linearly():
    """p_s = p_s0 +- persons x rate x R_s T t/V; nitrogen stays."""
    persons, rates = 3.0, (0.0, -0.84 / DAY, 1.0 / DAY, 1.8 / DAY)
    crew = [
        rate(0, abs(rates[c]), gas=c, factor=persons, sign=math.copysign(1.0, rates[c])) for c in (1, 2, 3)
    ]
    case = cabin(*crew)
    result = case.run()
    assert result.status[0] == status.OK
    t = case.plan.output_time
    for c in range(4):
        expected = SHARES[c] * P + persons * rates[c] * R[c] * T / V * t
        assert result.value(c) == pytest.approx(expected, rel=1e-10)
    assert result["feed_mass"][0] == pytest.approx([persons * rates[c] * DAY for c in (1, 2, 3)], rel=1e-11)
    assert result["mass_balance_residual"][0, 0] <= 1e-12


def test_a_filter_holds_carbon_dioxide_at_what_comes_over_what_it_passes():
    """p = p_ss + (p0 - p_ss) exp(-Q t/V) with p_ss = rate R T/Q."""
    comes, Q = 3.0 / DAY, 0.02
    case = cabin(rate(0, comes, gas=CO2), removal(0, Q, CO2))
    result = case.run()
    steady = comes * R[CO2] * T / Q
    expected = steady + (SHARES[CO2] * P - steady) * np.exp(-Q / V * case.plan.output_time)
    assert result.value(CO2) == pytest.approx(expected, rel=1e-9)
    assert result.value(CO2)[-1] == pytest.approx(steady, rel=1e-4)
    assert result.value(N2) == pytest.approx(np.full(11, SHARES[N2] * P), rel=1e-12)
    taken = comes * DAY - (expected[-1] - expected[0]) * V / (R[CO2] * T)
    assert result["feed_mass"][0, 1] == pytest.approx(-taken, rel=1e-8)


def test_a_factor_multiplies_a_filter():
    once, twice = (cabin(removal(0, q, CO2, factor=f)).run() for q, f in ((0.004, 1.0), (0.002, 2.0)))
    assert twice.value(CO2) == pytest.approx(once.value(CO2), rel=1e-12)


# Make-up


def leaking(make_up, **more):
    return Case(
        [tank(V, P, temperature=T), outside()],
        [orifice(0, 1, LEAK)],
        3.0 * DAY,
        feeds=[make_up],
        **TIGHT,
        **more,
    )


LEAK = 4e-6
K = LEAK * naive.choked_flow_function(GAMMA_AIR) * math.sqrt(R_AIR * T) / V


def test_make_up_balances_the_leak():
    """p' = -k p + (p_set - p)/time, to p_set/(1 + k time), where it gives what leaks."""
    time = 600.0
    case = leaking(hold(0, P, time))
    result = case.run()
    steady = P / (1.0 + K * time)
    t = case.plan.output_time
    expected = steady + (P - steady) * np.exp(-(K + 1.0 / time) * t)
    assert result.pressures[0, :, 0] == pytest.approx(expected, rel=1e-9)
    assert result["leak_rate"][0, 2] == pytest.approx(K * steady * V / (R_AIR * T), rel=1e-9)
    given = result["mass"][0, 0] + (expected[-1] - P) * V / (R_AIR * T)
    assert result["feed_mass"][0, 0] == pytest.approx(given, rel=1e-9)


def test_make_up_gives_no_more_than_it_can():
    """Below the set pressure by far it gives its most: p' = -k p + most R T/V."""
    most = 0.4 * K * P * V / (R_AIR * T)
    case = leaking(hold(0, P, 1.0, most=most))
    result = case.run()
    t, full = case.plan.output_time, 0.4 * P
    assert result.pressures[0, :, 0] == pytest.approx(full + (P - full) * np.exp(-K * t), rel=1e-6)
    assert result["feed_mass"][0, 0] == pytest.approx(most * 3.0 * DAY, rel=1e-5)


def test_make_up_gives_nothing_above_its_pressure():
    case = leaking(hold(0, 0.5 * P, 60.0))
    until = math.log(2.0) / K
    short = case.but(duration=0.999 * until)
    assert short.run()["feed_mass"][0, 0] == 0.0
    assert short.run().pressures[0, -1, 0] == pytest.approx(P * math.exp(-K * 0.999 * until), rel=1e-9)
    assert case.but(duration=2.0 * until).run()["feed_mass"][0, 0] > 0.0


def test_a_partial_pressure_is_held_against_the_crew():
    """Oxygen falls to p_set - rate R T time/V and stays; what is given is what is breathed."""
    breathed, time = 2.5 / DAY, 900.0
    case = cabin(rate(0, breathed, gas=O2, sign=-1.0), hold(0, SHARES[O2] * P, time, gas=O2, species=O2))
    result = case.run()
    lack = breathed * R[O2] * T * time / V
    expected = SHARES[O2] * P - lack * (1.0 - np.exp(-case.plan.output_time / time))
    assert result.value(O2) == pytest.approx(expected, rel=1e-10)
    assert result["feed_mass"][0, 1] == pytest.approx(breathed * DAY - lack * V / (R[O2] * T), rel=1e-9)
    assert result.value(N2) == pytest.approx(np.full(11, SHARES[N2] * P), rel=1e-12)


# Energy of what comes and goes


def test_gas_that_comes_brings_enthalpy():
    """U = m0 cv T0 + r t cp Tin."""
    comes, warm, duration = 1e-3, 350.0, 1000.0
    case = air(rate(0, comes, temperature=warm), duration=duration)
    m0 = P * 2.0 / (R_AIR * T)
    m = comes * case.plan.output_time
    expected = (m0 * T + m * GAMMA_AIR * warm) / (m0 + m)
    result = case.run()
    assert result.value(0) == pytest.approx(expected, rel=1e-9)
    assert result["energy_balance_residual"][0, 0] <= 1e-12


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gas_at_the_volumes_temperature_compresses_or_expands_it(sign):
    """d(m cv T) = cp T dm: T goes like m^(gamma - 1); what goes has the temperature of the gas."""
    moved = 6e-4
    case = air(rate(0, moved, sign=sign, temperature=None if sign > 0.0 else 150.0), duration=1000.0)
    m0 = P * 2.0 / (R_AIR * T)
    ratio = 1.0 + sign * moved * case.plan.output_time / m0
    assert case.run().value(0) == pytest.approx(T * ratio ** (GAMMA_AIR - 1.0), rel=1e-9)


def test_heat_of_a_feed():
    """A person of no gas and 100 W, twice."""
    case = air(rate(0, 0.0, heat=100.0, factor=2.0), duration=600.0)
    m0 = P * 2.0 / (R_AIR * T)
    expected = T + 200.0 * case.plan.output_time / (m0 * CV_AIR)
    assert case.run().value(0) == pytest.approx(expected, rel=1e-11)


def test_what_a_filter_takes_leaves_with_its_enthalpy():
    """Of pure carbon dioxide: T goes like m^(gamma - 1) again, m by exp(-Q t/V)."""
    volume = balanced(V, P, temperature=T, gas=CO2)
    case = cabin(removal(0, 0.01, CO2), volume=volume, duration=3000.0, series=[(TEMPERATURE, 0, -1)])
    ratio = np.exp(-0.01 / V * case.plan.output_time)
    assert case.run().value(0) == pytest.approx(T * ratio ** (GAMMAS[CO2] - 1.0), rel=1e-9)


# Switched by the schedule


def test_a_schedule_changes_a_feed():
    """Rate times 1, then 0, then 3."""
    comes = 1e-4
    schedule = [Event(0.3 * DAY, SET_FEED, 0, 0.0), Event(0.6 * DAY, SET_FEED, 0, 3.0)]
    case = cabin(rate(0, comes, gas=CO2), events=schedule)
    t = case.plan.output_time / DAY
    run = np.minimum(t, 0.3) + 3.0 * np.maximum(t - 0.6, 0.0)
    expected = SHARES[CO2] * P + comes * R[CO2] * T / V * DAY * run
    assert case.run().value(CO2) == pytest.approx(expected, rel=1e-9)


def test_more_gas_than_there_is_cannot_be_taken():
    breathed = 5.0 / DAY
    there = SHARES[O2] * P * V / (R[O2] * T)
    lasts = there / breathed
    case = cabin(rate(0, breathed, gas=O2, sign=-1.0))
    assert case.but(duration=0.999 * lasts).run().status[0] == status.OK
    result = case.but(duration=1.02 * lasts).run()
    assert result.status[0] == status.GAS_EXHAUSTED
    assert np.isnan(result.outcomes[0]).all()


@pytest.mark.parametrize(
    "feed",
    [
        rate(0, 1e-4, factor=-1.0),
        rate(0, 1e-4, temperature=-5.0),
        removal(0, -1e-3, CO2),
        hold(0, P, 0.0),
        hold(0, P, -1.0),
        hold(0, P, 60.0, most=-1e-3),
        rate(0, math.nan),
        rate(0, 1e-4, factor=math.nan),
    ],
)
def test_a_feed_that_cannot_be(feed):
    assert cabin(feed).run().status[0] == status.IMPOSSIBLE


def test_a_crew_in_a_held_volume_is_kept_alive():
    """What it takes, and a filter takes, life support makes up; a neighbour is filled none the less."""
    breathed, Q = 2.0 / DAY, 0.01
    station = held(900.0, P, temperature=T, gas=MIXED)
    feeds = [rate(0, breathed, gas=O2, sign=-1.0), removal(0, Q, CO2), rate(2, 1e-6, gas=O2)]
    case = cabin(
        *feeds,
        volume=station,
        paths=[orifice(0, 1, 1e-8)],
        duration=3600.0,
        series=[(PARTIAL_PRESSURE, 0, CO2)],
    )
    case = case.but(volumes=[*case.volumes, balanced(1.0, 1e3, temperature=T, gas=MIXED)])
    result = case.run()
    assert result.status[0] == status.OK
    taken = Q * SHARES[CO2] * P / (R[CO2] * T) * 3600.0
    given = [-breathed * 3600.0, -taken, 1e-6 * 3600.0]
    assert result["feed_mass"][0] == pytest.approx(given, rel=1e-12)
    made_up = result["mass"][0, 0] + breathed * 3600.0 + taken
    assert result["gas_added"][0, 0] == pytest.approx(made_up, rel=1e-12)
    p = prepared(case)
    _, jacobian = p.jacobian(p.state)
    assert not jacobian[: p.plan.components.shape[0]].any()  # nothing depends on what the neighbour holds


# Against the oracle


def web(warmth=True):
    """Volumes of which two follow their energy, and feeds of every kind."""
    kind = balanced if warmth else tank
    volumes = [
        kind(3.0, 1.0e5, temperature=285.0, gas=MIXED, wall=292.0),
        kind(0.8, 4.1e4, temperature=310.0, gas=MIXED),
        tank(1.7, 6.3e4, temperature=300.0, gas=MIXED),
        outside(50.0),
    ]
    paths = [orifice(0, 1, 2e-5, Cd=0.7), cracks(2, 1, 3.0), orifice(1, 3, 1e-5), cracks(0, 3, 2.0)]
    feeds = [
        rate(0, 1e-4, gas=O2, sign=-1.0, factor=3.0, heat=90.0),
        rate(1, 2e-4, gas=MIXED, temperature=330.0),
        removal(0, 0.02, CO2),
        removal(2, 0.01, H2O, factor=2.0),
        hold(1, 6e4, 300.0, gas=N2, temperature=280.0),
        hold(2, 1.5e4, 200.0, gas=O2, species=O2),
        hold(0, 1.2e5, 20.0, gas=N2, most=3e-3),
        wall(0, 12.0),
        wall(1, 3.0, factor=2.0),
    ]
    return Case(volumes, paths, 600.0, gases=CABIN, blends=[BLEND], feeds=feeds, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("warmth", [False, True])
def test_rates_and_jacobian_of_a_web(warmth):
    case = web(warmth)
    p, naively = prepared(case), Network(case)
    assert p.state == pytest.approx(naively.start(), rel=1e-13)
    assert p.rates(p.state) == pytest.approx(naively.rates(p.state), rel=1e-8, abs=1e-15)
    check_jacobian(p, naively, p.state)


@settings(deadline=None, max_examples=25)
@given(
    factors=st.lists(st.floats(0.3, 2.5), min_size=15, max_size=15),
    warmth=st.booleans(),
)
def test_rates_and_jacobian_of_any_state_of_a_web(factors, warmth):
    case = web(warmth)
    p, naively = prepared(case), Network(case)
    state = p.state.copy()
    for v in range(3):
        place = v * naively.contents
        state[place : place + 4] *= factors[5 * v : 5 * v + 4]
        if warmth:
            state[place + 4] *= sum(factors[5 * v : 5 * v + 4]) / 4.0 * (0.9 + 0.05 * factors[5 * v + 4])
    assert p.rates(state) == pytest.approx(naively.rates(state), rel=1e-6, abs=1e-13)
    check_jacobian(p, naively, state)


def check_jacobian(p, naively, state):
    rate, jacobian = p.jacobian(state)
    assert np.array_equal(rate, p.rates(state))
    # two quotients, as the span of one may reach over a corner; rows of masses and of energies, of which the
    # largest counts
    expected = [naively.jacobian(state, step) for step in (1e-6, 1e-7)]
    unit = np.abs(expected[0]).max(axis=1, keepdims=True)
    off = np.minimum(np.abs(jacobian - expected[0]), np.abs(jacobian - expected[1]))
    assert (off <= 3e-6 * unit + 1e-300).all()


def test_a_web_in_time():
    case = web()
    naively = Network(case)
    final = naively.solve(case.duration, rtol=1e-10).y[:, -1]
    p = prepared(case)
    assert p.integrate()[0] == status.OK
    assert p.state == pytest.approx(final, rel=1e-7, abs=1e-10)
