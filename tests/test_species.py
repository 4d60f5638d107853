"""Gases in several volumes: what each holds, what joining and parting do to mass, species and energy."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_network import Network
from plans import (
    Case,
    Control,
    Event,
    balanced,
    hatch,
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

from leakflow.kernels import network, status
from leakflow.kernels.model import (
    PARTIAL_PRESSURE,
    PRESSURE,
    REPRESSURISE,
    SET_OPENING,
    TEMPERATURE,
    VENT,
)

GASES = [{"N2": 1.0}, {"O2": 1.0}, {"CO2": 1.0}, {"He": 1.0}]
N2, O2, CO2, HE = 0, 1, 2, 5  # places among the species
OF = [naive.gas_properties(gas, 300.0) for gas in GASES]
R = np.array([R for R, _, _ in OF])
CV = np.array([R / (gamma - 1.0) for R, _, gamma in OF])
CP = CV + R
T = 293.15
TIGHT = {"rtol": 1e-9, "atol": 1e-6}


def blend(*moles):
    """Mass fractions of mole fractions."""
    masses = np.array(moles) / R
    return tuple(masses / masses.sum())


CABIN = blend(0.78, 0.21, 0.01, 0.0)
TUNNEL = blend(0.5, 0.2, 0.1, 0.2)


def web(*volumes, paths, duration=3600.0, **more):
    of = {"gases": GASES, "blends": [CABIN, TUNNEL]} | TIGHT | more
    return Case(list(volumes), list(paths), duration, **of)


def masses(p, size, T, gas):
    """Of each gas in a volume."""
    y = np.array(gas)
    return p * size / (y @ R * T) * y


# What a volume holds


def test_partial_pressures_are_shares_of_the_moles():
    watched = [(PARTIAL_PRESSURE, 0, species) for species in (N2, O2, CO2, HE, 4)]
    case = web(tank(2.0, 8e4, gas=5), paths=[], series=watched)
    seen = case.run().values[0, 0, 1:]
    assert seen == pytest.approx(8e4 * np.array([0.5, 0.2, 0.1, 0.2, 0.0]), rel=1e-13)


def test_species_of_a_component_that_is_a_mixture():
    """Air as one component and oxygen as another: both bring oxygen."""
    air = {"N2": 0.79, "O2": 0.21}
    kilos = np.array([3.0 / naive.gas_properties(air, T)[0], 1.0 / naive.gas_properties({"O2": 1.0}, T)[0]])
    case = Case(
        [tank(1.0, 1e5, gas=2)], [], 1.0, gases=[air, {"O2": 1.0}], blends=[tuple(kilos / kilos.sum())],
        series=[(PARTIAL_PRESSURE, 0, N2), (PARTIAL_PRESSURE, 0, O2)],
    )  # fmt: skip
    expected = 1e5 * np.array([0.75 * 0.79, 0.75 * 0.21 + 0.25])
    assert case.run().values[0, 0, 1:] == pytest.approx(expected, rel=1e-13)


def test_a_leak_has_the_properties_of_its_mixture():
    case = web(tank(2.0, 8e4, gas=5), outside(), paths=[orifice(0, 1, 1e-6)])
    gas = naive.gas_properties({"N2": 0.5, "O2": 0.2, "CO2": 0.1, "He": 0.2}, T)
    expected = naive.orifice_flow(8e4, 0.0, T, *gas, 1e-6, 1.0)
    result = case.run()
    assert result["leak_rate"][0, 0] == pytest.approx(expected, rel=1e-9)
    k = expected * gas[0] * T / (8e4 * 2.0)
    assert result.pressures[0, :, 0] == pytest.approx(8e4 * np.exp(-k * case.plan.output_time), rel=1e-8)


def test_a_held_volume_and_a_boundary_give_their_blend():
    """A tank filled from either by a choked hole: the shares of what came are those of the blend."""
    watched = [(PARTIAL_PRESSURE, 1, species) for species in (N2, O2, CO2, HE)]
    for station in (held(900.0, 1e5, gas=5), outside(1e5, gas=5)):
        case = web(station, tank(1.0, 0.0), paths=[orifice(0, 1, 1e-7)], duration=600.0, series=watched)
        seen = case.run().values[0, -1, 2:]
        assert seen / seen.sum() == pytest.approx([0.5, 0.2, 0.1, 0.2], rel=1e-8)
        assert 1e3 < seen.sum() < 4e4


# The trend of nitrogen


def test_the_trend_of_nitrogen_is_the_leak_while_oxygen_moves():
    """Crew breathes, a filter works, the hole leaks: the nitrogen shows the leak, the pressure does not.

    The trend takes nitrogen's share as the mean of start and end: here it changes by a per cent, evenly.
    """
    V, day, gas = 900.0, 86400.0, blend(0.79, 0.2094, 0.0006, 0.0)
    crew = [rate(0, 2.5 / day, gas=1, sign=-1.0), rate(0, 3.0 / day, gas=2), removal(0, 0.03, 2)]
    case = web(tank(V, 101325.0, gas=4), outside(), paths=[orifice(0, 1, 5e-8)], duration=5.0 * day,
               feeds=crew, blends=[gas])  # fmt: skip
    result = case.run()
    true = result["mass_lost"][0, 0] / case.duration
    assert result["trend_nitrogen"][0, 0] == pytest.approx(true, rel=2e-4)
    fall = (result.pressures[0, 0, 0] - result.pressures[0, -1, 0]) * V / (gas @ R * T) / case.duration
    assert abs(fall - true) > 0.1 * true


def test_make_up_is_taken_off_both_trends():
    """Nitrogen is given and vented: what was put in and let out is known."""
    V = 100.0
    events = [Event(3e5, REPRESSURISE, 0, 1.2e5, 0), Event(6e5, VENT, 0, 1.1e5)]
    feeds = [hold(0, 9.99e4, 3600.0, gas=1)]
    case = web(
        tank(V, 1e5, gas=4), outside(), paths=[orifice(0, 1, 1e-7)], duration=9e5, feeds=feeds, events=events
    )
    result = case.run()
    true = result["mass_lost"][0, 0] / case.duration
    assert result["trend_pressure"][0, 0] == pytest.approx(true, rel=1e-9)
    assert result["trend_nitrogen"][0, 0] == pytest.approx(true, rel=0.03)


# Joining and parting


def kept(case, shape):
    """Contents of each volume at the start and the end of a run, and its result."""
    p = prepared(case)
    start = p.state.copy()
    assert p.integrate()[0] == status.OK
    of = slice(0, shape[0] * shape[1])
    return start[of].reshape(shape), p.state[of].reshape(shape), case.run()


@pytest.mark.parametrize("turned", [False, True])
def test_balanced_volumes_become_one_of_one_temperature(turned):
    """U and every m_c add up; p V = sum m_c R_c T; each part keeps its share by size when the hatch shuts."""
    ends = (1, 0) if turned else (0, 1)
    case = web(
        balanced(9.0, 1e5, temperature=280.0, gas=4),
        balanced(2.0, 4e4, temperature=340.0, gas=5),
        paths=[hatch(*ends, 0.5)],
        events=[Event(600.0, SET_OPENING, 0, 1.0), Event(1200.0, SET_OPENING, 0, 0.0)],
        series=[(TEMPERATURE, 0, -1), (TEMPERATURE, 1, -1)],
    )
    _, end, result = kept(case, (2, 5))
    m = masses(1e5, 9.0, 280.0, CABIN) + masses(4e4, 2.0, 340.0, TUNNEL)
    U = masses(1e5, 9.0, 280.0, CABIN) @ CV * 280.0 + masses(4e4, 2.0, 340.0, TUNNEL) @ CV * 340.0
    warm = U / (m @ CV)
    assert end.sum(axis=0) == pytest.approx([*m, U], rel=1e-13)
    assert end[0] == pytest.approx(9.0 / 11.0 * end.sum(axis=0), rel=1e-13)
    times = case.plan.output_time >= 600.0
    for v in (0, 1):
        assert result.value(v)[times] == pytest.approx(np.full(times.sum(), warm), rel=1e-12)
        assert result.pressures[0, times, v] == pytest.approx(m @ R * warm / 11.0, rel=1e-12)
    assert result["mass_balance_residual"][0, 0] <= 1e-13
    assert result["energy_balance_residual"][0, 0] <= 1e-13


def test_joined_volumes_with_leaks_walls_and_feeds_are_one_volume():
    """The same run with one volume in their place."""
    rest = {"duration": 5000.0, "series": [(TEMPERATURE, 0, -1), (PARTIAL_PRESSURE, 0, HE)]}
    feeds = [rate(1, 1e-3, gas=3, temperature=330.0), wall(0, 20.0), removal(1, 0.003, 2)]
    two = web(
        balanced(4.0, 1e5, temperature=300.0, gas=4, wall=280.0),
        balanced(2.0, 1e5, temperature=300.0, gas=4),
        outside(), paths=[hatch(0, 1, 0.5, opening=1.0), orifice(1, 2, 1e-5)], feeds=feeds, **rest,
    )  # fmt: skip
    feeds = [rate(0, 1e-3, gas=3, temperature=330.0), wall(0, 20.0), removal(0, 0.003, 2)]
    one = web(
        balanced(6.0, 1e5, temperature=300.0, gas=4, wall=280.0),
        outside(), paths=[orifice(0, 1, 1e-5)], feeds=feeds, **rest,
    )  # fmt: skip
    joined, single = two.run(), one.run()
    assert joined.pressures[0, :, 0] == pytest.approx(single.pressures[0, :, 0], rel=1e-7)
    assert joined.value(0) == pytest.approx(single.value(0), rel=1e-8)
    assert joined.value(1) == pytest.approx(single.value(1), rel=1e-6, abs=1e-6)
    assert joined["feed_mass"] == pytest.approx(single["feed_mass"], rel=1e-7)
    assert joined["energy_balance_residual"][0, 0] <= 1e-12
    assert np.ptp(single.value(0)) > 5.0


def test_joined_to_a_cabin_of_given_temperature_a_volume_takes_it():
    """While the hatch is open both have the cabin's; then the other follows its energy: its wall warms it."""
    UA, hot = 3.0, 350.0
    case = web(
        tank(9.0, 1e5, temperature=290.0, gas=4), balanced(2.0, 4e4, temperature=340.0, gas=4, wall=hot),
        paths=[hatch(0, 1, 0.5)], duration=2000.0, feeds=[wall(1, UA)],
        events=[Event(600.0, SET_OPENING, 0, 1.0), Event(1200.0, SET_OPENING, 0, 0.0)],
        series=[(TEMPERATURE, 1, -1)],
    )  # fmt: skip
    result = case.run()
    t = case.plan.output_time
    k = UA / (masses(4e4, 2.0, 340.0, CABIN) @ CV)
    gas = masses(1e5, 9.0, 290.0, CABIN) + masses(4e4, 2.0, 340.0, CABIN)
    later = UA / (gas @ CV * 2.0 / 11.0)
    before = hot + (340.0 - hot) * np.exp(-k * t)
    after = hot + (290.0 - hot) * np.exp(-later * (t - 1200.0))
    expected = np.where(t < 600.0, before, np.where(t < 1200.0, 290.0, after))
    assert result.value(0) == pytest.approx(expected, rel=1e-8)
    joined = gas @ R * 290.0 / 11.0
    assert result.pressures[0, (t >= 600.0) & (t < 1200.0)] == pytest.approx(joined, rel=1e-12)
    assert result["energy_balance_residual"][0, 0] <= 1e-12
    # the wall of the cabin cools the warm gas that came: what there was less what there is, all told
    U = masses(1e5, 9.0, 290.0, CABIN) @ CV * 290.0 + masses(4e4, 2.0, 340.0, CABIN) @ CV * 340.0
    end = gas @ CV * (9.0 * 290.0 + 2.0 * expected[-1]) / 11.0
    assert result["heat"][0].sum() == pytest.approx(end - U, rel=1e-7)


def everything(*, follows, opens):
    """Hatches open and shut, a valve relieves, volumes are filled and vented; hence nothing is lost."""
    kind = balanced if follows else tank
    events = [
        Event(300.0, SET_OPENING, 0, 1.0),
        Event(500.0, REPRESSURISE, 1, 1.3e5, 3, 310.0),
        Event(700.0, SET_OPENING, 3, opens),
        Event(1100.0, VENT, 1, 7e4),
        Event(1500.0, SET_OPENING, 0, 0.0),
        Event(1700.0, VENT, 2, 2e4),
        Event(1900.0, REPRESSURISE, 2, 6e4, 5),
        Event(2300.0, SET_OPENING, 3, 0.0),
    ]
    relief = Control(PRESSURE, 0, 1.1e5, 1.0, SET_OPENING, 1, value=1.0, off=1.0e5, releases=True)
    return web(
        kind(3.0, 1e5, temperature=285.0, gas=4),
        kind(1.0, 4e4, temperature=320.0, gas=5),
        kind(0.5, 7e4, temperature=300.0, gas=3),
        paths=[hatch(0, 1, 0.5), orifice(0, 2, 1e-4, opening=0.0), orifice(1, 2, 1e-6), hatch(1, 2, 0.4)],
        events=events,
        controls=[relief],
    )


@pytest.mark.parametrize("opens", [1.0, 0.3])
@pytest.mark.parametrize("follows", [True, False])
def test_mass_and_energy_are_kept_through_it_all(follows, opens):
    case = everything(follows=follows, opens=opens)
    result = case.run()
    assert result.status[0] == status.OK
    assert result["gas_added"][0].sum() > 0.1
    assert result["gas_vented"][0].sum() > 0.1
    assert result["mass_balance_residual"][0, 0] <= 1e-12
    assert result["energy_balance_residual"][0, 0] <= 1e-12


@settings(deadline=None, max_examples=20)
@given(
    pressures=st.tuples(*[st.floats(1e3, 2e5)] * 3),
    temperatures=st.tuples(*[st.floats(260.0, 340.0)] * 3),
    rows=st.tuples(*[st.integers(0, 5)] * 3),
    follows=st.tuples(*[st.booleans()] * 3),
)
def test_species_are_kept_through_joins_and_splits(pressures, temperatures, rows, follows):
    """To 1e-12 of each species; energy too where all follow it."""
    volumes = [
        (balanced if f else tank)(V, p, temperature=T, gas=g)
        for V, p, T, g, f in zip((2.0, 0.5, 1.0), pressures, temperatures, rows, follows, strict=True)
    ]
    events = [
        Event(20.0, SET_OPENING, 0, 1.0),
        Event(40.0, SET_OPENING, 1, 1.0),
        Event(60.0, SET_OPENING, 0, 0.0),
    ]
    paths = [hatch(0, 1, 0.5), hatch(2, 1, 0.5), orifice(0, 2, 1e-4)]
    case = web(*volumes, paths=paths, events=events, duration=100.0)
    contents = 4 + any(follows)
    start, end, result = kept(case, (3, contents))
    whole = start[:, :4].sum()
    assert end[:, :4].sum(axis=0) == pytest.approx(start[:, :4].sum(axis=0), rel=1e-12, abs=1e-13 * whole)
    if all(follows):
        assert end[:, 4].sum() == pytest.approx(start[:, 4].sum(), rel=1e-12)
    assert result["mass_balance_residual"][0, 0] <= 1e-12
    assert result["energy_balance_residual"][0, 0] <= 1e-12


# Events in a group


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("follows", [False, True])
def test_a_group_is_vented_whole_by_any_of_its_volumes(target, follows):
    kind = balanced if follows else tank
    case = web(
        kind(2.0, 1e5, temperature=300.0, gas=4), kind(3.0, 1e5, temperature=300.0, gas=4),
        paths=[hatch(0, 1, 0.5, opening=1.0)], events=[Event(60.0, VENT, target, 3e4)],
        series=[(TEMPERATURE, 0, -1)],
    )  # fmt: skip
    result = case.run()
    gamma = 1.0 + np.array(CABIN) @ R / (np.array(CABIN) @ CV)
    left = 0.3 ** (1.0 / gamma) if follows else 0.3
    vented = (1.0 - left) * masses(1e5, 5.0, 300.0, CABIN).sum()
    assert result["final"][0, :2] == pytest.approx([3e4, 3e4], rel=1e-12)
    assert result["gas_vented"][0].sum() == pytest.approx(vented, rel=1e-12)
    assert result.value(0)[-1] == pytest.approx(300.0 * 0.3 / left, rel=1e-11)
    assert result["mass_balance_residual"][0, 0] <= 1e-13
    assert result["energy_balance_residual"][0, 0] <= 1e-13


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("follows", [False, True])
def test_a_group_is_filled_whole_by_any_of_its_volumes(target, follows):
    kind = balanced if follows else tank
    case = web(
        kind(2.0, 1e5, temperature=300.0, gas=0), kind(3.0, 1e5, temperature=300.0, gas=0),
        paths=[hatch(0, 1, 0.5, opening=1.0)], events=[Event(60.0, REPRESSURISE, target, 2e5, 0, 280.0)],
        series=[(TEMPERATURE, 0, -1)],
    )  # fmt: skip
    result = case.run()
    gamma = CP[0] / CV[0]
    added = 1e5 * 5.0 / (R[0] * (gamma * 280.0 if follows else 300.0))
    assert result["final"][0, :2] == pytest.approx([2e5, 2e5], rel=1e-12)
    assert result["gas_added"][0].sum() == pytest.approx(added, rel=1e-12)
    whole = 1e5 * 5.0 / (R[0] * 300.0) + added
    assert result.value(0)[-1] == pytest.approx(2e5 * 5.0 / (whole * R[0]), rel=1e-12)


# Against the oracle


@settings(deadline=None, max_examples=20)
@given(
    factors=st.lists(st.floats(0.2, 3.0), min_size=8, max_size=8),
    temperatures=st.tuples(st.floats(250.0, 350.0), st.floats(250.0, 350.0)),
    follows=st.tuples(st.booleans(), st.booleans()),
    Cd=st.sampled_from([0.6, 1.0, None]),
)
def test_rates_and_jacobian_of_any_mixtures(factors, temperatures, follows, Cd):
    volumes = [
        (balanced if f else tank)(1.0 + v, 1e5 * (1.0 - 0.3 * v), temperature=T, gas=5)
        for v, (T, f) in enumerate(zip(temperatures, follows, strict=True))
    ]
    case = web(
        *volumes, outside(1e3), paths=[orifice(0, 1, 1e-5, Cd=Cd), orifice(1, 2, 1e-5), hatch(1, 0, 1e-4)]
    )
    p, naively = prepared(case), Network(case)
    state = p.state.copy()
    for v in (0, 1):
        place = v * naively.contents
        inside = state[place : place + 4] * factors[4 * v : 4 * v + 4]
        if any(follows):
            state[place + 4] *= inside @ CV / (state[place : place + 4] @ CV)
        state[place : place + 4] = inside
    high, low = (naively.pressure(v, state) for v in (0, 1))
    if abs(high - low) < 0.01 * high:  # there the kernel has a laminar term
        return
    scale = np.abs(naively.rates(state)).max()
    assert p.rates(state) == pytest.approx(naively.rates(state), rel=1e-8, abs=1e-12 * scale)
    _, jacobian = p.jacobian(state)
    expected = naively.jacobian(state, 1e-6)
    unit = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(jacobian - expected) <= 3e-6 * unit + 1e-300).all()


@pytest.mark.parametrize("kinds", [(balanced, balanced), (tank, balanced), (balanced, tank), (tank, tank)])
def test_jacobian_of_joined_volumes(kinds):
    """Against central differences of the rates; two given temperatures, two walls or one energy."""
    case = web(
        kinds[0](4.0, 1e5, temperature=300.0, gas=4, wall=280.0),
        kinds[1](2.0, 9e4, temperature=330.0, gas=5, wall=310.0),
        outside(1e3),
        paths=[hatch(0, 1, 0.5, opening=1.0), orifice(1, 2, 1e-5), orifice(0, 2, 2e-5)],
        feeds=[rate(1, 1e-3, gas=3, temperature=330.0), wall(0, 20.0), removal(1, 0.003, 2)],
        thermal=True,
    )
    p = prepared(case)
    assert network.regroup(p.plan, p.sample, p.state)
    _, jacobian = p.jacobian(p.state)
    expected = np.zeros_like(jacobian)
    for i in range(10):
        step = 1e-6 * max(p.state[i], 1e-3)
        nudge = step * np.eye(p.state.size)[i]
        expected[:, i] = (p.rates(p.state + nudge) - p.rates(p.state - nudge)) / (2.0 * step)
    unit = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(jacobian - expected) <= 1e-5 * unit + 1e-16).all()


def test_gas_that_goes_to_and_fro_between_temperatures_costs_few_steps():
    """Its enthalpy turns round with it; the steps are those of the run without energy."""
    cycles = [((8.0, 900.0, 100.0),), ((5.0, 700.0, 30.0),)]
    volumes = [
        tank(V, 1e5, temperature=T, gas=g, cycles=c)
        for V, T, g, c in zip((4.0, 2.0), (300.0, 330.0), (4, 5), cycles, strict=True)
    ]
    paths = [hatch(0, 1, 0.5, opening=1.0), orifice(1, 2, 1e-5)]
    case = web(*volumes, outside(), paths=paths, duration=3000.0, rtol=1e-8)
    plain, followed = case.run(), case.but(thermal=True).run()
    assert followed["steps"][0, 0] <= 1.2 * plain["steps"][0, 0]
    assert followed.pressures == pytest.approx(plain.pressures, rel=1e-6)


def test_a_trace_of_helium_leaks_with_its_share():
    """One part in 1e6: it falls as the pressure does."""
    trace = blend(0.79, 0.21 - 1e-6, 0.0, 1e-6)
    case = web(tank(5.0, 1e5, gas=4), outside(), paths=[orifice(0, 1, 1e-5)], duration=3000.0,
               blends=[trace], series=[(PARTIAL_PRESSURE, 0, HE)])  # fmt: skip
    result = case.run()
    assert result.value(0) == pytest.approx(1e-6 * result.pressures[0, :, 0], rel=1e-9)
    assert result.value(0)[-1] < math.exp(-0.5) * 0.1
