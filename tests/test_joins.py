"""Volumes that hatches join and part: what that does to mass, species and energy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixtures import CABIN, CP, CV, HE, TUNNEL, R, masses, web
from plans import (
    Case,
    Control,
    Event,
    balanced,
    cracks,
    hatch,
    orifice,
    outside,
    prepared,
    rate,
    removal,
    seal,
    tank,
    wall,
)

from leakflow.kernels import network, status
from leakflow.kernels.model import PARTIAL_PRESSURE, PRESSURE, REPRESSURISE, SET_OPENING, TEMPERATURE, VENT


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


@pytest.mark.parametrize(
    "beside", [orifice(1, 0, 1e-3, Cd=None), cracks(0, 1, 4.0, opening=2e-3)], ids=["hole", "cracks"]
)
def test_nothing_passes_beside_an_open_hatch(beside):
    """What rounding would drive to and fro between two equal pressures is no flow."""
    case = Case(
        [tank(60.0, 8e4, temperature=319.0), tank(1.5, 8e4, temperature=292.0), outside(6.0)],
        [beside, hatch(0, 1, 1e-3, opening=1.0), seal(1, 2, 1e-10, 2e-18), orifice(0, 2, 1e-7)],
        1e7,
    )
    result = case.run()
    assert not result.status.any()
    assert result["mass"][0, 0] == 0.0
    assert result["mass"][0, 1] > 0.0
    assert result["steps"][0, 0] + result["rejected_steps"][0, 0] < 150
